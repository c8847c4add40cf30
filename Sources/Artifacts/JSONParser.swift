/// A recursive-descent parser over UTF-8 bytes.
struct JSONParser {
  /// Deeper documents are refused: they would exhaust the stack.
  static let deepest = 200

  /// Objects of more members look their names up instead of comparing each with all before it.
  private static let fewMembers = 16

  private let text: [UInt8]
  private let file: String
  private let keepsOffsets: Bool
  private var at = 0
  private var depth = 0
  private var pointer = ""
  /// The byte at which every value starts, by JSON pointer; empty where they are not kept.
  private(set) var offsets: [String: Int] = [:]

  /// - Parameters:
  ///   - text: UTF-8 without a byte order mark.
  ///   - keepsOffsets: whether `offsets` are wanted, which take more time than all else.

  init(text: [UInt8], file: String, keepsOffsets: Bool) {
    self.text = text
    self.file = file
    self.keepsOffsets = keepsOffsets
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    if at < text.count { throw failure("the end of the document") }
    return value
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    if keepsOffsets { offsets[pointer] = at }
    depth += 1
    defer { depth -= 1 }
    if depth > Self.deepest { throw failure("at most \(Self.deepest) levels of nesting") }
    switch peek {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  /// A value of an object or array.
  /// - Parameter step: from the pointer of that to the value's.
  private mutating func value(_ step: () -> String) throws(JSONError) -> JSONValue {
    guard keepsOffsets else { return try value() }
    let outer = pointer
    pointer += step()
    defer { pointer = outer }
    return try value()
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    at += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if take("}") { return .object([]) }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw failure("a member name in double quotes") }
      let start = at
      let name = try string()
      if names.isEmpty, members.count == Self.fewMembers { names = Set(members.map(\.name)) }
      if names.isEmpty ? members.contains(where: { $0.name == name }) : !names.insert(name).inserted {
        at = start
        throw failure("a name that does not stand twice in one object")
      }
      skipSpace()
      guard take(":") else { throw failure("a colon after \"\(name)\"") }
      members.append(JSONValue.Member(name, try value { "/" + name.replacing("~", with: "~0").replacing("/", with: "~1") }))
      skipSpace()
      if take("}") { return .object(members) }
      guard take(",") else { throw failure("a comma or } after \"\(name)\"") }
    }
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    at += 1
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    while true {
      values.append(try value { "/\(values.count)" })
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw failure("a comma or ] in the array") }
    }
  }

  private mutating func string() throws(JSONError) -> String {
    at += 1
    /// What came before the last escape.
    var bytes: [UInt8] = []
    var start = at
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        // The whole text was found to be UTF-8, and escapes are characters.
        if bytes.isEmpty { return String(decoding: text[start..<at - 1], as: UTF8.self) }
        return String(decoding: bytes + text[start..<at - 1], as: UTF8.self)
      case UInt8(ascii: "\\"):
        bytes += text[start..<at]
        at += 1
        bytes += try escape()
        start = at
      case 0..<0x20: throw failure("\\n, \\t or \\u…. instead of a control character in a string")
      default: at += 1
      }
    }
    throw failure("a closing double quote")
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12,
      UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    ]
    if let byte = peek, let plain = simple[byte] {
      at += 1
      return [plain]
    }
    guard take("u") else { throw failure("an escape such as \\n or \\u00e9") }
    var code = UInt32(try fourDigits())
    if (0xD800..<0xDC00).contains(code) {
      guard take("\\"), take("u") else { throw failure("the second half of a surrogate pair") }
      let low = UInt32(try fourDigits())
      guard (0xDC00..<0xE000).contains(low) else { throw failure("the second half of a surrogate pair") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("a Unicode character") }
    return Array(String(scalar).utf8)
  }

  private mutating func fourDigits() throws(JSONError) -> UInt16 {
    guard at + 4 <= text.count, let code = UInt16(String(decoding: text[at..<at + 4], as: UTF8.self), radix: 16),
      text[at] != UInt8(ascii: "+")
    else { throw failure("four hexadecimal digits") }
    at += 4
    return code
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    let isNegative = take("-")
    guard let first = peek, (48...57).contains(first) else {
      at = start
      throw failure("a value")
    }
    if first == 48 { at += 1 } else { skipDigits() }
    var integral = true
    if take(".") {
      integral = false
      guard skipDigits() else { throw failure("a digit after the point") }
    }
    if take("e") || take("E") {
      integral = false
      if !take("+") { _ = take("-") }
      guard skipDigits() else { throw failure("a digit of the exponent") }
    }
    // As most integers are: of so few digits that they fit.
    if integral, at - start <= 18 {
      let digits = text[(isNegative ? start + 1 : start)..<at].reduce(0) { $0 * 10 + Int($1 - 48) }
      return .integer(isNegative ? -digits : digits)
    }
    let spelling = String(decoding: text[start..<at], as: UTF8.self)
    if integral, let value = Int(spelling) { return .integer(value) }
    guard let value = Double(spelling), value.isFinite else {
      at = start
      throw failure("a number of ordinary size")
    }
    return .number(value)
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard text[at...].starts(with: word.utf8) else { throw failure("a value") }
    at += word.utf8.count
    return value
  }

  private var peek: UInt8? { at < text.count ? text[at] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = peek, byte == UInt8(ascii: character) else { return false }
    at += 1
    return true
  }

  @discardableResult
  private mutating func skipDigits() -> Bool {
    let start = at
    while let byte = peek, (48...57).contains(byte) { at += 1 }
    return at > start
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 32 || byte == 10 || byte == 13 || byte == 9 { at += 1 }
  }

  private func failure(_ expected: String) -> JSONError {
    let found: String
    let expected = expected + habit
    if at >= text.count {
      found = "the end of the file"
    } else {
      let rest = String(decoding: text[at..<min(at + 16, text.count)], as: UTF8.self)
      found = "\"\(rest.prefix { !$0.isNewline }.prefix(12))\""
    }
    return JSONError(file: file, position: JSONPosition(of: min(at, text.count), in: text), expected: expected, found: found)
  }

  /// What JSON does not have, where other languages do.
  private var habit: String {
    let rest = text[at...]
    let words = ["NaN", "nan", "-NaN", "-nan", "Infinity", "-Infinity", "inf", "-inf"]
    if words.contains(where: { rest.starts(with: $0.utf8) }) { return " (JSON has neither NaN nor infinity)" }
    if ["//", "/*", "#"].contains(where: { rest.starts(with: $0.utf8) }) { return " (JSON has no comments)" }
    if ["True", "False", "None"].contains(where: { rest.starts(with: $0.utf8) }) { return " (JSON writes true, false and null)" }
    if peek == UInt8(ascii: "'") { return " (JSON has double quotes only)" }
    if peek == UInt8(ascii: "}") || peek == UInt8(ascii: "]"), text[..<at].last(where: { $0 > 32 }) == UInt8(ascii: ",") {
      return " (JSON has no comma before a closing bracket)"
    }
    return ""
  }
}
