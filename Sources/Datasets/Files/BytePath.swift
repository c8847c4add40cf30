/// A path as the system has it: bytes, which need not be UTF-8.
struct BytePath: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }
  init(_ text: String) { bytes = Array(text.utf8) }

  func appending(_ name: [UInt8]) -> BytePath { BytePath(bytes + [UInt8(ascii: "/")] + name) }

  /// The path as text, nil where it is none.
  var utf8: String? { String(validating: bytes, as: UTF8.self) }

  /// The path for people, and for files that hold text: see `rendered`.
  var text: String { Self.rendered(bytes) }

  /// Bytes as text, different for different bytes: what is no UTF-8, control characters and backslashes become `\xHH`, as in `caf\xe9.png`.
  static func rendered(_ bytes: [UInt8]) -> String {
    var text = ""
    var (iterator, at) = (bytes.makeIterator(), 0)
    var parser = Unicode.UTF8.ForwardParser()
    func escape(_ count: Int) {
      for byte in bytes[at..<at + count] { text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }
      at += count
    }
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .emptyInput: return text
      case .error(let length): escape(length)
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        if scalar.properties.generalCategory == .control || scalar == "\\" {
          escape(encoded.count)
        } else {
          text.unicodeScalars.append(scalar)
          at += encoded.count
        }
      }
    }
  }

  func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    try (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { try body($0.baseAddress.unsafelyUnwrapped) }
  }
}
