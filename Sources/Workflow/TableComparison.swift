import Artifacts

/// A table that somebody published, held against this machine's results: which cells are the same to the bit.
public struct TableComparison: Sendable {
  public enum Verdict: Sendable, Equatable {
    /// All results behind the cell have equal bytes here.
    case reproduced
    /// Some have other bytes; the means there and here, where this machine's table has the cell.
    case differs(there: Double?, here: Double?)
    /// The first result that this machine has not computed.
    case notComputed(instance: String)
  }

  public struct Cell: Sendable {
    /// Row, data set and metric, as the table names them.
    public let name: String
    public let verdict: Verdict
  }

  /// The file's name without its ending.
  public let table: String
  /// The cells that were computed there.
  public let cells: [Cell]
  public var reproduced: Int { cells.count { $0.verdict == .reproduced } }
}

extension Study {
  /// Holds all tables of a folder, as `paper-tables/<profile>` has them, against the results of this profile.
  /// - Throws: `FileError` where the folder has no table; `PipelineError`, `JSONError`.
  public func comparisons(with folder: String) throws -> [TableComparison] {
    let names = Folder.names(folder).filter { $0.hasSuffix(".json") }.sorted()
    let tables = try names.compactMap { name -> (String, JSONValue)? in
      let path = "\(folder)/\(name)"
      let table = try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
      return table["table"] != nil && table["cells"]?.array != nil ? (String(name.dropLast(5)), table) : nil
    }
    guard !tables.isEmpty else { throw FileError.missing(path: "\(folder)/table1.json") }
    let standings = try standings()
    let digests = Dictionary(
      standings.filter(\.hasResult).map { ($0.instance.name, Set($0.outputs.map(\.digest))) }, uniquingKeysWith: { $1 })
    return tables.map { name, table in
      let here = standings.lazy.flatMap { $0.instance.outputs.map(\.file).contains("\(name).json") ? $0.outputs : [] }
        .compactMap { Store.json(self.store.object($0.digest)) }.first { $0["table"] != nil }
      return TableComparison(
        table: name,
        cells: (table["cells"]?.array ?? []).filter { $0["sources"]?.array?.isEmpty == false }.map { cell in
          TableComparison.Cell(name: Self.name(of: cell), verdict: Self.verdict(on: cell, digests, here))
        })
    }
  }

  private static func name(of cell: JSONValue) -> String {
    ["row", "dataset", "metric"].compactMap { cell[$0]?.string }.joined(separator: " · ")
  }

  private static func verdict(on cell: JSONValue, _ digests: [String: Set<String>], _ table: JSONValue?) -> TableComparison.Verdict {
    let sources = (cell["sources"]?.array ?? []).map { ($0["instance"]?.string ?? "", $0["output"]?.string ?? "") }
    if let missing = sources.first(where: { digests[$0.0] == nil }) { return .notComputed(instance: missing.0) }
    if sources.allSatisfy({ digests[$0.0]?.contains($0.1) == true }) { return .reproduced }
    let own = table?["cells"]?.array?.first { name(of: $0) == name(of: cell) }
    return .differs(there: cell["mean"]?.double, here: own?["mean"]?.double)
  }
}
