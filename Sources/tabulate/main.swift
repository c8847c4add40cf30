import Artifacts
import StageKit
import Tables

let output = Setting<String>(
  "output", choices: ["table1", "table2", "table3", "table4", "figure3", "figure4", "figure5", "training"], "what to make")
let profile = Setting<String>("profile", "name of the profile, for the heading")
let layout = Setting<JSONValue>(
  "layout", "what it shows, as JSON: title, rows, columns and network of a table; title, width, … of a figure")

let titles = Setting<JSONValue>("titles", "what rows and series without a label are called, by method: {\"ccr\": \"CCR\", …}")

let description = StageDescription(
  name: "tabulate", version: 1, summary: "Makes the paper's Tables 1 to 4 and Figures 3 to 5 from scores and maps, and loss curves.",
  inputs: [Port("published", "published.json; for tables", optional: true)],
  gathered: [
    Port("scores", "scores.json of every method, data set and seed shown; for tables, Figures 4 and 5", optional: true),
    Port("embeddings", "tsne.h5 of each panel; for Figure 3", optional: true),
    Port("labels", "labels.h5; for Figure 3", optional: true), Port("images", "images.h5; for Figure 4", optional: true),
    Port("histories", "history.csv of every seed; for the loss curves", optional: true),
  ],
  outputs: [
    Port("json", "the table with the sources of each cell", optional: true), Port("markdown", "the table to read", optional: true),
    Port("latex", "the table for booktabs", optional: true), Port("csv", "the table's cells", optional: true),
    Port("picture", "the figure, PNG", optional: true), Port("svg", "the figure as SVG", optional: true),
    Port("pdf", "the figure as PDF", optional: true),
  ], settings: [AnySetting(output), AnySetting(profile), AnySetting(layout), AnySetting(titles)], usesBLAS: false,
  check: { run in try LayoutCheck(run: run).perform() })

/// - Throws: `StageError` where a title is no text.
@Sendable func methodTitles(_ settings: SettingValues) throws(StageError) -> [String: String] {
  var result: [String: String] = [:]
  for member in settings[titles].object ?? [] {
    guard let title = member.value.string else { throw .illegalSetting("titles", "must be texts, not \(member.value.compact)") }
    result[member.name] = title
  }
  return result
}

StageProgram.run(description) { job in
  let figureOutputs = ["picture", "svg", "pdf"]
  if figureOutputs.contains(where: { job.optionalOutput($0) != nil }) {
    let figure = PaperFigure(job: job, layout: try FigureLayout(job[layout], of: job[output], titles: methodTitles(job.settings)))
    for port in description.gathered.map(\.name) {
      for absent in job.absent(port) { job.warn("\(absent.instance) is not shown: \(absent.reason)") }
    }
    switch job[output] {
    case "figure3": try figure.maps()
    case "figure4": try figure.cases()
    case "figure5": try figure.variances()
    case "training": try figure.training()
    default: throw StageError.unknownPort("picture", kind: "output of a table", known: ["json", "markdown", "latex", "csv"])
    }
  } else {
    guard let published = job.optionalInput("published") else { throw StageError.missingPort("published", kind: "input") }
    let table = try PaperTable(
      name: job[output], profile: job[profile], layout: TableLayout(job[layout], titles: methodTitles(job.settings)),
      published: PublishedNumbers(path: published),
      runs: job.scoredRuns(), diverged: job.divergedRuns())
    for (port, text) in [("json", table.json.pretty + "\n"), ("markdown", table.markdown), ("latex", table.latex), ("csv", table.csv)] {
      if let path = job.optionalOutput(port) { try AtomicFile.write(text, to: path) }
    }
  }
}
