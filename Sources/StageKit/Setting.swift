import Artifacts

/// A value a hyperparameter can have.
public protocol SettingValue: Sendable {
  /// What the schema calls this type.
  static var typeName: String { get }
  /// The value, or nil where the JSON is of another type.
  static func decode(_ json: JSONValue) -> Self?
}

extension Int: SettingValue {
  public static var typeName: String { "integer" }
  public static func decode(_ json: JSONValue) -> Int? { json.integer }
}
extension Double: SettingValue {
  public static var typeName: String { "number" }
  public static func decode(_ json: JSONValue) -> Double? { json.double }
}
extension Bool: SettingValue {
  public static var typeName: String { "boolean" }
  public static func decode(_ json: JSONValue) -> Bool? { json.bool }
}
extension String: SettingValue {
  public static var typeName: String { "string" }
  public static func decode(_ json: JSONValue) -> String? { json.string }
}
extension JSONValue: SettingValue {
  public static var typeName: String { "any" }
  public static func decode(_ json: JSONValue) -> JSONValue? { json }
}
extension Array: SettingValue where Element: SettingValue {
  public static var typeName: String { "array of \(Element.typeName)" }
  public static func decode(_ json: JSONValue) -> [Element]? {
    guard let values = json.array else { return nil }
    let decoded = values.compactMap(Element.decode)
    return decoded.count == values.count ? decoded : nil
  }
}

/// One hyperparameter of a stage: declared once, with type, legal values and meaning; its value stands in pipeline.json alone.
public struct Setting<Value: SettingValue>: Sendable {
  let facts: SettingFacts

  /// Any value of the type.
  public init(_ name: String, _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help)
  }
}

extension Setting where Value == Int {
  public init(_ name: String, _ range: ClosedRange<Int>, _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help, range: Double(range.lowerBound)...Double(range.upperBound))
  }
}
extension Setting where Value == Double {
  public init(_ name: String, _ range: ClosedRange<Double>, _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help, range: range)
  }
}
extension Setting where Value == [Int] {
  /// - Parameter range: legal values of every element.
  public init(_ name: String, _ range: ClosedRange<Int>, _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help, range: Double(range.lowerBound)...Double(range.upperBound))
  }
}
extension Setting where Value == [Double] {
  /// - Parameter range: legal values of every element.
  public init(_ name: String, _ range: ClosedRange<Double>, _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help, range: range)
  }
}
extension Setting where Value == String {
  public init(_ name: String, choices: [String], _ help: String) {
    facts = SettingFacts(name: name, type: Value.typeName, help: help, choices: choices)
  }
}

/// A setting without its Swift type: what the schema prints and the request is checked against.
struct SettingFacts: Sendable {
  let name: String
  let type: String
  let help: String
  var range: ClosedRange<Double>?
  var choices: [String] = []

  var schema: JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(name)), .init("type", .string(type)), .init("help", .string(help))]
    if let range { members += [.init("minimum", .number(range.lowerBound)), .init("maximum", .number(range.upperBound))] }
    if !choices.isEmpty { members.append(.init("choices", .array(choices.map(JSONValue.string)))) }
    return .object(members)
  }

  /// What is wrong with a value, or nil.
  func complaint(about value: JSONValue) -> String? {
    let elements = type.hasPrefix("array of ") ? value.array : [value]
    guard let elements else { return "must be an \(type), not \(value.kindName)" }
    let element = type.hasPrefix("array of ") ? String(type.dropFirst("array of ".count)) : type
    for value in elements {
      let fits =
        switch element {
        case "integer": value.integer != nil
        case "number": value.double != nil
        case "boolean": value.bool != nil
        case "string": value.string != nil
        default: true
        }
      if !fits { return "must be \(type), not \(value.compact)" }
      if let range, let number = value.double, !range.contains(number) {
        return
          "must be \(JSONValue.number(range.lowerBound).canonical) to \(JSONValue.number(range.upperBound).canonical), not \(value.compact)"
      }
      if !choices.isEmpty, let text = value.string, !choices.contains(text) {
        return "must be one of \(choices.joined(separator: ", ")), not \(text)"
      }
    }
    return nil
  }
}

/// A setting of any type, for lists of settings.
public struct AnySetting: Sendable {
  let facts: SettingFacts
  public init<Value>(_ setting: Setting<Value>) { facts = setting.facts }
}
