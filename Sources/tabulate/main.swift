import Artifacts
import StageKit

let output = Setting<String>(
  "output", choices: ["table1", "table2", "table3", "table4", "figure3", "figure4", "figure5"], "what to make")
let profile = Setting<String>("profile", "name of the profile, for the heading")
let layout = Setting<JSONValue>("layout", "title, rows, columns and budget, as JSON")

let description = StageDescription(
  name: "tabulate", version: 1, summary: "Makes the paper's Tables 1 to 4 and Figures 3 to 5 from scores and maps.",
  inputs: [Port("published", "published.json; for tables", optional: true)],
  gathered: [
    Port("scores", "scores.json of every row and seed", optional: true),
    Port("embeddings", "tsne.h5 of each panel; for Figure 3", optional: true),
    Port("labels", "labels.h5; for Figure 3", optional: true), Port("images", "images.h5; for Figure 4", optional: true),
  ],
  outputs: [
    Port("json", "the table with the sources of each cell", optional: true), Port("markdown", "the table to read", optional: true),
    Port("latex", "the table for booktabs", optional: true), Port("csv", "the table's cells", optional: true),
    Port("picture", "the figure, PNG", optional: true),
  ], settings: [AnySetting(output), AnySetting(profile), AnySetting(layout)], usesBLAS: false)

StageProgram.run(description) { job in
  let scores = try job.gathered("scores").map { ($0, try Scores.read($0.path)) }
  if let path = job.optionalOutput("picture") {
    try PaperFigure.draw(job, name: job[output], title: job[layout]["title"]?.string ?? "", scores: scores).write(to: path)
    return
  }
  guard let file = job.optionalInput("published") else { throw StageError.missingPort("published", kind: "input") }
  let published = try JSONValue.parse(String(decoding: AtomicFile.read(file), as: UTF8.self), file: file)
  let table = try PaperTable(name: job[output], profile: job[profile], layout: job[layout], published: published, scores: scores)
  for (port, text) in [("json", table.json.pretty + "\n"), ("markdown", table.markdown), ("latex", table.latex), ("csv", table.csv)] {
    if let path = job.optionalOutput(port) { try AtomicFile.write(text, to: path) }
  }
}
