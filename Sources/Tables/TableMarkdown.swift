extension PaperTable {
  /// The table as GitHub-flavoured Markdown, a section for each data set, columns aligned in the plain text too.
  public var markdown: String {
    var text = "# \(MarkdownText.inline(heading))\n\nProfile: \(MarkdownText.inline(profile))\n"
    for column in layout.columns.indices {
      let section = section(column)
      text +=
        "\n## \(MarkdownText.inline(layout.columns[column].label))\n\n"
        + Self.aligned(
          section.header.map(MarkdownText.inline),
          section.body.map { $0.map { MarkdownText.inline($0.text) + ($0.footnote.map { " [\($0)]" } ?? "") } })
    }
    text += "\n" + notes.map { "- \(MarkdownText.line($0))\n" }.joined()
    return text + (footnotes.isEmpty ? "" : "\n") + footnotes.map { "- [\($0.letter)] \(MarkdownText.inline($0.text))\n" }.joined()
  }

  private static func aligned(_ header: [String], _ body: [[String]]) -> String {
    let widths = header.indices.map { column in max(4, ([header] + body).map { $0[column].count }.max() ?? 0) }
    func line(_ fields: [String]) -> String {
      let padded = fields.indices.map { column in
        let blanks = String(repeating: " ", count: widths[column] - fields[column].count)
        return column == 0 ? fields[column] + blanks : blanks + fields[column]
      }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }
    let rule = widths.enumerated().map { $0 == 0 ? String(repeating: "-", count: $1) : String(repeating: "-", count: $1 - 1) + ":" }
    return line(header) + line(rule) + body.map(line).joined()
  }
}
