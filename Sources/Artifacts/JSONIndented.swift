extension JSONValue {
  /// The document with every value on a line of its own, members sorted, as Foundation's `JSONEncoder` writes it when it is to be
  /// pretty-printed with sorted keys. For documents of millions of values, which `pretty` measures again on every level.
  public var indented: [UInt8] {
    var text: [UInt8] = []
    write(to: &text, line: [10])
    return text
  }

  /// - Parameter line: what begins a line on this level: the line feed and the spaces.
  private func write(to text: inout [UInt8], line: [UInt8]) {
    switch self {
    case .integer(let value): Self.write(value, to: &text)
    case .number(let value):
      precondition(value.isFinite, "JSON has no spelling for \(value)")
      let spelling = value.description.utf8
      text += spelling.suffix(2).elementsEqual(".0".utf8) ? spelling.dropLast(2) : spelling[...]
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      Self.write(values, "[", "]", to: &text, line: line) { value, text, line in value.write(to: &text, line: line) }
    case .object(let members):
      let members = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
      Self.write(members, "{", "}", to: &text, line: line) { member, text, line in
        Self.write(member.name, to: &text)
        text += " : ".utf8
        member.value.write(to: &text, line: line)
      }
    case .null, .bool: text += canonical.utf8
    }
  }

  private static func write<Element>(
    _ elements: [Element], _ start: Unicode.Scalar, _ end: Unicode.Scalar, to text: inout [UInt8], line: [UInt8],
    _ body: (Element, inout [UInt8], [UInt8]) -> Void
  ) {
    text.append(UInt8(ascii: start))
    let inner = line + [32, 32]
    for (number, element) in elements.enumerated() {
      if number > 0 { text.append(UInt8(ascii: ",")) }
      text += inner
      body(element, &text, inner)
    }
    if elements.isEmpty { text.append(10) }
    text += line
    text.append(UInt8(ascii: end))
  }

  private static func write(_ value: Int, to text: inout [UInt8]) {
    if (0..<10).contains(value) { text.append(48 + UInt8(value)) } else { text += String(value).utf8 }
  }

  private static func write(_ value: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text += [UInt8(ascii: "\\"), byte]
      case 8: text += "\\b".utf8
      case 9: text += "\\t".utf8
      case 10: text += "\\n".utf8
      case 12: text += "\\f".utf8
      case 13: text += "\\r".utf8
      case 0..<32: text += "\\u00\(byte < 16 ? "0" : "1")\(String(byte % 16, radix: 16))".utf8
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}
