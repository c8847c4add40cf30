import Artifacts

/// The ordered rules of `settings`. Later rules win; objects of a stage merge member by member, everything else, arrays and constants
/// included, is replaced whole; `$names` are put in after merging.
struct Settings: Sendable {
  struct Rule: Sendable {
    let condition: Pipeline.Condition
    let constants: [(name: String, tree: SettingTree)]
    let stages: [(name: String, tree: SettingTree)]
    let pointer: String
    var stageNames: [String] { stages.map(\.name) }
  }

  let rules: [Rule]

  init(_ rules: [Pipeline.Rule]) {
    self.rules = rules.map { rule in
      func trees(_ member: JSONValue.Member) -> (String, SettingTree) {
        (member.name, SettingTree(member.value, at: "\(rule.pointer)/\(member.name)"))
      }
      let constants = rule.content.first { $0.name == "let" }?.value.object ?? []
      return Rule(
        condition: rule.condition,
        constants: constants.map { ($0.name, SettingTree($0.value, at: "\(rule.pointer)/let/\($0.name)")) },
        stages: rule.content.filter { $0.name != "let" }.map(trees), pointer: rule.pointer)
    }
  }

  /// Settings without effect: a later rule for exactly the same instances sets them too.
  func overridden(_ document: JSONDocument) -> [String] {
    var seen: [String: String] = [:]
    var warnings: [String] = []
    for rule in rules {
      let condition = rule.condition.signature
      let leaves =
        rule.constants.map { ("$\($0.name)", $0.tree.pointer) }
        + rule.stages.flatMap { stage in stage.tree.leaves.map { ("\(stage.name).\($0.name)", $0.pointer) } }
      for (name, pointer) in leaves {
        guard let earlier = seen.updateValue(pointer, forKey: "\(condition) \(name)") else { continue }
        let lines = [earlier, pointer].map { document.position(of: $0).line }
        warnings.append("\(document.file):\(lines[0]): \(name) has no effect: line \(lines[1]) sets it for the same instances")
      }
    }
    return warnings
  }

  /// What applies at one place.
  func scope(_ coordinates: Coordinates, profile: String, document: JSONDocument) -> SettingScope {
    SettingScope(
      rules: rules.filter { $0.condition.matches(coordinates, profile: profile) }, coordinates: coordinates, profile: profile,
      document: document)
  }
}

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

  /// This tree with another on top.
  func merged(with later: SettingTree, _ document: JSONDocument) throws(PipelineError) -> SettingTree {
    guard case .branch(let new, let place) = later else { return later }
    switch self {
    case .leaf(.string(let text), let earlier) where text.hasPrefix("$"):
      let line = document.position(of: earlier).line
      throw document.error(
        .contradiction(
          "this changes single members of \(text), which line \(line) puts in as a whole",
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

/// The constants and settings that apply at one place of the matrix.
struct SettingScope {
  let coordinates: Coordinates
  let profile: String
  let document: JSONDocument
  let rules: [Settings.Rule]
  private(set) var constants: [String: SettingTree] = [:]

  init(rules: [Settings.Rule], coordinates: Coordinates, profile: String, document: JSONDocument) {
    self.coordinates = coordinates
    self.profile = profile
    self.document = document
    self.rules = rules
    for rule in rules {
      for constant in rule.constants { constants[constant.name] = constant.tree }
    }
  }

  /// The settings of a stage with all `$names` put in.
  func parameters(of stage: String) throws(PipelineError) -> SettingTree {
    var merged = SettingTree.branch([], at: "/settings")
    for rule in rules {
      for member in rule.stages where member.name == stage { merged = try merged.merged(with: member.tree, document) }
    }
    return try resolve(merged, [])
  }

  /// A text with all `$names` put in.
  func text(_ text: String, at pointer: String) throws(PipelineError) -> String {
    let value = try resolve(.leaf(.string(text), at: pointer), []).json
    guard value.string != nil || value.integer != nil else {
      throw document.error(.wrongType(what: "\"\(text)\"", expected: "a text", found: value.compact), at: pointer)
    }
    return Coordinates.spelling(value)
  }

  /// Any JSON with all `$names` put in.
  func value(_ value: JSONValue, at pointer: String) throws(PipelineError) -> JSONValue {
    try resolve(SettingTree(value, at: pointer), []).json
  }

  private func resolve(_ tree: SettingTree, _ path: [String]) throws(PipelineError) -> SettingTree {
    switch tree {
    case .branch(let members, let pointer):
      var resolved: [(name: String, tree: SettingTree)] = []
      for member in members { resolved.append((member.name, try resolve(member.tree, path))) }
      return .branch(resolved, at: pointer)
    case .leaf(.array(let values), let pointer):
      var resolved: [JSONValue] = []
      for value in values { resolved.append(try resolve(SettingTree(value, at: pointer), path).json) }
      return .leaf(.array(resolved), at: pointer)
    case .leaf(.string(let text), let pointer) where text.utf8.contains(36):
      return try substitute(text, pointer, path)
    case .leaf: return tree
    }
  }

  /// `$name` alone gives the value of any type; inside a text it must be a text or an integer; `$$` is a dollar.
  private func substitute(_ text: String, _ pointer: String, _ path: [String]) throws(PipelineError) -> SettingTree {
    let name = text.dropFirst()
    if text.hasPrefix("$"), !name.isEmpty, name.utf8.allSatisfy(Self.isNamePart) { return try lookUp(String(name), pointer, path) }
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.hasPrefix("$") {
        result += "$"
        rest = rest.dropFirst()
        continue
      }
      let name = Substring(rest.utf8.prefix(while: Self.isNamePart))
      let value = try lookUp(String(name), pointer, path).json
      guard value.string != nil || value.integer != nil else {
        throw document.error(
          .wrongType(what: "$\(name) inside a text", expected: "a text or an integer", found: value.compact), at: pointer)
      }
      result += Coordinates.spelling(value)
      rest = rest[name.endIndex...]
    }
    return .leaf(.string(result + rest), at: pointer)
  }

  private func lookUp(_ name: String, _ pointer: String, _ path: [String]) throws(PipelineError) -> SettingTree {
    if let value = coordinates[name] { return .leaf(value, at: pointer) }
    if name == "profile" { return .leaf(.string(profile), at: pointer) }
    guard let constant = constants[name] else {
      let known = coordinates.values.map(\.name) + ["profile"] + constants.keys.sorted()
      throw document.error(
        .unknown(kind: "constant or coordinate", name: name, owner: "[\(coordinates)] in profile \(profile)", known: known), at: pointer)
    }
    if path.contains(name) { throw document.error(.cycle(of: "constants", path.map { "$\($0)" } + ["$\(name)"]), at: pointer) }
    return try resolve(constant, path + [name])
  }

  static func isNamePart(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }
}
