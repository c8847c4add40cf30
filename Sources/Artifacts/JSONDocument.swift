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
    var parser = JSONParser(text: self.text, file: file, keepsOffsets: true)
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
  /// Parses a JSON text, without remembering where its values stood.
  /// - Parameters:
  ///   - bytes: UTF-8, with or without its byte order mark.
  ///   - file: the name to put into messages.
  /// - Throws: `JSONError` at the first byte that is no JSON, or at a member name that stands twice in one object.
  public static func parse(_ bytes: [UInt8], file: String) throws(JSONError) -> JSONValue {
    var parser = JSONParser(text: try JSONEncoding.utf8(bytes, file: file), file: file, keepsOffsets: false)
    return try parser.document()
  }

  /// Parses a JSON text.
  public static func parse(_ text: String, file: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8), file: file) }

  /// Reads a file.
  /// - Throws: `FileError`, `JSONError`.
  public static func read(_ path: String) throws -> JSONValue { try parse(AtomicFile.read(path), file: path) }
}
