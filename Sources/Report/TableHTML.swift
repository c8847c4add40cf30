import Artifacts
import Workflow

/// One of the study's tables as HTML, from its JSON file: as printed, each computed cell opening to what stands behind it.
struct TableHTML {
  let table: JSONValue
  /// Its place on the axes of sweeps, `temperature=0.2`, or nothing.
  let place: String
  /// `StudyRecord.options`.
  let options: String
  /// What computing a row's cell took, by the instances of its scores.
  let cost: ([String]) -> RowCost?

  /// Wall time of the stages of one method, mean over its seeds, and their highest memory.
  struct RowCost {
    let seconds: Double
    let peakBytes: Int
  }

  /// What leads to it on the page: `table1`, `table1-temperature-0-2`.
  var key: String {
    let words = (table["table"]?.string ?? "") + (place.isEmpty ? "" : "-\(place)")
    return String(words.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
  /// `Table 1`, `Table 1, temperature=0.2`
  var name: String { "Table \((table["table"]?.string ?? "").drop { !$0.isNumber })" + (place.isEmpty ? "" : ", \(place)") }
  private var cells: [JSONValue] { table["cells"]?.array ?? [] }
  private var metrics: [String] {
    cells.compactMap { $0["metric"]?.string }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  var html: String {
    let title = MarkupText.escaped(table["title"]?.string ?? "")
    var text = "<section id=\"\(key)\">\n<h2>\(MarkupText.escaped(name)). \(title)</h2>\n"
    for column in table["columns"]?.array ?? [] { text += self.column(column) }
    let notes = (table["notes"]?.array ?? []).compactMap(\.string).map { "<li>\(MarkupText.escaped($0))</li>\n" }
    let footnotes = (table["footnotes"]?.array ?? []).map {
      "<li>[\(MarkupText.escaped($0["letter"]?.string ?? ""))] \(MarkupText.escaped($0["text"]?.string ?? ""))</li>\n"
    }
    return text + "<details open><summary>Notes</summary><ul>\n\(notes.joined())\(footnotes.joined())</ul></details>\n</section>\n"
  }

  private func column(_ column: JSONValue) -> String {
    let dataset = column["dataset"]?.string ?? ""
    let label = column["label"]?.string ?? dataset
    let here = cells.filter { $0["dataset"]?.string == dataset }
    guard !here.isEmpty else { return "" }
    let rows = here.compactMap { $0["row"]?.string }.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
    let published = column["published"]?.string != nil
    let other = column["publishedLabel"]?.string.map { $0 == label ? "" : " (\($0), no target)" } ?? ""
    func heads(_ names: [String], _ kind: String) -> String {
      names.map { "<th scope=\"col\"\(kind)>\(MarkupText.escaped($0))</th>" }.joined()
    }
    var text =
      "<div class=\"wide\"><table><caption>\(MarkupText.escaped(label)): computed here"
      + (published ? "; beside it what the paper prints\(MarkupText.escaped(other))" : "")
      + "</caption>\n<thead><tr>"
      + heads(["Row"] + metrics + ["best \(metrics.first ?? "")"], "")
      + heads(["time a seed", "peak memory"], " class=\"cost\"")
      + (published ? heads(metrics.map { "published \($0)" }, " class=\"published\"") : "") + "</tr></thead>\n<tbody>\n"
    for row in rows {
      let own = here.filter { $0["row"]?.string == row }
      let cost = self.cost(Self.sources(own.first).map(\.instance))
      let mark = table["rowFootnotes"]?[row]?.string.map { "<sup>[\(MarkupText.escaped($0))]</sup>" } ?? ""
      text += "<tr><th scope=\"row\">\(MarkupText.escaped(row))\(mark)</th>"
      text += metrics.map { metric in own.first { $0["metric"]?.string == metric }.map(cell) ?? Self.empty }.joined()
      text += own.first?["best"]?.double.map { "<td>\(HTMLText.fixed($0, 3))</td>" } ?? Self.empty
      text +=
        cost.map { "<td class=\"cost\">\(HTMLText.time($0.seconds))</td><td class=\"cost\">\(HTMLText.memory($0.peakBytes))</td>" }
        ?? "<td class=\"cost\">—</td><td class=\"cost\">—</td>"
      if published {
        text += metrics.map { metric in
          let one = own.first { $0["metric"]?.string == metric }
          let letter = one?["footnote"]?.string.map { "<sup>[\(MarkupText.escaped($0))]</sup>" } ?? ""
          return "<td class=\"published\">\(one?["published"]?.double.map { HTMLText.fixed($0, 3) } ?? "—")\(letter)</td>"
        }.joined()
      }
      text += "</tr>\n"
    }
    return text + "</tbody></table></div>\n" + comparisons(dataset)
  }

  private static let empty = "<td><span title=\"no value: the notes below say why\" aria-label=\"no value\">—</span></td>"

  private static func sources(_ cell: JSONValue?) -> [(instance: String, output: String)] {
    (cell?["sources"]?.array ?? []).map { ($0["instance"]?.string ?? "", $0["output"]?.string ?? "") }
  }

  // MARK: A cell

  private func cell(_ cell: JSONValue) -> String {
    guard let mean = cell["mean"]?.double else { return Self.empty }
    var shown = HTMLText.fixed(mean, 3) + (cell["std"]?.double.map { " ± \(HTMLText.fixed($0, 3))" } ?? "")
    if let interval = Self.interval(cell["interval"]) { shown += " (\(interval))" }
    let title = ["row", "dataset", "metric"].compactMap { cell[$0]?.string }.joined(separator: " · ")
    return
      "<td><details class=\"cell\" name=\"cell\"><summary>\(shown)</summary><div class=\"sheet\"><button class=\"close\" hidden>Close</button>"
      + "<h4>\(MarkupText.escaped(title)): \(shown)</h4>\(seeds(cell))\(tests(cell))</div></details></td>"
  }

  private func seeds(_ cell: JSONValue) -> String {
    let (seeds, values) = ((cell["seeds"]?.array ?? []).compactMap(\.integer), cell["values"]?.array ?? [])
    let rows = Self.sources(cell).enumerated().map { place, source in
      let value = values.indices.contains(place) ? values[place].double.map { HTMLText.fixed($0, 4) } ?? "—" : "—"
      let seed = seeds.indices.contains(place) ? "\(seeds[place])" : ""
      let command = "ccr run \(options) '\(source.instance)' --force"
      return "<tr><td>\(seed)</td><td>\(value)</td><td class=\"left key\" title=\"\(source.output)\">\(source.output.prefix(16))</td>"
        + "<td class=\"left\"><code>\(MarkupText.escaped(command))</code></td></tr>"
    }
    return "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Seed</th><th scope=\"col\">Value</th><th scope=\"col\" class=\"left\">"
      + "SHA-256 of scores.json</th><th scope=\"col\" class=\"left\">Makes it anew, and compares</th></tr></thead><tbody>"
      + rows.joined() + "</tbody></table></div>"
  }

  private func tests(_ cell: JSONValue) -> String {
    let own = (table["comparisons"]?.array ?? []).filter { comparison in
      ["dataset", "metric"].allSatisfy { comparison[$0] == cell[$0] }
        && (comparison["row"] == cell["row"] || comparison["against"] == cell["row"])
    }
    return own.isEmpty ? "" : "<p>\(own.map { MarkupText.escaped(Self.words($0)) }.joined(separator: "<br>"))</p>"
  }

  private static func words(_ comparison: JSONValue) -> String {
    let rows = [comparison["row"], comparison["against"]].map { $0?.string ?? "" }.joined(separator: " − ")
    let differences = (comparison["differences"]?.array ?? []).compactMap(\.double).map { signed($0) }.joined(separator: ", ")
    return "\(rows): \(differences) by seed; p \(p(comparison["p"])), after Holm \(p(comparison["pHolm"])): \(verdict(comparison))"
  }

  private static func verdict(_ comparison: JSONValue) -> String {
    comparison["pHolm"]?.double == nil ? "not tested" : comparison["apart"]?.bool == true ? "they differ" : "cannot be told apart"
  }

  private static func p(_ value: JSONValue?) -> String { value?.double.map { HTMLText.fixed($0, 4) } ?? "—" }

  private static func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + HTMLText.fixed(value, 4) }

  private static func interval(_ value: JSONValue?) -> String? {
    let ends = (value?.array ?? []).compactMap(\.double)
    return ends.count == 2 ? ends.map { HTMLText.fixed($0, 3) }.joined(separator: ", ") : nil
  }

  // MARK: Rows against each other

  private func comparisons(_ dataset: String) -> String {
    let own = (table["comparisons"]?.array ?? []).filter { $0["dataset"]?.string == dataset }
    guard !own.isEmpty else { return "" }
    let rows = own.map { one in
      let row = [one["row"], one["against"]].map { MarkupText.escaped($0?.string ?? "") }.joined(separator: " − ")
      return "<tr><th scope=\"row\">\(row)</th><td>\(MarkupText.escaped(one["metric"]?.string ?? ""))</td>"
        + "<td>\(one["mean"]?.double.map(Self.signed) ?? "—")</td><td>\(Self.interval(one["interval"]) ?? "—")</td>"
        + "<td>\((one["seeds"]?.array ?? []).count)</td><td>\(Self.p(one["p"]))</td><td>\(Self.p(one["pHolm"]))</td>"
        + "<td class=\"left\">\(Self.verdict(one))</td></tr>\n"
    }
    let heads = ["Rows", "Metric", "Mean difference", "95 % interval", "Seeds", "p", "p after Holm"]
      .map { "<th scope=\"col\">\($0)</th>" }.joined()
    return
      "<details><summary>Rows against each other: exact sign-flip test over seeds</summary><div class=\"wide\"><table><thead><tr>\(heads)"
      + "<th scope=\"col\" class=\"left\">Verdict</th></tr></thead><tbody>\n\(rows.joined())</tbody></table></div></details>\n"
  }
}
