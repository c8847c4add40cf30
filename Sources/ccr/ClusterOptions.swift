import ArgumentParser
import Artifacts
import Workflow

/// Where a study runs, and what its jobs ask a cluster for.
struct ClusterOptions: ParsableArguments {
  enum Executor: String, ExpressibleByArgument, CaseIterable {
    case local
    case slurm
  }

  @Option(help: "local: on this machine. slurm: as jobs of the cluster whose sbatch is in PATH (docs/cluster.md).")
  var executor = Executor.local
  @Option(help: ArgumentHelp("Slurm's partition; default: the cluster's, or the profile's.", valueName: "name"))
  var partition: String?
  @Option(help: ArgumentHelp("Slurm's account.", valueName: "name"))
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Time limit of a job that no run has measured, and the longest of any: minutes, or as Slurm writes it (default: 1-00:00:00).",
      valueName: "time"))
  var time: String?
  @Option(name: .customLong("cpus-per-job"), help: ArgumentHelp("CPUs of a job (default: 4).", valueName: "cpus"))
  var cpus: Int?
  @Option(help: ArgumentHelp("Memory of a job that no run has measured: MiB, or 16G; default: the cluster's.", valueName: "memory"))
  var memory: String?
  @Option(help: ArgumentHelp("How many jobs may be in the queue at once; default: as many as the cluster takes.", valueName: "jobs"))
  var maxJobs: Int?
  @Option(help: ArgumentHelp("Instances that take less share jobs; 0: each has its own (default: 2).", valueName: "minutes"))
  var bundle: Double?
  @Option(
    name: .customLong("sbatch"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp("A further option of sbatch, such as --qos=long. May be repeated.", valueName: "option"))
  var others: [String] = []

  /// What jobs ask for: these flags, else the profile's `slurm` in the pipeline file.
  /// - Throws: `ClusterError`.
  func slurm(_ study: Study) throws -> SlurmOptions {
    var options = try SlurmOptions(study.profileSlurm)
    if let partition { options.partition = partition }
    if let account { options.account = account }
    if let time { options.limit = try SlurmOptions.minutes(time, "--time") }
    if let cpus { options.cpusPerJob = cpus }
    if let memory { options.megabytes = try SlurmOptions.megabytes(memory, "--memory") }
    if let maxJobs { options.maxJobs = try SlurmOptions.atLeastTwo(maxJobs, "--max-jobs") }
    if let bundle { options.bundleMinutes = bundle }
    options.others += try others.map(SlurmOptions.option)
    return options
  }

  func validate() throws {
    if let cpus, !(1...10_000).contains(cpus) { throw ValidationError("--cpus-per-job must be 1 to 10000, not \(cpus)") }
    if let bundle, !(0...1440).contains(bundle) { throw ValidationError("--bundle must be 0 to 1440 minutes, not \(bundle)") }
  }

  /// These flags as words, for a job that is to submit what comes next.
  var words: [String] {
    func option(_ name: String, _ value: String?) -> [String] { value.map { ["--\(name)=\($0)"] } ?? [] }
    return ["--executor=slurm"] + option("partition", partition) + option("account", account) + option("time", time)
      + option("cpus-per-job", cpus.map(String.init)) + option("memory", memory) + option("max-jobs", maxJobs.map(String.init))
      + option("bundle", bundle.map { String($0) }) + others.map { "--sbatch=\($0)" }
  }
}

extension StudyOptions {
  /// These options as words for a job: absolute, since it has another folder.
  func words(_ study: Study) -> [String] {
    ["--pipeline=\(study.pipelinePath)", "--profile=\(profile)", "--results=\(study.results)", "--publish=\(study.publishPath)"]
      + set.map { "--set=\($0)" } + sweep.map { "--sweep=\($0)" }
  }
}
