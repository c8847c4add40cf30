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
    var text: [UInt8] = []
    write(to: &text, isCanonical: true)
    return String(decoding: text, as: UTF8.self)
  }

  /// The document on one line, members in their own order.
  public var compact: String {
    var text: [UInt8] = []
    write(to: &text, isCanonical: false)
    return String(decoding: text, as: UTF8.self)
  }

  /// The document for people: members in their own order, two spaces a level, what fits on a line of 120 on one line.
  public var pretty: String {
    var text: [UInt8] = []
    write(to: &text, indent: 0)
    return String(decoding: text, as: UTF8.self)
  }

  private func write(to text: inout [UInt8], isCanonical: Bool) {
    switch self {
    case .null: text += "null".utf8
    case .bool(let value): text += (value ? "true" : "false").utf8
    case .integer(let value): text += String(value).utf8
    case .number(let value): text += Self.spell(value).utf8
    case .string(let value): Self.quote(value, to: &text)
    case .array(let values):
      text.append(UInt8(ascii: "["))
      for (number, value) in values.enumerated() {
        if number > 0 { text += (isCanonical ? "," : ", ").utf8 }
        value.write(to: &text, isCanonical: isCanonical)
      }
      text.append(UInt8(ascii: "]"))
    case .object(let members):
      text.append(UInt8(ascii: "{"))
      let members = isCanonical ? members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) } : members
      for (number, member) in members.enumerated() {
        if number > 0 { text += (isCanonical ? "," : ", ").utf8 }
        Self.quote(member.name, to: &text)
        text += (isCanonical ? ":" : ": ").utf8
        member.value.write(to: &text, isCanonical: isCanonical)
      }
      text.append(UInt8(ascii: "}"))
    }
  }

  /// - Parameter indent: of the line that the value stands on.
  private func write(to text: inout [UInt8], indent: Int) {
    let start = text.count
    write(to: &text, isCanonical: false)
    if Self.fits(text[start...], indent: indent) { return }
    switch self {
    case .array(let values):
      text.removeSubrange(start...)
      Self.write(values, "[", "]", to: &text, indent: indent) { $0.write(to: &$1, indent: $2) }
    case .object(let members):
      text.removeSubrange(start...)
      Self.write(members, "{", "}", to: &text, indent: indent) { member, text, indent in
        Self.quote(member.name, to: &text)
        text += ": ".utf8
        member.value.write(to: &text, indent: indent)
      }
    default: break
    }
  }

  private static func write<Element>(
    _ elements: [Element], _ start: Unicode.Scalar, _ end: Unicode.Scalar, to text: inout [UInt8], indent: Int,
    _ body: (Element, inout [UInt8], Int) -> Void
  ) {
    text.append(UInt8(ascii: start))
    for (number, element) in elements.enumerated() {
      text += (number > 0 ? ",\n" : "\n").utf8
      text += repeatElement(32, count: indent + 2)
      body(element, &text, indent + 2)
    }
    text.append(10)
    text += repeatElement(32, count: indent)
    text.append(UInt8(ascii: end))
  }

  /// Counting characters takes long, and bytes are never fewer.
  private static func fits(_ line: ArraySlice<UInt8>, indent: Int) -> Bool {
    if line.count + indent <= 120 { return true }
    return !line.allSatisfy { $0 < 128 } && String(decoding: line, as: UTF8.self).count + indent <= 120
  }

  private static func spell(_ value: Double) -> String {
    precondition(value.isFinite, "JSON has no spelling for \(value)")
    if let integer = Int(exactly: value) { return String(integer) }
    return value.description
  }

  private static func quote(_ value: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    if value.utf8.contains(where: { $0 < 32 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
      for byte in value.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
        case 9: text += "\\t".utf8
        case 10: text += "\\n".utf8
        case 13: text += "\\r".utf8
        case 0..<32: text += "\\u00\(byte < 16 ? "0" : "1")\(String(byte % 16, radix: 16))".utf8
        default: text.append(byte)
        }
      }
    } else {
      text += value.utf8
    }
    text.append(UInt8(ascii: "\""))
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
