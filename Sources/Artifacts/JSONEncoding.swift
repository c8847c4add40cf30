/// The bytes of a JSON file, which must be UTF-8 (RFC 8259, section 8.1); a byte order mark is passed over.
enum JSONEncoding {
  private static let remedy = "save the file as UTF-8"

  /// - Throws: `JSONError` where the bytes are in another encoding, with its name where it shows.
  static func utf8(_ bytes: [UInt8], file: String) throws(JSONError) -> [UInt8] {
    func refuse(_ found: String, at offset: Int = 0, _ expected: String = "UTF-8 text", _ remedy: String = remedy) -> JSONError {
      JSONError(file: file, position: JSONPosition(of: offset, in: bytes), expected: expected, found: found, remedy: remedy)
    }
    if let other = otherEncoding(bytes) { throw refuse(other) }
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    if text.allSatisfy({ $0 == 32 || $0 == 10 || $0 == 13 || $0 == 9 }) {
      throw refuse("an empty file", "a JSON value", "write the JSON into it, or name another file")
    }
    if String(validating: text, as: UTF8.self) == nil {
      let offset = validPrefix(text)
      let hex = String(text[offset], radix: 16, uppercase: true)
      throw refuse("the byte 0x\(hex.count < 2 ? "0" : "")\(hex), which is none", at: offset + bytes.count - text.count)
    }
    return text
  }

  /// UTF-16 and UTF-32 by their byte order marks, or by the zeros beside the first character, which is ASCII in every JSON text; and
  /// compressed files, which are given by mistake.
  private static func otherEncoding(_ bytes: [UInt8]) -> String? {
    let start = Array(bytes.prefix(4))
    if start.starts(with: [0xFF, 0xFE, 0, 0]) || start.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32 text" }
    if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return "UTF-16 text" }
    if start.starts(with: [0x1F, 0x8B]) { return "a gzip file" }
    guard start.count >= 2 else { return nil }
    let zeros = start.map { $0 == 0 }
    if start.count == 4, zeros == [false, true, true, true] || zeros == [true, true, true, false] { return "UTF-32 text" }
    if zeros[0] != zeros[1] { return "UTF-16 text" }
    return nil
  }

  /// How many bytes are UTF-8 before the first that are not.
  private static func validPrefix(_ bytes: [UInt8]) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
    return min(offset, bytes.count - 1)
  }
}
