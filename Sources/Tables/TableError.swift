import Artifacts

/// What can be wrong between a table's layout, the published numbers and the scores.
public enum TableError: ExplainedError, Hashable {
  /// A member of a JSON object that is missing, unknown or of another kind.
  case malformed(place: String, complaint: String)
  /// The layout leaves out rows that the paper prints.
  case unlistedRows(table: String, rows: [String])
  /// The layout names a row that the paper does not print.
  case unprintedRow(place: String, table: String, key: String, nearest: String?)
  /// Scores of a method that no row of the layout shows.
  case homelessScores(instance: String, table: String)
  /// Scores without cases, of which Figure 4 consists.
  case noCases(instance: String)
  /// Nothing came in at a port.
  case nothingGathered(port: String)

  public var problem: String {
    switch self {
    case .malformed(let place, let complaint): "\(place): \(complaint)"
    case .unlistedRows(let table, let rows): "the layout of \(table) leaves out \(rows.joined(separator: ", ")), which the paper prints"
    case .unprintedRow(let place, let table, let key, let nearest):
      "\(place): the paper's \(table) has no row \"\(key)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    case .homelessScores(let instance, let table): "the layout of \(table) has no row for \(instance)"
    case .noCases(let instance): "\(instance) has no cases to show: its method gives clusters, but no probabilities"
    case .nothingGathered(let port): "nothing was gathered at \(port)"
    }
  }

  public var remedy: String {
    switch self {
    case .malformed(let place, _):
      place.hasPrefix("layout")
        ? "correct tabulate's layout in pipeline.json"
        : place.hasPrefix("published")
          ? "correct data/published.json"
          : place.hasPrefix("inputs") || place.hasPrefix("scores")
            ? "correct the inputs of stage tabulate in pipeline.json: results of one data set and subset belong together"
            : "make the file anew with ccr run --force"
    case .unlistedRows: "add the rows to tabulate's layout in pipeline.json, with \"method\": null where there is no such method yet"
    case .unprintedRow: "correct \"published\" in tabulate's layout in pipeline.json, or leave it out for a method the paper does not have"
    case .homelessScores: "add its method to \"rows\" of tabulate's layout, or gather fewer scores"
    case .noCases: "gather the scores of a method that gives probabilities, such as ccr, in the inputs of figure4 in pipeline.json"
    case .nothingGathered: "correct the inputs of stage tabulate in pipeline.json, or the profile's axes"
    }
  }

  public var kind: ErrorKind { .badInput }
}
