import Artifacts

/// `data/published.json`: what the paper prints in its Tables 1 to 4, number by number.
public struct PublishedNumbers: Sendable {
  /// One row of a published table.
  public struct Row: Sendable {
    public let key: String
    /// The right name.
    public let name: String
    /// Values by data set, in the order of `metrics`; nil where the paper prints a dash.
    let values: [String: [Double?]]
  }

  /// A remark on a row or on one cell.
  struct Footnote: Sendable {
    struct Mark: Hashable, Sendable {
      let table, row: String
      /// Both nil for the whole row.
      let dataset, metric: String?
    }
    let text: String
    let marks: [Mark]
  }

  /// Where the numbers are from.
  public let source: String
  /// What the paper spent on its numbers.
  public let budget: String
  /// Names of the metrics in the order of the values.
  public let metrics: [String]
  /// Names of the data sets as the paper writes them.
  public let datasets: [String: String]
  let tables: [String: [Row]]
  let footnotes: [Footnote]

  /// - Throws: `FileError`, `JSONError`, or `TableError` where the file is not of this form.
  public init(path: String) throws {
    let root = try Fields(
      try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path), "published",
      names: ["about", "source", "budget", "metrics", "datasets", "tables", "footnotes"])
    source = try root.text("source")
    budget = try root.text("budget")
    let metrics = try root.texts("metrics")
    guard !metrics.isEmpty else { throw TableError.malformed(place: "published", complaint: "\"metrics\" must name at least one") }
    self.metrics = metrics
    let names = try root.fields("datasets")
    datasets = Dictionary(try names.names.map { ($0, try names.text($0)) }) { _, last in last }
    let all = try root.fields("tables")
    var tables: [String: [Row]] = [:]
    for name in all.names {
      let table = try all.fields(name, names: ["title", "datasets", "rows"])
      let columns = try table.texts("datasets")
      tables[name] = try table.list("rows", names: ["key", "name", "printed", "values"]).map { row in
        let values = try row.fields("values", names: columns)
        return Row(
          key: try row.text("key"), name: try row.text("name"),
          values: Dictionary(try columns.map { ($0, try Self.numbers(values, $0, count: metrics.count)) }) { _, last in last })
      }
    }
    self.tables = tables
    footnotes = try root.list("footnotes", names: ["text", "marks"]).map { note in
      let marks = try note.list("marks", names: ["table", "row", "dataset", "metric"]).map { mark in
        let whole = !mark.names.contains("dataset")
        return Footnote.Mark(
          table: try mark.text("table"), row: try mark.text("row"), dataset: whole ? nil : try mark.text("dataset"),
          metric: whole ? nil : try mark.text("metric"))
      }
      return Footnote(text: try note.text("text"), marks: marks)
    }
  }

  /// The rows of a table in the paper's order.
  /// - Throws: `TableError` where the paper has no such table.
  public func rows(of table: String) throws(TableError) -> [Row] {
    guard let rows = tables[table] else { throw .malformed(place: "published.tables", complaint: "\"\(table)\" is missing") }
    return rows
  }

  /// What the paper prints in a cell; nil for a dash and where it prints no such cell.
  func value(_ table: String, _ row: String, _ dataset: String, _ metric: String) -> Double? {
    guard let place = metrics.firstIndex(of: metric) else { return nil }
    return tables[table]?.first { $0.key == row }?.values[dataset]?[place]
  }

  private static func numbers(_ values: Fields, _ name: String, count: Int) throws(TableError) -> [Double?] {
    let array = try values.value(name).array ?? []
    guard array.count == count, array.allSatisfy({ $0 == .null || $0.double != nil }) else {
      throw .malformed(place: values.place, complaint: "\"\(name)\" must be \(count) numbers or nulls")
    }
    return array.map(\.double)
  }
}
