import Artifacts
import Foundation
import Tables
import Testing

/// `docs/paper-decisions.md` against `pipeline.json`.
@Suite("Decisions on the paper's ambiguities")
struct PaperDecisionsTests {
  private func lines() throws -> [[String]] {
    let path = Fixtures.root.appending(path: "docs/paper-decisions.md").path
    return String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("| ") }
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  @Test("each of the 34 has one line")
  func complete() throws {
    var found: [Int] = []
    for fields in try lines() {
      #expect(fields.count == 4, "\(fields)")
      for part in fields[0].split(separator: ",") {
        let ends = part.split(separator: "–").compactMap { Int($0.drop { !$0.isNumber }) }
        if let first = ends.first, let last = ends.last { found += first...last }
      }
    }
    #expect(found.sorted() == Array(1...34))
  }

  /// What the last of the rules that name these conditions says.
  /// - Parameter crossingsOnly: leaves out rules without conditions.
  private func value(_ path: [String], _ conditions: [String: String] = [:], crossingsOnly: Bool = false) throws -> JSONValue? {
    try Fixtures.pipeline()["settings"]?.array?.filter { rule in
      let condition = rule["where"]?.object ?? []
      let fits = condition.allSatisfy { member in
        conditions[member.name].map { (member.value.array ?? [member.value]).contains(.string($0)) } ?? false
      }
      return fits && !(crossingsOnly && condition.isEmpty)
    }.compactMap { rule in path.reduce(rule as JSONValue?) { $0?[$1] } }.last
  }

  /// A member of an entry of `methods` or `datasets`, its own or that of the one it is like.
  private func member(_ name: String, of list: String, _ entry: String) throws -> JSONValue? {
    let entry = try Fixtures.pipeline()[list]?[entry]
    if let own = entry?[name] { return own == .null ? nil : own }
    return try (entry?["like"]?.string).flatMap { try member(name, of: list, $0) }
  }

  /// A constant as a data set has it.
  private func constant(_ name: String, _ dataset: String) throws -> JSONValue? {
    try member(name, of: "datasets", dataset) ?? value(["let", name])
  }

  @Test("what they say of settings is what pipeline.json has")
  func settings() throws {
    func method(_ name: String, _ setting: String) throws -> JSONValue? { try member(setting, of: "methods", name) }
    #expect(try method("ccr", "learningRate")?.double == 0.003 && method("dcdc", "learningRate")?.double == 0.001)
    #expect(try method("ccr", "temperatureInside")?.bool == true && method("ccr", "balanceWeight")?.double == 1)
    #expect(try method("ccr", "relationReduction")?.string == "sum" && value(["let", "copies"])?.integer == 3)
    #expect(try method("ccr", "repeats") == "$copies" && method("ccr", "relationWeight")?.double == 0.004)
    #expect(try method("dcdc", "relationWeight")?.double == 0 && method("ccr-irl-crl", "relationWeight")?.double == 0)
    #expect(try method("ccr-irl-crl", "learningRate")?.double == 0.003)
    for (dataset, clusters, heads, batch) in [
      ("cifar-10", 10, 128, 50), ("cifar-100", 20, 128, 200), ("stl-10", 10, 128, 50), ("tiny-imagenet", 200, 700, 350),
    ] {
      #expect(try constant("clusters", dataset)?.integer == clusters && constant("overClusters", dataset)?.integer == heads)
      #expect(try constant("batch", dataset)?.integer == batch)
      #expect(try constant("resize", dataset)?.integer ?? 0 > constant("size", dataset)?.integer ?? 0)
    }
    for (dataset, heads, batch) in [("cifar-10", 70, 50), ("cifar-100", 70, 200), ("stl-10", 70, 100), ("tiny-imagenet", 700, 300)] {
      #expect(try constant("dcdcOverClusters", dataset)?.integer == heads)
      let crossing = try value(["let", "batch"], ["dataset": dataset, "method": "dcdc"], crossingsOnly: true)
      #expect(try (crossing ?? constant("batch", dataset))?.integer == batch)
    }
    #expect(try method("dcdc", "heads") == ["$dcdcOverClusters", "$clusters"])
    // Of pictures of one's own, one number says it for all methods.
    #expect(try constant("dcdcOverClusters", "pictures") == "$overClusters")
    #expect(try value(["let", "sobel"])?.bool == true && value(["let", "sobel"], ["profile": "quick"])?.bool == false)
    #expect(try constant("resize", "fashion-mnist") == constant("size", "fashion-mnist"))
    #expect(try value(["let", "resize"], ["profile": "quick"]) == value(["let", "size"], ["profile": "quick"]))
    #expect(try constant("rotation", "fashion-mnist")?.double == 25 && constant("cropScale", "fashion-mnist") == [0.5, 1])
    #expect(try value(["tsne", "exaggeration"])?.double == 12 && value(["tsne", "exaggerationIterations"])?.integer == 250)
  }
}
