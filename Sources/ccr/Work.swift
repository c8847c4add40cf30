import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// `ccr work`
struct Work: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a job of a cluster calls: executes exactly the instances of these planned keys.",
    discussion: """
      Keys of actions are computed here, from what is in the store now; what is there already is not executed. USR1, the cluster's word that the
      time limit is near, saves a checkpoint and puts the job back into the queue. Ends with 66 where what it reads from is not in the store.
      """)
  @OptionGroup var options: StudyOptions
  @Argument(help: "Planned keys, as `ccr plan --executor slurm --json` shows them, or their first digits.")
  var keys: [String]
  @Option(help: "CPUs to use; default: those of the job.")
  var cpus: Int?
  @Option(
    help: ArgumentHelp("How long stages that are asked to end have for saving a checkpoint before they are killed.", valueName: "seconds"))
  var grace = 90.0

  func validate() throws {
    if let cpus, cpus < 1 { throw ValidationError("--cpus must be at least 1, not \(cpus)") }
    if !(0...86_400).contains(grace) { throw ValidationError("--grace must be 0 to 86400 seconds, not \(grace)") }
  }

  func run() throws {
    let study = try options.study()
    let display = ProgressDisplay(quiet: false)
    let work = try JobWork(study, planned: keys) { display.show($0) }
    let code = try work.perform(cpus: cpus ?? JobWork.cpus, grace: grace)
    if code != 0 { throw ExitCode(code) }
  }
}

/// `ccr cancel`
struct Cancel: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends the jobs of this study on its cluster; training saves checkpoints, and the next run goes on from them.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "Only the jobs of these; without selectors all, and nothing more is submitted.")
  var selectors: [String] = []

  func run() throws {
    let study = try options.study()
    let count = try study.cancelJobs(selectors.isEmpty ? nil : study.select(selectors))
    print("\(count) job\(count == 1 ? "" : "s") ended")
  }
}
