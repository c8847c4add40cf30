/// One data set of a table as words and numbers in text, for the formats people read.
struct TableSection {
  /// What stands in a cell, and the letter of the footnote on it.
  struct Entry {
    let text: String
    var footnote: String?
  }

  /// Heading of each column: row label, reproduced metrics, best ACC, published metrics.
  let header: [String]
  let body: [[Entry]]
}

extension PaperTable.Cell {
  /// What stands where there is no value.
  fileprivate var withoutValue: String { diverged.isEmpty ? "—" : "diverged" }
}

extension PaperTable {
  func section(_ column: Int) -> TableSection {
    let (dataset, other) = (layout.columns[column].dataset, otherLabel(column).map { " (\($0))" } ?? "")
    let isPublished = layout.columns[column].published != nil
    let header = [layout.rowHeading] + metrics + ["best \(metrics[0])"] + (isPublished ? metrics.map { "published \($0)\(other)" } : [])
    let body = layout.rows.compactMap { row -> [TableSection.Entry]? in
      let cells = metrics.compactMap { cell(row.label, dataset, $0) }
      guard !cells.isEmpty else { return nil }
      let reproduced = cells.map { cell in
        cell.spread.map { spread in
          fixed(spread.mean) + (spread.deviation.map { " ± \(fixed($0))" } ?? "")
            + (spread.interval.map { " (\(fixed($0.lowerBound)), \(fixed($0.upperBound)))" } ?? "")
        } ?? cell.withoutValue
      }
      return [.init(text: row.label, footnote: rowFootnotes[row.label])]
        + (reproduced + [cells.first.map { cell in cell.best.map { fixed($0) } ?? cell.withoutValue } ?? "—"]).map { .init(text: $0) }
        + (isPublished ? cells : []).map { .init(text: $0.published.map { fixed($0) } ?? "—", footnote: $0.footnote) }
    }
    return TableSection(header: header, body: body)
  }
}
