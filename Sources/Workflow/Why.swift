import Artifacts

/// One ingredient in which two keys differ.
public struct KeyChange: Hashable, Sendable {
  /// `parameters.perplexity`, `inputs.images`, `program`, `OpenBLAS`, …
  public let name: String
  public let old: JSONValue?
  public let new: JSONValue?

  static func between(_ old: JSONValue?, _ new: JSONValue?, _ name: String = "") -> [KeyChange] {
    if old == new || old?.canonical == new?.canonical { return [] }
    if let before = old?.object, let after = new?.object {
      return (before.map(\.name) + after.map(\.name)).unique.flatMap { between(old?[$0], new?[$0], name.isEmpty ? $0 : "\(name).\($0)") }
    }
    return [KeyChange(name: name, old: old, new: new)]
  }

  public var text: String { "\(title): \(Self.show(old)) → \(Self.show(new))" }

  private var title: String {
    switch name {
    case "program": "the program's code (program)"
    case "OpenBLAS": "the OpenBLAS library (OpenBLAS)"
    default: name
    }
  }

  private static func show(_ value: JSONValue?) -> String {
    guard let value else { return "absent" }
    if let text = value.string, ContentDigest(hex: text) != nil { return "\(text.prefix(12))…" }
    let text = value.compact
    return text.count > 80 ? "\(text.prefix(77))…" : text
  }

  /// The input port this is about, nil where it is about something else.
  var port: String? {
    let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
    return parts.count >= 2 && parts[0] == "inputs" ? parts[1] : nil
  }
}

extension Study {
  /// For each instance lines that say why it would be executed, or why it was executed last: what changed, with old and new value, and
  /// where inputs changed, what changed upstream.
  public func why(_ selected: [Int]) throws -> [String] {
    let standings = try standings()
    return selected.flatMap { number -> [String] in
      let standing = standings[number]
      let name = standing.instance.name
      switch standing.state {
      case .hit, .publish:
        let action = "action \(standing.action?.prefix(12) ?? "")…"
        if let changes = standing.key.flatMap({ changes(of: standing.instance, to: $0) }), !changes.isEmpty {
          return ["\(name): its result is in the store from an earlier run (\(action)); since the last run changed"]
            + lines(changes, standing.instance, 1)
        }
        return ["\(name): up to date (\(action)); changed between its last two results:"] + explainLast(number, 1)
      case .running: return ["\(name): is being executed now"] + explain(number, standings, 1)
      case .failed: return ["\(name): its last execution failed (\(standing.reason))"] + explain(number, standings, 1)
      case .run, .maybe:
        let head = standing.state == .run ? "will be executed" : "will be executed \(standing.reason)"
        return ["\(name): \(head)"] + explain(number, standings, 1)
      }
    }
  }

  /// What makes a pending instance pending.
  private func explain(_ number: Int, _ standings: [Standing], _ depth: Int) -> [String] {
    let standing = standings[number]
    let indent = String(repeating: "  ", count: depth)
    guard let key = standing.key else {
      let open = standing.instance.upstream.unique.filter { !standings[$0].hasResult }
      return open.prefix(Self.branches).flatMap { producer -> [String] in
        ["\(indent)← \(standings[producer].instance.name): \(standings[producer].reason)"]
          + (standings[producer].key == nil ? explain(producer, standings, depth + 1) : [])
      } + more(open.count, indent)
    }
    guard let changes = changes(of: standing.instance, to: key) else { return ["\(indent)it has no result from before"] }
    if changes.isEmpty { return ["\(indent)nothing changed: \(standing.reason)"] }
    return lines(changes, standing.instance, depth)
  }

  /// What changed between the last two results of an instance.
  private func explainLast(_ number: Int, _ depth: Int) -> [String] {
    let (now, before) = resultFolder.provenance(plan.instances[number])
    let indent = String(repeating: "  ", count: depth)
    guard let new = now?["key"], let old = before?["key"] else { return ["\(indent)it has no result from before this one"] }
    return lines(KeyChange.between(old, new), plan.instances[number], depth)
  }

  /// How many instances are named where many have changed alike.
  private static let branches = 3

  private func more(_ count: Int, _ indent: String) -> [String] {
    count > Self.branches ? ["\(indent)← and \(count - Self.branches) more"] : []
  }

  /// One line for each change; below changed inputs what changed upstream.
  private func lines(_ changes: [KeyChange], _ instance: Instance, _ depth: Int) -> [String] {
    let indent = String(repeating: "  ", count: depth)
    var lines: [String] = []
    for change in changes where change.port == nil { lines.append("\(indent)\(change.text)") }
    for port in changes.compactMap(\.port).unique {
      let own = changes.filter { $0.port == port }
      switch instance.inputs.first(where: { $0.port == port })?.source {
      case .instance(let producer, _):
        lines += own.map { "\(indent)\($0.text)" } + ["\(indent)← \(plan.instances[producer].name)"] + explainLast(producer, depth + 1)
      case .gathered(let list):
        let changed = list.map(\.instance).filter { number in
          own.contains { $0.name.hasPrefix("inputs.\(port).\(plan.instances[number].name)") && $0.new != nil }
        }
        for producer in changed.prefix(Self.branches) {
          lines += ["\(indent)inputs.\(port) ← \(plan.instances[producer].name)"] + explainLast(producer, depth + 1)
        }
        lines += more(changed.count, indent)
        let gone = own.filter { $0.new == nil }
        lines += gone.prefix(Self.branches).map { "\(indent)\($0.name) is no longer gathered" }
      case .file(let file): lines += own.map { "\(indent)\($0.text) (file \(file))" }
      case nil: lines += own.map { "\(indent)\($0.text)" }
      }
    }
    return lines
  }
}
