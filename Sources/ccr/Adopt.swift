import ArgumentParser
import Glibc
import Workflow

/// `ccr adopt`
struct Adopt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "After a change of a program that changes nothing, proves that by sample and takes the results over instead of executing all again.",
    discussion: """
      Of every selected stage and method the cheapest instances are executed again with the present programs; only if every byte of all of them is
      equal are the other results, of which nothing but the program, OpenBLAS or ARPACK changed, given their new keys. They are marked as adopted, not
      executed, with the evidence, until ccr run --force or ccr verify --reexecute executes them. Ends with 5 where a sample differs, with 1
      where one could not be executed; then nothing is adopted.
      """)
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to adopt.")
  var selectors: [String]
  @Option(help: "How many instances of each stage and method to execute again.")
  var sample = 1
  @Option(name: .shortAndLong, help: "How many stages to execute at once; default: one for each core.")
  var jobs: Int?

  func validate() throws {
    if sample < 1 { throw ValidationError("--sample must be at least 1, not \(sample): without evidence nothing is adopted") }
    if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs)") }
  }

  func run() throws {
    let study = try options.study()
    let display = ProgressDisplay(quiet: false)
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let (adoption, summary) = try study.adopt(
      study.select(selectors), sample: sample,
      options: RunOptions(jobs: jobs ?? cores, threads: cores, keepGoing: false, force: false, grace: 60)
    ) { display.show($0) }
    display.clear()
    for other in adoption.others { print("not adopted  \(other.instance)  (\(other.reason))") }
    for sample in adoption.samples {
      print("\(sample.differences.isEmpty ? "equal        " : "differs      ")\(sample.instance)")
      for words in sample.differences { print("             \(words)") }
    }
    for name in adoption.adopted { print("adopted      \(name)") }
    if let summary, !adoption.isProven {
      print("nothing was adopted, since not every sample came out equal")
      throw ExitCode(summary.exitCode != 0 ? summary.exitCode : 5)
    }
    print(
      adoption.samples.isEmpty
        ? "nothing to adopt"
        : "\(adoption.adopted.count) adopted, not executed; \(adoption.samples.count) executed again, every byte equal")
  }
}
