import Artifacts

/// Where an instance stands on the axes of its stage: `dataset=fashion-mnist,method=ccr,seed=0`.
public struct Coordinates: Hashable, Sendable, CustomStringConvertible {
  public let values: [JSONValue.Member]

  public subscript(_ axis: String) -> JSONValue? { values.first { $0.name == axis }?.value }

  public var description: String { values.map { "\($0.name)=\(Self.spelling($0.value))" }.joined(separator: ",") }

  static func spelling(_ value: JSONValue) -> String { value.string ?? value.canonical }

  /// Whether every axis named in a condition has the value asked for, or one of them.
  func matches(_ condition: [JSONValue.Member], profile: String) -> Bool {
    condition.allSatisfy { member in
      guard let value = member.name == "profile" ? .string(profile) : self[member.name] else { return false }
      return (member.value.array ?? [member.value]).contains { $0.canonical == value.canonical }
    }
  }
}

/// Values that `$name` stands for: coordinates, `$profile`, and the constants of matching `let` rules, in this order.
struct Substitution {
  let pipeline: Pipeline
  let profile: String
  let coordinates: Coordinates
  let constants: JSONValue

  init(_ pipeline: Pipeline, profile: String, coordinates: Coordinates) {
    self.pipeline = pipeline
    self.profile = profile
    self.coordinates = coordinates
    let matching = pipeline.settings.filter { coordinates.matches($0.condition, profile: profile) }
    constants = .object(
      matching.flatMap { rule in rule.content.filter { $0.name == "let" }.flatMap { $0.value.object ?? [] } })
  }

  /// - Parameter pointer: where the value stands, for messages.
  func apply(_ value: JSONValue, _ pointer: String, depth: Int = 0) throws -> JSONValue {
    if depth > 20 { throw pipeline.error("constants refer to each other in a circle", pointer) }
    switch value {
    case .array(let values): return .array(try values.map { try apply($0, pointer, depth: depth) })
    case .object(let members):
      return .object(try members.map { .init($0.name, try apply($0.value, "\(pointer)/\($0.name)", depth: depth)) })
    case .string(let text) where text.contains("$"):
      if text.hasPrefix("$"), text.dropFirst().allSatisfy({ $0.isLetter || $0.isNumber }) {
        return try apply(lookUp(String(text.dropFirst()), pointer), pointer, depth: depth + 1)
      }
      var (result, rest) = ("", text[...])
      while let dollar = rest.firstIndex(of: "$") {
        result += rest[..<dollar]
        let name = rest[rest.index(after: dollar)...].prefix { $0.isLetter || $0.isNumber }
        result += Coordinates.spelling(try apply(lookUp(String(name), pointer), pointer, depth: depth + 1))
        rest = rest[name.endIndex...]
      }
      return .string(result + rest)
    default: return value
    }
  }

  private func lookUp(_ name: String, _ pointer: String) throws -> JSONValue {
    if let value = coordinates[name] { return value }
    if name == "profile" { return .string(profile) }
    if let value = constants[name] { return value }
    let known = coordinates.values.map(\.name) + ["profile"] + (constants.object ?? []).map(\.name)
    let nearest = NearestSpelling.of(name, among: known).map { "; did you mean \"$\($0)\"?" } ?? ""
    throw pipeline.error("nothing is called \"$\(name)\" for [\(coordinates)]\(nearest)", pointer)
  }

  /// The parameters of a stage: its objects in all matching rules, merged member by member, with constants put in.
  func parameters(of stage: Pipeline.Stage) throws -> JSONValue {
    var merged: JSONValue = .object([])
    for (index, rule) in pipeline.settings.enumerated() where coordinates.matches(rule.condition, profile: profile) {
      for member in rule.content where member.name == stage.name {
        guard member.value.object != nil else {
          throw pipeline.error("settings of a stage must be an object, not \(member.value.kindName)", "/settings/\(index)/\(stage.name)")
        }
        merged = Self.merge(merged, member.value)
      }
    }
    return try apply(merged, "/settings")
  }

  private static func merge(_ old: JSONValue, _ new: JSONValue) -> JSONValue {
    guard let before = old.object, let after = new.object else { return new }
    var members = before
    for member in after {
      if let at = members.firstIndex(where: { $0.name == member.name }) {
        members[at] = .init(member.name, merge(members[at].value, member.value))
      } else {
        members.append(member)
      }
    }
    return .object(members)
  }
}
