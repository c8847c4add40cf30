import Artifacts
import Workflow

/// A study's results as one HTML file: no network, opens from disk in any browser, readable without scripts.
public struct Report {
  private let study: Study
  private let record: StudyRecord

  /// - Parameter record: of `study`.
  public init(of study: Study, _ record: StudyRecord) {
    self.study = study
    self.record = record
  }

  /// The page.
  /// - Throws: `FileError` or `JSONError` where a file of the store is gone or damaged.
  public func html() throws -> String {
    let tables = try self.tables()
    var figures = ReportFigures(try pictures())
    let drawn = try figures.html()
    let instances = InstanceList(record: record)
    let gathered = try ReportWarnings(study, record).html
    // What is missing stands in the state of each instance.
    let data: JSONValue = .object(
      record.summary.filter { !["missing", "absent"].contains($0.name) } + [
        .init("tables", .array(tables.map { Self.short($0.table) })), .init("instances", instances.json),
      ])
    let links =
      [("summary", "Summary"), ("warnings", "Warnings")] + tables.map { ($0.key, $0.name) }
      + [("figures", "Figures"), ("provenance", "Provenance"), ("integrity", "Integrity")]
    let title = "Results of profile \(record.profile)"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(MarkupText.escaped(title))</title>
      <style>\(PageStyle.text)</style>
      </head>
      <body>
      <a class="skip" href="#summary">To the results</a>
      <input type="checkbox" id="costs" class="switch" aria-label="Show time and memory of rows">
      <nav aria-label="Parts"><ul>\(links.map { "<li><a href=\"#\(MarkupText.escaped($0.0))\">\(MarkupText.escaped($0.1))</a></li>" }.joined())</ul></nav>
      <header><h1>\(MarkupText.escaped(title))</h1>\(state)</header>
      <main>
      \(summary)\(gathered)
      <p class="tools"><label class="switchlabel" for="costs">Time and memory of rows</label> <span class="faint">A number opens to the seeds behind it.</span></p>
      \(tables.map(\.html).joined())\(missingTables)
      <section id="figures">
      <h2>Figures</h2>
      \(drawn.isEmpty ? "<p class=\"warn\">No figure has been made yet.</p>\n" : drawn)</section>
      <section id="provenance">
      <h2>Provenance</h2>
      <h3>Stages</h3>
      <div class="wide">\(StageGraph(record).svg)</div>
      <h3>Instances</h3>
      <p>Make any of them anew, and compare: <code>ccr run \(options) 'INSTANCE' --force</code>; its settings and where they come from: <code>ccr show \(options) 'INSTANCE'</code>.</p>
      \(instances.html)\(leftOut)</section>
      \(integrity)
      </main>
      <footer>Written by <code>ccr report</code>. Nothing on this page is fetched from anywhere.</footer>
      <script type="application/json" id="facts">\(HTMLText.data(data))</script>
      <script>\(PageStyle.script)</script>
      </body>
      </html>

      """
  }

  /// Nothing from anywhere; this style sheet and this script alone.
  private static let policy =
    "default-src 'none'; img-src data:; style-src \(HTMLText.policyHash(PageStyle.text)); script-src \(HTMLText.policyHash(PageStyle.script)); "
    + "base-uri 'none'; form-action 'none'"

  // MARK: Tables and figures

  private func tables() throws -> [TableHTML] {
    let costs = Costs(record)
    return try record.entries.filter { $0.instance.publish != nil }.compactMap { entry in
      guard let path = try study.output("json", of: entry) else { return nil }
      let table = try JSONValue.read(path)
      guard table["table"] != nil, table["cells"]?.array != nil else { return nil }
      return TableHTML(table: table, place: entry.sweptPlace, options: record.options, cost: costs.row)
    }
  }

  /// A table's numbers, without words that stand on the page.
  private static func short(_ table: JSONValue) -> JSONValue {
    .object((table.object ?? []).filter { !["notes", "footnotes", "title"].contains($0.name) })
  }

  /// What is published as a picture, then the sheets of augmented images: of several seeds that of the first.
  private func pictures() throws -> [ReportFigures.Picture] {
    var sheets: Set<[JSONValue.Member]> = []
    return try record.entries.sorted { ($0.instance.publish == nil ? 1 : 0, $0.number) < ($1.instance.publish == nil ? 1 : 0, $1.number) }
      .compactMap { entry in
        let port = entry.instance.publish == nil ? "sheet" : "picture"
        let (svg, png) = (entry.instance.publish == nil ? nil : try study.output("svg", of: entry), try study.output(port, of: entry))
        guard svg != nil || png != nil else { return nil }
        if port == "sheet", !sheets.insert(entry.instance.coordinates.values.filter { $0.name != "seed" }).inserted { return nil }
        let name = port == "sheet" ? "Images and their augmented views: \(entry.instance.name)" : entry.instance.name
        return ReportFigures.Picture(name: name, place: entry.sweptPlace, svg: svg, png: png)
      }
  }

  // MARK: Words

  private var state: String {
    let missing = record.missing
    let absent = record.absent.count
    if missing.isEmpty {
      return absent == 0
        ? "<p class=\"good\">Complete: all \(HTMLText.thousands(record.entries.count)) results are there.</p>"
        : "<p class=\"warn\">Complete, but \(HTMLText.thousands(absent)) of \(HTMLText.thousands(record.entries.count)) have no result, as is recorded: see Warnings.</p>"
    }
    return
      "<p class=\"bad\"><b>Incomplete: \(HTMLText.thousands(missing.count)) of \(HTMLText.thousands(record.entries.count)) results are missing.</b> "
      + "<code>ccr run \(options)</code> computes them.</p>"
  }

  private var missingTables: String {
    let missing = (record.missing + record.absent).filter { $0.instance.publish != nil }
    guard !missing.isEmpty else { return "" }
    let items = missing.map { entry in
      "<li><code>\(MarkupText.escaped(entry.instance.name))</code>: \(entry.standing.state == .failed ? "failed" : "missing"), "
        + "\(MarkupText.escaped(entry.standing.reason))</li>\n"
    }
    return "<section><h2>Tables and figures that are not there</h2><ul>\n\(items.joined())</ul></section>\n"
  }

  private var options: String { MarkupText.escaped(record.options) }

  private var leftOut: String {
    guard !record.leftOut.isEmpty else { return "" }
    let items = record.leftOut.map {
      "<li><code>\(MarkupText.escaped($0.instance))</code>, which needs \(MarkupText.escaped($0.needs))</li>\n"
    }
    return "<details><summary>Left out by the profile: \(record.leftOut.count)</summary><ul>\n\(items.joined())</ul></details>\n"
  }

  private var summary: String {
    let executions = record.executions
    let seconds = executions.compactMap(\.seconds).reduce(0, +)
    let started = executions.compactMap { $0.provenance?["started"]?.string }
    let commits = Set(executions.compactMap { $0.provenance?["source"]?["commit"]?.string.map { String($0.prefix(12)) } }).sorted()
    let machine = Dictionary(record.machine.map { ($0.name, $0.value) }) { first, _ in first }
    var facts = [
      ("Study", "\(record.pipeline), profile \(record.profile)"), ("Digest of the pipeline", String(record.pipelineDigest.prefix(16))),
      ("Results", "\(record.entries.count { $0.standing.hasResult }) of \(record.entries.count)"),
      ("Time of all executions", HTMLText.time(seconds)),
      ("Processor time", HTMLText.time(executions.compactMap(\.cpuSeconds).reduce(0, +))),
      ("Highest memory of a stage", HTMLText.memory(executions.compactMap(\.peakBytes).max() ?? 0)),
      ("Computed from commits", commits.isEmpty ? "not recorded" : commits.joined(separator: ", ")), ("Report by", record.source.words),
      ("Processor here", "\(machine["processor"] ?? ""), \(machine["cores"] ?? "") cores"), ("System here", machine["system"] ?? ""),
    ]
    if let first = started.min(), let last = started.max() {
      facts.insert(("Executed", first == last ? first : "\(first) to \(last)"), at: 3)
    }
    for fact in record.machine where fact.name.hasPrefix("numericClass") {
      facts.append(("Numeric class (\(fact.name.dropFirst(13)))", fact.value))
    }
    let list = facts.map { "<div><dt>\(MarkupText.escaped($0.0))</dt><dd>\(MarkupText.escaped($0.1))</dd></div>\n" }.joined()
    let programs = record.machine.filter { $0.name.hasPrefix("program ") || $0.name.hasPrefix("OpenBLAS ") }.map {
      "<tr><th scope=\"row\">\(MarkupText.escaped($0.name))</th><td class=\"left key\">\(MarkupText.escaped($0.value))</td></tr>\n"
    }
    return "<section id=\"summary\">\n<h2>Summary</h2>\n<dl class=\"facts\">\n\(list)</dl>\n"
      + "<details><summary>Programs by content</summary><div class=\"wide\"><table>\n\(programs.joined())</table></div></details>\n</section>\n"
  }

  private var integrity: String {
    """
    <section id="integrity">
    <h2>Integrity</h2>
    <p><code>MANIFEST.sha256</code> beside the tables has the SHA-256 of what <code>ccr run</code> publishes there, and of this page where it lies beside them: <code>sha256sum -c MANIFEST.sha256</code>. <code>provenance.json</code> has every instance with its whole key: parameters, inputs and program by content. Which cells another machine reproduces to the bit: <code>ccr verify --against FOLDER</code>. The facts of this page as data: the element <code>#facts</code>.</p>
    </section>
    """
  }
}

/// What rows took: the stages that know the method of a score, from its training or clustering on.
private struct Costs {
  private let entries: [Int: StudyRecord.Entry]
  private let numbers: [String: Int]

  init(_ record: StudyRecord) {
    entries = Dictionary(record.entries.map { ($0.number, $0) }) { first, _ in first }
    numbers = Dictionary(record.entries.map { ($0.instance.name, $0.number) }) { first, _ in first }
  }

  func row(_ instances: [String]) -> TableHTML.RowCost? {
    var (total, peak) = (0.0, 0)
    guard !instances.isEmpty else { return nil }
    for name in instances {
      guard let start = numbers[name], let method = entries[start]?.instance.coordinates["method"] else { return nil }
      var (open, seen): ([Int], Set<Int>) = ([start], [start])
      while let number = open.popLast() {
        guard let entry = entries[number], entry.instance.coordinates["method"] == method else { continue }
        guard let seconds = entry.seconds, let bytes = entry.peakBytes else { return nil }
        total += seconds
        peak = max(peak, bytes)
        open += entry.instance.upstream.filter { seen.insert($0).inserted }
      }
    }
    return TableHTML.RowCost(seconds: total / Double(instances.count), peakBytes: peak)
  }
}
