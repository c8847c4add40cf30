import Artifacts

/// Two sides of a comparison held against each other: what they were computed from, outputs, and cells of tables.
public struct Difference: Sendable {
  /// Ingredients that changed, with the instances in which they did.
  public let ingredients: [(text: String, instances: [String])]
  /// Instances that only one side has.
  public let onlyOld, onlyNew: [String]
  /// Outputs with other bytes: instance, port, both digests.
  public let outputs: [(instance: String, port: String, old: String, new: String)]
  /// Cells with other values: table and cell, both values.
  public let cells: [(name: String, old: Double?, new: Double?)]
  /// Instances whose ingredients are not recorded here, though their actions differ.
  public let unknown: [String]

  public var isEmpty: Bool {
    ingredients.isEmpty && onlyOld.isEmpty && onlyNew.isEmpty && outputs.isEmpty && cells.isEmpty && unknown.isEmpty
  }
}

extension Records {
  /// - Parameters: what `snapshot` takes: results folders, profiles, tags, folders of tables, or commits.
  /// - Throws: `PipelineError`.
  public func difference(_ old: String, _ new: String, profile: String) throws -> Difference {
    let (old, new) = (try snapshot(old, profile: profile), try snapshot(new, profile: profile))
    // Tables know only what they were made from.
    let isWhole = !old.isPublished && !new.isPublished
    let both = old.results.keys.filter { new.results[$0] != nil }.sorted()
    var changes: [(text: String, instances: [String])] = []
    var places: [String: Int] = [:]
    var unknown: [String] = []
    var outputs: [(instance: String, port: String, old: String, new: String)] = []
    for instance in both {
      guard let before = old.results[instance], let after = new.results[instance] else { continue }
      for (port, one, other) in Self.differing(before.outputs, after.outputs) { outputs.append((instance, port, one, other)) }
      if before.action == after.action { continue }
      guard let one = old.key(before.action) ?? new.key(before.action), let other = new.key(after.action) ?? old.key(after.action) else {
        unknown.append(instance)
        continue
      }
      // That inputs changed follows from what is said of their makers.
      for change in KeyChange.between(one, other) where change.port == nil {
        if places[change.text] == nil {
          places[change.text] = changes.count
          changes.append((change.text, []))
        }
        changes[places[change.text] ?? 0].instances.append(instance)
      }
    }
    return Difference(
      ingredients: changes, onlyOld: isWhole ? old.results.keys.filter { new.results[$0] == nil }.sorted() : [],
      onlyNew: isWhole ? new.results.keys.filter { old.results[$0] == nil }.sorted() : [], outputs: outputs,
      cells: Self.cells(old.tables, new.tables), unknown: unknown)
  }

  /// Ports with other digests; where one side knows only one digest without its port, that counts as present where any port has it.
  private static func differing(_ old: [String: String], _ new: [String: String]) -> [(port: String, old: String, new: String)] {
    if let lone = old[""], new[""] == nil {
      return new.values.contains(lone) ? [] : [("its output", lone, new.values.sorted().first ?? "")]
    }
    if let lone = new[""], old[""] == nil {
      return old.values.contains(lone) ? [] : [("its output", old.values.sorted().first ?? "", lone)]
    }
    return Set(old.keys).union(new.keys).sorted().compactMap { port in
      let (one, other) = (old[port] ?? "", new[port] ?? "")
      return one == other ? nil : (port.isEmpty ? "its output" : port, one, other)
    }
  }

  private static func cells(_ old: [String: JSONValue], _ new: [String: JSONValue]) -> [(name: String, old: Double?, new: Double?)] {
    Set(old.keys).intersection(new.keys).sorted().flatMap { table -> [(name: String, old: Double?, new: Double?)] in
      let (one, other) = (TableCells.all(old[table] ?? .null), TableCells.all(new[table] ?? .null))
      let (before, after) = (values(one), values(other))
      return (one + other).map(TableCells.name).unique.compactMap { name in
        let (a, b) = (before[name] ?? nil, after[name] ?? nil)
        return a == b ? nil : ("\(table) \(name)", a, b)
      }
    }
  }

  private static func values(_ cells: [JSONValue]) -> [String: Double?] {
    Dictionary(cells.map { (TableCells.name($0), $0["mean"]?.double) }) { first, _ in first }
  }
}
