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

  /// What the one unnumbered line says that begins with a question.
  private func answer(_ question: String) throws -> String {
    let found = try lines().filter { $0[0] == "—" && $0[1].hasPrefix(question) }
    #expect(found.count == 1, "\(question)")
    return found.first?[2] ?? ""
  }

  @Test("what unnumbered lines say of settings of DAC, DCCM, DEC, JULE and IIC is what pipeline.json has")
  func settingsOfOtherMethods() throws {
    func method(_ name: String, _ setting: String) throws -> JSONValue? { try member(setting, of: "methods", name) }
    func number(_ name: String, _ setting: String) throws -> Double {
      try #require(try method(name, setting)?.double, "\(name) \(setting)")
    }
    /// What rules say of a method's training in a profile, nil where they leave it as the method has it.
    func rule(_ setting: String, _ method: String, _ profile: String) throws -> JSONValue? {
      try value(["train", setting], ["method": method, "profile": profile])
    }
    /// A member of a constant, which may be that of another name.
    func constantMember(_ constant: String, _ name: String) throws -> JSONValue? {
      let found = try value(["let", constant, name])
      return try found?.string.flatMap { $0.first == "$" ? try value(["let", String($0.dropFirst())]) : nil } ?? found
    }
    let profiles = ["quick", "glance", "cpu", "own", "paper"]
    let small = profiles.dropLast()

    // DAC: λ from 0 to 0.45 in equal steps, at whose end u and l meet; the paper's form has no auxiliary term.
    let (upper, lower, end) = (try number("dac", "upper"), try number("dac", "lower"), try number("dac", "lambdaEnd"))
    #expect(end == 0.45 && upper == 0.95 && lower == 0.455)
    #expect(abs((upper - end * (try number("dac", "upperFall"))) - (lower + end * (try number("dac", "lowerRise")))) < 1e-12)
    #expect(try method("dac", "epochs")?.integer == 50 && abs(end / 50 - 0.009) < 1e-15)
    #expect(try method("dac", "auxiliaryWeight")?.double == 0)
    for profile in profiles {
      for setting in ["upper", "upperFall", "lower", "lowerRise", "lambdaEnd", "auxiliaryWeight"] {
        #expect(try rule(setting, "dac", profile) == nil, "\(setting) in \(profile)")
      }
    }
    let steps = try answer("DAC: λ's step")
    #expect(steps.contains("λ from 0 to 0.45") && steps.contains("0.009 in 50 epochs"))

    // DAC, DCCM: two copies in one step; the published ten runs, one where the budget is small.
    for name in ["dac", "dccm"] {
      #expect(try method(name, "repeats")?.integer == 2 && method(name, "runs")?.integer == 10)
      for profile in profiles { #expect(try rule("repeats", name, profile) == nil && rule("runs", name, "paper") == nil) }
      for profile in small { #expect(try rule("runs", name, profile)?.integer == 1, "\(name) in \(profile)") }
    }
    #expect(try answer("DAC, DCCM: \"two augmented draws\"").contains("two copies in one step"))

    // DEC: the MNIST network on pixels standardised by channel.
    #expect(try method("dec", "network") == "$stacked" && constantMember("stacked", "widths") == [500, 500, 2000, 10])
    for name in ["mean", "std"] { #expect(try value(["let", "stacked", name]) == .string("$\(name)")) }
    #expect(try value(["let", "stacked"], ["method": "dec", "profile": "paper"]) == value(["let", "stacked"]))
    #expect(try answer("DEC on CIFAR").contains("the MNIST network on pixels standardised by channel"))

    // JULE: five clusters from which a merge's best stands out, of twenty neighbours; clusters below a tenth of the mean size join before a stage.
    #expect(try method("jule", "network") == "$agglomeration" && constantMember("agglomeration", "clusterNeighbours")?.integer == 5)
    #expect(try constantMember("agglomeration", "neighbours")?.integer == 20 && constantMember("agglomeration", "mergeRate")?.double == 0.9)
    #expect(try constantMember("agglomeration", "outlierShare")?.double == 0.1)

    // IIC: five sub-heads. PICA and IIC: the published rate, in small profiles the one of least training loss.
    #expect(try method("iic", "network") == "$subheadNetwork" && constantMember("subheadNetwork", "subheads")?.integer == 5)
    for name in ["pica", "iic"] {
      #expect(try method(name, "learningRate")?.double == 0.0001 && rule("learningRate", name, "paper") == nil)
      for profile in small { #expect(try rule("learningRate", name, profile)?.double == 0.003, "\(name) in \(profile)") }
    }
    #expect(try answer("PICA and IIC").contains("3e-3 for both"))
  }

  @Test("settings that lines name are methods, stages or settings of pipeline.json")
  func names() throws {
    func names(_ value: JSONValue) -> [String] {
      (value.array ?? []).flatMap(names) + (value.object ?? []).flatMap { [$0.name] + names($0.value) }
    }
    let known = Set(names(try Fixtures.pipeline()))
    // A file, and a dataset of one.
    let others = ["data/published.json", "scored", "images.h5"]
    for fields in try lines() {
      let quoted = fields[3].split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      for name in quoted.map({ String($0.element) }) where !others.contains(name) {
        let isKnown = name.split(separator: ".").allSatisfy { known.contains(String($0)) }
        #expect(isKnown, "\(name) of \(fields[0]) \(fields[1])")
      }
    }
  }
}
