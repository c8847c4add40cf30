import Artifacts
import Foundation
import TestSupport
import Testing

/// What a stage leaves behind, programs that change or hang while they are started, and limits of the machine.
@Suite(.waiting)
struct DisturbanceTests {
  private static let one = "make[dataset=a,method=x,seed=0]"
  private static let score = "score[dataset=a,method=x,seed=0]"
  private static let made = "results/quick/make/dataset=a,method=x,seed=0/made.txt"

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = Date()
    try body()
    return Date().timeIntervalSince(start)
  }

  /// The processes that a study has started.
  private func processes(of study: ToyStudy) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
      (try? AtomicFile.read("/proc/\(process)/environ")).map { String(decoding: $0, as: UTF8.self).contains(study.folder) } == true
    }
  }

  // MARK: What a stage leaves behind

  /// Something that opens the output, writes and closes it again, also while it is hashed.
  @Test func anOutputWrittenWhileItIsHashedIsNotTakenForWhatItWas() throws {
    let study = try ToyStudy(act: "meddling-child")
    let run = try study.ccr("run", Self.score, "--json")
    #expect(run.code == 0 || run.error.contains("something still writes into it"), "\(run.error)")
    try study.waitFor("nothing writes any more") { try processes(of: study).isEmpty }
    let object = study.object(Self.made)
    let isWhole = try ContentDigest.ofFile(object).hex == URL(fileURLWithPath: object).lastPathComponent
    #expect(try isWhole || study.ccr("plan", Self.one, "--exit-code").code == 3)
  }

  @Test func whatALostStageLeftBehindIsNamedAndEnded() throws {
    let study = try ToyStudy(act: "leaving-once")
    let (process, output) = try study.start(["run", Self.one])
    try study.waitForExecutions(2)
    usleep(200_000)
    kill(process.processIdentifier, SIGKILL)
    _ = output()
    let next = try study.ccr("run", Self.one, "--json", "--grace", "0.5")
    #expect(next.code == 0 && next.executed == 1 && next.error.contains("left a process behind (`kill "), "\(next.error)")
    #expect(try processes(of: study).isEmpty)
  }

  @Test func filesOfAnyNameAndFoldersOfAnyRightsAreCleared() throws {
    let study = try ToyStudy(act: "odd")
    #expect(try study.ccr("run", Self.one).code == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(study.folder)/results/.store/attempts").isEmpty)
  }

  @Test func whatKilledRunnersHeldIsCleared() throws {
    let study = try ToyStudy(act: "pause")
    for count in 2...3 {
      let (process, output) = try study.start(["run", Self.one])
      try study.waitForExecutions(count)
      kill(process.processIdentifier, SIGKILL)
      _ = output()
    }
    try study.go()
    #expect(try study.ccr("run", Self.one).code == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(study.folder)/results/.store/pins") == ["gate"])
  }

  // MARK: Originals

  /// A file of 30 GB, empty but for its size: reading it takes far longer than a person waits.
  @Test func aStopWhileAnOriginalIsReadIsHeard() throws {
    let study = try ToyStudy()
    truncate("\(study.folder)/table.txt", 30_000_000_000)
    let (process, output) = try study.start(["run", Self.one])
    let open = "/proc/\(process.processIdentifier)/fd"
    try study.waitFor("it is read") {
      try FileManager.default.contentsOfDirectory(atPath: open).contains {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(open)/\($0)"))?.hasSuffix("/table.txt") == true
      }
    }
    let start = Date()
    kill(process.processIdentifier, SIGINT)
    let run = output()
    #expect([SIGINT, 128 + SIGINT].contains(run.code) && Date().timeIntervalSince(start) < 3, "\(run)")
    #expect(study.executedInstances.isEmpty && run.error.contains(" 0 failed, 2 not reached"), "\(run.error)")
  }

  // MARK: Programs

  /// An interpreter opens its script some time after it was started.
  @Test func aScriptReplacedWhileItIsStartedIsNotTakenForAnother() throws {
    let study = try ToyStudy()
    let other = study.read("make").replacingOccurrences(of: "echo \"make ", with: "echo \"other ")
    try study.write(other, "other", mode: 0o755)
    let first = try ContentDigest.ofFile("\(study.folder)/make").hex
    let flips =
      "cd \(study.folder); cp make first; for n in $(seq 40); do for f in other first; do cp $f new; mv new make; sleep 0.02; done; done"
    let flipping = Process()
    (flipping.executableURL, flipping.arguments) = (URL(fileURLWithPath: "/bin/sh"), ["-c", flips])
    try flipping.run()
    while flipping.isRunning {
      let run = try study.ccr("run", "make", "--keep-going", "--jobs", "2")
      #expect([0, 1].contains(run.code), "\(run.error)")
    }
    for file in study.files("results/.store/actions") where file.hasSuffix("provenance.json") {
      let provenance = try JSONValue.read(file)
      guard provenance["instance"]?.string?.hasPrefix("make") == true else { continue }
      let record = try JSONValue.read(file.replacingOccurrences(of: "provenance.json", with: "result.json"))
      let digest = try #require(record["outputs"]?["out"]?.string)
      let isFirst = study.read("results/.store/cas/\(digest.prefix(2))/\(digest)").hasPrefix("make ")
      #expect(provenance.compact.contains(first) == isFirst)
    }
  }

  @Test func aProgramThatIsBeingWrittenIsWaitedFor() throws {
    let study = try ToyStudy(act: "pause")
    let (_, output) = try study.start(["run", Self.score, "--json"])
    try study.waitForExecutions(2)
    let writer = open("\(study.folder)/score", O_RDWR)
    try study.go()
    try study.waitUntilSaid("somebody writes its program")
    close(writer)
    let run = output()
    #expect(run.code == 0 && run.error.contains("somebody writes its program"), "\(run.error)")
  }

  /// What it says of itself is waited for, but not when the run is to stop.
  @Test(arguments: ["run", "plan"])
  func aProgramThatDoesNotAnswerIsNotWaitedForWhenItIsToStop(_ verb: String) throws {
    let study = try ToyStudy()
    try study.edit("if [ \"$1\" = --describe ]; then", "if [ \"$1\" = --describe ]; then sleep 15;", in: "score")
    let (process, output) = try study.start([verb])
    try study.waitFor("its program is asked") { try processes(of: study).count >= 2 }
    usleep(200_000)
    let took = seconds {
      kill(process.processIdentifier, SIGTERM)
      _ = output()
    }
    #expect(took < 12, "\(took) s")
    usleep(300_000)
    #expect(try processes(of: study).isEmpty)
  }

  /// The same of a program that was replaced meanwhile: nothing else is at work then, and the run was asked to stop all the same.
  @Test func aReplacedProgramThatDoesNotAnswerIsNotWaitedForWhenTheRunIsToStop() throws {
    let study = try ToyStudy(act: "pause")
    let (process, output) = try study.start(["run", Self.score])
    try study.waitForExecutions(2)
    try study.edit("if [ \"$1\" = --describe ]; then", "if [ \"$1\" = --describe ]; then touch $CCR_DATA/asked; sleep 15;", in: "score")
    try study.go()
    try study.waitFor("its description is asked for") { FileManager.default.fileExists(atPath: "\(study.folder)/data/asked") }
    var run: ToyStudy.Output?
    let took = seconds {
      kill(process.processIdentifier, SIGTERM)
      run = output()
    }
    #expect(run?.code == 143 && took < 12, "\(took) s: \(String(describing: run))")
  }

  /// A program whose copying takes its time.
  @Test func aProgramThatIsWrittenForLongKeepsNobodyDeaf() throws {
    let study = try ToyStudy(act: "pause")
    let (process, output) = try study.start(["run", Self.score])
    try study.waitForExecutions(2)
    let writer = open("\(study.folder)/score", O_WRONLY | O_APPEND)
    defer { close(writer) }
    _ = "# more\n".withCString { write(writer, $0, 7) }
    try study.go()
    try study.waitUntilSaid("somebody writes its program")
    let took = seconds {
      kill(process.processIdentifier, SIGINT)
      let run = output()
      #expect(run.code == 130 && !run.error.contains("failed "), "\(run.error)")
    }
    #expect(took < 10, "\(took) s")
  }

  /// A hung terminal, a collector of logs that stands still.
  @Test func wordsThatNobodyReadsKeepNobodyDeaf() throws {
    let study = try ToyStudy(act: "loud")
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let run = Process()
    run.executableURL = URL(fileURLWithPath: "\(ToyStudy.binaries)/ccr")
    run.arguments = ["run", Self.one, "--pipeline", "\(study.folder)/pipeline.json"]
    run.standardError = FileHandle(fileDescriptor: ends[1])
    try run.run()
    try study.waitForExecutions(2)
    // Until the pipe is full.
    try study.waitFor("nothing more is written") {
      let before = bytes(ends[0])
      usleep(300_000)
      return before > 20_000 && bytes(ends[0]) == before
    }
    kill(run.processIdentifier, SIGTERM)
    try study.waitFor("the stage is asked to end") { FileManager.default.fileExists(atPath: "\(study.folder)/data/asked") }
    try study.waitFor("the run ends") { !run.isRunning }
    for end in ends { close(end) }
  }

  /// Bytes in a pipe.
  private func bytes(_ descriptor: Int32) -> Int {
    var count: Int32 = 0
    _ = ioctl(descriptor, UInt(FIONREAD), &count)
    return Int(count)
  }

  /// `ccr gc --delete` that was suspended, or whose host hangs.
  @Test func aSuspendedCollectorKeepsNobodyDeaf() throws {
    let study = try ToyStudy()
    _ = try study.run(Self.one)
    let gate = open("\(study.folder)/results/.store/pins/gate", O_RDWR)
    defer { close(gate) }
    #expect(flock(gate, LOCK_EX) == 0)
    let (process, output) = try study.start(["run", Self.one])
    usleep(500_000)
    #expect(process.isRunning)
    kill(process.processIdentifier, SIGTERM)
    #expect([SIGTERM, 128 + SIGTERM].contains(output().code))
  }

  /// Some parents leave the end of children to nobody, and hand that on.
  @Test func aParentThatIgnoresItsChildren() throws {
    let study = try ToyStudy()
    let run = try study.shell("trap '' CHLD; exec \(ToyStudy.binaries)/ccr run --pipeline \(study.folder)/pipeline.json")
    #expect(run.code == 0, "\(run.error)")
  }

  /// The limit that this process may raise itself is no limit.
  @Test func aLowLimitOfDescriptorsIsRaised() throws {
    let study = try ToyStudy(act: "slow")
    let run = try study.shell("ulimit -Sn 30; exec \(ToyStudy.binaries)/ccr run --jobs 8 --pipeline \(study.folder)/pipeline.json")
    #expect(run.code == 0, "\(run.error)")
  }

  @Test func theLastEventNeedsNoEndOfLine() throws {
    let study = try ToyStudy(act: "absent-cut")
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && run.error.contains("it diverged in epoch 3"), "\(run.error)")
  }

  // MARK: The machine

  /// Hashing 40 GB takes minutes; asked twice, the run ends.
  @Test func aRunAskedTwiceDoesNotFinishHashing() throws {
    let study = try ToyStudy(act: "huge")
    let (process, output) = try study.start(["run", Self.one])
    try study.waitForExecutions(2)
    usleep(1_000_000)
    let took = seconds {
      kill(process.processIdentifier, SIGTERM)
      usleep(1_100_000)
      kill(process.processIdentifier, SIGTERM)
      _ = output()
    }
    #expect(took < 15, "\(took) s")
  }

  @Test func ccrEndsAlsoWhereMemoryIsShort() throws {
    let study = try ToyStudy()
    let run = try study.shell("ulimit -v 200000; timeout 30 \(ToyStudy.binaries)/ccr --help")
    #expect(run.code == 0, "\(run.code) \(run.error)")
  }

  @Test func aLimitOfFileSizesIsSaid() throws {
    let study = try ToyStudy()
    let run = try study.shell("ulimit -f 1; \(ToyStudy.binaries)/ccr run 'source[dataset=a]' --pipeline \(study.folder)/pipeline.json")
    #expect(run.code == 7 && run.error.contains("File too large"), "\(run.code) \(run.error)")
  }

  /// Of two tables in one folder the other one is out of date; this one is as it should be, and nothing needs to be written.
  @Test(.enabled(if: getuid() == 0, "needs root, to be another user for a moment"))
  func aUserWhoMayOnlyReadNeedNotWriteWhatIsThere() throws {
    let study = try ToyStudy()
    try study.edit(
      "    \"table\": {\n",
      "    \"second\": {\"program\": \"./table\", \"inputs\": {\"scores\": {\"gather\": \"make.out\"}}, \"outputs\": {\"out\": \"second.txt\"}, "
        + "\"publish\": \"tables/$profile\"},\n    \"table\": {\n")
    try study.edit("\"table\": {\"title\": \"all\"}", "\"table\": {\"title\": \"all\"}, \"second\": {\"title\": \"all\"}")
    _ = try study.run()
    try study.edit("\"second\": {\"title\": \"all\"}", "\"second\": {\"title\": \"more\"}")
    let run = try study.shell(
      "chmod -R a+rX \(study.folder); setpriv --reuid=65534 --regid=65534 --clear-groups \(ToyStudy.binaries)/ccr run table"
        + " --pipeline \(study.folder)/pipeline.json")
    #expect(run.code == 0, "\(run.error)")
  }

  @Test func coordinatesLongerThanANameMayBeAreRefused() throws {
    let study = try ToyStudy()
    let long = String(repeating: "a", count: 260)
    try study.edit("\"quick\": {\"axes\": {\"dataset\": [\"a\"", "\"quick\": {\"axes\": {\"dataset\": [\"\(long)\"")
    let plan = try study.ccr("plan")
    #expect(plan.code == 2 && plan.error.contains("at most 255 bytes"), "\(plan.error)")
  }
}
