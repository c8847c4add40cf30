import Artifacts

/// A value of `settings` that remembers where each of its parts stands.
indirect enum SettingTree: Sendable {
  case leaf(JSONValue, at: String)
  case branch([(name: String, tree: SettingTree)], at: String)

  init(_ value: JSONValue, at pointer: String) {
    self =
      value.object.map { .branch($0.map { ($0.name, SettingTree($0.value, at: "\(pointer)/\($0.name)")) }, at: pointer) }
      ?? .leaf(value, at: pointer)
  }

  var pointer: String {
    switch self {
    case .leaf(_, let pointer), .branch(_, let pointer): pointer
    }
  }

  var json: JSONValue {
    switch self {
    case .leaf(let value, _): value
    case .branch(let members, _): .object(members.map { .init($0.name, $0.tree.json) })
    }
  }

  /// The leaves by dotted name.
  var leaves: [(name: String, value: JSONValue, pointer: String)] {
    switch self {
    case .leaf(let value, let pointer): return [("", value, pointer)]
    case .branch(let members, _):
      return members.flatMap { member in
        member.tree.leaves.map { ($0.name.isEmpty ? member.name : "\(member.name).\($0.name)", $0.value, $0.pointer) }
      }
    }
  }

  /// How many values and characters it has, lists and objects as one value more than what they hold.
  var size: Int {
    switch self {
    case .leaf(let value, _): Self.size(value)
    case .branch(let members, _): members.reduce(1) { $0 + $1.tree.size }
    }
  }

  private static func size(_ value: JSONValue) -> Int {
    switch value {
    case .string(let text): 1 + text.utf8.count
    case .array(let values): values.reduce(1) { $0 + size($1) }
    case .object(let members): members.reduce(1) { $0 + size($1.value) }
    default: 1
    }
  }

  /// This tree with another on top: objects merge, all else is replaced.
  func overlaid(with later: SettingTree) -> SettingTree {
    guard case .branch(var members, _) = self, case .branch(let new, let place) = later else { return later }
    for (name, tree) in new {
      if let at = members.firstIndex(where: { $0.name == name }) {
        members[at].tree = members[at].tree.overlaid(with: tree)
      } else {
        members.append((name, tree))
      }
    }
    return .branch(members, at: place)
  }

  /// The same for settings of a stage, where members of an object that a constant puts in as a whole cannot be changed.
  func merged(with later: SettingTree, _ document: PipelineDocument) throws(PipelineError) -> SettingTree {
    guard case .branch(let new, let place) = later else { return later }
    switch self {
    case .leaf(.string(let text), let earlier) where text.hasPrefix("$"):
      throw document.error(
        .contradiction(
          "this changes single members of \(text), which \(document.line(of: earlier)) puts in as a whole",
          remedy: "change the constant \(text) by a \"let\" in this rule, or give all members here in place of \(text)"), at: place)
    case .leaf: return later
    case .branch(var members, _):
      for (name, tree) in new {
        if let at = members.firstIndex(where: { $0.name == name }) {
          members[at].tree = try members[at].tree.merged(with: tree, document)
        } else {
          members.append((name, tree))
        }
      }
      return .branch(members, at: place)
    }
  }
}
