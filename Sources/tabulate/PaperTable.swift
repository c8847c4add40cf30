import Artifacts
import StageKit

/// One of the paper's tables: what was computed beside what was published. The JSON is the table; the other formats are renderings of it.
struct PaperTable {
  /// One metric of one row on one data set.
  struct Cell {
    let row, dataset, metric: String
    /// Mean over seeds at the last epoch; nil where nothing was computed.
    let mean: Double?
    /// Sample standard deviation over seeds; nil for fewer than two.
    let deviation: Double?
    /// Mean over seeds of the best epoch by ACC, chosen with labels.
    let best: Double?
    let seeds: [Int]
    /// What the paper prints, nil for a dash.
    let published: Double?
    let sources: [GatheredInput]
  }

  /// A data set of this study, and the paper's column to show beside it.
  struct Column {
    let dataset, label, published, publishedLabel: String
  }

  static let metrics = ["ACC", "NMI", "ARI"]
  let name, profile, title: String
  let rows: [String]
  let columns: [Column]
  let cells: [Cell]
  let notes: [String]

  /// - Throws: `TableError` where the layout or the published numbers are not of the expected form.
  init(name: String, profile: String, layout: JSONValue, published: JSONValue, scores: [(GatheredInput, Scores)]) throws(TableError) {
    self.name = name
    self.profile = profile
    title = layout["title"]?.string ?? name
    var columns: [Column] = []
    for column in layout["columns"]?.array ?? [] {
      guard let dataset = column["dataset"]?.string, let label = column["label"]?.string, let key = column["published"]?.string,
        let publishedLabel = column["publishedLabel"]?.string
      else { throw .layout("columns need dataset, label, published and publishedLabel") }
      columns.append(Column(dataset: dataset, label: label, published: key, publishedLabel: publishedLabel))
    }
    var (rows, missing, cells): ([String], [String], [Cell]) = ([], [], [])
    for row in layout["rows"]?.array ?? [] {
      guard let label = row["label"]?.string, let method = row["method"]?.string else { throw .layout("rows need label and method") }
      rows.append(label)
      if method.isEmpty { missing.append(label) }
      let printed = published["tables"]?[name]?.array?.first { $0["row"]?.string == label }
      guard let printed else { throw .layout("the published numbers have no row \"\(label)\" in \(name)") }
      for column in columns {
        let found = scores.filter { input, _ in
          input.coordinates["dataset"]?.string == column.dataset && input.coordinates["method"]?.string == method
        }
        for (index, metric) in Self.metrics.enumerated() {
          let values = found.map { Self.value(metric, $0.1.last) }
          let mean = values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
          let best = found.isEmpty ? nil : found.reduce(0) { $0 + Self.value(metric, $1.1.best) } / Double(found.count)
          let numbers = printed["values"]?[column.published]?.array ?? []
          cells.append(
            Cell(
              row: label, dataset: column.dataset, metric: metric, mean: mean, deviation: Self.deviation(values), best: best,
              seeds: found.compactMap { $0.0.coordinates["seed"]?.integer },
              published: numbers.indices.contains(index) ? numbers[index].double : nil,
              sources: found.map(\.0)))
        }
      }
    }
    self.rows = rows
    self.columns = columns
    self.cells = cells
    notes = Self.notes(layout, published, name, scores, missing)
  }

  func cell(_ row: String, _ dataset: String, _ metric: String) -> Cell? {
    cells.first { $0.row == row && $0.dataset == dataset && $0.metric == metric }
  }

  private static func value(_ metric: String, _ metrics: Scores.Metrics) -> Double {
    switch metric {
    case "ACC": metrics.accuracy
    case "NMI": metrics.nmi
    default: metrics.ari
    }
  }

  private static func deviation(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  private static func notes(
    _ layout: JSONValue, _ published: JSONValue, _ name: String, _ scores: [(GatheredInput, Scores)], _ missing: [String]
  ) -> [String] {
    let budget = (layout["budget"]?.object ?? []).map { "\($0.name) \($0.value.string ?? $0.value.compact)" }.joined(separator: ", ")
    let images = Set(scores.map(\.1.images)).sorted().map(String.init).joined(separator: ", ")
    let seeds = Set(scores.compactMap { $0.0.coordinates["seed"]?.integer }).count
    var notes: [String] = []
    if !scores.isEmpty {
      notes.append(
        "Budget of this run: \(images) images, \(budget). Mean ± standard deviation over \(seeds) seed\(seeds == 1 ? "" : "s"), last epoch."
      )
      notes.append("Seeds can differ by more than rows do: no order of rows is claimed that the standard deviations do not carry.")
    }
    notes.append("Published numbers: \(published["source"]?.string ?? "unknown"). They were computed with the paper's full budget.")
    if !missing.isEmpty { notes.append("Not implemented yet, published values only: \(missing.joined(separator: ", ")).") }
    let errata = published["errata"]?[name]?.array?.compactMap(\.string) ?? []
    return notes + (published["notes"]?.array?.compactMap(\.string) ?? []) + errata
  }
}

/// What can be wrong with what tabulate is given.
enum TableError: ExplainedError {
  case layout(String)
  case nothingGathered(String)

  var problem: String {
    switch self {
    case .layout(let what): "the table cannot be laid out: \(what)"
    case .nothingGathered(let port): "nothing was gathered at \(port)"
    }
  }
  var remedy: String { "correct the tabulate rules in pipeline.json, or data/published.json" }
  var kind: ErrorKind { .badInput }
}
