import Artifacts

/// What a table shows: the setting `layout` of the stage tabulate.
public struct TableLayout: Sendable {
  /// A row: a method of this study and the row the paper prints for it.
  public struct Row: Sendable {
    public let label: String
    /// The value of the axis `method`; nil where this study has no such method yet.
    public let method: String?
    /// Key of the published row.
    public let published: String
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

  public let title: String
  /// Heading of the column of row labels.
  public let rowHeading: String
  public let rows: [Row]
  public let columns: [Column]
  public let network: Network
  /// What else a reader must know of this table.
  public let remarks: [String]

  /// - Throws: `TableError` where the value is not of this form.
  public init(_ value: JSONValue) throws(TableError) {
    let root = try Fields(value, "layout", names: ["title", "rowHeading", "rows", "columns", "network", "remarks"])
    title = try root.text("title")
    rowHeading = try root.text("rowHeading")
    var rows: [Row] = []
    for row in try root.list("rows", names: ["label", "method", "published"]) {
      rows.append(Row(label: try row.text("label"), method: try row.optionalText("method"), published: try row.text("published")))
    }
    self.rows = rows
    var columns: [Column] = []
    for column in try root.list("columns", names: ["dataset", "label", "published"]) {
      columns.append(
        Column(dataset: try column.text("dataset"), label: try column.text("label"), published: try column.optionalText("published")))
    }
    self.columns = columns
    let network = try root.fields("network", names: ["widths", "blocks"])
    self.network = Network(widths: try network.integers("widths"), blocks: try network.integers("blocks"))
    remarks = try root.texts("remarks")
  }
}
