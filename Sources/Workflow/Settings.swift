import Artifacts

/// The ordered rules that give every instance its settings. Later rules win; objects merge member by member, everything else, arrays
/// included, is replaced whole; `$names` are put in after merging.
///
/// Rules of `settings` without a condition that stand before all that have one, then the constants of the profiles, the data sets, the
/// methods, then the other rules of `settings`, at last what `--set` says.
struct Settings: Sendable {
  struct Rule: Sendable {
    let condition: Pipeline.Condition
    let constants: [(name: String, tree: SettingTree)]
    let stages: [(name: String, tree: SettingTree)]
    let pointer: String
    /// What a value of the rule, named by its pointer, comes from, for people; nil for a rule of `settings`.
    let origin: (@Sendable (String) -> String)?
    /// What it says of each stage.
    let ofStage: [String: [SettingTree]]

    init(
      condition: Pipeline.Condition, constants: [(name: String, tree: SettingTree)], stages: [(name: String, tree: SettingTree)],
      pointer: String, origin: (@Sendable (String) -> String)? = nil
    ) {
      (self.condition, self.constants, self.stages, self.pointer, self.origin) = (condition, constants, stages, pointer, origin)
      ofStage = Dictionary(grouping: stages, by: \.name).mapValues { $0.map(\.tree) }
    }

    var stageNames: [String] { stages.map(\.name) }
    /// Whether it wins also over members of constants, which are put in as a whole.
    var isOverride: Bool { Override.isPointer(pointer) }
  }

  let rules: [Rule]
  let methods, datasets: Entries
  var entries: [Entries] { [methods, datasets] }
  private let axes: [String: [(name: String, values: [JSONValue])]]
  /// What sweeps set, each at some of the instances only.
  let sweeps: [Sweep]

  /// - Parameter overrides: what one run sets.
  /// - Throws: `PipelineError` at a member of an entry, or an override, that nothing knows.
  init(
    _ declared: [Pipeline.Rule], profiles: [Pipeline.Profile], methods: Entries, datasets: Entries, overrides: [Override], sweeps: [String],
    stages: [String], matrixAxes: [String], _ document: PipelineDocument
  ) throws(PipelineError) {
    let declared = declared.map { rule in
      func trees(_ members: [JSONValue.Member], _ pointer: String) -> [(name: String, tree: SettingTree)] {
        members.map { ($0.name, SettingTree($0.value, at: "\(pointer)/\($0.name)")) }
      }
      return Rule(
        condition: rule.condition,
        constants: trees(rule.content.first { $0.name == "let" }?.value.object ?? [], "\(rule.pointer)/let"),
        stages: trees(rule.content.filter { $0.name != "let" }, rule.pointer), pointer: rule.pointer)
    }
    let ofProfiles = profiles.filter { !$0.constants.isEmpty }.map { profile in
      Rule(
        condition: Pipeline.Condition(terms: [("profile", [.string(profile.name)])], pointer: profile.pointer),
        constants: profile.constants.map { ($0.name, SettingTree($0.value, at: "\(profile.pointer)/let/\($0.name)")) }, stages: [],
        pointer: profile.pointer)
    }
    let constants = Self.constants(declared + ofProfiles, [methods, datasets])
    let first = declared.firstIndex { !$0.condition.terms.isEmpty } ?? declared.count
    let ofDatasets = try datasets.rules(constants: constants, stages: stages, document)
    let ofMethods = try methods.rules(constants: constants, stages: stages, document)
    var rules = declared[..<first] + ofProfiles
    rules += ofDatasets + ofMethods + declared[first...]
    for override in overrides {
      rules.append(try override.rule(stages: stages, entries: [methods, datasets], constants: constants))
    }
    var swept: [Sweep] = []
    for text in sweeps {
      swept.append(
        try Sweep(text, axes: matrixAxes + swept.map(\.axis)) { override throws(PipelineError) in
          try override.rule(stages: stages, entries: [methods, datasets], constants: constants)
        })
    }
    self.sweeps = swept
    self.rules = Array(rules)
    (self.methods, self.datasets) = (methods, datasets)
    axes = Dictionary(profiles.map { ($0.name, $0.axes) }) { first, _ in first }
  }

  /// The names of all constants: those that a `let` gives, or that are put in somewhere.
  private static func constants(_ rules: [Rule], _ entries: [Entries]) -> Set<String> {
    let trees = rules.flatMap { $0.constants + $0.stages } + entries.flatMap { $0.all.flatMap(\.members) }
    return Set(rules.flatMap { $0.constants.map(\.name) } + trees.flatMap { SettingScope.names(in: $0.tree.json) } + BuiltIns.names)
  }

  /// Settings without effect: a later rule of the same file sets them for exactly the same instances.
  func overridden(_ document: PipelineDocument) -> [String] {
    var seen: [String: String] = [:]
    var warnings: [String] = []
    for rule in rules where !rule.isOverride {
      let condition = rule.condition.signature
      let leaves =
        rule.constants.map { ("$\($0.name)", $0.tree.pointer) }
        + rule.stages.flatMap { stage in stage.tree.leaves.map { ("\(stage.name).\($0.name)", $0.pointer) } }
      for (name, pointer) in leaves {
        // What an entry has of one that it is like is not said of the other.
        if rule.origin != nil, !pointer.hasPrefix("\(rule.pointer)/") { continue }
        guard let earlier = seen.updateValue(pointer, forKey: "\(condition) \(name)") else { continue }
        let places = [earlier, pointer].map(document.place)
        if places[0].file != places[1].file { continue }
        warnings.append("\(places[0].file):\(places[0].line): \(name) has no effect: line \(places[1].line) sets it for the same instances")
      }
    }
    return warnings
  }

  /// What applies at one place.
  /// - Parameter others: further rules, which win.
  func scope(_ coordinates: Coordinates, profile: String, document: PipelineDocument, and others: [Rule] = []) -> SettingScope {
    SettingScope(
      rules: (others.isEmpty ? rules : rules + others).filter { $0.condition.matches(coordinates, profile: profile) },
      coordinates: coordinates, profile: profile,
      builtIns: BuiltIns(methods: methods, datasets: datasets, axes: axes[profile] ?? []), document: document)
  }
}

/// The constants and settings that apply at one place of the matrix.
struct SettingScope {
  let coordinates: Coordinates
  let profile: String
  let document: PipelineDocument
  let rules: [Settings.Rule]
  let builtIns: BuiltIns
  private(set) var constants: [String: SettingTree] = [:]

  init(rules: [Settings.Rule], coordinates: Coordinates, profile: String, builtIns: BuiltIns, document: PipelineDocument) {
    self.coordinates = coordinates
    self.profile = profile
    self.document = document
    self.rules = rules
    self.builtIns = builtIns
    for rule in rules {
      for constant in rule.constants { constants[constant.name] = constants[constant.name]?.overlaid(with: constant.tree) ?? constant.tree }
    }
  }

  /// The settings of a stage with all `$names` put in.
  func parameters(of stage: String) throws(PipelineError) -> SettingTree {
    var merged = SettingTree.branch([], at: "/settings")
    for rule in rules where !rule.isOverride {
      for tree in rule.ofStage[stage] ?? [] { merged = try merged.merged(with: tree, document) }
    }
    var resolved = try resolve(merged, [])
    for rule in rules where rule.isOverride {
      for tree in rule.ofStage[stage] ?? [] { resolved = resolved.overlaid(with: try resolve(tree, [])) }
    }
    return resolved
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
    if let tree = try find(name, pointer, path) { return tree }
    let known = coordinates.values.map(\.name) + ["profile"] + constants.keys.sorted() + BuiltIns.names
    throw document.error(
      .unknown(kind: "constant or coordinate", name: name, owner: "[\(coordinates)] in profile \(profile)", known: known), at: pointer)
  }

  private static let longestPath = 200
  /// Of a constant with all others put in: forty that each name the one before twice would fill any memory.
  private static let largestConstant = 100_000

  /// - Returns: nil where nothing is called so.
  private func find(_ name: String, _ pointer: String, _ path: [String]) throws(PipelineError) -> SettingTree? {
    if let value = coordinates[name] { return .leaf(value, at: pointer) }
    if name == "profile" { return .leaf(.string(profile), at: pointer) }
    if path.count > Self.longestPath {
      throw document.error(
        .contradiction("constants name each other \(path.count) times over, up to $\(name)", remedy: "let them name what they mean"),
        at: pointer)
    }
    if path.contains(name) { throw document.error(.cycle(of: "constants", path.map { "$\($0)" } + ["$\(name)"]), at: pointer) }
    if let constant = constants[name] {
      let value = try resolve(constant, path + [name])
      guard value.size <= Self.largestConstant else {
        throw document.error(
          .contradiction(
            "$\(name) grows beyond \(Self.largestConstant) values and characters with the constants it names put in",
            remedy: "let it name fewer, or put the data into a file"), at: pointer)
      }
      return value
    }
    return try builtIns.value(name) { other throws(PipelineError) in try find(other, pointer, path + [name])?.json }
      .map { SettingTree($0, at: pointer) }
  }

  /// The value of a built-in constant; nil where there is no such, or a rule gives it.
  func builtIn(_ name: String) -> JSONValue? {
    guard constants[name] == nil, coordinates[name] == nil else { return nil }
    return try? builtIns.value(name) { other throws(PipelineError) in try find(other, "", [name])?.json }
  }

  /// The names after dollar signs in a value, each once.
  static func names(in value: JSONValue) -> [String] {
    switch value {
    case .string(let text):
      return text.replacing("$$", with: "").split(separator: "$", omittingEmptySubsequences: false).dropFirst()
        .map { String(decoding: $0.utf8.prefix(while: isNamePart), as: UTF8.self) }.filter { !$0.isEmpty }.unique
    case .array(let values): return values.flatMap(names).unique
    case .object(let members): return members.flatMap { names(in: $0.value) }.unique
    default: return []
    }
  }

  static func isNamePart(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }
}
