import ArgumentParser
import Artifacts
import Workflow

/// `ccr trace`
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Prints the chain of results behind a result or a table's cell, and the command that gives it again.",
    discussion: "Reads records alone: neither the pipeline file nor the programs need be what they were.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "An instance, the name of a file that one made (table1, figure3), or the path of a table (table1.json).")
  var what: String
  @Option(help: ArgumentHelp("The cell of a table, such as 'CCR/fashion-mnist/ACC'.", valueName: "row/dataset/metric"))
  var cell: String?
  @Flag(help: "Print JSON, with the whole provenance of each result.")
  var json = false

  func run() throws {
    let trace = try options.records().trace(what, cell: cell, profile: options.profile)
    print(json ? trace.json.pretty : trace.lines.joined(separator: "\n"))
  }
}

/// `ccr diff`
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Says in what two sets of results differ: ingredients, outputs, cells of tables.",
    discussion: """
      Each side is a results folder, the folder of a profile in one, a folder of tables such as paper-tables/quick, the name of a profile, a tag, or a
      commit, whose paper-tables/<profile> are meant.
      """)
  @OptionGroup var options: StudyOptions
  @Argument(help: "The one side.")
  var old: String
  @Argument(help: "The other side.")
  var new: String
  @Flag(help: "End with code 5 where anything differs.")
  var exitCode = false

  func run() throws {
    let difference = try options.records().difference(old, new, profile: options.profile)
    func some(_ names: [String]) -> String {
      names.prefix(2).joined(separator: ", ") + (names.count > 2 ? " and \(names.count - 2) more" : "")
    }
    func digest(_ text: String) -> String { text.isEmpty ? "absent" : "\(text.prefix(12))…" }
    func number(_ value: Double?) -> String { value.map { String(($0 * 1e6).rounded() / 1e6) } ?? "—" }
    for (text, instances) in difference.ingredients { print("changed  \(text)  (\(some(instances)))") }
    if !difference.unknown.isEmpty { print("changed  what is not recorded here  (\(some(difference.unknown)))") }
    for (side, names) in [(old, difference.onlyOld), (new, difference.onlyNew)] {
      for name in names { print("only in \(side): \(name)") }
    }
    for output in difference.outputs { print("output   \(output.instance) \(output.port): \(digest(output.old)) → \(digest(output.new))") }
    for cell in difference.cells {
      let step = cell.old.flatMap { old in cell.new.map { " (\($0 >= old ? "+" : "−")\(number(abs($0 - old))))" } } ?? ""
      print("cell     \(cell.name): \(number(cell.old)) → \(number(cell.new))\(step)")
    }
    print(
      difference.isEmpty
        ? "nothing differs"
        : "\(difference.ingredients.count) ingredients, \(difference.outputs.count) outputs and \(difference.cells.count) cells differ")
    if exitCode, !difference.isEmpty { throw ExitCode(5) }
  }
}

/// `ccr log`
struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Prints what an instance's last execution wrote, also of one that failed or is at work now.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "Whose log.")
  var selectors: [String]

  func run() throws {
    let study = try options.study()
    for log in try study.logs(study.select(selectors)) {
      Console.say("\(log.instance): \(log.words)")
      print(log.text, terminator: log.text.isEmpty || log.text.hasSuffix("\n") ? "" : "\n")
    }
  }
}
