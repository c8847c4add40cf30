import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// Kills, damage and rivals: nothing lost, nothing wrong, no step by hand.
@Suite(.waiting)
struct FaultTests {
  /// The digests of an undisturbed run with `act`.
  private func reference(_ act: String) throws -> [String: [String]] {
    let study = try ToyStudy(act: act)
    _ = try study.run()
    return try study.digests()
  }

  @Test(arguments: [3, 20, 45, 70, 110, 160, 230, 320, 450, 700])
  func aKilledRunnerLeavesNothingWrong(milliseconds: Int) throws {
    let study = try ToyStudy(act: "slow")
    let (process, output) = try study.start(["run", "--jobs", "2"])
    usleep(UInt32(milliseconds * 1000))
    kill(process.processIdentifier, SIGKILL)
    _ = output()
    // Orphaned stages hold their locks to their end, so the next runner never works beside them.
    let second = try study.ccr("run", "--json")
    #expect(second.code == 0, "\(second.error)")
    #expect(try study.digests() == reference("slow"))
    #expect(study.files("results/.store/attempts").isEmpty && study.files("results/.store/checkpoints").isEmpty)
    let leftovers = study.files("results").filter { $0.hasSuffix(".part") || $0.hasSuffix(".new") }
    #expect(leftovers.isEmpty)
  }

  @Test func aKilledStageIsAFailureThatTheNextRunMends() throws {
    let study = try ToyStudy(act: "once")
    let first = try study.ccr("run", "--json", "--jobs", "1")
    #expect(first.code == 1)
    #expect(first.error.contains("killed by signal 9") && first.error.contains("want of memory"), "\(first.error)")
    #expect(try study.ccr("status").out.contains("failed"))
    #expect(try study.ccr("run").code == 0)
    let expected = try reference("none")
    #expect(try Set(study.digests().keys) == Set(expected.keys))
  }

  @Test func twoRunnersExecuteEachActionOnce() throws {
    let study = try ToyStudy(act: "slow")
    let runners = try (0..<3).map { _ in try study.start(["run", "--json", "--jobs", "2"]) }
    let outputs = runners.map { $0.output() }
    for output in outputs { #expect(output.code == 0, "\(output.error)") }
    #expect(outputs.compactMap(\.executed).reduce(0, +) == ToyStudy.instances)
    #expect(study.executedInstances.count == ToyStudy.instances)
    #expect(Set(study.executedInstances).count == ToyStudy.instances)
  }

  @Test(arguments: ["flip", "cut", "remove", "swap"])
  func damagedObjectsAreMadeAnew(_ damage: String) throws {
    let study = try ToyStudy()
    _ = try study.run()
    let before = try study.digests()
    let objects = study.files("results/.store/cas")
    #expect(objects.count == ToyStudy.instances)
    for (number, object) in objects.enumerated() {
      var bytes = try AtomicFile.read(object)
      switch damage {
      case "flip": bytes[bytes.count / 2] ^= 1
      case "cut": bytes.removeLast()
      case "swap": bytes = try AtomicFile.read(objects[(number + 1) % objects.count])
      default: bytes = []
      }
      chmod(object, 0o644)
      if damage == "remove" { unlink(object) } else { try Data(bytes).write(to: URL(fileURLWithPath: object)) }
      let healed = try study.ccr("run", "--json")
      #expect(healed.code == 0 && healed.executed == 1, "\(healed.error)")
      #expect(healed.error.contains(damage == "remove" ? "is missing" : "is damaged"), "\(healed.error)")
    }
    #expect(try study.digests() == before)
    #expect(try study.run() == [:])
  }

  /// Every file of state cut at every length, or, where long, at many: it counts as absent or is whole, and is never believed half.
  @Test func truncatedStateIsNeverBelieved() throws {
    let study = try ToyStudy()
    _ = try study.run("make[dataset=a,method=x,seed=0]")
    let expected = try study.digests().filter { !$0.value.isEmpty }
    #expect(expected.count == 2)
    let state = study.files("results/.store").filter { !$0.contains("/cas/") && !$0.contains("/locks/") }
    #expect(state.count { $0.hasSuffix("result.json") } == 2)
    for file in state {
      let whole = try AtomicFile.read(file)
      for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
        try AtomicFile.write(Array(whole[..<length]), to: file)
        let found = try study.digests().filter { !$0.value.isEmpty }
        for (instance, digests) in found { #expect(digests == expected[instance], "\(file) cut to \(length)") }
      }
      #expect(try study.ccr("run", "make[dataset=a,method=x,seed=0]").code == 0)
      #expect(try study.digests().filter { !$0.value.isEmpty } == expected)
    }
  }

  @Test func aFlippedBitInARecordIsNeverBelieved() throws {
    let study = try ToyStudy()
    _ = try study.run("source[dataset=a]")
    let file = try #require(study.files("results/.store/actions").first { $0.hasSuffix("result.json") })
    let whole = try AtomicFile.read(file)
    let expected = try study.digests()["source[dataset=a]"]
    var rejected = 0
    for bit in 0..<whole.count * 8 {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      try AtomicFile.write(damaged, to: file)
      let found = try study.digests()["source[dataset=a]"]
      #expect(found == expected || found == [])
      if found == [] { rejected += 1 }
    }
    #expect(rejected > whole.count * 7)
  }

  @Test(arguments: ["/proc/nowhere", "FILE/results"])
  func resultsThatCannotBeWrittenAreSaidSo(_ place: String) throws {
    let study = try ToyStudy()
    try study.write("", "FILE")
    let place = place.replacingOccurrences(of: "FILE", with: "\(study.folder)/FILE")
    let run = try study.ccr("run", "--results", place)
    #expect(run.code == 7)
    #expect(run.error.contains(place) && run.error.contains("remedy:"), "\(run.error)")
    #expect(study.executedInstances.isEmpty && study.files("tables").isEmpty)
    #expect(try study.ccr("plan", "--results", place).code == 0)
  }

  // MARK: Being stopped

  @Test func aStoppedStageGoesOnFromItsCheckpoint() throws {
    let study = try ToyStudy(act: "patient")
    let (process, output) = try study.start(["run", "make[dataset=a,method=x,seed=0]", "--json"])
    try study.waitUntilListening()
    kill(process.processIdentifier, SIGTERM)
    let stopped = output()
    #expect(stopped.code == 75)
    #expect(stopped.error.contains("its checkpoint is saved") && stopped.summary?["failed"]?.integer == 0, "\(stopped.error)")
    #expect(try study.ccr("run", "make[dataset=a,method=x,seed=0]").code == 0)
    #expect(FileManager.default.fileExists(atPath: "\(study.folder)/data/resumed"))
    #expect(study.files("results/.store/checkpoints").isEmpty)
  }

  @Test(arguments: [(SIGTERM, Int32(143)), (SIGINT, Int32(130))])
  func aStoppedRunStopsItsStages(_ signal: Int32, code: Int32) throws {
    let study = try ToyStudy(act: "long")
    let (process, output) = try study.start(["run", "--json"])
    try study.waitForExecutions(3)
    kill(process.processIdentifier, signal)
    let start = Date()
    let stopped = output()
    #expect(Date().timeIntervalSince(start) < 10)
    #expect(stopped.code == code && stopped.summary?["failed"]?.integer == 0, "\(stopped.error)")
  }

  // MARK: Failures

  @Test func aFailureSaysWhatAndHowToSeeItAgain() throws {
    let study = try ToyStudy(act: "fail")
    let run = try study.ccr("run", "--json")
    #expect(run.code == 1)
    for words in ["make[dataset=", "exit code 65 (bad input)", "error: the toy is broken", "remedy: mend the toy", "log.txt", "--request"] {
      #expect(run.error.contains(words), "\(words) is not in \(run.error)")
    }
    let line = try #require(run.error.split(separator: "\n").first { $0.contains("reproduce") })
    let command = try #require(line.range(of: "CCR_DATA=")).lowerBound
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-c", String(line[command...])]
    shell.standardError = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 65)
    let status = try JSONValue.parse(study.ccr("status", "--json").out, file: "status")
    let states = (status["instances"]?.array ?? []).compactMap { $0["state"]?.string }
    #expect(states.contains("failed") && states.contains("hit"))
  }

  @Test func goingOnReachesAllThatDoesNotDependOnTheFailure() throws {
    let study = try ToyStudy()
    try study.edit("\"act\": \"none\"}", "\"act\": \"$act\"}")
    try study.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"act\": \"none\"}")
    try study.edit("\"let\": {\"rate\": 0.25}", "\"let\": {\"rate\": 0.25, \"act\": \"fail\"}")
    let run = try study.ccr("run", "--json", "--keep-going")
    #expect(run.code == 1)
    #expect(run.summary?["failed"]?.integer == 4 && run.executed == 2 + 4 + 4)
    #expect(run.error.contains("5 not reached"), "\(run.error)")
  }

  @Test func aMissingOutputIsTheProgramsDefect() throws {
    let study = try ToyStudy(act: "silent")
    let run = try study.ccr("run", "--json")
    #expect(run.code == 1 && run.error.contains("did not write made.txt"), "\(run.error)")
    #expect(study.files("results/quick/make").isEmpty)
  }

  @Test func aFullDiskIsTheMachinesFailure() throws {
    let study = try ToyStudy(act: "full")
    #expect(try study.ccr("run").code == 7)
  }

  @Test func warningsOfStagesAreShown() throws {
    let study = try ToyStudy(act: "talk")
    let run = try study.ccr("run", "make[dataset=a,method=x,seed=0]")
    #expect(run.error.contains("warning   make[dataset=a,method=x,seed=0]: the toy is worn"), "\(run.error)")
    #expect(try study.ccr("run", "make", "--quiet").error.isEmpty)
  }
}
