import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// `ccr run`
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Executes what is missing or out of date; everything without selectors.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to run, with all it needs.")
  var selectors: [String] = []
  @OptionGroup var machine: MachineOptions
  @Flag(name: [.customShort("k"), .long], help: "After a failure go on with what does not depend on it.")
  var keepGoing = false
  @Option(
    help: ArgumentHelp("How long stages that are asked to end have for saving a checkpoint before they are killed.", valueName: "seconds"))
  var grace = 60.0
  @Flag(help: "Execute exactly the selected instances again and compare with their recorded results.")
  var force = false
  @Flag(help: "End standard output with one line of JSON.")
  var json = false
  @Flag(help: "Say only what went wrong.")
  var quiet = false
  @OptionGroup(title: "Cluster") var cluster: ClusterOptions
  @Flag(help: "With --executor slurm: submit, and do not stay to watch.")
  var detach = false
  @Flag(help: .hidden)
  var steward = false

  func validate() throws {
    if !(0...86_400).contains(grace) { throw ValidationError("--grace must be 0 to 86400 seconds, not \(grace)") }
    if cluster.executor == .slurm, force { throw ValidationError("--force compares on this machine: leave out --executor slurm") }
    if force, selectors.isEmpty { throw ValidationError("--force needs selectors: what to execute again") }
  }

  func run() throws {
    let start = ContinuousClock.now
    let study = try options.study()
    if cluster.executor == .slurm {
      let run = ClusterRun(study: study, selectors: selectors, options: options, cluster: cluster, quiet: quiet)
      let code = try steward ? run.steward() : run.run(detach: detach)
      if code != 0 { throw ExitCode(code) }
      return
    }
    let selected = try study.select(selectors)
    let display = ProgressDisplay(quiet: quiet)
    display.warn(study.warnings)
    let runner = Runner(
      study,
      options: RunOptions(
        jobs: machine.allJobs, threads: machine.allThreads, keepGoing: keepGoing, force: force, grace: grace)
    ) { display.show($0) }
    var summary: RunSummary
    do { summary = try runner.run(selected) } catch {
      display.clear()
      throw error
    }
    // A run that was stopped, or whose machine failed, has other worries.
    if summary.signal == 0, !summary.machineFailed {
      let (faults, notices) = try study.recordPublication(of: selected)
      notices.forEach { display.show(.notice($0)) }
      for fault in faults {
        summary.noteUnpublished()
        display.show(.unpublished(fault))
      }
    }
    let seconds = Double(((ContinuousClock.now - start) / Duration.milliseconds(10)).rounded()) / 100
    display.end(summary, seconds: seconds)
    if json {
      let line: JSONValue = [
        "executed": .integer(summary.executed), "cached": .integer(summary.cached), "failed": .integer(summary.failed),
        "equal": .integer(summary.equal),
        "seconds": .number(seconds),
      ]
      print(line.compact)
    }
    if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
  }
}
