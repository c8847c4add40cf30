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
      case .hit:
        return ["\(name): up to date (action \(standing.action?.prefix(12) ?? "")…)"] + explainLast(number, 1)
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
      let open = standing.instance.upstream.unique.filter { standings[$0].state != .hit }
      return open.prefix(Self.branches).flatMap { producer -> [String] in
        ["\(indent)← \(standings[producer].instance.name): \(standings[producer].reason)"] + explain(producer, standings, depth + 1)
      } + more(open.count, indent)
    }
    guard let changes = changes(of: standing.instance, to: key) else { return ["\(indent)it has no result from before"] }
    if changes.isEmpty { return ["\(indent)nothing changed: \(standing.reason)"] }
    return lines(changes, standing.instance, indent) { producer in explainLast(producer, depth + 2) }
  }

  /// What changed between the last two results of an instance.
  private func explainLast(_ number: Int, _ depth: Int) -> [String] {
    let instance = plan.instances[number]
    let indent = String(repeating: "  ", count: depth)
    let (now, before) = resultFolder.provenance(instance)
    guard let new = now?["key"] else { return [] }
    guard let old = before?["key"] else { return ["\(indent)it has no result from before this one"] }
    let changes = KeyChange.between(old, new)
    let head = "\(indent)changed between the last two results:"
    return [head] + lines(changes, instance, indent + "  ") { explainLast($0, depth + 2) }
  }

  private static let branches = 3

  private func more(_ count: Int, _ indent: String) -> [String] {
    count > Self.branches ? ["\(indent)← and \(count - Self.branches) more"] : []
  }

  private func lines(_ changes: [KeyChange], _ instance: Instance, _ indent: String, upstream: (Int) -> [String]) -> [String] {
    var shown: Set<Int> = []
    return changes.flatMap { change -> [String] in
      let line = "\(indent)\(change.text)"
      guard let port = change.port, let source = instance.inputs.first(where: { $0.port == port })?.source else { return [line] }
      switch source {
      case .file(let file): return ["\(line) (file \(file))"]
      case .instance(let producer, _):
        guard shown.insert(producer).inserted else { return [line] }
        return ["\(line) ← \(plan.instances[producer].name)"] + upstream(producer)
      case .gathered(let list):
        guard let producer = list.first(where: { change.name.contains(plan.instances[$0.instance].name) })?.instance,
          shown.count < Self.branches, shown.insert(producer).inserted
        else { return [line] }
        return [line] + upstream(producer)
      }
    }
  }
}
