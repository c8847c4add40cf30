import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// A training that diverges: its work came to an end without a result, and would again.
@Suite(.waiting)
struct AbsenceTests {
  private func study() throws -> ToyStudy {
    let study = try ToyStudy()
    // One of the eight.
    try study.edit(
      "{\"where\": {\"method\": \"y\"}, \"let\": {\"rate\": 0.25}}",
      "{\"where\": {\"method\": \"y\", \"dataset\": \"a\", \"seed\": 0}, \"make\": {\"act\": \"absent\"}}")
    return study
  }

  private let name = "make[dataset=a,method=y,seed=0]"

  @Test func whatDoesNotNeedItGoesOn() throws {
    let study = try study()
    try study.program("table", gathered: ["scores"], settings: [("title", "string")], writes: #"cat "$request""#)
    let run = try study.ccr("run", "--json")
    #expect(run.code == 1)
    #expect(run.error.contains("\(name): it diverged in epoch 3"), "\(run.error)")
    // All sources, the makes that gave something, their scores, and the table of them.
    #expect(try JSONValue.parse(run.out, file: "out")["executed"]?.integer == 2 + 7 + 7 + 1)
    let request = try JSONValue.parse(study.read("tables/quick/table.txt"), file: "request.json")
    let absent = request["absent"]?["scores"]?.array
    #expect(absent?.count == 1 && absent?.first?["instance"]?.string == "score[dataset=a,method=y,seed=0]")
    #expect(absent?.first?["reason"]?.string == "\(name): it diverged in epoch 3" && request["gathered"]?["scores"]?.array?.count == 7)
  }

  @Test func itIsKnownWithoutDoingItAgain() throws {
    let study = try study()
    _ = try study.ccr("run")
    let executed = study.executedInstances.count
    let again = try study.ccr("run", "--json")
    #expect(again.code == 1 && study.executedInstances.count == executed)
    #expect(again.error.contains("it diverged in epoch 3 (as recorded; `ccr run '\(name)' --force` does it again)"), "\(again.error)")
    let status = try study.ccr("plan").out
    #expect(status.contains("failed") && status.contains("it diverged in epoch 3"), "\(status)")
    let log = try study.ccr("log", name).out
    #expect(log.contains("the toy diverges"), "\(log)")
    #expect(try study.ccr("run", name, "--force").code == 1 && study.executedInstances.count == executed + 1)
    #expect(study.files("results/.store/attempts").isEmpty && study.files("results/.store/checkpoints").isEmpty)
  }

  /// What made it diverge may have been the machine.
  @Test func aResultReplacesARecordedAbsence() throws {
    let study = try ToyStudy(act: "absent-until-go")
    #expect(try study.ccr("run", name).code == 1)
    try study.go()
    #expect(try study.ccr("run", name).code == 1)
    let forced = try study.ccr("run", name, "--force", "--json")
    #expect(forced.code == 0 && forced.executed == 1 && !forced.error.contains("differs"), "\(forced.error)")
    #expect(try study.run(name) == [:])
    #expect(!study.files("results/.store/actions").contains { $0.contains("outcome-") })
  }

  /// A result whose files are gone, and which does not come again; one that is there stays, and its log.
  @Test(arguments: [true, false])
  func anAbsenceAfterAResult(isGone: Bool) throws {
    let study = try ToyStudy(act: "absent-until-go")
    try study.go()
    let consumer = "score[dataset=a,method=y,seed=0]"
    #expect(try study.ccr("run", consumer).code == 0)
    unlink("\(study.folder)/data/go")
    if isGone { unlink(study.object("results/quick/make/dataset=a,method=y,seed=0/made.txt")) }
    let run = try isGone ? study.ccr("run", consumer) : study.ccr("run", name, "--force")
    #expect(run.code == 1 && run.error.contains("it diverged in epoch 3"), "\(run.error)")
    #expect(run.error.contains("the result that it gave before stays") == !isGone, "\(run.error)")
    let next = try study.ccr("run", consumer)
    #expect(next.code == (isGone ? 1 : 0) && next.error.split(separator: "\n").count < 10, "\(next.error)")
    #expect(try study.ccr("verify").code == 0)
  }

  @Test func onceItHasAResultTheTableIsMadeAnew() throws {
    let study = try study()
    _ = try study.ccr("run")
    let link = "\(study.folder)/results/quick/make/dataset=a,method=y,seed=0/made.txt"
    #expect(!FileManager.default.fileExists(atPath: link))
    try study.edit("\"act\": \"absent\"", "\"act\": \"none\"")
    #expect(try study.ccr("run").code == 0)
    #expect(study.read("tables/quick/table.txt").components(separatedBy: "score 1").count == 1 + 8)
    #expect(FileManager.default.fileExists(atPath: link))
    // And back: the links to the result it had go.
    try study.edit("\"act\": \"none\"}}", "\"act\": \"absent\"}}")
    #expect(try study.ccr("run").code == 1 && !FileManager.default.fileExists(atPath: link))
  }

  @Test func aTableOfNothingFallsAway() throws {
    let study = try ToyStudy(act: "absent")
    let run = try study.ccr("run", "--json")
    #expect(run.code == 1 && !FileManager.default.fileExists(atPath: "\(study.folder)/tables/quick/table.txt"))
    #expect(run.error.contains("2 executed, 0 cached, 8 failed, 9 not reached"), "\(run.error)")
  }
}
