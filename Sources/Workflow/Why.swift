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
    if let before = old?.array, let after = new?.array {
      if let old = byFile(before), let new = byFile(after) { return between(.object(old), .object(new), name) }
      return between(before, after, name)
    }
    return [KeyChange(name: name, old: old, new: new)]
  }

  /// Digests by file: what the record says of originals, `[[name, digest], …]`.
  private static func byFile(_ list: [JSONValue]) -> [JSONValue.Member]? {
    let members = list.compactMap { pair -> JSONValue.Member? in
      guard let pair = pair.array, pair.count == 2, let name = pair[0].string, pair[1].string.flatMap(ContentDigest.init(hex:)) != nil
      else {
        return nil
      }
      return .init(name, pair[1])
    }
    return members.count == list.count && !list.isEmpty ? members : nil
  }

  /// Lists without what they begin and end with alike: short ones whole, of long ones the elements that differ.
  private static func between(_ old: [JSONValue], _ new: [JSONValue], _ name: String) -> [KeyChange] {
    if max(JSONValue.array(old).compact.count, JSONValue.array(new).compact.count) <= longest {
      return [KeyChange(name: name, old: .array(old), new: .array(new))]
    }
    let start = zip(old, new).prefix { $0 == $1 }.count
    let end = zip(old[start...].reversed(), new[start...].reversed()).prefix { $0 == $1 }.count
    let (before, after) = (Array(old[start..<old.count - end]), Array(new[start..<new.count - end]))
    return (0..<max(before.count, after.count)).flatMap { index in
      between(
        before.indices.contains(index) ? before[index] : nil, after.indices.contains(index) ? after[index] : nil,
        "\(name)[\(start + index)]")
    }
  }

  public var text: String {
    let (before, after) = (Self.show(old), Self.show(new))
    if before != after { return "\(title): \(before) → \(after)" }
    // Alike at the beginning: what is shown begins a little before the first difference.
    let (one, other) = (Array(Self.whole(old)), Array(Self.whole(new)))
    let start = max(0, zip(one, other).prefix { $0 == $1 }.count - 20)
    return "\(title): \(Self.cut("…" + String(one[start...]))) → \(Self.cut("…" + String(other[start...])))"
  }

  private var title: String {
    switch name {
    case "program": "the program's code (program)"
    case "OpenBLAS", "ARPACK": "the \(name) library (\(name))"
    default: name
    }
  }

  private static func show(_ value: JSONValue?) -> String {
    if let text = value?.string, ContentDigest(hex: text) != nil { return "\(text.prefix(12))…" }
    return cut(whole(value))
  }

  private static let longest = 80

  private static func whole(_ value: JSONValue?) -> String { value?.compact ?? "absent" }

  private static func cut(_ text: String) -> String { text.count > longest ? "\(text.prefix(longest - 3))…" : text }

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
        let adopted = standing.action.map { Adoption.words(store.provenance($0)) } ?? ""
        let action = "action \(standing.action?.prefix(12) ?? "")…" + (adopted.isEmpty ? "" : "; adopted, not executed: \(adopted)")
        if let changes = standing.key.flatMap({ changes(of: standing.instance, to: $0) }), !changes.isEmpty {
          return ["\(name): its result is in the store from an earlier run (\(action)); since the last run changed"]
            + lines(changes, standing.instance, 1)
        }
        return ["\(name): up to date (\(action)); changed between its last two results:"] + explainLast(number, 1)
      case .running: return ["\(name): is being executed now"] + explain(number, standings)
      case .failed: return ["\(name): its last execution failed (\(standing.reason))"] + explain(number, standings)
      case .run, .maybe:
        let head = standing.state == .run ? "will be executed" : "will be executed \(standing.reason)"
        return ["\(name): \(head)"] + explain(number, standings)
      }
    }
  }

  /// What makes a pending instance pending.
  private func explain(_ number: Int, _ standings: [Standing]) -> [String] {
    var told: Set<Int> = []
    return explain(number, standings, 1, &told)
  }

  /// - Parameter told: instances that need not be explained again.
  private func explain(_ number: Int, _ standings: [Standing], _ depth: Int, _ told: inout Set<Int>) -> [String] {
    let standing = standings[number]
    let indent = String(repeating: "  ", count: depth)
    guard let key = standing.key else {
      let open = standing.instance.upstream.unique.filter { !standings[$0].hasResult }
      var lines: [String] = []
      for producer in open.prefix(Self.branches) {
        lines.append("\(indent)← \(standings[producer].instance.name): \(standings[producer].reason)")
        if standings[producer].key == nil, told.insert(producer).inserted { lines += explain(producer, standings, depth + 1, &told) }
      }
      return lines + more(open.count, indent)
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

  /// How many original files are named.
  private static let files = 20

  private func more(_ count: Int, _ indent: String) -> [String] {
    count > Self.branches ? ["\(indent)← and \(count - Self.branches) more"] : []
  }

  /// One line for each change; below changed inputs what changed upstream.
  private func lines(_ changes: [KeyChange], _ instance: Instance, _ depth: Int) -> [String] {
    let indent = String(repeating: "  ", count: depth)
    var lines: [String] = []
    let files = changes.filter { $0.name.hasPrefix("originals.") }
    for change in changes where change.port == nil && !change.name.hasPrefix("originals.") { lines.append("\(indent)\(change.text)") }
    for change in files.prefix(Self.files) { lines.append("\(indent)\(change.text)") }
    if files.count > Self.files { lines.append("\(indent)and \(files.count - Self.files) more original files") }
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
