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
  let schema: SettingSchema

  /// Any value of the type.
  public init(_ name: String, _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help)
  }
}

extension Setting where Value == Int {
  public init(_ name: String, _ range: ClosedRange<Int>, _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help, range: Double(range.lowerBound)...Double(range.upperBound))
  }
}
extension Setting where Value == Double {
  public init(_ name: String, _ range: ClosedRange<Double>, _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help, range: range)
  }
}
extension Setting where Value == [Int] {
  /// - Parameter range: legal values of every element.
  public init(_ name: String, _ range: ClosedRange<Int>, _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help, range: Double(range.lowerBound)...Double(range.upperBound))
  }
}
extension Setting where Value == [Double] {
  /// - Parameter range: legal values of every element.
  public init(_ name: String, _ range: ClosedRange<Double>, _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help, range: range)
  }
}
extension Setting where Value == String {
  public init(_ name: String, choices: [String], _ help: String) {
    schema = SettingSchema(name: name, type: Value.typeName, help: help, choices: choices.map(JSONValue.string))
  }
}

/// A setting of any type, for lists of settings.
public struct AnySetting: Sendable {
  let schema: SettingSchema
  public init<Value>(_ setting: Setting<Value>) { schema = setting.schema }
}

/// The values of all settings of a stage, each of its declared type.
public struct SettingValues: Sendable {
  private let values: [String: JSONValue]

  /// - Throws: `StageError` at the first parameter that is unknown, missing, of the wrong type or out of range.
  init(_ parameters: JSONValue, of schema: ParameterSchema) throws(StageError) {
    switch schema.fault(in: parameters) {
    case .unknown(let name, let nearest)?: throw .unknownSetting(name, nearest: nearest)
    case .illegal(let name, let complaint)?: throw .illegalSetting(name, complaint)
    case .missing(let name)?: throw .missingSetting(name)
    case nil: values = Dictionary(schema.leaves(of: parameters).map { ($0.name, $0.value) }) { _, last in last }
    }
  }

  /// Values of settings that no program declares, such as a method's in a test.
  /// - Throws: as above.
  package init(_ parameters: JSONValue, of settings: [AnySetting]) throws(StageError) {
    try self.init(parameters, of: ParameterSchema(settings.map(\.schema)))
  }

  /// The value of a declared setting.
  public subscript<Value>(_ setting: Setting<Value>) -> Value {
    guard let json = values[setting.schema.name], let value = Value.decode(json) else {
      preconditionFailure("the stage does not declare setting \(setting.schema.name) as \(Value.typeName)")
    }
    return value
  }

  /// All settings in one spelling, for telling one piece of work from another.
  public var canonical: String { spelling { _ in true } }

  /// The settings `prefix.…` in one spelling.
  public func canonical(of prefix: String) -> String { spelling { $0.hasPrefix("\(prefix).") } }

  private func spelling(_ isMeant: (String) -> Bool) -> String {
    JSONValue.object(values.filter { isMeant($0.key) }.map { .init($0.key, $0.value) }).canonical
  }
}
