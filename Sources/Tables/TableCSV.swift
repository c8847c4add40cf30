import Artifacts

extension PaperTable {
  /// The table as CSV (RFC 4180), a record for each cell, numbers in full: what a data frame wants.
  /// `values` are those of `seeds`, in their order.
  public var csv: String {
    let header = [
      "table", "profile", "row", "dataset", "metric", "mean", "std", "best", "seeds", "published", "published_dataset", "footnote",
      "values", "ci95_low", "ci95_high", "diverged",
    ]
    let records = cells.map { cell in
      [
        name, profile, cell.row, cell.dataset, cell.metric, Self.number(cell.spread?.mean), Self.number(cell.spread?.deviation),
        Self.number(cell.best), cell.seeds.map(String.init).joined(separator: " "), Self.number(cell.published),
        layout.columns.first { $0.dataset == cell.dataset }.flatMap(\.published) ?? "", cell.footnote ?? "",
        cell.values.map(Self.number).joined(separator: " "), Self.number(cell.spread?.interval?.lowerBound),
        Self.number(cell.spread?.interval?.upperBound), cell.diverged.map(String.init).joined(separator: " "),
      ]
    }
    return ([header] + records).map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func number(_ value: Double?) -> String { value.map { JSONValue.number($0).canonical } ?? "" }

  /// A field in quotes where it holds a comma, a quote or a line break; quotes inside doubled.
  static func field(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
