/// Where a value stands in a JSON text: its pointer (RFC 6901), line and column (both from 1).
public struct JSONPosition: Hashable, Sendable {
  public let line: Int
  public let column: Int

  init(of offset: Int, in text: [UInt8]) {
    line = text[..<offset].count { $0 == 10 } + 1
    let lineStart = text[..<offset].lastIndex(of: 10).map { $0 + 1 } ?? 0
    column = text[lineStart..<offset].count { $0 & 0xC0 != 0x80 } + 1
  }
}

/// What is wrong with a JSON text.
public struct JSONError: ExplainedError {
  public let file: String
  public let position: JSONPosition
  public let expected: String
  public let found: String
  public var remedy = "mend the JSON there"

  public var problem: String { "\(file):\(position.line):\(position.column): expected \(expected), found \(found)" }
  public var kind: ErrorKind { .badInput }
}

/// A parsed JSON text that remembers where every value stood.
public struct JSONDocument: Sendable {
  public let file: String
  public let root: JSONValue
  /// The byte at which every value starts, by JSON pointer; the root is "".
  private let offsets: [String: Int]
  private let text: [UInt8]

  /// - Parameter file: the name to put into messages.
  /// - Throws: `JSONError` at the first byte that is no JSON, or at a member name that stands twice in one object.
  public init(parsing text: String, file: String) throws(JSONError) { try self.init(parsing: Array(text.utf8), file: file) }

  /// Reads a file.
  /// - Throws: `FileError`, `JSONError`.
  public init(contentsOf file: String) throws { try self.init(parsing: AtomicFile.read(file), file: file) }

  /// - Parameter bytes: UTF-8, with or without its byte order mark.
  public init(parsing bytes: [UInt8], file: String) throws(JSONError) {
    text = try JSONEncoding.utf8(bytes, file: file)
    var parser = JSONParser(text: self.text, file: file)
    root = try parser.document()
    offsets = parser.offsets
    self.file = file
  }

  /// The position of the value at `pointer`, nil where there is none.
  public func position(ofValueAt pointer: String) -> JSONPosition? { offsets[pointer].map { JSONPosition(of: $0, in: text) } }

  /// The position of the value at `pointer`, or of its nearest ancestor that exists.
  public func position(of pointer: String) -> JSONPosition {
    var pointer = Substring(pointer)
    while true {
      if let offset = offsets[String(pointer)] { return JSONPosition(of: offset, in: text) }
      guard let slash = pointer.lastIndex(of: "/") else { return JSONPosition(of: 0, in: text) }
      pointer = pointer[..<slash]
    }
  }
}

extension JSONValue {
  /// Parses a JSON text.
  public static func parse(_ text: String, file: String) throws(JSONError) -> JSONValue {
    try JSONDocument(parsing: text, file: file).root
  }
}

/// A recursive-descent parser over UTF-8 bytes.
private struct JSONParser {
  /// Deeper documents are refused: they would exhaust the stack.
  static let deepest = 200

  let text: [UInt8]
  let file: String
  var at = 0
  var depth = 0
  var pointer = ""
  var offsets: [String: Int] = [:]

  init(text: [UInt8], file: String) {
    self.text = text
    self.file = file
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    if at < text.count { throw failure("the end of the document") }
    return value
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    offsets[pointer] = at
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
      if !names.insert(name).inserted {
        at = start
        throw failure("a name that does not stand twice in one object")
      }
      skipSpace()
      guard take(":") else { throw failure("a colon after \"\(name)\"") }
      let outer = pointer
      pointer += "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
      members.append(JSONValue.Member(name, try value()))
      pointer = outer
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
      let outer = pointer
      pointer += "/\(values.count)"
      values.append(try value())
      pointer = outer
      skipSpace()
      if take("]") { return .array(values) }
      guard take(",") else { throw failure("a comma or ] in the array") }
    }
  }

  private mutating func string() throws(JSONError) -> String {
    at += 1
    var bytes: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        guard let string = String(validating: bytes, as: UTF8.self) else { throw failure("UTF-8 text") }
        return string
      case UInt8(ascii: "\\"):
        at += 1
        bytes += try escape()
      case 0..<0x20: throw failure("\\n, \\t or \\u…. instead of a control character in a string")
      default:
        bytes.append(byte)
        at += 1
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
    _ = take("-")
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
