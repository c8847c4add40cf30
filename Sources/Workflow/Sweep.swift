import Artifacts

/// A setting that has several values in one run, `-S train.temperature=0.2,0.5,1.0`: an axis of the instances whose settings it is, and of all
/// that need one of these.
struct Sweep: Sendable {
  struct Value: Sendable {
    /// As names of instances and folders say it.
    let coordinate: JSONValue
    /// What was written: of a list the coordinate is a word.
    let value: JSONValue
    /// What sets it.
    let rule: Settings.Rule
  }

  /// `train.temperature`
  let name: String
  /// `temperature`
  let axis: String
  /// The stage of which it is a setting, and the setting's own name; nil for a constant.
  let setting: (stage: String, name: String)?
  let values: [Value]

  static let flag = "-S"

  /// - Parameters:
  ///   - text: `NAME=VALUE,VALUE,…`; each value is JSON or a word.
  ///   - axes: names that are axes already.
  ///   - rule: the rule that an override amounts to.
  /// - Throws: `PipelineError` where it has another form, a value cannot be part of a folder's name, or nothing has that name.
  init(_ text: String, axes: [String], rule: (Override) throws(PipelineError) -> Settings.Rule) throws(PipelineError) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw Self.form(text) }
    let name = String(text[..<equals])
    let parts = Self.parts(text[text.index(after: equals)...])
    let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if parts.contains("") || path.contains("") { throw Self.form(text) }
    if axes.contains(name) || path[0] == "profiles" {
      let axis = path.last ?? name
      let values = try parts.map { part throws(PipelineError) in try Override("\(name)=\(part)", flag: Self.flag).value.compact }
      throw PipelineError(
        .contradiction(
          "\(Self.flag) \(name): \(axis) is an axis already",
          remedy: "give a profile that has it these values, --set 'profiles.NAME.axes.\(axis)=[\(values.joined(separator: ","))]', or name"
            + " the instances to run"))
    }
    var values: [Value] = []
    for part in parts {
      let override = try Override("\(name)=\(part)", flag: Self.flag)
      guard let coordinate = Self.coordinate(override.value) else {
        throw PipelineError(
          .wrongType(
            what: "a value of \(Self.flag) \(name)",
            expected: "a number, a word, true, false or a list of these, which folders are named by",
            found: String(part)))
      }
      if values.contains(where: { $0.coordinate == coordinate }) {
        throw PipelineError(.contradiction("\(Self.flag) \(name) says \(Coordinates.spelling(coordinate)) twice", remedy: "remove one"))
      }
      values.append(Value(coordinate: coordinate, value: override.value, rule: try rule(override)))
    }
    self.name = name
    self.values = values
    setting = values[0].rule.stages.first.map { ($0.name, $0.tree.leaves.first?.name ?? "") }
    let last = path.last ?? name
    let isFree = last.utf8.allSatisfy(Coordinates.isWord) && !axes.contains(last) && last != "profile"
    axis = isFree ? last : path.joined(separator: "-")
  }

  private static func form(_ text: String) -> PipelineError {
    PipelineError(
      .wrongType(what: flag, expected: "STAGE.NAME=VALUE,VALUE,…, methods.NAME.NAME=… or CONSTANT=…", found: "\"\(text)\""))
  }

  /// The text between commas that are in no list and no quotes.
  private static func parts(_ text: Substring) -> [Substring] {
    var (parts, start, depth, quoted) = ([Substring](), text.startIndex, 0, false)
    for place in text.indices {
      switch text[place] {
      case "\"": quoted.toggle()
      case "[" where !quoted, "{" where !quoted: depth += 1
      case "]" where !quoted, "}" where !quoted: depth -= 1
      case "," where depth == 0 && !quoted:
        parts.append(text[start..<place])
        start = text.index(after: place)
      default: break
      }
    }
    return parts + [text[start...]]
  }

  /// A value as a part of folder names; nil where it cannot be one. Of a list its elements with + between.
  private static func coordinate(_ value: JSONValue) -> JSONValue? {
    if let integer = value.integer { return .integer(integer) }
    switch value {
    case .number: return value
    case .bool(let bool): return .string(bool ? "true" : "false")
    case .string(let text): return !text.isEmpty && text.utf8.allSatisfy(Coordinates.isPart) ? value : nil
    case .array(let list):
      let words = list.compactMap { $0.array == nil ? coordinate($0).map(Coordinates.spelling) : nil }
      return words.isEmpty || words.count < list.count ? nil : .string(words.joined(separator: "+"))
    default: return nil
    }
  }
}

extension PlanBuilder {
  /// A place on the axes of sweeps, with what is set there.
  struct Variant {
    var place: [JSONValue.Member] = []
    var rules: [Settings.Rule] = []
    /// By the full name of each setting, for the provenance.
    var sweep: [JSONValue.Member] = []
  }

  /// The places on the axes of sweeps where an instance is needed: of those that change its settings, or that something has which it reads.
  mutating func variants(_ stage: Pipeline.Stage, _ place: Coordinates) throws(PipelineError) -> [Variant] {
    var variants = [Variant()]
    for sweep in pipeline.sweeps {
      guard try changes(sweep, stage, place) ? true : inherits(sweep, stage, place) else { continue }
      swept.insert(sweep.axis)
      variants = variants.flatMap { variant in
        sweep.values.map { value in
          Variant(
            place: variant.place + [.init(sweep.axis, value.coordinate)], rules: variant.rules + [value.rule],
            sweep: variant.sweep + [.init(sweep.name, value.value)])
        }
      }
    }
    return variants
  }

  private mutating func changes(_ sweep: Sweep, _ stage: Pipeline.Stage, _ place: Coordinates) throws(PipelineError) -> Bool {
    func parameters(_ rules: [Settings.Rule]) throws(PipelineError) -> SettingTree {
      try pipeline.settings.scope(place, profile: profile, document: pipeline.document, and: rules).parameters(of: stage.name)
    }
    guard sweep.values[0].rule.condition.matches(place, profile: profile) else { return false }
    let own = try parameters([])
    if let setting = sweep.setting {
      guard setting.stage == stage.name else { return false }
      let names = own.leaves.map(\.name)
      settingNames[stage.name, default: []].formUnion(names)
      return names.contains { $0 == setting.name || $0.hasPrefix("\(setting.name).") }
    }
    for value in sweep.values where try parameters([value.rule]).json != own.json { return true }
    return false
  }

  private mutating func inherits(_ sweep: Sweep, _ stage: Pipeline.Stage, _ place: Coordinates) throws(PipelineError) -> Bool {
    // What is gathered may depend on settings, these on nothing that is swept.
    let scope = pipeline.settings.scope(place, profile: profile, document: pipeline.document)
    let parameters = try scope.parameters(of: stage.name).json
    for rule in stage.inputs where rule.condition.matches(place, profile: profile) {
      for input in rule.inputs {
        let found =
          switch input.source {
          case .file: [Int]()
          case .port(let references): references.flatMap { producers.agreeing(with: place, in: $0.stage) }
          case .gather(let reference, let members):
            producers.matching(
              try condition(members, reference.stage, parameters, scope, "\(input.pointer)/where"), in: reference.stage)
          }
        if found.contains(where: { instances[$0].coordinates[sweep.axis] != nil }) { return true }
      }
    }
    return false
  }

  /// Whether an instance stands where a variant does on all axes of sweeps that it has.
  func agrees(_ number: Int, with variant: Variant) -> Bool {
    variant.place.allSatisfy { member in
      let value = instances[number].coordinates[member.name]
      return value == nil || value == member.value
    }
  }

  /// - Throws: at a sweep that changes nothing.
  func checkSweeps() throws(PipelineError) {
    for sweep in pipeline.sweeps where !swept.contains(sweep.axis) {
      if let setting = sweep.setting, let known = settingNames[setting.stage] {
        throw PipelineError(
          .unknown(kind: "setting", name: setting.name, owner: "stage \(setting.stage) in profile \(profile)", known: known.sorted()),
          place: "\(Sweep.flag) \(sweep.name)")
      }
      throw PipelineError(
        .contradiction(
          "\(Sweep.flag) \(sweep.name) changes no instance of profile \(profile)", remedy: "name a setting that one of its stages has"))
    }
  }
}
