import Artifacts
import Foundation
import TestSupport
import Testing

/// A small study as jobs of a real Slurm: the short form, in every `make test`.
@Suite(.waiting, .serialized, .enabled(if: OneNodeSlurm.isHere, "there is no Slurm on this machine, or this is not root: make test-slurm"))
struct SlurmTests {
  /// The digests of a run on this machine.
  static let local: Result<[String: [String]], any Error> = Result {
    let study = try ToyStudy()
    _ = try study.run()
    return try study.digests()
  }

  @Test func aStudyComesOutAsOnOneMachine() throws {
    let study = try ToyStudy()
    let plan = try study.cluster("plan")
    #expect(plan.code == 0 && plan.out.contains("wave 1") && plan.out.contains("core-hours"), "\(plan)")
    #expect(study.executedInstances.isEmpty)
    let run = try study.cluster("run")
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    #expect(try study.digests() == Self.local.get())
    study.expectEachOnce()
    // The same again submits nothing; on this machine it is a study without work.
    let again = try study.cluster("run")
    #expect(again.code == 0 && again.error == "          all 19 done\n", "\(again.error)")
    #expect(try study.ccr("run", "--json").executed == 0)
  }

  @Test func theSubmitterMayBeKilled() throws {
    let study = try ToyStudy(act: "slow")
    let (process, output) = try study.clusterStart(["run", "--bundle", "0"])
    try OneNodeSlurm.wait("nothing was submitted") { study.files("results/.slurm/jobs").count == ToyStudy.instances }
    kill(process.processIdentifier, SIGKILL)
    _ = output()
    try OneNodeSlurm.wait("the study does not complete without its submitter") { try study.missing() == 0 }
    study.expectEachOnce()
  }

  @Test func ctrlCDetachesStatusShowsAndCancelEnds() throws {
    let study = try ToyStudy(act: "pause")
    let (process, output) = try study.clusterStart(["run", "--bundle", "0"])
    try study.waitForExecutions(3)
    kill(process.processIdentifier, SIGINT)
    let attached = output()
    #expect(attached.code == 130 && attached.error.contains("nothing is stopped"), "\(attached)")
    let status = try study.cluster("status")
    #expect(status.code == 0 && status.out.contains("running  make[") && status.out.contains("queued   score["), "\(status.out)")
    let cancel = try study.cluster("cancel")
    #expect(cancel.code == 0 && cancel.out.hasSuffix("jobs ended\n"), "\(cancel)")
    try OneNodeSlurm.wait("jobs remain") { OneNodeSlurm.slurm("squeue", "--noheader").out.isEmpty }
    try study.go()
    let run = try study.cluster("run")
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    #expect(try study.missing() == 0)
  }
}
