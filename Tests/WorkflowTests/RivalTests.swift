import Artifacts
import Foundation
import TestSupport
import Testing

/// Runners beside each other, and stages and runners that do not end.
@Suite(.waiting)
struct RivalTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  @Test(arguments: [["quick"], ["quick", "twin", "large"]])
  func runnersExecuteEachActionOnce(_ profiles: [String]) throws {
    let round = try Rounds.race(runners: 8, profiles: profiles)
    #expect(round.failures.isEmpty, "\(round.failures)")
    #expect(round.executions == round.actions)
  }

  /// The deterministic face of that race: a link that another runner has half made.
  @Test func linksOfOthersAreLeftAlone() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let place = "\(study.folder)/results/quick/make/dataset=a,method=x,seed=0"
    for name in ["made.txt.4711.new", "notes.txt"] { symlink("elsewhere", "\(place)/\(name)") }
    symlink("../../../.store/cas/00/stale", "\(place)/old.txt")
    try study.edit("\"silent\": \"s\"", "\"silent\": \"t\"")
    _ = try study.run()
    let names = try FileManager.default.contentsOfDirectory(atPath: place).sorted()
    #expect(names == [".previous.json", "made.txt", "made.txt.4711.new", "notes.txt", "provenance.json"])
  }

  /// A half-written file whose writer lives is left alone whatever its name says; one whose writer is gone is cleared.
  @Test func onlyALockProvesAWriterGone() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let part = "\(study.folder)/results/.store/digests.other-host.0.1.part"
    let descriptor = open(part, O_RDWR | O_CREAT, 0o644)
    #expect(flock(descriptor, LOCK_EX) == 0)
    _ = try study.run()
    #expect(access(part, F_OK) == 0)
    close(descriptor)
    _ = try study.run()
    #expect(access(part, F_OK) != 0)
  }

  @Test func removedLockFilesLetNothingRunTwice() throws {
    let study = try ToyStudy(act: "pause")
    let first = try study.start(["run", Self.one, "--json"])
    try study.waitForExecutions(2)
    for lock in study.files("results/.store/locks") { unlink(lock) }
    let second = try study.start(["run", Self.one, "--json"])
    try study.waitUntilSaid("another ccr executes it (process ")
    try study.go()
    let outputs = [first.output(), second.output()]
    #expect(outputs.map(\.code) == [0, 0])
    #expect(study.executedInstances.count == 2)
    #expect(study.files("results/.store/locks").isEmpty)
  }

  @Test func statusTakesNoLock() throws {
    let study = try ToyStudy(act: "slow")
    let run = try study.start(["run", "--json", "--jobs", "2"])
    var said: [String] = []
    while run.0.isRunning { said.append(try study.ccr("status").out) }
    let output = run.output()
    #expect(output.code == 0 && !output.error.contains("waiting"), "\(output.error)")
    #expect(said.contains { $0.contains("running  make[") })
  }

  // MARK: Stages and runners that do not end

  @Test(arguments: ["flood", "blob"])
  func aStageThatWritesWithoutEndStopsNothing(_ act: String) throws {
    let study = try ToyStudy(act: act)
    let (process, output) = try study.start(["run", Self.one, "--json"])
    try study.waitForExecutions(2)
    usleep(700_000)
    let memory = String(decoding: try AtomicFile.read("/proc/\(process.processIdentifier)/status"), as: UTF8.self)
    let peak = try #require(
      memory.split(separator: "\n").first { $0.hasPrefix("VmHWM") }?.split(separator: " ").compactMap { Int($0) }.first)
    #expect(peak < 200_000, "\(peak) kB")
    kill(process.processIdentifier, SIGTERM)
    let stopped = output()
    #expect(stopped.code == 143, "\(stopped.error)")
    #expect(act == "flood" || stopped.error.contains("passed over"), "\(stopped.error)")
  }

  @Test(arguments: [(SIGTERM, Int32(143)), (SIGQUIT, Int32(131))])
  func aStageThatIgnoresTheRequestToEndIsKilled(_ signal: Int32, code: Int32) throws {
    let study = try ToyStudy(act: "stubborn")
    let (process, output) = try study.start(["run", Self.one, "--json", "--grace", "0.3"])
    try study.waitUntilListening()
    kill(process.processIdentifier, signal)
    let stopped = output()
    #expect(stopped.code == code && stopped.error.contains("0.3 s to save and end"), "\(stopped.error)")
    #expect(stopped.summary?["failed"]?.integer == 0)
  }

  @Test func theStageOfARunnerThatIsGoneIsNamedAndEnded() throws {
    let study = try ToyStudy(act: "stubborn-once")
    let (process, output) = try study.start(["run", Self.one])
    try study.waitUntilListening()
    // Who is killed earlier has not written down yet which process it started.
    try study.waitUntilSaid("started   make[")
    kill(process.processIdentifier, SIGKILL)
    _ = output()
    let next = try study.ccr("run", Self.one, "--json", "--grace", "0.5")
    #expect(next.code == 0 && next.executed == 1, "\(next.error)")
    #expect(next.error.contains("a ccr that is gone left a process at work on it (process group "), "\(next.error)")
    #expect(next.error.contains("`kill -- -") && next.error.contains("asked to end"), "\(next.error)")
  }

  /// A killed process dies once it gets a processor; this one is the last to get it.
  @Test func whatAStageStartedEndsWithIt() throws {
    let study = try ToyStudy(act: "quick-child")
    try Rounds.underLoad(loops: 2 * ProcessInfo.processInfo.activeProcessorCount) {
      #expect(try study.ccr("run", Self.one).code == 0)
      let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
        (try? AtomicFile.read("/proc/\(process)/environ")).map { String(decoding: $0, as: UTF8.self).contains(study.folder) } == true
      }
      #expect(left.isEmpty)
    }
  }
}
