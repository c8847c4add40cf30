import Artifacts
import Tables
import Testing

@Suite("The paper's numbers")
struct PublishedNumbersTests {
  /// The value shown for a published row when the table has one column with that data set.
  private func printed(_ table: String, _ row: String, _ dataset: String, _ metric: String) throws -> Double? {
    let published = try Fixtures.published()
    let rows = try published.rows(of: table).map { ["label": .string($0.key), "method": .null, "published": .string($0.key)] as JSONValue }
    let layout = try Fixtures.layout(
      rows, columns: [["dataset": .string(dataset), "label": .string(dataset), "published": .string(dataset)]])
    let built = try PaperTable(name: table, profile: "paper", layout: layout, published: published, runs: [])
    return built.cell(row, dataset, metric)?.published
  }

  @Test("each table has the paper's rows")
  func rows() throws {
    let published = try Fixtures.published()
    #expect(
      try published.rows(of: "table1").map(\.name) == [
        "K-means", "SC", "AC", "NMF", "AE", "DAE", "DeCNN", "VAE", "JULE", "DEC", "DAC", "DCCM", "IIC", "PICA", "DCDC", "CCR",
      ])
    #expect(try published.rows(of: "table2").map(\.name) == ["IRL", "CRL", "IRL+RRL", "CRL+RRL", "IRL+CRL (DCDC)", "CCR"])
    #expect(try published.rows(of: "table3").map(\.name) == ["100", "200", "300", "500"])
    #expect(try published.rows(of: "table4").map(\.name) == ["Without over-clustering", "CCR"])
    #expect(throws: TableError.malformed(place: "published.tables", complaint: "\"table5\" is missing")) {
      try published.rows(of: "table5")
    }
  }

  @Test(
    "numbers as the paper prints them, its errors included",
    arguments: [
      ("table1", "kmeans", "cifar-10", "ACC", 0.229), ("table1", "kmeans", "tiny-imagenet", "ARI", 0.005),
      ("table1", "vae", "stl-10", "NMI", 0.200), ("table1", "dac", "tiny-imagenet", "ARI", 0.007),
      ("table1", "dccm", "tiny-imagenet", "ARI", 0.017), ("table1", "pica", "tiny-imagenet", "ARI", 0.038),
      ("table1", "dcdc", "tiny-imagenet", "ARI", 0.073), ("table1", "ccr", "cifar-100", "NMI", 0.339),
      ("table1", "ccr", "stl-10", "ACC", 0.751), ("table2", "crl", "cifar-100", "ACC", 0.209),
      ("table2", "irl-crl", "cifar-10", "ARI", 0.499), ("table3", "300", "cifar-100", "NMI", 0.324),
      ("table4", "without-oc", "cifar-100", "ARI", 0.133),
    ] as [(String, String, String, String, Double)])
  func numbers(table: String, row: String, dataset: String, metric: String, value: Double) throws {
    #expect(try printed(table, row, dataset, metric) == value)
  }

  @Test("dashes are no numbers")
  func dashes() throws {
    #expect(try printed("table1", "iic", "cifar-10", "ACC") == 0.617)
    #expect(try printed("table1", "iic", "cifar-10", "NMI") == nil)
    #expect(try printed("table1", "iic", "tiny-imagenet", "ACC") == nil)
    #expect(try printed("table2", "irl", "cifar-10", "ARI") == nil)
  }
}

@Suite("Every published row is implemented or named as missing")
struct CoverageTests {
  /// The rows of a table's layout in pipeline.json.
  private func rows(_ table: String) throws -> [JSONValue] {
    let rules = try Fixtures.pipeline()["settings"]?.array ?? []
    let layouts = rules.filter { $0["where"]?["output"]?.string == table }.compactMap { $0["tabulate"]?["layout"]?["rows"]?.array }
    #expect(layouts.count == 1)
    return layouts.first ?? []
  }

  @Test("pipeline.json lists all rows in the paper's order", arguments: ["table1", "table2", "table3", "table4"])
  func order(table: String) throws {
    let published = try Fixtures.published().rows(of: table)
    #expect(try rows(table).compactMap { $0["published"]?.string } == published.map(\.key))
    #expect(try rows(table).filter { $0["published"]?.string != nil }.compactMap { $0["label"]?.string } == published.map(\.name))
  }

  @Test("a row's method is one that is evaluated, a row without is named", arguments: ["table1", "table2", "table3", "table4"])
  func missing(table: String) throws {
    let methods = (try Fixtures.pipeline()["methods"]?.object ?? []).map(\.name)
    let rows = try rows(table)
    // A row that loses its method shows published numbers alone: all of the paper's have one.
    for row in rows { #expect(row["method"]?.string.map(methods.contains) == true, "\(row.compact)") }
    let built = try PaperTable(
      name: table, profile: "quick", layout: Fixtures.layout(rows), published: Fixtures.published(), runs: [])
    let without = rows.filter { $0["method"]?.string == nil }.compactMap { $0["label"]?.string }
    let note = built.notes.first { $0.hasPrefix("Not implemented yet") }
    #expect(note == (without.isEmpty ? nil : "Not implemented yet, published values only: \(without.joined(separator: ", "))."))
  }
}
