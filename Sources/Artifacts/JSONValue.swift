/// A JSON document (RFC 8259) that keeps the order of its members, so that messages and files read as they were written.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// One `"name": value` of an object.
  public struct Member: Hashable, Sendable {
    public let name: String
    public let value: JSONValue
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }
}

// MARK: - Reading

extension JSONValue {
  /// The member `name` of an object, the last one where several have that name.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: [Member]? { if case .object(let value) = self { value } else { nil } }

  /// An integer, also where it is spelled `5.0` or `5e0`.
  public var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// Any number.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// What kind of value this is, for messages: "a string", "an object", …
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer: "an integer"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

// MARK: - Writing

extension JSONValue {
  /// One spelling per meaning: members sorted by name, no spaces, numbers in shortest round-trip form, integral numbers as integers.
  public var canonical: String {
    var text = ""
    write(to: &text, comma: ",", colon: ":", sorted: true)
    return text
  }

  /// The document on one line, members in their own order.
  public var compact: String {
    var text = ""
    write(to: &text, comma: ", ", colon: ": ", sorted: false)
    return text
  }

  private func write(to text: inout String, comma: String, colon: String, sorted: Bool) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += Self.spell(value)
    case .string(let value): text += Self.quote(value)
    case .array(let values):
      text += "["
      for (number, value) in values.enumerated() {
        if number > 0 { text += comma }
        value.write(to: &text, comma: comma, colon: colon, sorted: sorted)
      }
      text += "]"
    case .object(let members):
      text += "{"
      let members = sorted ? members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : members
      for (number, member) in members.enumerated() {
        if number > 0 { text += comma }
        text += Self.quote(member.name)
        text += colon
        member.value.write(to: &text, comma: comma, colon: colon, sorted: sorted)
      }
      text += "}"
    }
  }

  /// The document for people: members in their own order, two spaces a level, what fits on a line of 120 on one line.
  public var pretty: String { pretty(indent: 0) }

  private func pretty(indent: Int) -> String {
    let line = compact
    // Counting characters takes long, and bytes are never fewer.
    if line.utf8.count + indent <= 120 || (!line.utf8.allSatisfy { $0 < 128 } && line.count + indent <= 120) { return line }
    let inner = String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .array(let values):
      return "[\n" + values.map { inner + $0.pretty(indent: indent + 2) }.joined(separator: ",\n") + end + "]"
    case .object(let members):
      return "{\n" + members.map { inner + Self.quote($0.name) + ": " + $0.value.pretty(indent: indent + 2) }.joined(separator: ",\n")
        + end + "}"
    default:
      return line
    }
  }

  private static func spell(_ value: Double) -> String {
    precondition(value.isFinite, "JSON has no spelling for \(value)")
    if let integer = Int(exactly: value) { return String(integer) }
    return value.description
  }

  private static func quote(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else { return "\"\(text)\"" }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(elements.map { Member($0.0, $0.1) }) }
}

extension Int {
  /// The number without what is behind the point; the largest or least integer where it lies beyond, 0 where it is none.
  public init(saturating value: Double) {
    self = Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0)
  }
}
