import Artifacts
import Foundation
import TestSupport
import Testing

/// What kills, damage and odd files leave is put right by the next run, without a step by hand.
@Suite(.waiting)
struct LeftoverTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  @Test(arguments: 0..<3)
  func kills(_ seed: Int) throws {
    var random = Rounds.Random(seed)
    let expected = try Self.expected()
    for _ in 0..<3 {
      let faults = try Rounds.kill(afterMicroseconds: Int.random(in: 0..<600_000, using: &random), expected: expected)
      #expect(faults.isEmpty, "\(faults)")
    }
  }

  @Test(arguments: 0..<3)
  func damage(_ seed: Int) throws {
    var random = Rounds.Random(1000 + seed)
    let study = try ToyStudy()
    _ = try study.run()
    let expected = try study.digests()
    for _ in 0..<8 {
      let faults = try Rounds.damage(study, &random, expected: expected)
      #expect(faults.isEmpty, "\(faults)")
    }
  }

  /// A result that is gone is made again, perhaps in several goes.
  @Test func aCheckpointOfWhatIsMadeAgainStays() throws {
    let study = try ToyStudy(act: "patient-later")
    _ = try study.run(Self.one)
    unlink(study.object("results/quick/make/dataset=a,method=x,seed=0/made.txt"))
    try study.go()
    let (process, output) = try study.start(["run", Self.one])
    try study.waitUntilListening()
    kill(process.processIdentifier, SIGTERM)
    let stopped = output()
    #expect(stopped.code == 75 && stopped.error.contains("its checkpoint is saved"), "\(stopped.error)")
    #expect(try study.run(Self.one) == ["make": 1])
    #expect(FileManager.default.fileExists(atPath: "\(study.folder)/data/resumed"))
    #expect(study.files("results/.store/checkpoints").isEmpty)
  }

  /// A lost terminal and the end of a session send two signals within a moment, `timeout` sends one twice.
  @Test func oneEventOfTwoSignalsIsOneRequest() throws {
    let study = try ToyStudy(act: "saving")
    let (process, output) = try study.start(["run", Self.one])
    try study.waitUntilListening()
    kill(process.processIdentifier, SIGTERM)
    kill(process.processIdentifier, SIGHUP)
    kill(process.processIdentifier, SIGTERM)
    let stopped = output()
    #expect(stopped.error.contains("its checkpoint is saved"), "\(stopped.error)")
    #expect(try study.run(Self.one) == ["make": 1])
  }

  static func expected() throws -> [String: [String]] {
    let study = try ToyStudy(act: "tick")
    _ = try study.run()
    return try study.digests()
  }

  /// What was learned of programs and files carries checks, and is learned anew where they fail.
  @Test(arguments: ["programs.json", "digests"])
  func flippedMemoryIsLearnedAnew(_ name: String) throws {
    let study = try ToyStudy()
    _ = try study.run()
    usleep(3_100_000)
    for verb in ["run", "plan"] { #expect(try study.ccr(verb).code == 0) }
    let file = "results/.store/\(name)"
    let whole = try AtomicFile.read("\(study.folder)/\(file)")
    for at in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
      var flipped = whole
      flipped[at] ^= 1
      try AtomicFile.write(flipped, to: "\(study.folder)/\(file)")
      let run = try study.ccr("run", "--json")
      #expect(run.code == 0 && run.executed == 0, "byte \(at): \(run.error)")
    }
  }

  @Test func anAlteredProvenanceIsNoticed() throws {
    let study = try ToyStudy()
    _ = try study.run("source[dataset=a]")
    let file = try #require(study.files("results/.store/actions").first { $0.hasSuffix("provenance.json") })
    try study.edit("\"profile\": \"quick\"", "\"profile\": \"quack\"", in: String(file.dropFirst(study.folder.count + 1)))
    let run = try study.ccr("run", "source[dataset=a]")
    #expect(run.code == 0 && run.error.contains("provenance.json was altered"), "\(run.error)")
    #expect(try study.ccr("run", "source[dataset=a]", "--force").code == 0)
    #expect(try !study.ccr("run", "source[dataset=a]").error.contains("altered"))
  }

  /// A pipe without a writer would keep who opens it waiting for ever.
  @Test(arguments: ["object", "record", "provenance", "link", "published", "digests", "programs.json", "lock", "gate"], [false, true])
  func aFolderOrPipeInThePlaceOfAFileIsSetAside(_ what: String, isPipe: Bool) throws {
    let study = try ToyStudy()
    _ = try study.run()
    let before = try study.digests()
    func state(_ ending: String) throws -> String { try #require(study.files("results/.store/actions").first { $0.hasSuffix(ending) }) }
    let link = "\(study.folder)/results/quick/score/dataset=a,method=x,seed=0/score.txt"
    let key = try #require(study.study().standings().first { $0.instance.name == Self.one }?.action)
    let file =
      switch what {
      case "object": study.object("results/quick/make/dataset=a,method=x,seed=0/made.txt")
      case "record": try state("result.json")
      case "provenance": try state("provenance.json")
      case "link": link
      case "published": "\(study.folder)/tables/quick/table.txt"
      case "lock": "\(study.folder)/results/.store/locks/\(key)"
      case "gate": "\(study.folder)/results/.store/pins/gate"
      default: "\(study.folder)/results/.store/\(what)"
      }
    unlink(file)
    if isPipe {
      #expect(mkfifo(file, 0o644) == 0)
      for verb in ["plan", "status"] { #expect(try study.ccr(verb).code == 0) }
    } else {
      try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: true)
      try AtomicFile.write("of the user", to: "\(file)/note")
    }
    let run = try study.ccr("run", Self.one, "table", "--json", "--force")
    #expect([0, 5].contains(run.code), "\(run.error)")
    #expect(try study.ccr("run").code == 0)
    #expect(try study.digests() == before)
    // A link takes the place of a pipe.
    if what == "provenance" || what == "link" && isPipe { return }
    var info = stat()
    #expect(lstat(file, &info) != 0 || [S_IFREG, S_IFLNK].contains(info.st_mode & S_IFMT))
    #expect(FileManager.default.fileExists(atPath: "\(file).aside-1\(isPipe ? "" : "/note")"))
  }

  @Test func aFileInThePlaceOfAFolderIsSetAside() throws {
    let study = try ToyStudy()
    for name in ["results/.store/cas", "results/quick/make"] {
      try FileManager.default.createDirectory(
        atPath: "\(study.folder)/\(name.split(separator: "/").dropLast().joined(separator: "/"))", withIntermediateDirectories: true)
      try study.write("of the user", name)
    }
    let run = try study.ccr("run")
    #expect(run.code == 0 && run.error.contains("it is now \(study.folder)/results/.store/cas.aside-1"), "\(run.error)")
    #expect(study.read("results/quick/make.aside-1") == "of the user")
  }

  @Test func aFileInThePlaceOfCheckpointsOrOfAnAttemptIsSetAside() throws {
    let study = try ToyStudy()
    _ = try study.run("source[dataset=a]")
    let key = try #require(study.study().standings().first { $0.instance.name == Self.one }?.action)
    for name in ["checkpoints", "attempts"] { try study.write("of the user", "results/.store/\(name)/\(key)") }
    #expect(try study.run(Self.one) == ["make": 1])
    #expect(try study.run(Self.one) == [:])
  }

  /// As a runner leaves it that is killed between the record and the cleaning.
  @Test func whatIsFinishedIsCleared() throws {
    let study = try ToyStudy()
    _ = try study.run("source[dataset=a]")
    let key = try #require(study.study().standings().first { $0.instance.name == "source[dataset=a]" }?.action)
    for kind in ["attempts", "checkpoints"] {
      try FileManager.default.createDirectory(atPath: "\(study.folder)/results/.store/\(kind)/\(key)", withIntermediateDirectories: true)
      try study.write("left", "results/.store/\(kind)/\(key)/left")
      // From before its result was recorded.
      var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
      utimensat(AT_FDCWD, "\(study.folder)/results/.store/\(kind)/\(key)", &times, 0)
    }
    #expect(try study.run("source[dataset=a]") == [:])
    #expect(study.files("results/.store/attempts").isEmpty && study.files("results/.store/checkpoints").isEmpty)
  }

  @Test func aFailureIsForgottenWhenItsInstanceSucceeds() throws {
    let study = try ToyStudy(act: "fail")
    #expect(try study.ccr("run", Self.one).code == 1)
    #expect(study.files("results/.store/attempts").contains { $0.hasSuffix("failure.json") })
    try study.edit("\"act\": \"fail\"", "\"act\": \"none\"")
    #expect(try study.run(Self.one) == ["make": 1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(study.folder)/results/.store/attempts").isEmpty)
  }

  // MARK: No input ends the runner without words

  @Test func aFileOfAnyYearIsRead() throws {
    let study = try ToyStudy()
    for year in [1969, 2300] {
      let date = try #require(DateComponents(calendar: Calendar(identifier: .gregorian), year: year, month: 12, day: 30).date)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(study.folder)/table.txt")
      #expect(try study.ccr("run").code == 0)
      usleep(3_100_000)
      #expect(try study.run() == [:])
    }
  }

  @Test func numbersOfAnySizeAreShown() throws {
    let study = try ToyStudy(act: "numbers")
    // Progress is shown on terminals.
    let command = "\(ToyStudy.binaries)/ccr run --pipeline \(study.folder)/pipeline.json '\(Self.one)'"
    let run = try study.shell("exec script --quiet --return --command \"\(command)\" /dev/null < /dev/null")
    #expect(run.code == 0 && run.out.contains("running"), "\(run)")
  }

  @Test(arguments: 4..<14)
  func tooFewDescriptorsAreSaidSo(_ count: Int) throws {
    let study = try ToyStudy()
    let run = try study.shell("ulimit -n \(count); exec \(ToyStudy.binaries)/ccr run --pipeline \(study.folder)/pipeline.json")
    #expect([0, 1, 2, 7].contains(run.code) && !run.error.isEmpty, "\(run.code): \(run.error)")
    #expect(try study.ccr("run").code == 0)
  }

  /// Every stage after the first gives the bytes it reads, so all are one action, and a long chain is settled at once.
  @Test func aLongChainOfResultsIsFollowed() throws {
    let study = try ToyStudy()
    try study.program("make", inputs: ["words"], writes: #"cat "$(field words)""#)
    let stages = (1...1000).map { number in
      let input = number == 1 ? "source.out" : "s\(number - 1).out"
      return
        "\"s\(number)\": {\"program\": \"./make\", \"matrix\": {\"dataset\": \"*\"}, \"inputs\": {\"words\": \"\(input)\"}, \"outputs\": {\"out\": \"o\"}}"
    }
    try study.write(
      """
      {"pipeline": 1, "profiles": {"quick": {"axes": {"dataset": ["a"]}}},
       "stages": {"source": {"program": "./source", "matrix": {"dataset": "*"}, "inputs": {"words": {"file": "table.txt"}}, "outputs": {"out": "w"}},
       \(stages.joined(separator: ",\n"))},
       "settings": [{"source": {"text": "t"}}]}
      """, "pipeline.json")
    let run = try study.ccr("run", "--json")
    #expect(run.code == 0 && run.executed == 2 && run.summary?["cached"]?.integer == 999, "\(run.error)")
    #expect(try study.ccr("run", "--json").summary?["cached"]?.integer == 1001)
  }
}
