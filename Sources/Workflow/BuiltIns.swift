import Artifacts

/// Constants that need no `let`: what follows from the entries, from the profile and from the number of epochs. A `let` of the same name wins.
///
/// | name | value |
/// |---|---|
/// | `$algorithm` | the method's name in the catalogue of its stage's program |
/// | `$methodTitle`, `$figureMethodTitle`, … | the title of the method that `$method`, `$figureMethod`, … names |
/// | `$datasetTitle`, `$figureDatasetTitle`, … | the title of the data set likewise |
/// | `$titles` | the title of each method by name |
/// | `$columns` | a table's columns: one `{"dataset", "label", "published"}` for each data set of the profile |
/// | `$firstDataset`, `$firstSeed`, … | the first value that the profile gives the axis |
/// | `$startEpoch`, `$middleEpoch`, `$figureEpoch` | epochs that figures show, from `$epochs` |
/// | `$snapshots` | these epochs and the last, each once |
struct BuiltIns: Sendable {
  let methods, datasets: Entries
  let axes: [(name: String, values: [JSONValue])]

  /// Names of those that do not depend on other names, for suggestions.
  static let names = [
    "algorithm", "methodTitle", "datasetTitle", "titles", "columns", "firstDataset", "firstSeed", "startEpoch", "middleEpoch",
    "figureEpoch",
    "snapshots",
  ]

  /// - Parameter value: the value of another constant or coordinate; nil where there is none.
  /// - Returns: nil where there is no such constant.
  func value(_ name: String, _ value: (String) throws(PipelineError) -> JSONValue?) throws(PipelineError) -> JSONValue? {
    switch name {
    case "algorithm": return try value("method")?.string.flatMap { methods[$0] }.map { .string($0.algorithm) }
    case "titles": return methods.all.isEmpty ? nil : .object(methods.all.map { .init($0.name, .string($0.title)) })
    case "columns":
      guard let names = axes.first(where: { $0.name == datasets.kind.axis })?.values, !datasets.all.isEmpty else { return nil }
      return .array(
        names.compactMap { $0.string.flatMap { datasets[$0] } }.map {
          ["dataset": .string($0.name), "label": .string($0.title), "published": $0.published]
        })
    case "startEpoch", "middleEpoch", "figureEpoch": return try value("epochs")?.integer.map { .integer(Self.epoch(name, of: $0)) }
    case "snapshots":
      var epochs: [Int] = []
      for name in ["startEpoch", "middleEpoch", "figureEpoch", "epochs"] {
        guard let epoch = try value(name)?.integer else { return nil }
        epochs.append(epoch)
      }
      return .array(Set(epochs).sorted().map(JSONValue.integer))
    default: break
    }
    if name.hasSuffix("Title") {
      let named = String(name.dropLast("Title".count))
      for entries in [methods, datasets] where named == entries.kind.axis || named.hasSuffix(entries.kind.axis.capitalised) {
        return try value(named)?.string.map { .string(entries[$0]?.title ?? $0) }
      }
    }
    return axes.first { name == "first\($0.name.capitalised)" }?.values.first
  }

  /// The paper's figures show epochs 0, 50 and 150 of 200. Of fewer than 20 epochs, the middle and the last.
  private static func epoch(_ name: String, of epochs: Int) -> Int {
    let isShort = epochs < 20
    switch name {
    case "middleEpoch": return max(1, isShort ? epochs / 2 : epochs / 4)
    case "figureEpoch": return isShort ? epochs : epochs - epochs / 4
    default: return 0
    }
  }

  /// Whence a value comes, for people.
  func origin(_ name: String) -> String {
    switch name {
    case "snapshots": "built in: the epochs of the figures, and the last"
    case "startEpoch", "middleEpoch", "figureEpoch": "built in: follows from $epochs"
    case "algorithm", "titles": "built in: of methods"
    case "columns": "built in: the data sets of the profile"
    default: name.hasSuffix("Title") ? "built in: the title of $\(name.dropLast("Title".count))" : "built in: of the profile's axes"
    }
  }
}

extension String {
  fileprivate var capitalised: String { prefix(1).uppercased() + dropFirst() }
}
