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
    #expect(text.contains("    Without over-clustering & --- & --- & --- & --- & 0.654 & 0.553 & 0.471 \\\\\n"))
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
    #expect(records.allSatisfy { $0.count == 12 })
    #expect(records[0].prefix(6) == ["table", "profile", "row", "dataset", "metric", "mean"])
    #expect(records[1][2] == "no \"over\", none\r\nat all")
    #expect(records[4] == ["table4", "quick", "CCR", "fashion-mnist", "ACC", "0.625", "", "0.625", "3", "0.716", "cifar-10", ""])
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
    for cell in cells {
      let members = Set((cell.object ?? []).map(\.name))
      #expect(members.isSuperset(of: ["row", "dataset", "metric", "mean", "std", "seeds", "published", "sources"]))
    }
  }

  @Test(
    "numbers have three digits and no negative zero",
    arguments: [(0.7165, "0.717"), (0.1, "0.100"), (1, "1.000"), (-0.0004, "0.000"), (-0.0126, "-0.013"), (0.9996, "1.000")])
  func numbers(value: Double, text: String) { #expect(fixed(value) == text) }

  @Test("thousands", arguments: [(0, "0"), (999, "999"), (2500, "2,500"), (1_000_000, "1,000,000"), (-12_345, "-12,345")])
  func grouping(value: Int, text: String) { #expect(thousands(value) == text) }
}
