import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// `ccr run`
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Executes what is missing or out of date; everything without selectors.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to run.") var selectors: [String] = []
  @Option(help: "How many stages at once; default: one for each core.") var jobs: Int?
  @Option(help: "Threads that all stages share; default: one for each core. Results do not depend on it.") var threads: Int?
  @Flag(help: "After a failure go on with what does not depend on it.") var keepGoing = false
  @Flag(help: "Execute the selected instances again and compare with their recorded results.") var force = false
  @Flag(help: "End standard output with one line of JSON.") var json = false
  @Flag(help: "Say only what went wrong.") var quiet = false

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs)") }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads)") }
    if force, selectors.isEmpty { throw ValidationError("--force needs selectors: what to execute again") }
  }

  func run() throws {
    let start = ContinuousClock.now
    let study = try options.study()
    let selected = try Selector.select(selectors, in: study.plan)
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let display = ProgressDisplay(quiet: quiet, terminal: isatty(STDERR_FILENO) == 1)
    let runner = Runner(
      study, options: RunOptions(jobs: jobs ?? cores, threads: threads ?? cores, keepGoing: keepGoing, force: force)
    ) { display.show($0) }
    let summary = try runner.run(selected)
    display.clear()
    let seconds = (ContinuousClock.now - start) / Duration.seconds(1)
    let rounded = (seconds * 100).rounded() / 100
    if !quiet {
      Console.say(
        "\(summary.executed) executed, \(summary.cached) cached, \(summary.failed) failed"
          + (summary.skipped > 0 ? ", \(summary.skipped) not reached" : "") + " in \(rounded) s")
    }
    if json {
      let line: JSONValue = [
        "executed": .integer(summary.executed), "cached": .integer(summary.cached), "failed": .integer(summary.failed),
        "seconds": .number(rounded),
      ]
      print(line.compact)
    }
    if summary.signal != 0 { throw ExitCode(128 + summary.signal) }
    if summary.failed > 0 { throw ExitCode(summary.machineFailed ? 7 : 1) }
    if summary.skipped > 0 { throw ExitCode(75) }
  }
}
