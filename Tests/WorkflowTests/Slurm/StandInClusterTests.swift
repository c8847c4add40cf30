import Artifacts
import Foundation
import TestSupport
import Testing

/// What `ccr` asks a cluster for, and what its jobs do, beside commands that stand in for a cluster: they take jobs and start none.
@Suite(.waiting)
struct StandInClusterTests {
  private struct Cluster {
    let study: ToyStudy
    var environment: [String: String] { ["PATH": "\(study.folder)/bin:/usr/bin:/bin"] }

    init(_ study: ToyStudy) throws {
      self.study = study
      try FileManager.default.createDirectory(atPath: "\(study.folder)/bin", withIntermediateDirectories: false)
      let commands = [
        "sbatch": "n=$(($(cat count 2> /dev/null || echo 100) + 1)); echo $n > count; cat > job-$n.sh; echo $n",
        "sinfo": "echo 'cpu*|1-00:00:00|4|16000|0/4/0/4'", "squeue": ":", "scancel": ":", "scontrol": ":",
      ]
      for (name, command) in commands { try study.write("#!/bin/sh\ncd \"$(dirname \"$0\")\"\n\(command)\n", "bin/\(name)", mode: 0o755) }
    }

    func ccr(_ arguments: String...) throws -> ToyStudy.Output { try study.start(arguments, environment: environment).output() }

    /// The scripts of submitted jobs, in the order of submission.
    var jobs: [String] { study.files("bin").filter { $0.hasSuffix(".sh") } }

    /// Calls a job's script as the cluster does.
    func perform(_ job: String, task: Int) throws -> ToyStudy.Output {
      let number = job.split(separator: "-").last?.dropLast(3) ?? ""
      let variables = "SLURM_JOB_ID=\(number) SLURM_ARRAY_JOB_ID=\(number) SLURM_ARRAY_TASK_ID=\(task)"
      return try study.shell("PATH=\(study.folder)/bin:/usr/bin:/bin \(variables) exec sh \(job)")
    }

    /// Planned keys by instance.
    func plannedKeys() throws -> JSONValue? {
      try JSONValue.parse(ccr("plan", "--executor", "slurm", "--json").out, file: "plan")["plannedKeys"]
    }
  }

  @Test func sweepsReachTheJobs() throws {
    let cluster = try Cluster(ToyStudy())
    let run = try cluster.ccr("run", "make", "--executor", "slurm", "--detach", "-S", "make.rate=1,2", "--set", "score.weight=3")
    #expect(run.code == 0 && !cluster.jobs.isEmpty, "\(run.error)")
    #expect(run.error.contains("`ccr cancel --set score.weight=3 -S make.rate=1,2` ends it"), "\(run.error)")
    for job in cluster.jobs {
      let script = try String(contentsOfFile: job, encoding: .utf8)
      #expect(script.contains("--sweep=make.rate=1,2") && script.contains("--set=score.weight=3"), "\(script)")
    }
    let done = try cluster.perform(try #require(cluster.jobs.first), task: 0)
    #expect(done.code == 0 && !done.error.contains("was changed since"), "\(done.error)")
  }

  /// A training that diverged is a failure for who looks, and none for the tables that go on without it.
  @Test func aRecordedAbsenceHoldsNobodyUp() throws {
    let study = try ToyStudy()
    try study.edit(
      "{\"where\": {\"method\": \"y\"}, \"let\": {\"rate\": 0.25}}",
      "{\"where\": {\"method\": \"y\", \"dataset\": \"a\", \"seed\": 0}, \"make\": {\"act\": \"absent\"}}")
    let cluster = try Cluster(study)
    let keys = try #require(try cluster.plannedKeys())
    let absent = "make[dataset=a,method=y,seed=0]"
    _ = try study.ccr("run", "source")
    let job = try study.ccr("work", try #require(keys[absent]?.string))
    #expect(job.code == 0 && job.error.contains("it diverged in epoch 3"), "\(job)")
    // Nor what reads from it, whose job has nothing to do.
    let below = try study.ccr("work", try #require(keys["score[dataset=a,method=y,seed=0]"]?.string))
    #expect(below.code == 0, "\(below)")
    // Nothing that is settled is submitted again, by a person or a steward.
    #expect(try study.ccr("run").code == 1)
    let again = try cluster.ccr("run", "--executor", "slurm")
    #expect(
      again.code == 1 && cluster.jobs.isEmpty && again.error.contains("\(absent): it diverged in epoch 3"), "\(again.error)")
  }

  /// Its inputs may come late, and so may the word to end.
  @Test func aJobThatWaitsHearsThatItIsToEnd() throws {
    let study = try ToyStudy()
    let keys = try #require(try Cluster(study).plannedKeys())
    let (process, output) = try study.start(["work", try #require(keys["make[dataset=a,method=x,seed=0]"]?.string)])
    try study.waitUntilSaid("is not in the store")
    usleep(300_000)
    let start = Date()
    kill(process.processIdentifier, SIGTERM)
    let job = output()
    #expect(job.code == 128 + SIGTERM && Date().timeIntervalSince(start) < 30, "\(job)")
  }
}
