import Artifacts

/// What a table shows: the setting `layout` of the stage tabulate.
public struct TableLayout: Sendable {
  /// A row: a method of this study, the row the paper prints for it, or both.
  public struct Row: Sendable {
    public let label: String
    /// The value of the axis `method`; nil where this study has no such method yet.
    public let method: String?
    /// Key of the published row; nil where the paper has none.
    public let published: String?
  }

  /// A data set of this study, and the one whose published numbers stand beside it.
  public struct Column: Sendable {
    /// The value of the axis `dataset`.
    public let dataset: String
    public let label: String
    /// Key of the published data set; another one where the paper has no numbers for this, nil for none.
    public let published: String?
  }

  /// What the methods of this study train.
  public struct Network: Sendable {
    let widths, blocks: [Int]
  }

  /// Two rows to hold against each other, seed by seed, by their methods.
  public struct Comparison: Hashable, Sendable {
    public let method, against: String
  }

  public let title: String
  /// Heading of the column of row labels.
  public let rowHeading: String
  public let rows: [Row]
  public let columns: [Column]
  public let network: Network
  /// Which rows are tested against each other: those that the paper compares.
  public let comparisons: [Comparison]
  /// What else a reader must know of this table, then of all tables of its profile.
  public let remarks: [String]
  /// A run's value is the mean over so many of its last kept epochs.
  public let averagedEpochs: Int
  /// Whether the paper has numbers for any column.
  var isPublished: Bool { columns.contains { $0.published != nil } }

  /// - Parameter titles: labels of rows that have none, by method.
  /// - Throws: `TableError` where the value is not of this form.
  public init(_ value: JSONValue, titles: [String: String] = [:]) throws(TableError) {
    let root = try Fields(
      value, "layout",
      names: ["title", "rowHeading", "rows", "columns", "network", "comparisons", "averagedEpochs", "remarks", "profileRemarks"])
    title = try root.text("title")
    rowHeading = try root.text("rowHeading")
    var rows: [Row] = []
    for row in try root.list("rows", names: ["label", "method", "published"]) {
      let method = try row.textIfPresent("method")
      var label = try row.textIfPresent("label") ?? method.map { titles[$0] ?? $0 }
      if label == nil { label = try row.text("label") }
      let one = Row(label: label ?? "", method: method, published: try row.textIfPresent("published"))
      guard one.method != nil || one.published != nil else {
        throw .malformed(place: row.place, complaint: "\"\(one.label)\" has neither \"method\" nor \"published\", so it would be empty")
      }
      guard !rows.contains(where: { $0.label == one.label }) else {
        throw .malformed(place: row.place, complaint: "there is another row \"\(one.label)\"")
      }
      rows.append(one)
    }
    self.rows = rows
    var columns: [Column] = []
    for column in try root.list("columns", names: ["dataset", "label", "published"]) {
      let one = Column(
        dataset: try column.text("dataset"), label: try column.text("label"), published: try column.textIfPresent("published"))
      guard !columns.contains(where: { $0.dataset == one.dataset }) else {
        throw .malformed(place: column.place, complaint: "there is another column for \"\(one.dataset)\"")
      }
      columns.append(one)
    }
    self.columns = columns
    let network = try root.fields("network", names: ["widths", "blocks"])
    self.network = Network(widths: try network.integers("widths"), blocks: try network.integers("blocks"))
    var comparisons: [Comparison] = []
    for comparison in root.names.contains("comparisons") ? try root.list("comparisons", names: ["method", "against"]) : [] {
      let method = try comparison.text("method")
      for other in try comparison.texts("against") {
        if let unknown = [method, other].first(where: { (name: String) in !rows.contains { $0.method == name } }) {
          throw .malformed(place: comparison.place, complaint: "no row has the method \"\(unknown)\"")
        }
        guard method != other else { throw .malformed(place: comparison.place, complaint: "\(method) is compared with itself") }
        comparisons.append(Comparison(method: method, against: other))
      }
    }
    self.comparisons = comparisons.reduce(into: []) { list, one in if !list.contains(one) { list.append(one) } }
    averagedEpochs = root.names.contains("averagedEpochs") ? try root.integer("averagedEpochs", in: 1...100_000) : 1
    remarks = try root.texts("remarks") + (root.names.contains("profileRemarks") ? root.texts("profileRemarks") : [])
  }

  /// Whether the paper has what the layout names, and the layout all rows that the paper has.
  /// - Parameter table: `table1` … `table4`.
  /// - Throws: `TableError` where not.
  public func check(against published: PublishedNumbers, table: String) throws(TableError) {
    let printed = try published.rows(of: table)
    for (place, row) in rows.enumerated() {
      guard let key = row.published, !printed.contains(where: { $0.key == key }) else { continue }
      throw .unprintedRow(
        place: "layout.rows[\(place)]", table: table, key: key, nearest: NearestSpelling.of(key, among: printed.map(\.key)))
    }
    let unlisted = printed.filter { row in !rows.contains { $0.published == row.key } }
    guard unlisted.isEmpty || !isPublished else { throw .unlistedRows(table: table, rows: unlisted.map(\.name)) }
    for column in columns {
      if let name = column.published, published.datasets[name] == nil {
        throw .malformed(place: "layout.columns", complaint: "the paper has no data set \"\(name)\"")
      }
    }
  }
}
