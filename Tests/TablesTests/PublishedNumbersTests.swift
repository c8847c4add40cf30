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

  /// Table, row, and its numbers from left to right, as the paper prints them, its errors included; a dash is no number.
  private static let paper = """
    table1 kmeans 0.229 0.087 0.049 0.130 0.084 0.028 0.192 0.125 0.061 0.025 0.065 0.005
    table1 sc 0.247 0.103 0.085 0.136 0.090 0.022 0.159 0.098 0.048 0.022 0.063 0.004
    table1 ac 0.228 0.105 0.065 0.138 0.098 0.034 0.332 0.239 0.140 0.027 0.069 0.005
    table1 nmf 0.190 0.081 0.034 0.118 0.079 0.026 0.180 0.096 0.046 0.029 0.072 0.005
    table1 ae 0.314 0.239 0.169 0.165 0.100 0.048 0.303 0.250 0.161 0.041 0.131 0.007
    table1 dae 0.297 0.251 0.163 0.151 0.111 0.046 0.302 0.224 0.152 0.039 0.127 0.007
    table1 decnn 0.282 0.240 0.174 0.133 0.092 0.038 0.299 0.227 0.162 0.035 0.111 0.006
    table1 vae 0.291 0.245 0.167 0.152 0.108 0.040 0.282 0.200 0.146 0.036 0.113 0.006
    table1 jule 0.272 0.192 0.138 0.137 0.103 0.033 0.277 0.182 0.164 0.033 0.102 0.006
    table1 dec 0.301 0.257 0.161 0.185 0.136 0.050 0.359 0.276 0.186 0.037 0.115 0.007
    table1 dac 0.522 0.396 0.306 0.238 0.185 0.088 0.470 0.366 0.257 0.066 0.190 0.007
    table1 dccm 0.623 0.496 0.408 0.327 0.285 0.173 0.482 0.376 0.262 0.108 0.224 0.017
    table1 iic 0.617 - - 0.257 - - 0.610 - - - - -
    table1 pica 0.696 0.591 0.512 0.337 0.310 0.171 0.713 0.611 0.531 0.098 0.277 0.038
    table1 dcdc 0.699 0.585 0.506 0.349 0.310 0.179 0.734 0.621 0.547 0.164 0.323 0.073
    table1 ccr 0.716 0.613 0.538 0.368 0.339 0.204 0.751 0.643 0.575 0.167 0.341 0.072
    table2 irl 0.606 - - 0.307 - -
    table2 crl 0.458 - - 0.209 - -
    table2 irl-rrl 0.668 0.569 0.488 0.324 0.309 0.178
    table2 crl-rrl 0.613 0.520 0.423 0.317 0.308 0.163
    table2 irl-crl 0.690 0.581 0.499 0.339 0.318 0.183
    table2 ccr 0.716 0.613 0.538 0.368 0.339 0.204
    table3 100 0.342 0.325 0.182
    table3 200 0.368 0.339 0.204
    table3 300 0.339 0.324 0.189
    table3 500 0.333 0.314 0.182
    table4 without-oc 0.654 0.553 0.471 0.269 0.256 0.133
    table4 ccr 0.716 0.613 0.538 0.368 0.339 0.204
    """

  @Test("every number is the one that the paper prints, and a dash is none", arguments: paper.split(separator: "\n").map(String.init))
  func numbers(line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let (table, row, numbers) = (words[0], words[1], words.dropFirst(2))
    let datasets = ["cifar-10", "cifar-100", "stl-10", "tiny-imagenet"]
    let places = (table == "table3" ? ["cifar-100"] : datasets.prefix(numbers.count / 3)[...]).flatMap { dataset in
      ["ACC", "NMI", "ARI"].map { (dataset: dataset, metric: $0) }
    }
    #expect(places.count == numbers.count)
    for (place, number) in zip(places, numbers) {
      #expect(try printed(table, row, place.dataset, place.metric) == Double(number), "\(line): \(place)")
    }
  }

  @Test("no row and no number is missing above")
  func complete() throws {
    let published = try Fixtures.published()
    let rows = try ["table1", "table2", "table3", "table4"].flatMap { table in try published.rows(of: table).map { "\(table) \($0.key)" } }
    #expect(rows == Self.paper.split(separator: "\n").map { $0.split(separator: " ").prefix(2).joined(separator: " ") })
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
