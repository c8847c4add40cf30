import Artifacts
import Foundation
import TestSupport
import Testing

/// A run that must end because the results folder fails it, while a stage is at work that does not want to end.
@Suite(.waiting)
struct ErrorPathTests {
  /// A run with a stage that ignores TERM and another that waits; then the store loses its folder of locks, and the other goes on, so that the
  /// runner meets the error when it starts the next.
  private func broken(grace: String, _ beside: (ToyStudy, Process) throws -> Void = { _, _ in }) throws -> (ToyStudy.Output, Double) {
    let study = try ToyStudy()
    try study.edit("\"act\": \"none\"}", "\"act\": \"$act\"}")
    try study.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"act\": \"pause\"}")
    try study.edit("\"let\": {\"rate\": 0.25}", "\"let\": {\"rate\": 0.25, \"act\": \"stubborn\"}")
    let (process, output) = try study.start(
      ["run", "score[dataset=a,method=x,seed=0]", "make[dataset=a,method=y,seed=0]", "--json", "--jobs", "2", "--grace", grace])
    try study.waitForExecutions(3)
    try study.waitUntilListening()
    let locks = "\(study.folder)/results/.store/locks"
    #expect(rename(locks, "\(study.folder)/locks-away") == 0)
    try AtomicFile.write("", to: locks)
    let start = Date()
    try study.go()
    try beside(study, process)
    let ended = output()
    let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
      (try? AtomicFile.read("/proc/\(process)/environ")).map { String(decoding: $0, as: UTF8.self).contains(study.folder) } == true
    }
    #expect(left.isEmpty)
    return (ended, Date().timeIntervalSince(start))
  }

  @Test func aStageThatIgnoresTheRequestToEndIsKilledAfterTheGrace() throws {
    let (ended, seconds) = try broken(grace: "1")
    #expect(ended.code == 7 && ended.error.contains("/results/.store/locks/"), "\(ended.code): \(ended.error)")
    #expect(seconds > 0.9 && seconds < 20, "\(seconds) s")
  }

  /// The runner still listens: asked again, it does not wait for the grace.
  @Test func theRunnerListensWhileItWaits() throws {
    let (ended, seconds) = try broken(grace: "60") { _, process in
      usleep(500_000)
      kill(process.processIdentifier, SIGTERM)
      usleep(1_100_000)
      kill(process.processIdentifier, SIGTERM)
    }
    #expect([7, 143].contains(ended.code) && seconds < 20, "\(ended.code) after \(seconds) s: \(ended.error)")
  }

  /// Both instances of `source` are looked at together. The first that cannot be started ends the run, or else is one failure among what goes on.
  @Test(arguments: [false, true])
  func whatIsLookedAtWithSomethingThatFailsDoesNotKeepTheRunFromItsEnd(_ keepsGoing: Bool) throws {
    let study = try ToyStudy()
    try study.edit("{\"file\": \"table.txt\"}", "{\"file\": \"$dataset.txt\"}")
    try study.write("three\n", "b.txt")
    let (process, output) = try study.start(["run", "--json"] + (keepsGoing ? ["--keep-going"] : []))
    let patience = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: patience)
    let run = output()
    patience.cancel()
    let failures = run.error.split(separator: "\n").filter { $0.hasPrefix("failed ") }
    #expect(run.code == 2 && failures.count == 1 && run.error.contains("/a.txt"), "\(run.code): \(run.error)")
    #expect(study.executedInstances.count == (keepsGoing ? 1 + 4 + 4 : 0))
  }
}
