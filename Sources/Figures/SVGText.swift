import Artifacts
import Foundation

extension Canvas {
  /// The sheet as SVG that any page may take in: without `style` attributes, which a content security policy forbids, with a title and with
  /// hints.
  /// - Parameter text: what it shows.
  /// - Throws: `FigureError`
  func svg(saying text: String) throws(FigureError) -> String {
    var document = SVGText.withOwnNames(SVGText.withoutStyles(String(decoding: try bytes(), as: UTF8.self)))
    if let root = document.range(of: "<svg"), let end = document[root.upperBound...].firstIndex(of: ">") {
      document.insert(contentsOf: "\n<title>\(MarkupText.escaped(text))</title>", at: document.index(after: end))
      document.insert(contentsOf: " role=\"img\"", at: root.upperBound)
    }
    guard !hints.isEmpty, let end = document.range(of: "</svg>", options: .backwards) else { return document }
    let areas = hints.map { hint in
      "<rect x=\"\(SVGText.number(hint.x))\" y=\"\(SVGText.number(hint.y))\" width=\"\(SVGText.number(hint.width))\""
        + " height=\"\(SVGText.number(hint.height))\"><title>\(MarkupText.escaped(hint.text))</title></rect>\n"
    }
    document.insert(contentsOf: "<g fill=\"none\" pointer-events=\"all\">\n\(areas.joined())</g>\n", at: end.lowerBound)
    return document
  }
}

package enum SVGText {
  /// One digit behind the point.
  static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

  /// Names of elements that depend on nothing but the figure, and that no other figure of a page has: cairo counts the surfaces of the process, and
  /// begins with `clip1` in every document.
  package static func withOwnNames(_ document: String) -> String {
    let text = Array(document.utf8)
    let (mark, quote, bracket, hash) = (Array(" id=\"".utf8), UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: "#"))
    func name(from start: Int) -> [UInt8] { Array(text[start...].prefix { $0 != quote && $0 != UInt8(ascii: ")") }) }
    func isMark(_ place: Int) -> Bool { text[place] == mark[0] && text[place...].starts(with: mark) }
    var numbers: [[UInt8]: Int] = [:]
    for place in text.indices where isMark(place) {
      let name = name(from: place + mark.count)
      if numbers[name] == nil { numbers[name] = numbers.count }
    }
    func renamed(_ prefix: String) -> [UInt8] {
      var result: [UInt8] = []
      result.reserveCapacity(text.count + text.count / 8)
      var place = 0
      while place < text.count {
        let start =
          isMark(place) ? place + mark.count : text[place] == hash && [quote, bracket].contains(text[max(0, place - 1)]) ? place + 1 : nil
        guard let start, let number = numbers[name(from: start)] else {
          result.append(text[place])
          place += 1
          continue
        }
        result += text[place..<start] + Array("\(prefix)\(number)".utf8)
        place = start + name(from: start).count
      }
      return result
    }
    return String(decoding: renamed("f\(ContentDigest.of(renamed("")).hex.prefix(8))-"), as: UTF8.self)
  }

  /// Every `style="a:b;c:d;"` as the attributes `a="b" c="d"`, which mean the same, and colours as six digits.
  static func withoutStyles(_ document: String) -> String {
    var result = ""
    result.reserveCapacity(document.utf8.count)
    var rest = Substring(document)
    while let style = rest.range(of: "style=\"") {
      result += rest[..<style.lowerBound]
      rest = rest[style.upperBound...]
      guard let end = rest.firstIndex(of: "\"") else { break }
      result += rest[..<end].split(separator: ";").compactMap { declaration -> String? in
        let parts = declaration.split(separator: ":", maxSplits: 1).map { $0.trimmingPrefix(" ") }
        return parts.count == 2 ? "\(parts[0])=\"\(parts[1])\"" : nil
      }.joined(separator: " ")
      rest = rest[rest.index(after: end)...]
    }
    return hexadecimalColours(result + rest)
  }

  private static func hexadecimalColours(_ document: String) -> String {
    var result = ""
    result.reserveCapacity(document.utf8.count)
    var rest = Substring(document)
    while let start = rest.range(of: "rgb(") {
      result += rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: ")") else { break }
      let parts = rest[..<end].split(separator: ",").compactMap { part -> Int? in
        guard part.hasSuffix("%") else { return Int(part.trimmingPrefix(" ")) }
        return Double(part.dropLast().trimmingPrefix(" ")).map { Int(($0 * 2.55).rounded()) }
      }
      result += "#" + parts.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
