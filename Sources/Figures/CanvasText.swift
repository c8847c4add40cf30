import CCairo

/// Text: one line of it, as wide as it is or made to fit.
extension Canvas {
  enum Alignment { case left, centre, right }

  /// Text whose baseline starts, is centred or ends at (x, y).
  /// - Parameter turn: degrees, clockwise around (x, y).
  func text(
    _ text: String, _ x: Double, _ y: Double, size: Double, bold: Bool = false, colour: Colour = .ink, align: Alignment = .left,
    turn: Double = 0
  ) {
    let shift =
      switch align {
      case .left: 0.0
      case .centre: textWidth(text, size: size, bold: bold) / 2
      case .right: textWidth(text, size: size, bold: bold)
      }
    setFont(size, bold)
    use(colour)
    cairo_save(context)
    cairo_translate(context, x, y)
    cairo_rotate(context, turn * Double.pi / 180)
    cairo_move_to(context, -shift, 0)
    cairo_show_text(context, typeface(bold).settable(text))
    cairo_restore(context)
    // The text's end would be where the next shape's outline begins: a hair in PDF.
    cairo_new_path(context)
  }

  package func textWidth(_ text: String, size: Double, bold: Bool = false) -> Double {
    setFont(size, bold)
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, typeface(bold).settable(text), &extents)
    return extents.x_advance
  }

  /// The text where it is no wider than `width`, else as much of its beginning as fits before an ellipsis.
  func shortened(_ text: String, size: Double, bold: Bool = false, width: Double) -> String {
    guard textWidth(text, size: size, bold: bold) > width else { return text }
    let characters = Array(text)
    // The longest beginning that fits, by bisection: a text grows with every character.
    var (fits, tooLong) = (0, characters.count)
    while fits + 1 < tooLong {
      let middle = (fits + tooLong) / 2
      if textWidth(String(characters.prefix(middle)) + "…", size: size, bold: bold) <= width { fits = middle } else { tooLong = middle }
    }
    return String(characters.prefix(fits)).trimmingSuffix { $0 == " " } + "…"
  }

  /// Text in lines no wider than `width`, cut between words, and within words that are wider.
  func broken(_ text: String, size: Double, bold: Bool = false, width: Double) -> [String] {
    func fits(_ line: String) -> Bool { textWidth(line, size: size, bold: bold) <= width }
    var lines: [String] = []
    for word in typeface(bold).settable(text).split(separator: " ") {
      if let last = lines.last, fits(last + " " + word) {
        lines[lines.count - 1] = last + " " + word
        continue
      }
      lines.append("")
      for character in word {
        if !lines[lines.count - 1].isEmpty, !fits(lines[lines.count - 1] + String(character)) { lines.append("") }
        lines[lines.count - 1].append(character)
      }
    }
    return lines
  }

  private func setFont(_ size: Double, _ bold: Bool) {
    cairo_set_font_face(context, typeface(bold).face)
    cairo_set_font_size(context, size)
  }

  private func typeface(_ bold: Bool) -> Typeface { bold ? self.bold : regular }
}

extension String {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> String {
    String(self[..<(lastIndex { !isTrimmed($0) }.map(index(after:)) ?? startIndex)])
  }
}
