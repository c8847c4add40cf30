/// One hyperparameter of a stage as its schema says: name, type, legal values and meaning.
///
/// Stages declare it, `--describe` prints it, and both the stage and the plan check values against it.
public struct SettingSchema: Sendable, Hashable {
  /// Dotted where it is a member of an object: `network.widths`.
  public let name: String
  /// "integer", "number", "boolean", "string", "any", or one of these after "array of ".
  public let type: String
  public let help: String
  /// Legal numbers; of every element where the type is an array.
  public let minimum, maximum: Double?
  /// The legal values, empty where all of the type are.
  public let choices: [JSONValue]

  public init(name: String, type: String, help: String, range: ClosedRange<Double>? = nil, choices: [JSONValue] = []) {
    (self.name, self.type, self.help, self.choices) = (name, type, help, choices)
    (minimum, maximum) = (range?.lowerBound, range?.upperBound)
  }

  /// - Returns: nil where the JSON lacks name or type.
  public init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, let type = json["type"]?.string else { return nil }
    (self.name, self.type) = (name, type)
    help = json["help"]?.string ?? ""
    (minimum, maximum) = (json["minimum"]?.double, json["maximum"]?.double)
    choices = json["choices"]?.array ?? []
  }

  /// What `--describe` prints.
  public var json: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name)), .init("type", .string(type)), .init("help", .string(help))]
    if let minimum { members.append(.init("minimum", .number(minimum))) }
    if let maximum { members.append(.init("maximum", .number(maximum))) }
    if !choices.isEmpty { members.append(.init("choices", .array(choices))) }
    return .object(members)
  }

  /// "0 to 1", "ccr, dcdc"; nil where every value of the type is legal.
  public var legalValues: String? {
    if !choices.isEmpty { return choices.map(Self.spelling).joined(separator: ", ") }
    switch (minimum.map(JSONValue.number)?.canonical, maximum.map(JSONValue.number)?.canonical) {
    case (let least?, let most?): return "\(least) to \(most)"
    case (let least?, nil): return "at least \(least)"
    case (nil, let most?): return "at most \(most)"
    case (nil, nil): return nil
    }
  }

  /// What is wrong with a value, in words that follow its name: "must be …"; nil for a legal value.
  public func complaint(about value: JSONValue) -> String? {
    let element = type.hasPrefix("array of ") ? String(type.dropFirst("array of ".count)) : nil
    let fits = "must be \(type), not \(value.compact)"
    guard let values = element == nil ? [value] : value.array else { return fits }
    for value in values {
      guard Self.isOf(element ?? type, value) else { return fits }
      if let number = value.double, let legalValues, number < minimum ?? -.infinity || number > maximum ?? .infinity {
        return "must be \(legalValues), not \(value.compact)"
      }
      if !choices.isEmpty, !choices.contains(value) {
        let words = choices.map(Self.spelling)
        let nearest = value.string.flatMap { NearestSpelling.of($0, among: words) }
        return "must be one of \(words.joined(separator: ", ")), not \(value.compact)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
      }
    }
    return nil
  }

  private static func isOf(_ type: String, _ value: JSONValue) -> Bool {
    switch type {
    case "integer": value.integer != nil
    case "number": value.double != nil
    case "boolean": value.bool != nil
    case "string": value.string != nil
    default: true
    }
  }

  private static func spelling(_ value: JSONValue) -> String { value.string ?? value.canonical }
}
