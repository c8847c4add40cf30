/// Names of classes, clusters or series as a figure can show them: each can be told from all others, whatever characters it is made of and
/// however little room it has.
public struct DisplayNames: Sendable {
  /// Names on one line, in characters that can be set; a name of which nothing would remain is its kind and number.
  package let texts: [String]
  /// By which names that look alike are told apart; nil for an entry that is none of them.
  private let numbers: [Int?]
  /// What a reader of the figure must know of names that cannot be shown as they are; empty where all can.
  public let warnings: [String]

  /// - Parameter kind: what is named, such as "class".
  /// - Throws: `FigureError`
  public init(_ names: [String], kind: String) throws(FigureError) {
    let typefaces = (try Typeface.regular.get(), try Typeface.bold.get())
    var (texts, altered): ([String], [String]) = ([], [])
    for (number, name) in names.enumerated() {
      // A character must be in both: names stand in regular and in bold.
      let text = typefaces.1.settable(typefaces.0.settable(name)).split(separator: " ").joined(separator: " ")
      let says = text.contains { $0 != " " && $0 != Typeface.substitute }
      if text.contains(Typeface.substitute), !name.contains(Typeface.substitute) { altered.append("\(number) (\(name))") }
      texts.append(says ? text : "\(kind) \(number)")
    }
    self.texts = texts
    numbers = Array(names.indices)
    warnings =
      altered.isEmpty
      ? []
      : [
        "DejaVu Sans, in which figures are set, lacks characters of \(kind) \(altered.joined(separator: ", ")): they are drawn as "
          + "\(Typeface.substitute), and a name of nothing else as \"\(kind) \" and its number"
      ]
  }

  private init(texts: [String], numbers: [Int?]) {
    self.texts = texts
    self.numbers = numbers
    warnings = []
  }

  /// Some of the names with the numbers they have, then other words.
  func choosing(_ places: [Int], then words: [String]) -> DisplayNames {
    DisplayNames(texts: places.map { texts[$0] } + words, numbers: places.map { numbers[$0] } + words.map { _ in nil })
  }

  /// Each name no wider than `width`, cut with an ellipsis where it is; names that would then look alike begin with their number.
  package func fitted(_ canvas: Canvas, size: Double, bold: Bool = false, width: Double) -> [String] {
    func fit(_ text: String) -> String { canvas.shortened(text, size: size, bold: bold, width: width) }
    let short = texts.map(fit)
    let uses = Dictionary(grouping: short) { $0 }.mapValues(\.count)
    return short.indices.map { place in
      guard uses[short[place]] != 1, let number = numbers[place] else { return short[place] }
      return fit("\(number): \(texts[place])")
    }
  }
}
