extension PaperTable {
  /// The table as LaTeX to `\input`: a float for each data set, notes under the last. Needs the package booktabs, nothing else.
  public var latex: String {
    var text = "% \(Self.escaped(heading)), profile \(Self.escaped(profile)). Needs \\usepackage{booktabs}.\n"
    for column in layout.columns.indices { text += float(column) }
    return text
  }

  private func float(_ column: Int) -> String {
    let (label, other) = (layout.columns[column].label, otherLabel(column))
    let section = section(column)
    let count = metrics.count
    let caption = layout.title + (layout.columns.count > 1 || label != publishedLabels[column] ? ": \(label)" : "")
    var text = "\\begin{table}\n  \\centering\\footnotesize\\setlength{\\tabcolsep}{2.5pt}\n"
    text += "  \\caption{\(Self.escaped(caption)).}\\label{tab:\(name)-\(layout.columns[column].dataset)}\n"
    text += "  \\begin{tabular}{@{}l\(String(repeating: "r", count: 2 * count + 1))@{}}\n    \\toprule\n"
    text += "    & \\multicolumn{\(count + 1)}{c}{\(Self.escaped(label))} & \\multicolumn{\(count)}{c}{published"
    text += (other.map { " (\(Self.escaped($0)))" } ?? "") + "} \\\\\n"
    text += "    \\cmidrule(lr){2-\(count + 2)} \\cmidrule(l){\(count + 3)-\(2 * count + 2)}\n"
    text += Self.line([Self.escaped(layout.rowHeading)] + metrics + ["best"] + metrics) + "    \\midrule\n"
    text += section.body.map { row in
      Self.line(row.map { Self.spreadSmall(Self.escaped($0.text)) + ($0.footnote.map { "\\textsuperscript{\($0)}" } ?? "") })
    }.joined()
    text += "    \\bottomrule\n  \\end{tabular}\n"
    if column == layout.columns.count - 1 {
      text += "  \\par\\medskip\n  \\begin{minipage}{\\linewidth}\\raggedright\n"
      text += notes.map { "    \(Self.escaped($0))\\par\n" }.joined()
      text += footnotes.map { "    \\textsuperscript{\($0.letter)}~\(Self.escaped($0.text))\\par\n" }.joined()
      text += "  \\end{minipage}\n"
    }
    return text + "\\end{table}\n"
  }

  private static func line(_ fields: [String]) -> String { "    " + fields.joined(separator: " & ") + " \\\\\n" }

  /// The spread after a mean in small type, so that three of them fit on an article's line.
  private static func spreadSmall(_ text: String) -> String {
    let parts = text.split(separator: " $\\pm$ ")
    return parts.count == 2 ? "\(parts[0]){\\tiny$\\pm$\(parts[1])}" : text
  }

  /// Text with LaTeX's special characters and the ones this table uses outside ASCII made harmless.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(character)"
      case "\\": result += "\\textbackslash{}"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "±": result += "$\\pm$"
      case "—": result += "---"
      default: result.append(character)
      }
    }
    return result
  }
}
