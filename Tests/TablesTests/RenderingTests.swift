import Artifacts
import Tables
import Testing

@Suite("Renderings of a table")
struct RenderingTests {
  @Test("Markdown is aligned in plain text")
  func markdown() throws {
    let lines = try Fixtures.table4().markdown.split(separator: "\n").map(String.init)
    let table = lines.filter { $0.hasPrefix("|") }
    #expect(lines[0] == "# Table 4. Effect of over-clustering")
    #expect(
      table == [
        "| Heads                   |           ACC |           NMI |           ARI | best ACC | published ACC (CIFAR-10) | published NMI (CIFAR-10) | published ARI (CIFAR-10) |",
        "| ----------------------- | ------------: | ------------: | ------------: | -------: | -----------------------: | -----------------------: | -----------------------: |",
        "| Without over-clustering |             — |             — |             — |        — |                    0.654 |                    0.553 |                    0.471 |",
        "| CCR                     | 0.600 ± 0.100 | 0.500 ± 0.100 | 0.300 ± 0.100 |    0.720 |                    0.716 |                    0.613 |                    0.538 |",
      ])
  }

  @Test("LaTeX: rows of equal width, special characters escaped, a float for each data set")
  func latex() throws {
    let text = try Fixtures.table4().latex
    #expect(
      text.contains(
        "    CCR & 0.600{\\tiny$\\pm$0.100} & 0.500{\\tiny$\\pm$0.100} & 0.300{\\tiny$\\pm$0.100} & 0.720 & 0.716 & 0.613 & 0.538 \\\\\n"
      ))
    #expect(text.contains("    Without over-clustering & --- & --- & --- & --- & 0.654 & 0.553 & 0.471 \\\\\n"), "\(text)")
    #expect(text.contains("\\begin{tabular}{@{}lrrrrrrr@{}}"))
    let escaped = try PaperTable(
      name: "table4", profile: "a_b",
      layout: Fixtures.layout(
        [
          ["label": "50 % & #1_x {y} \\z ~ ^", "method": .null, "published": "without-oc"],
          ["label": "CCR", "method": .null, "published": "ccr"],
        ],
        columns: [Fixtures.fashion, ["dataset": "cifar-10", "label": "CIFAR-10", "published": "cifar-10"]]),
      published: Fixtures.published(), runs: []
    ).latex
    #expect(escaped.contains("50 \\% \\& \\#1\\_x \\{y\\} \\textbackslash{}z \\textasciitilde{} \\textasciicircum{} & ---"))
    #expect(escaped.split(separator: "\n").filter { $0 == "\\begin{table}" }.count == 2)
    #expect(escaped.split(separator: "\n").filter { $0 == "\\end{table}" }.count == 2)
    // Notes are long: in a float they would run off the page.
    let notes = try #require(text.split(separator: "\\end{table}\n").last)
    let heading = "\\par{\\footnotesize\\raggedright\n  \\noindent\\textbf{Notes on Table 4. Effect of over-clustering}\\par\n"
    #expect(notes.hasPrefix(heading) && notes.hasSuffix("\\par\n}\n"), "\(notes)")
  }

  @Test("LaTeX: an interval stands below its mean; a minus is one")
  func latexIntervals() throws {
    let text = try PaperTable(
      name: "table4", profile: "quick", layout: Fixtures.layout(Fixtures.overClustering), published: Fixtures.published(),
      runs: (0..<5).map { Fixtures.run("ccr", $0, Fixtures.scores(0.24 + 0.01 * Double($0))) }
    ).latex
    #expect(text.contains("& \\begin{tabular}[t]{@{}r@{}}0.260{\\tiny$\\pm$0.016}\\\\{\\tiny(0.240, 0.280)}\\end{tabular} & "), "\(text)")
    #expect(text.contains("}}$-$0.040{\\tiny$\\pm$0.016}\\\\{\\tiny($-$0.060, $-$0.020)}\\end{tabular} & 0.280 & "), "\(text)")
  }

  /// Labels, notes and captions that are full of markup.
  private func hostile(_ label: String) throws -> PaperTable {
    let column: JSONValue = ["dataset": "a_b%#", "label": .string(label), "published": "cifar-10"]
    let layout = try TableLayout([
      "title": .string(label), "rowHeading": .string(label),
      "rows": [["label": .string(label), "method": "ccr-nooc", "published": "without-oc"], ["label": "CCR", "published": "ccr"]],
      "columns": [column], "network": ["widths": [16], "blocks": [1]], "remarks": [.string(label)],
    ])
    return try PaperTable(
      name: "table4", profile: "quick", layout: layout, published: Fixtures.published(),
      runs: [Fixtures.run("ccr-nooc", 0, Fixtures.scores(0.5), dataset: "a_b%#")])
  }

  static let hostileLabels = [
    "K_means | 50% & <b>x</b>", "a\nb\r\nc\td\u{2028}e\u{0}f", "- list", "+ list", "1. list", "12) list", "# heading", "> quote",
    "=== rule",
    "***", "```code```", "[a](http://x) ![i](y)", "&amp; &#65;", "\\ \\| \\\\", "$x^2$ ~~y~~", "{a} \\section{b}", "[x] task",
    "   lead and trail  ", "",
    "a -- b --- c", "\"a\" ''b'' ,,c,, ``d``", "*", "_a_ __b__", "日本語 🐱 שלום", "100 ± 3", "% comment", "\\end{table}", "|",
  ]

  @Test("Markdown: a table stays a table whatever its words", arguments: hostileLabels)
  func hostileMarkdown(label: String) throws {
    let lines = try hostile(label).markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // Bars that are not escaped divide the cells: eight of them in every line of the table.
    let table = lines.filter { $0.hasPrefix("| ") }
    #expect(table.count == 4)
    for line in table {
      let bars = line.indices.filter { line[$0] == "|" && ($0 == line.startIndex || line[line.index(before: $0)] != "\\") }
      #expect(bars.count == 9, "\(line)")
    }
    #expect(lines.filter { $0.hasPrefix("#") }.count == 2)
    let text = lines.joined(separator: "\n")
    #expect(!text.contains("<") && !text.contains(">"))
    #expect(!text.replacing("&lt;", with: "").replacing("&gt;", with: "").replacing("&amp;", with: "").contains("&"))
    for line in lines where line.hasPrefix("- ") {
      let note = line.dropFirst(2)
      #expect(!["-", "+", "*", "#", ">", "=", "`", "|"].contains { note.hasPrefix($0) }, "\(line)")
      #expect(note.prefixMatch(of: /[0-9]+[.)]/) == nil, "\(line)")
    }
    #expect(lines.allSatisfy { $0.isEmpty || "#|-P".contains($0.prefix(1)) })
  }

  @Test("Markdown: what is written is what was meant")
  func markdownText() throws {
    let text = try hostile("K_means | 50% & <b>x</b>").markdown
    #expect(text.contains("| K\\_means \\| 50% &amp; &lt;b&gt;x&lt;/b&gt; |"))
    #expect(try hostile("12) list").markdown.contains("- 12\\) list\n"))
    #expect(try hostile("- list").markdown.contains("- \\- list\n"))
    #expect(try hostile("a\n\tb").markdown.contains("## a b\n"))
    // The words of the tables that the paper has need no escapes.
    #expect(try !Fixtures.table4().markdown.contains("\\"))
  }

  @Test("LaTeX: braces balance, lines end, nothing is a command", arguments: hostileLabels)
  func hostileLaTeX(label: String) throws {
    let text = try hostile(label).latex
    var (depth, previous): (Int, Character) = (0, " ")
    for character in text {
      if previous != "\\" {
        if character == "{" { depth += 1 }
        if character == "}" { depth -= 1 }
      }
      #expect(depth >= 0)
      previous = previous == "\\" && character == "\\" ? " " : character
    }
    #expect(depth == 0)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter { $0.hasSuffix(" \\\\") }.count == 4)
    #expect(lines.filter { $0.contains("\\end{table}") }.count == 1 && !text.contains("\\section"))
    #expect(lines.filter { $0.hasPrefix("%") }.count <= 2)
    for character: Character in ["<", ">", "|", "\"", "`", "±", "\t", "\r", "\0"] { #expect(!text.contains(character)) }
    // The row's first cell is set as a name, not as a mean and its spread.
    #expect(!lines.contains { $0.hasPrefix("    100{\\tiny") })
    #expect(text.contains("\\label{tab:table4-a-b--}"))
  }

  @Test("LaTeX: what is written is what was meant")
  func latexText() throws {
    let text = try hostile("K_means | 50% & <b> [1] \"x\" -- *").latex
    #expect(text.contains("K\\_means \\textbar{} 50\\% \\& \\textless{}b\\textgreater{} {[}1{]} {\\char34}x{\\char34} -{}- {*}"))
    #expect(!text.contains("XeLaTeX"))
    #expect(try hostile("日本語").latex.contains("% It has letters that only XeLaTeX or LuaLaTeX sets"))
    #expect(try !hostile("Köln, naïve — 5 × 3 … ‘q’").latex.contains("XeLaTeX"))
  }

  @Test("CSV reads back whatever the words", arguments: hostileLabels)
  func hostileCSV(label: String) throws {
    let records = try records(hostile(label).csv)
    #expect(records.count == 7 && records.allSatisfy { $0.count == 16 })
    #expect(records[1][2] == label && records[1][3] == "a_b%#")
  }

  /// Reads RFC 4180 back.
  private func records(_ csv: String) -> [[String]] {
    var (records, fields, field, quoted): ([[String]], [String], String, Bool) = ([], [], "", false)
    var scalars = Array(csv.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      switch (scalar, quoted) {
      case ("\"", true) where scalars.first == "\"":
        field.unicodeScalars.append("\"")
        scalars.removeFirst()
      case ("\"", _): quoted.toggle()
      case (",", false):
        fields.append(field)
        field = ""
      case ("\r", false) where scalars.first == "\n":
        scalars.removeFirst()
        records.append(fields + [field])
        (fields, field) = ([], "")
      default: field.unicodeScalars.append(scalar)
      }
    }
    return records
  }

  @Test("CSV reads back, quotes and commas included")
  func csv() throws {
    let table = try PaperTable(
      name: "table4", profile: "quick",
      layout: Fixtures.layout([
        ["label": "no \"over\", none\r\nat all", "method": "ccr-nooc", "published": "without-oc"],
        ["label": "CCR", "method": "ccr", "published": "ccr"],
      ]), published: Fixtures.published(), runs: [Fixtures.run("ccr", 3, Fixtures.scores(0.625))])
    let records = records(table.csv)
    #expect(records.count == 7)
    #expect(records.allSatisfy { $0.count == 16 })
    #expect(records[0].prefix(6) == ["table", "profile", "row", "dataset", "metric", "mean"])
    #expect(records[1][2] == "no \"over\", none\r\nat all")
    #expect(
      records[4] == [
        "table4", "quick", "CCR", "fashion-mnist", "ACC", "0.625", "", "0.625", "3", "0.716", "cifar-10", "", "0.625", "", "", "",
      ])
  }

  @Test("JSON: every cell names its sources, in the members the other tools read")
  func json() throws {
    let json = try JSONValue.parse(try Fixtures.table4().json.pretty, file: "table4.json")
    #expect(json["table"]?.string == "table4" && json["profile"]?.string == "quick")
    let cells = try #require(json["cells"]?.array)
    #expect(cells.count == 6)
    #expect(cells[0]["mean"] == .null && cells[0]["std"] == .null && cells[0]["sources"] == .array([]))
    #expect(
      cells[3]["sources"]?.array?.first == [
        "instance": "evaluate[dataset=fashion-mnist,method=ccr,seed=0]", "action": "a0", "output": "o0",
      ])
    // Remarks on rows as a whole.
    let rows = try Fixtures.published().rows(of: "table1").map {
      ["label": .string($0.name), "method": .null, "published": .string($0.key)] as JSONValue
    }
    let first = try PaperTable(name: "table1", profile: "quick", layout: Fixtures.layout(rows), published: Fixtures.published(), runs: [])
    #expect(first.json["rowFootnotes"]?["JULE"]?.string == "b" && first.json["rowFootnotes"]?["SC"] == nil)
    for cell in cells {
      let members = Set((cell.object ?? []).map(\.name))
      #expect(members.isSuperset(of: ["row", "dataset", "metric", "mean", "std", "seeds", "published", "sources"]))
    }
  }

  @Test(
    "numbers have three digits and no negative zero; what is no score stands as it is",
    arguments: [
      (0.7165, "0.717"), (0.1, "0.100"), (1, "1.000"), (-0.0004, "0.000"), (-0.0126, "-0.013"), (0.9996, "1.000"), (.nan, "nan"),
      (-.infinity, "-inf"), (1e300, "1e+300"),
    ])
  func numbers(value: Double, text: String) { #expect(fixed(value) == text) }

  @Test("thousands", arguments: [(0, "0"), (999, "999"), (2500, "2,500"), (1_000_000, "1,000,000"), (-12_345, "-12,345")])
  func grouping(value: Int, text: String) { #expect(thousands(value) == text) }
}
