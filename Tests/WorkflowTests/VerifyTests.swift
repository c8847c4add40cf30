import Artifacts
import Foundation
import TestSupport
import Testing

/// `ccr verify`: what lies below the stamps is found, and executing again proves results or says where they differ.
@Suite(.waiting)
struct VerifyTests {
  private static let one = "make[dataset=a,method=x,seed=0]"
  private static let object = "results/quick/make/dataset=a,method=x,seed=0/made.txt"

  @Test func everyFlipIsFound() throws {
    let study = try ToyStudy()
    _ = try study.run()
    var random = Rounds.Random(7)
    for _ in 0..<40 {
      let faults = try Rounds.flip(study, &random)
      #expect(faults.isEmpty, "\(faults)")
    }
    let whole = try study.ccr("verify")
    #expect(whole.code == 0 && whole.out.contains("19 records and 1 published copies read: all are what they were"), "\(whole.out)")
  }

  /// No stamp changes, so only reading finds it; the next run makes it again.
  @Test func aDamagedOutputIsSetAsideAndMadeAgain() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let (object, before) = (study.object(Self.object), try study.digests())
    try study.append("x", to: object)
    try study.pretendUntouched(object)
    #expect(try study.ccr("plan", "--exit-code").code == 0)
    let found = try study.ccr("verify")
    #expect(found.code == 5 && found.out.contains("damaged  \(object)\n         the out of \(Self.one); set aside as"), "\(found.out)")
    #expect(FileManager.default.fileExists(atPath: "\(object).aside-1"))
    #expect(try study.run() == ["make": 1])
    #expect(try study.digests() == before)
    #expect(try study.ccr("verify").code == 0)
  }

  /// What is made again is held against the recorded digest.
  @Test func otherBytesInPlaceOfADamagedOutputAreReported() throws {
    let study = try ToyStudy(act: "random")
    _ = try study.run()
    unlink(study.object(Self.object))
    let found = try study.ccr("verify")
    #expect(found.code == 5 && found.out.contains("missing  ") && found.out.contains("the out of \(Self.one)"), "\(found.out)")
    let run = try study.ccr("run")
    #expect(run.code == 5 && run.error.contains("out came out with other bytes than recorded"), "\(run.error)")
  }

  @Test func executingAgainProvesOrNamesTheFirstDifference() throws {
    let study = try ToyStudy()
    #expect(try study.ccr("verify", "--reexecute", Self.one).error.contains("run `ccr run"))
    _ = try study.run()
    let equal = try study.ccr("verify", "--reexecute", "make[method=x]", "--reexecute", "table")
    #expect(equal.code == 0 && equal.out.contains("equal    \(Self.one)\n"), "\(equal.out)\(equal.error)")
    #expect(equal.out.contains("5 executed again: every byte is equal"), "\(equal.out)")
    try study.edit("\"act\": \"none\"", "\"act\": \"random\"")
    _ = try study.run()
    let before = try study.digests()
    let differs = try study.ccr("verify", "--reexecute", Self.one)
    #expect(differs.code == 5 && differs.out.contains("differs  \(Self.one)\n         made.txt line 1: make x-0 0.001 "), "\(differs.out)")
    #expect(try study.digests() == before)
    // The other outcome is kept, and nothing else.
    #expect(study.files("results/.store/actions").count { $0.hasSuffix("outcome-1.json") } == 1)
    #expect(study.files("results/.store/again").isEmpty)
    #expect(try study.ccr("verify").code == 0)
  }

  /// What depends on where it is executed comes out otherwise in a clean folder, unlike in the same one.
  @Test func pathsInOutputsAreFound() throws {
    let study = try ToyStudy()
    try study.program("source", inputs: ["words"], settings: [("text", "string")], writes: #"echo "$request""#)
    _ = try study.run("source")
    #expect(try study.ccr("run", "source", "--force").code == 0)
    let again = try study.ccr("verify", "--reexecute", "source[dataset=a]")
    #expect(again.code == 5 && again.out.contains("words.txt line 1: "), "\(again.out)")
  }

  @Test func whatCannotBeExecutedAgainIsSaid() throws {
    let study = try ToyStudy()
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string")],
      writes: #"if [ -e "$CCR_DATA/go" ]; then echo "error: broken" >&2; exit 65; fi; echo x"#)
    _ = try study.run("source[dataset=a]")
    try study.go()
    let again = try study.ccr("verify", "--reexecute", "source[dataset=a]")
    #expect(again.code == 1 && again.error.contains("error: broken") && again.out.contains("0 executed again"), "\(again.error)")
    let log = try #require(again.error.split(separator: "\n").first { $0.contains("log: ") }?.split(separator: " ").last.map(String.init))
    #expect(FileManager.default.fileExists(atPath: log))
  }

  @Test func questionsAreAskedOneAtATime() throws {
    let study = try ToyStudy()
    #expect(try study.ccr("verify", "--against", "x", "--reexecute", "make").code == 2)
    #expect(try study.ccr("verify").out.contains("0 outputs (0 bytes), 0 records"))
  }
}

extension Rounds {
  /// One bit of one file that holds a result flipped, with its stamp as it was; whether `verify` names the file and nothing else. Then all is
  /// as before.
  static func flip(_ study: ToyStudy, _ random: inout Random) throws -> [String] {
    let state = ["owner.json", "digests", "programs.json", "checks.json", "gate"]
    let files = (study.files("results/.store") + study.files("tables")).filter { file in !state.contains { file.hasSuffix("/\($0)") } }
      .filter { (try? AtomicFile.read($0).isEmpty) == false }
    guard let file = files.randomElement(using: &random) else { return ["an empty store"] }
    let whole = try AtomicFile.read(file)
    var bytes = whole
    bytes[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    chmod(file, 0o644)
    try study.overwrite(file, bytes)
    try study.pretendUntouched(file, digest: ContentDigest.of(whole).hex)
    let verify = try study.ccr("verify")
    let lines = verify.out.split(separator: "\n").filter { $0.hasPrefix("damaged") || $0.hasPrefix("missing") }
    var faults: [String] = []
    if verify.code != 5 || lines.count != 1 || !lines[0].hasSuffix("  \(file)") { faults.append("\(file): \(verify.code) \(lines)") }
    if rename("\(file).aside-1", file) != 0, errno != ENOENT { faults.append("\(file) stays aside") }
    try study.overwrite(file, whole)
    return faults
  }
}

extension ToyStudy {
  /// Writes bytes into a file in place.
  func overwrite(_ file: String, _ bytes: [UInt8]) throws {
    let handle = try #require(FileHandle(forWritingAtPath: file))
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
  }
}
