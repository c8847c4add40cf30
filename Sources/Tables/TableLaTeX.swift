extension PaperTable {
  /// The table as LaTeX to `\input`: a float for each data set, then the notes, which may go on over pages. Needs the package booktabs, nothing
  /// else.
  public var latex: String {
    var text = "% \(LaTeXText.escaped(heading)), profile \(LaTeXText.escaped(profile)). Needs \\usepackage{booktabs}.\n"
    let words = [layout.title, layout.rowHeading] + layout.rows.map(\.label) + layout.columns.map(\.label) + notes + footnotes.map(\.text)
    if words.contains(where: LaTeXText.needsUnicodeEngine) {
      text += "% It has letters that only XeLaTeX or LuaLaTeX sets, with a font that has them.\n"
    }
    for column in layout.columns.indices { text += float(column) }
    text += "\\par{\\footnotesize\\raggedright\n  \\noindent\\textbf{Notes on \(LaTeXText.escaped(heading))}\\par\n"
    text += notes.map { "  \\noindent \(LaTeXText.escaped($0))\\par\n" }.joined()
    text += footnotes.map { "  \\noindent\\textsuperscript{\($0.letter)}~\(LaTeXText.escaped($0.text))\\par\n" }.joined()
    return text + "}\n"
  }

  private func float(_ column: Int) -> String {
    let (label, other) = (layout.columns[column].label, otherLabel(column))
    let section = section(column)
    let count = metrics.count
    let isPublished = layout.columns[column].published != nil
    let fields = isPublished ? 2 * count + 1 : count + 1
    let caption = layout.title + (layout.columns.count > 1 || label != publishedLabels[column] ? ": \(label)" : "")
    var text = "\\begin{table}\n  \\centering\\footnotesize\\setlength{\\tabcolsep}{2.2pt}\n"
    text += "  \\caption{\(LaTeXText.escaped(caption)).}\\label{tab:\(name)-\(LaTeXText.key(layout.columns[column].dataset))}\n"
    text += "  \\begin{tabular}{@{}l\(String(repeating: "r", count: fields))@{}}\n    \\toprule\n"
    text += "    & \\multicolumn{\(count + 1)}{c}{\(LaTeXText.escaped(label))}"
    if isPublished {
      text += " & \\multicolumn{\(count)}{c}{published" + (other.map { " (\(LaTeXText.escaped($0)))" } ?? "") + "} \\\\\n"
      text += "    \\cmidrule(lr){2-\(count + 2)} \\cmidrule(l){\(count + 3)-\(2 * count + 2)}\n"
    } else {
      text += " \\\\\n    \\cmidrule(l){2-\(count + 2)}\n"
    }
    text += Self.line([LaTeXText.escaped(layout.rowHeading)] + metrics + ["best"] + (isPublished ? metrics : [])) + "    \\midrule\n"
    text += section.body.map { row in
      Self.line(
        row.enumerated().map { place, entry in
          let mark = entry.footnote.map { "\\textsuperscript{\($0)}" } ?? ""
          return place == 0 ? Self.label(LaTeXText.escaped(entry.text) + mark, of: entry.text) : Self.number(entry.text) + mark
        })
    }.joined()
    return text + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n"
  }

  private static func line(_ fields: [String]) -> String { "    " + fields.joined(separator: " & ") + " \\\\\n" }

  /// Longer ones would leave too little room for the numbers; no longer word fits into a part of a line.
  private static let (longestLabel, longestWord) = (23, 16)

  /// - Parameter words: what `text` was before it was escaped.
  private static func label(_ text: String, of words: String) -> String {
    let isWrapped = words.count > longestLabel && words.split(separator: " ").allSatisfy { $0.count <= longestWord }
    return isWrapped ? "\\parbox[t]{9.5em}{\\raggedright\\strut \(text)\\strut}" : text
  }

  /// The spread after a mean in small type and an interval below them, so that three of them fit on an article's line.
  private static func number(_ text: String) -> String {
    guard text.contains(where: \.isNumber) else { return LaTeXText.escaped(text) }
    let parts = text.replacing("-", with: "$-$").split(separator: " (", maxSplits: 1)
    let mean = parts[0].split(separator: " ± ")
    let line = mean.count == 2 ? "\(mean[0]){\\tiny$\\pm$\(mean[1])}" : "\(parts[0])"
    return parts.count == 2 ? "\\begin{tabular}[t]{@{}r@{}}\(line)\\\\{\\tiny(\(parts[1])}\\end{tabular}" : line
  }
}
