import ArgumentParser
import Workflow

/// `ccr verify`
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says which cells of published tables this machine's results reproduce to the bit.",
    discussion: "Ends with 5 where a cell differs, with 3 where nothing differs but results are missing here: compute them with ccr run.")
  @OptionGroup var options: StudyOptions
  @Option(help: ArgumentHelp("The folder of the tables, such as paper-tables/quick.", valueName: "folder"))
  var against: String

  func run() throws {
    var (differing, missing) = (0, 0)
    for table in try options.study().comparisons(with: against) {
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
