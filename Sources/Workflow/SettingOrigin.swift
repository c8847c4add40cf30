import Artifacts

/// The final value of a setting of an instance, and whence it comes.
public struct SettingOrigin: Sendable {
  /// Where a value stands.
  public struct Place: Sendable {
    /// As it is written there.
    public let value: JSONValue
    /// 0 for what stands in no file.
    public let line: Int
    /// The file where it is not pipeline.json itself, but one that it extends.
    public let file: String?
    /// The condition of the rule: `method=dcdc`; empty for a rule without one.
    public let condition: String
    /// What gives it where that is no rule of `settings`: "method dcdc like ccr", "--set", "built in: …".
    public let origin: String?

    /// "line 5 where method=dcdc"
    var text: String {
      let place = line == 0 ? [] : ["line \(line)" + (file.map { " of \($0)" } ?? "")]
      let rule = origin ?? (condition.isEmpty ? nil : "where \(condition)")
      return (place + (rule.map { [$0] } ?? [])).joined(separator: origin == nil ? " " : ", ")
    }

    var members: [JSONValue.Member] {
      var members: [JSONValue.Member] = [.init("value", value), .init("line", .integer(line)), .init("where", .string(condition))]
      if let file { members.append(.init("file", .string(file))) }
      if let origin { members.append(.init("origin", .string(origin))) }
      return members
    }
  }

  /// A place in pipeline.json that decides, and the places before it that therefore do not.
  public struct Step: Sendable {
    /// The setting, or `$name` of a constant that is put into it.
    public let name: String
    public let place: Place
    /// What earlier rules say, the last of them first.
    public let overruled: [Place]
  }

  public let name: String
  public let value: JSONValue
  /// The setting first, then the constants it names, each followed by those that it names.
  public let steps: [Step]

  /// One line where one place alone decides, else a line for each step.
  public var text: String {
    let head = "\(name) = \(value.compact)"
    if steps.count == 1, let only = steps.first, only.overruled.isEmpty { return "\(head)  (\(only.place.text))" }
    let lines = steps.map { step in
      "    \(step.name) = \(step.place.value.compact)  (\(step.place.text)"
        + step.overruled.map { ", over \($0.value.compact) of \($0.text)" }.joined() + ")"
    }
    return ([head] + lines).joined(separator: "\n  ")
  }

  public var json: JSONValue {
    [
      "name": .string(name), "value": value,
      "steps": .array(
        steps.map { step in
          .object(
            [.init("name", .string(step.name))] + step.place.members + [.init("over", .array(step.overruled.map { .object($0.members) }))])
        }),
    ]
  }
}

extension Study {
  /// Every setting of an instance in its final value, with the places of pipeline.json that decide it.
  public func origins(_ number: Int) -> [SettingOrigin] {
    let instance = plan.instances[number]
    let scope = pipeline.settings.scope(
      Coordinates(values: instance.coordinates.values.dropLast(instance.sweep.place.count)), profile: plan.profile,
      document: pipeline.document, and: instance.sweep.rules)
    func leaves(_ value: JSONValue, _ path: [String]) -> [([String], JSONValue)] {
      guard let members = value.object, !members.isEmpty else { return [(path, value)] }
      return members.flatMap { leaves($0.value, path + [$0.name]) }
    }
    return leaves(instance.parameters, []).map { path, value in
      SettingOrigin(name: path.joined(separator: "."), value: value, steps: scope.steps(of: instance.stage, path))
    }
  }
}

extension SettingScope {
  private typealias Candidate = (tree: SettingTree, rest: [String], rule: Settings.Rule)

  /// The places that decide a setting of a stage.
  func steps(of stage: String, _ path: [String]) -> [SettingOrigin.Step] {
    let candidates = rules.flatMap { rule in
      rule.stages.filter { $0.name == stage }.compactMap { member in
        Self.descend(member.tree, path).map { Candidate($0.tree, $0.rest, rule) }
      }
    }
    return steps(path.joined(separator: "."), candidates, [])
  }

  private func place(_ candidate: Candidate) -> SettingOrigin.Place {
    let (pointer, rule) = (candidate.tree.pointer, candidate.rule)
    if rule.isOverride {
      return .init(
        value: candidate.tree.json, line: 0, file: nil, condition: "", origin: rule.pointer.hasPrefix(Sweep.flag) ? rule.pointer : "--set")
    }
    let place = document.place(of: pointer)
    return .init(
      value: candidate.tree.json, line: place.line, file: place.file == document.file ? nil : place.file,
      condition: rule.condition.description, origin: rule.origin?(pointer))
  }

  /// - Parameter passed: the constants on the way here.
  private func steps(_ name: String, _ candidates: [Candidate], _ passed: Set<String>) -> [SettingOrigin.Step] {
    guard let winner = candidates.last else { return [] }
    let value = winner.tree.json
    let step = SettingOrigin.Step(name: name, place: place(winner), overruled: candidates.dropLast().reversed().map(place))
    return [step]
      + Self.names(in: value).filter { !passed.contains($0) }.flatMap { constant -> [SettingOrigin.Step] in
        let path = value.string == "$\(constant)" ? winner.rest : []
        let definitions = rules.flatMap { rule in
          rule.constants.filter { $0.name == constant }.compactMap { one in
            Self.descend(one.tree, path).map { Candidate($0.tree, $0.rest, rule) }
          }
        }
        let name = ([constant] + path).joined(separator: ".").dollared
        if definitions.isEmpty, let value = builtIn(constant) {
          let place = SettingOrigin.Place(value: value, line: 0, file: nil, condition: "", origin: builtIns.origin(constant))
          return [SettingOrigin.Step(name: name, place: place, overruled: [])]
        }
        return steps(name, definitions, passed.union([constant]))
      }
  }

  /// The part of a tree at a path, or the leaf on the way there with the rest of the path, since a constant may stand for all below it.
  private static func descend(_ tree: SettingTree, _ path: [String]) -> (tree: SettingTree, rest: [String])? {
    guard let first = path.first else { return (tree, []) }
    switch tree {
    case .leaf(.string(let text), _) where text.hasPrefix("$"): return (tree, path)
    case .leaf: return nil
    case .branch(let members, _):
      guard let member = members.last(where: { $0.name == first }) else { return nil }
      return descend(member.tree, Array(path.dropFirst()))
    }
  }
}

extension String {
  fileprivate var dollared: String { "$\(self)" }
}
