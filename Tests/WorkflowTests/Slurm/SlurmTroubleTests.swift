import Artifacts
import Foundation
import TestSupport
import Testing

/// What goes wrong on clusters, on a real Slurm: the long form, `make test-slurm`.
@Suite(.waiting, .serialized, .enabled(if: OneNodeSlurm.isHere && OneNodeSlurm.isLong, "only by make test-slurm, as root"))
struct SlurmTroubleTests {
  private static let climber = "make[dataset=a,method=x,seed=0]"

  /// A study of which one instance climbs so many steps of half a second, saves where it is when asked to end, and goes on from there.
  private func climb(_ steps: Int) throws -> ToyStudy {
    let study = try ToyStudy()
    try study.edit(
      "{\"where\": {\"method\": \"y\"}",
      "{\"where\": {\"dataset\": \"a\", \"method\": \"x\", \"seed\": 0}, \"make\": {\"act\": \"climb\"}}, {\"where\": {\"method\": \"y\"}")
    try study.write("\(steps)", "data/height")
    return study
  }

  /// The digests of a run of the same study on this machine, which is over at once.
  private func digests(of study: ToyStudy) throws -> [String: [String]] {
    let local = try climb(0)
    _ = try local.run()
    return try local.digests()
  }

  private func steps(_ study: ToyStudy) -> [String] { study.read("data/steps").split(separator: "\n").map(String.init) }

  private func job(_ study: ToyStudy) throws -> String {
    let record = try #require(
      study.files("results/.slurm/jobs").compactMap { try? JSONValue.read($0) }.first { $0["instance"]?.string == Self.climber })
    return try #require(record["job"]?.string)
  }

  /// Runs the study with something done to its climber when that has taken a few steps.
  private func disturb(_ study: ToyStudy, height: Int, _ trouble: (String) throws -> Void) throws -> ToyStudy.Output {
    try study.clusterHastened(["run", "--bundle", "0"]) {
      try OneNodeSlurm.wait("the climber does not climb") { steps(study).count > 3 }
      try trouble(try job(study))
    }
  }

  private func expectWhole(_ study: ToyStudy, height: Int) throws {
    #expect(try study.digests() == digests(of: study))
    let taken = steps(study)
    #expect(taken.count == height && Set(taken).count == height, "\(taken.count) steps, \(Set(taken).count) different: \(taken)")
  }

  /// The study's own programs on 150 images of Fashion-MNIST, in jobs and on this machine: every output of every instance is equal.
  @Test func theRealStudyComesOutAsOnOneMachine() throws {
    let study = try ToyStudy()
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")
    try study.write(String(decoding: AtomicFile.read("\(root)/data/published.json"), as: UTF8.self), "data/published.json")
    let small: JSONValue = [
      "where": ["profile": "quick"],
      "let": ["epochs": 1, "snapshots": [0, 1], "middleEpoch": 1, "figureEpoch": 1, "widths": [16], "blocks": [1]],
      "ingest": ["subset": 150], "tsne": ["iterations": 60, "exaggerationIterations": 30],
    ]
    let members = try #require(JSONValue.read("\(root)/pipeline.json").object).map { member -> JSONValue.Member in
      member.name == "settings" ? .init("settings", .array((member.value.array ?? []) + [small])) : member
    }
    try study.write(JSONValue.object(members).pretty, "pipeline.json")
    let targets = ["+tabulate[output=table4]", "+tabulate[output=figure3]"]
    let (_, output) = try study.clusterStart(["run", "--memory", "2G"] + targets)
    let run = output()
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    let local = try study.start(["run", "--results", "\(study.folder)/local"] + targets).output()
    #expect(local.code == 0, "\(local.error)")
    let difference = try study.ccr("diff", "\(study.folder)/results", "\(study.folder)/local")
    #expect(difference.out == "nothing differs\n", "\(difference)")
  }

  @Test func aRequeuedJobGoesOnFromItsCheckpoint() throws {
    let study = try climb(30)
    let run = try disturb(study, height: 30) { OneNodeSlurm.slurm("scontrol", "requeue", $0) }
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    try expectWhole(study, height: 30)
  }

  @Test func aCancelledJobIsLeftToThePersonAndGoesOnWhenAsked() throws {
    let study = try climb(30)
    let run = try disturb(study, height: 30) { OneNodeSlurm.slurm("scancel", $0) }
    #expect(run.code == 1 && run.error.contains("\(Self.climber): job ") && run.error.contains("cancelled"), "\(run.error)")
    let again = try study.cluster("run")
    #expect(again.code == 0, "\(again.error)\(study.jobLogs)")
    try expectWhole(study, height: 30)
  }

  @Test func aNodeThatGoesDownAndComesBackCostsNothing() throws {
    let study = try climb(30)
    let node = String(ProcessInfo.processInfo.hostName.prefix { $0 != "." })
    let run = try disturb(study, height: 30) { _ in
      OneNodeSlurm.slurm("scontrol", "update", "nodename=\(node)", "state=down", "reason=test")
      sleep(3)
      OneNodeSlurm.slurm("scontrol", "update", "nodename=\(node)", "state=resume")
    }
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    try expectWhole(study, height: 30)
  }

  /// A minute's limit under three minutes' work.
  @Test func aTimeLimitIsSteppedOverByCheckpoints() throws {
    let study = try climb(360)
    let run = try study.clusterHastened(["run", "--time", "1", "--bundle", "0"])
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    try expectWhole(study, height: 360)
  }

  @Test func wantOfMemoryIsNamedAndRetriedOnceWithMore() throws {
    let study = try ToyStudy()
    try study.edit(
      "{\"where\": {\"method\": \"y\"}",
      "{\"where\": {\"dataset\": \"a\", \"method\": \"x\", \"seed\": 0}, \"make\": {\"act\": \"eat\"}}, {\"where\": {\"method\": \"y\"}")
    let run = try study.cluster("run", "--bundle", "0")
    #expect(run.code == 0, "\(run.error)\(study.jobLogs)")
    #expect(study.executedInstances.count { $0 == Self.climber } == 2)
    #expect(Set(study.executedInstances).count == ToyStudy.instances)
    let record = try #require(
      study.files("results/.slurm/jobs").compactMap { try? JSONValue.read($0) }.first { $0["instance"]?.string == Self.climber })
    #expect(record["megabytes"]?.integer == 1000 && record["raises"]?.integer == 1, "\(record.pretty)")
  }

  @Test func aFailingStageIsNamedAndTheRestIsDone() throws {
    let study = try ToyStudy()
    try study.edit(
      "{\"where\": {\"method\": \"y\"}",
      "{\"where\": {\"dataset\": \"a\", \"method\": \"x\", \"seed\": 0}, \"make\": {\"act\": \"fail\"}}, {\"where\": {\"method\": \"y\"}")
    let run = try study.cluster("run", "--bundle", "0")
    #expect(run.code == 1 && run.error.contains("failed    \(Self.climber): exit code 65 (bad input)"), "\(run.error)")
    #expect(run.error.contains("score[dataset=a,method=x,seed=0]: it reads from \(Self.climber)"), "\(run.error)")
    #expect(try study.missing() == 3)
    #expect(study.executedInstances.count { $0 == Self.climber } == 1)
    try study.edit("\"act\": \"fail\"", "\"act\": \"none\"")
    let again = try study.cluster("run")
    #expect(again.code == 0, "\(again.error)")
    #expect(try study.digests() == SlurmTests.local.get())
  }

  // MARK: Limits

  @Test(arguments: ["--max-jobs=20", "limit"])
  func threeHundredInstancesUnderALimitOfTwentyJobs(_ limit: String) throws {
    let study = try ToyStudy()
    try study.edit(
      "\"quick\": {\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [0, 1]}}",
      "\"quick\": {\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [\((0..<37).map(String.init).joined(separator: ", "))]}}")
    let count = 2 + 148 + 148 + 1
    var most = 0
    // A cluster that does not say how many it takes: accounting refuses what is more.
    let path = limit == "limit" ? try wrapper(study, Self.limited) : nil
    let arguments = ["run", "--bundle", "0", "--detach"] + (limit == "limit" ? [] : [limit])
    let submitted = try study.clusterStart(arguments, path: path).output()
    #expect(submitted.code == 0, "\(submitted.error)")
    try OneNodeSlurm.wait("the study does not come to an end", seconds: 1500) {
      most = max(most, OneNodeSlurm.slurm("squeue", "--noheader", "--array", "--format=%i").out.split(separator: "\n").count)
      return try study.missing() == 0
    }
    #expect(most <= 20, "\(most) jobs at once")
    study.expectEachOnce(count)
  }

  // MARK: An sbatch that misbehaves

  /// Puts an `sbatch` before the real one.
  private func wrapper(_ study: ToyStudy, _ script: String) throws -> String {
    try FileManager.default.createDirectory(atPath: "\(study.folder)/bin", withIntermediateDirectories: true)
    try study.write(
      "#!/bin/sh\ncount=\"\(study.folder)/bin/calls\"; echo call >> \"$count\"; n=$(wc -l < \"$count\")\n\(script)", "bin/sbatch",
      mode: 0o755)
    return "\(study.folder)/bin"
  }

  private static let limited = #"""
    script=$(cat); have=$(squeue --noheader --array | wc -l)
    want=$(echo "$script" | sed -n 's/^#SBATCH --array=0-\([0-9]*\)$/\1/p'); want=$((${want:-0} + 1))
    if [ $((have + want)) -gt 20 ]; then
      echo "sbatch: error: AssocMaxSubmitJobLimit" >&2
      echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
      exit 1
    fi
    echo "$script" | /usr/bin/sbatch "$@"
    """#

  @Test(arguments: [
    (
      "fails the first time",
      #"[ "$n" = 1 ] && { echo "sbatch: error: Unable to contact slurm controller (connect failure)" >&2; exit 1; }; exec /usr/bin/sbatch "$@""#
    ),
    ("times out, yet is accepted", #"/usr/bin/sbatch "$@"; [ "$n" = 1 ] && sleep 20; exit 0"#),
    (
      "is accepted, yet fails",
      #"/usr/bin/sbatch "$@" > /dev/null; echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1"#
    ),
    ("prints more", #"echo "Welcome to the cluster 2026"; /usr/bin/sbatch "$@"; echo "You have 17 messages"; echo "note: 5 nodes" >&2"#),
  ])
  func sbatchMisbehaves(_ how: String, _ script: String) throws {
    let study = try ToyStudy()
    let run = try study.cluster("run", "--bundle", "0", path: wrapper(study, script))
    #expect(run.code == 0, "\(how): \(run.error)\(study.jobLogs)")
    #expect(how == "prints more" || run.error.contains("looking whether the cluster has it"), "\(how): \(run.error)")
    study.expectEachOnce()
    #expect(try study.digests() == SlurmTests.local.get())
  }

  @Test func anSbatchThatNeverWorksIsNamed() throws {
    let study = try ToyStudy()
    let run = try study.cluster(
      "run", path: wrapper(study, #"echo "sbatch: error: invalid account or account/partition combination specified" >&2; exit 1"#))
    #expect(run.code == 7 && run.error.contains("error: sbatch failed: ") && run.error.contains("invalid account"), "\(run)")
    #expect(run.error.contains("remedy:") && study.executedInstances.isEmpty)
  }

  // MARK: Words before anything is submitted

  @Test(arguments: [
    (["--partition", "nowhere"], "the cluster has no partition nowhere"),
    (["--partition", "brief", "--time", "10"], "ends jobs after 5 minutes"),
    (["--time", "never"], "--time must be"), (["--max-jobs", "1"], "--max-jobs must be at least 2"),
  ])
  func whatCannotWorkIsSaidFirst(_ flags: [String], _ words: String) throws {
    let study = try ToyStudy()
    let run = try study.clusterStart(["run"] + flags).output()
    #expect(run.code == 2 && run.error.contains(words) && run.error.contains("remedy:"), "\(run)")
    #expect(study.files("results/.slurm/jobs").isEmpty)
  }
}
