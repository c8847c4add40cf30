import Artifacts

/// The final value of a setting of an instance, and whence it comes.
public struct SettingOrigin: Sendable {
  /// A place in pipeline.json that decides, and the places before it that therefore do not.
  public struct Step: Sendable {
    /// The setting, or `$name` of a constant that is put into it.
    public let name: String
    /// As it is written there.
    public let value: JSONValue
    public let line: Int
    /// The condition of the rule: `method=dcdc`; empty for a rule without one.
    public let condition: String
    /// What earlier rules say, the last of them first.
    public let overruled: [(value: JSONValue, line: Int, condition: String)]
  }

  public let name: String
  public let value: JSONValue
  /// The setting first, then the constants it names, each followed by those that it names.
  public let steps: [Step]

  /// One line where one place alone decides, else a line for each step.
  public var text: String {
    func at(_ line: Int, _ condition: String) -> String { "line \(line)" + (condition.isEmpty ? "" : " where \(condition)") }
    let head = "\(name) = \(value.compact)"
    if steps.count == 1, let only = steps.first, only.overruled.isEmpty { return "\(head)  (\(at(only.line, only.condition)))" }
    let lines = steps.map { step in
      "    \(step.name) = \(step.value.compact)  (\(at(step.line, step.condition))"
        + step.overruled.map { ", over \($0.value.compact) of \(at($0.line, $0.condition))" }.joined() + ")"
    }
    return ([head] + lines).joined(separator: "\n  ")
  }

  public var json: JSONValue {
    func place(_ value: JSONValue, _ line: Int, _ condition: String) -> [JSONValue.Member] {
      [.init("value", value), .init("line", .integer(line)), .init("where", .string(condition))]
    }
    return [
      "name": .string(name), "value": value,
      "steps": .array(
        steps.map { step in
          .object(
            [.init("name", .string(step.name))] + place(step.value, step.line, step.condition) + [
              .init("over", .array(step.overruled.map { .object(place($0.value, $0.line, $0.condition)) }))
            ])
        }),
    ]
  }
}

extension Study {
  /// Every setting of an instance in its final value, with the places of pipeline.json that decide it.
  public func origins(_ number: Int) -> [SettingOrigin] {
    let instance = plan.instances[number]
    let scope = pipeline.settings.scope(instance.coordinates, profile: plan.profile, document: pipeline.document)
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

  /// - Parameter passed: the constants on the way here.
  private func steps(_ name: String, _ candidates: [Candidate], _ passed: Set<String>) -> [SettingOrigin.Step] {
    guard let winner = candidates.last else { return [] }
    func place(_ candidate: Candidate) -> (value: JSONValue, line: Int, condition: String) {
      (candidate.tree.json, document.position(of: candidate.tree.pointer).line, candidate.rule.condition.description)
    }
    let (value, line, condition) = place(winner)
    let step = SettingOrigin.Step(
      name: name, value: value, line: line, condition: condition, overruled: candidates.dropLast().reversed().map(place))
    return [step]
      + Self.names(in: value).filter { constants[$0] != nil && !passed.contains($0) }.flatMap { constant in
        // A constant is replaced whole: its last definition counts, whatever members earlier ones have.
        let path = value.string == "$\(constant)" ? winner.rest : []
        let definitions = rules.flatMap { rule in
          rule.constants.filter { $0.name == constant }.map { one in
            let part = Self.descend(one.tree, path) ?? (one.tree, [])
            return Candidate(part.tree, part.rest, rule)
          }
        }
        return steps(([constant] + path).joined(separator: ".").dollared, definitions, passed.union([constant]))
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

  /// The names after dollar signs in a value, each once.
  private static func names(in value: JSONValue) -> [String] {
    switch value {
    case .string(let text):
      return text.replacing("$$", with: "").split(separator: "$", omittingEmptySubsequences: false).dropFirst()
        .map { String(decoding: $0.utf8.prefix(while: isNamePart), as: UTF8.self) }.filter { !$0.isEmpty }.unique
    case .array(let values): return values.flatMap(names).unique
    case .object(let members): return members.flatMap { names(in: $0.value) }.unique
    default: return []
    }
  }
}

extension String {
  fileprivate var dollared: String { "$\(self)" }
}
