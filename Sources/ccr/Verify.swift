import ArgumentParser
import Glibc
import Workflow

/// `ccr verify`
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Proves results: reads every byte of the store again, executes again what is asked for, or compares with published tables.",
    discussion: """
      Without options every stored output, record and published copy is hashed anew, whatever is remembered of it; what is damaged is set aside,
      and the next ccr run makes it again. Ends with 5 where anything is damaged, missing or differs, with 3 where nothing differs but results
      to compare with published tables are missing here, with 1 where an instance could not be executed again.
      """)
  @OptionGroup var options: StudyOptions
  @Option(
    help: ArgumentHelp(
      "Say which cells of published tables, such as paper-tables/quick, the results here reproduce to the bit.", valueName: "folder"))
  var against: String?
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Execute these instances again in a clean folder and compare every byte with their results. May be repeated.", valueName: "selector"))
  var reexecute: [String] = []
  @Option(name: .shortAndLong, help: "How many stages to execute at once; default: one for each core.")
  var jobs: Int?

  func validate() throws {
    if against != nil, !reexecute.isEmpty { throw ValidationError("--against and --reexecute are two questions: ask one at a time") }
    if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs)") }
  }

  func run() throws {
    let study = try options.study()
    if let against {
      try compare(study, with: against)
    } else if reexecute.isEmpty {
      try read(study)
    } else {
      try executeAgain(study)
    }
  }

  private func read(_ study: Study) throws {
    let display = ReadingDisplay()
    let found = try study.verify(progress: display.show)
    display.clear()
    for fault in found.faults { print("\(fault.kind.rawValue)  \(fault.path)\n         \(fault.words)") }
    print(
      "\(found.objects) outputs (\(Size.text(found.bytes))), \(found.records) records and \(found.copies) published copies read: "
        + (found.faults.isEmpty ? "all are what they were" : "\(found.faults.count) damaged or missing")
        + (found.collected > 0 ? "; the files of \(found.collected) results were removed by ccr gc" : ""))
    if !found.faults.isEmpty { throw ExitCode(5) }
  }

  private func executeAgain(_ study: Study) throws {
    let display = ProgressDisplay(quiet: false)
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let selected = try study.select(reexecute)
    let (summary, results) = try study.reexecute(
      selected, options: RunOptions(jobs: jobs ?? cores, threads: cores, keepGoing: true, force: false, grace: 60)
    ) { display.show($0) }
    display.clear()
    for result in results {
      print("\(result.differences.isEmpty ? "equal    " : "differs  ")\(result.instance)")
      for (_, words) in result.differences { print("         \(words)") }
    }
    let differing = results.count { !$0.differences.isEmpty }
    print("\(results.count) executed again: \(differing == 0 ? "every byte is equal" : "\(differing) came out with other bytes")")
    if results.count < selected.count, summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
    if differing > 0 { throw ExitCode(5) }
  }

  private func compare(_ study: Study, with folder: String) throws {
    var (differing, missing) = (0, 0)
    for table in try study.comparisons(with: folder) {
      print("\(table.table): \(table.reproduced) of \(table.cells.count) cells reproduced to the bit")
      for cell in table.cells {
        switch cell.verdict {
        case .reproduced: break
        case .differs(let there, let here):
          differing += 1
          func text(_ value: Double?) -> String { value.map { String($0) } ?? "—" }
          print("  differs       \(cell.name): \(text(there)) there, \(text(here)) here")
        case .notComputed(let instance):
          missing += 1
          print("  not computed  \(cell.name): \(instance) has no result here")
        }
      }
    }
    if differing > 0 { throw ExitCode(5) }
    if missing > 0 { throw ExitCode(3) }
  }
}
