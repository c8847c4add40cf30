import Artifacts
import StageKit
import Tables

/// Whether a layout fits what the paper prints and what will be gathered for it, before anything is computed.
struct LayoutCheck {
  let run: PlannedRun

  /// - Throws: `StageError` about the setting `layout`; what reading `published.json` throws.
  func perform() throws {
    do {
      if run.outputs.contains(where: ["picture", "svg", "pdf"].contains) { try figure() } else { try table() }
    } catch let error as TableError {
      throw StageError.illegalSetting("layout", "is not right: \(error.problem)")
    }
  }

  private func table() throws {
    let shown = try TableLayout(run[layout], titles: methodTitles(run.settings))
    if let path = run.path("published") { try shown.check(against: PublishedNumbers(path: path), table: run[output]) }
    for (place, row) in shown.rows.enumerated() {
      if let method = row.method { try known(method, of: "method", at: "layout.rows[\(place)]", gathered: "scores") }
    }
    // A column may stand for a data set that has only published numbers.
    for (place, column) in shown.columns.enumerated() where column.published != column.dataset {
      try known(column.dataset, of: "dataset", at: "layout.columns[\(place)]", gathered: nil)
    }
    for one in run.gathered("scores") where shown.columns.contains(where: { $0.dataset == one.coordinates["dataset"]?.string }) {
      guard shown.rows.contains(where: { $0.method == one.coordinates["method"]?.string }) else {
        throw TableError.homelessScores(instance: one.instance, table: run[output])
      }
    }
  }

  private func figure() throws {
    let shown = try FigureLayout(run[layout], of: run[output], titles: methodTitles(run.settings))
    for (place, series) in shown.series.enumerated() {
      try known(series.method, of: "method", at: "layout.series[\(place)]", gathered: "scores")
    }
  }

  /// A value of an axis must be one somewhere in pipeline.json; where the profile has instances of it, they must be gathered.
  private func known(_ value: String, of axis: String, at place: String, gathered port: String?) throws(TableError) {
    guard let around = run.surroundings, let values = around.axes[axis] else { return }
    guard values.contains(value) else {
      throw .malformed(place: place, complaint: "no stage has the \(axis) \(Self.quoted(value, among: values))")
    }
    guard let port, around.planned[axis]?.contains(value) ?? false else { return }
    if !run.gathered(port).contains(where: { $0.coordinates[axis]?.string == value }) {
      throw .malformed(
        place: place,
        complaint: "the \(port) of \(axis) \(value) are not gathered: add it to \"where\" of the \(port) in the inputs of \(run[output])")
    }
  }

  private static func quoted(_ value: String, among known: [String]) -> String {
    "\"\(value)\"" + (NearestSpelling.of(value, among: known).map { "; did you mean \"\($0)\"?" } ?? "")
  }
}
