/// Text as it must be written so that Markdown (GitHub's, with tables) shows it as it is.
enum MarkdownText {
  /// For a table's cell, a heading or a line that begins with other words: one line, nothing in it is markup.
  static func inline(_ text: String) -> String {
    var result = ""
    for character in OneLine.of(text) {
      switch character {
      case "\\", "`", "*", "_", "[", "]", "|", "~", "#", "$": result += "\\\(character)"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      default: result.append(character)
      }
    }
    return result
  }

  /// For the beginning of a line or of a list's item, where also a dash or a number with a point is markup.
  static func line(_ text: String) -> String {
    let result = inline(text)
    guard let first = result.first else { return result }
    if "-+=".contains(first) { return "\\" + result }
    let digits = result.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let next = result.dropFirst(digits.count).first, ".)".contains(next) else { return result }
    return "\(digits)\\\(result.dropFirst(digits.count))"
  }
}

/// Text on one line.
enum OneLine {
  /// The words of a text with one blank between them: line breaks, tabs and other control characters are blanks too.
  static func of(_ text: String) -> String {
    let blanks: [Unicode.GeneralCategory] = [.control, .lineSeparator, .paragraphSeparator]
    var line = ""
    for scalar in text.unicodeScalars { line.unicodeScalars.append(blanks.contains(scalar.properties.generalCategory) ? " " : scalar) }
    return line.split(separator: " ").joined(separator: " ")
  }
}
