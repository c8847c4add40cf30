/// Text as it must be written so that LaTeX sets it as it is, in text mode, with no package and in any 8-bit encoding of fonts.
enum LaTeXText {
  static func escaped(_ text: String) -> String {
    var result = ""
    var previous: Character?
    for character in OneLine.of(text) {
      // Two of them would become another character: a longer dash, a closing quote.
      if character == previous, "-',`".contains(character) { result += "{}" }
      result += replacements[character] ?? String(character)
      previous = character
    }
    return result
  }

  private static let replacements: [Character: String] = [
    "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
    // Active characters of some languages.
    "\"": "{\\char34}", "`": "{\\char96}",
    // After a line's end these would be read as its arguments.
    "[": "{[}", "]": "{]}", "*": "{*}",
    "±": "$\\pm$", "×": "$\\times$", "−": "$-$", "≤": "$\\leq$", "≥": "$\\geq$", "—": "---", "–": "--", "…": "\\ldots{}", "\u{a0}": "~",
  ]

  /// Whether a text has letters that only XeLaTeX and LuaLaTeX set, with a font that has them: neither Latin nor replaced above.
  static func needsUnicodeEngine(_ text: String) -> Bool {
    text.contains { character in
      replacements[character] == nil && character.unicodeScalars.contains { $0.value > 0x17f && !("‘"..."„").contains(Character($0)) }
    }
  }

  /// A name for `\label`: letters, digits and hyphens.
  static func key(_ text: String) -> String {
    String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
