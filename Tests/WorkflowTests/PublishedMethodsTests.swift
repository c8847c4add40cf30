import Artifacts
import Foundation
import Testing
import Workflow

/// Every method of the paper's Table 1 is computed as itself, in every profile that shows the whole table.
struct PublishedMethodsTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// The keys of the paper's rows, which are our names of its methods, and what their programs are told to run.
  private static let algorithms = [
    ("kmeans", "kmeans"), ("sc", "sc"), ("ac", "ac"), ("nmf", "nmf"), ("ae", "ae"), ("dae", "dae"), ("decnn", "decnn"), ("vae", "vae"),
    ("jule", "jule"), ("dec", "dec"), ("dac", "dac"), ("dccm", "dccm"), ("iic", "iic"), ("pica", "ccr"), ("dcdc", "ccr"), ("ccr", "ccr"),
  ]

  /// What makes methods of one algorithm different ones: the losses that count.
  private static let losses = [
    "pica": ["clusterWeight", "balanceWeight"], "dcdc": ["instanceWeight", "clusterWeight", "balanceWeight"],
    "ccr": ["instanceWeight", "clusterWeight", "relationWeight", "balanceWeight"],
  ]

  private func json(_ name: String) throws -> JSONValue {
    try JSONValue.parse(String(decoding: AtomicFile.read("\(Self.root)/\(name)"), as: UTF8.self), file: name)
  }

  /// What is wrong with how a study computes Table 1.
  private func complaints(_ document: JSONValue) throws -> [String] {
    let pipeline = try Pipeline(parsing: document.compact, path: "pipeline.json")
    return try ["quick", "cpu", "paper"].flatMap { profile in
      let plan = try Plan(pipeline, profile: profile)
      guard let table = plan.instances.first(where: { $0.name == "tabulate[output=table1]" }) else { return ["\(profile): no Table 1"] }
      let rows = table.parameters["layout"]?["rows"]?.array ?? []
      let gathered = Set(
        table.inputs.flatMap { input -> [String] in
          if case .gathered(let list) = input.source { list.map { plan.instances[$0.instance].name } } else { [] }
        })
      let axes = document["profiles"]?[profile]?["axes"]
      return Self.algorithms.flatMap { method, algorithm -> [String] in
        var complaints: [String] = []
        let shown = rows.filter { $0["published"]?.string == method }.map { $0["method"]?.string }
        if shown != [method] { complaints.append("\(profile): the row of \(method) shows \(shown)") }
        let instances = plan.instances.filter { $0.coordinates["method"]?.string == method }
        let told = Set(instances.compactMap { $0.parameters["method"]?.string })
        if told != [algorithm] { complaints.append("\(profile): \(method) runs \(told.sorted())") }
        if let losses = Self.losses[method] {
          for instance in instances where instance.stage == "train" {
            let counting = (instance.parameters.object ?? []).filter { $0.name.hasSuffix("Weight") && $0.value.double != 0 }.map(\.name)
            if Set(counting) != Set(losses) { complaints.append("\(instance.name) has \(counting)") }
          }
        }
        for dataset in axes?["dataset"]?.array?.compactMap(\.string) ?? [] {
          for seed in axes?["seed"]?.array?.compactMap(\.integer) ?? [] {
            let name = "evaluate[dataset=\(dataset),method=\(method),seed=\(seed)]"
            // The paper has a dash there.
            let isShown = !(method == "iic" && dataset == "tiny-imagenet")
            if gathered.contains(name) != isShown { complaints.append("\(profile): \(name) is \(isShown ? "not " : "")in Table 1") }
          }
        }
        return complaints
      }
    }
  }

  @Test func everyPublishedMethodRunsAsItself() throws {
    let printed = try json("data/published.json")["tables"]?["table1"]?["rows"]?.array?.compactMap { $0["key"]?.string }
    #expect(printed == Self.algorithms.map(\.0))
    let found = try complaints(json("pipeline.json"))
    #expect(found == [])
  }

  /// A copy in which the member that names lead to is another; `nil` takes it away.
  private static func with(_ path: ArraySlice<String>, of value: JSONValue, _ change: (JSONValue?) -> JSONValue?) -> JSONValue {
    guard let name = path.first else { return change(value) ?? .null }
    let old = value[name]
    let new = path.count == 1 ? change(old) : old.map { with(path.dropFirst(), of: $0, change) }
    var members = value.object ?? []
    if let place = members.firstIndex(where: { $0.name == name }) {
      if let new { members[place] = .init(name, new) } else { members.remove(at: place) }
    } else if let new {
      members.append(.init(name, new))
    }
    return .object(members)
  }

  /// A copy in which every node that equals one is another.
  private static func replacing(_ old: JSONValue, with new: JSONValue, in value: JSONValue) -> JSONValue {
    if value == old { return new }
    if let list = value.array { return .array(list.map { replacing(old, with: new, in: $0) }) }
    return value.object.map { .object($0.map { .init($0.name, replacing(old, with: new, in: $0.value)) }) } ?? value
  }

  @Test func aStudyThatComputesAnotherMethodOrNoneIsFound() throws {
    let study = try json("pipeline.json")
    func with(_ path: String..., change: (JSONValue?) -> JSONValue?) -> JSONValue { Self.with(path[...], of: study, change) }
    func excluding(_ condition: JSONValue, from profile: String) -> JSONValue {
      with("profiles", profile, "exclude") { .array(($0?.array ?? []) + [condition]) }
    }
    func row(_ label: String, _ method: String, published: String) -> JSONValue {
      ["label": .string(label), "method": .string(method), "published": .string(published)]
    }
    let mistakes: [(words: String, pipeline: JSONValue, complaint: String)] = [
      (
        "a row that shows another method",
        Self.replacing(row("DAC", "dac", published: "dac"), with: row("DAC", "dccm", published: "dac"), in: study),
        "quick: the row of dac shows"
      ),
      (
        "a row that shows a method of no row of the paper",
        Self.replacing(row("AC", "ac", published: "ac"), with: row("AC", "ac-mnn", published: "ac"), in: study),
        "paper: the row of ac shows"
      ),
      ("a method that is another by its name", with("methods", "dec") { _ in ["like": "ae"] }, "cpu: dec runs [\"ae\"]"),
      ("a method that lost its algorithm", with("methods", "dae", "algorithm") { _ in nil }, "quick: dae runs [\"ae\"]"),
      ("a method with another's algorithm", with("methods", "jule", "algorithm") { _ in "dac" }, "paper: jule runs [\"dac\"]"),
      (
        "a rule that runs another",
        with("settings") {
          .array(($0?.array ?? []) + [["where": ["profile": "cpu", "method": "dac"], "train": ["method": "dccm"]]])
        }, "cpu: dac runs"
      ),
      ("PICA with CCR's losses", with("methods", "pica") { _ in ["like": "ccr"] }, "train[dataset=cifar-10,method=pica,seed=0] has"),
      (
        "DCDC with the relation loss", with("methods", "dcdc", "relationWeight") { _ in 0.004 },
        "train[dataset=fashion-mnist,method=dcdc,seed=1] has"
      ),
      (
        "a method left out of quick", excluding(["method": "vae"], from: "quick"),
        "quick: evaluate[dataset=fashion-mnist,method=vae,seed=0] is not in Table 1"
      ),
      (
        "a method left out of cpu", excluding(["method": "sc"], from: "cpu"),
        "cpu: evaluate[dataset=cifar-100,method=sc,seed=0] is not in Table 1"
      ),
      (
        "a method left out of one data set of paper", excluding(["method": "jule", "dataset": "stl-10"], from: "paper"),
        "paper: evaluate[dataset=stl-10,method=jule,seed=2] is not in Table 1"
      ),
      (
        "IIC where the paper has a dash",
        with("profiles", "paper", "exclude") { .array(($0?.array ?? []).filter { $0["method"] != "iic" }) },
        "paper: evaluate[dataset=tiny-imagenet,method=iic,seed=0] is in Table 1"
      ),
    ]
    for (words, pipeline, complaint) in mistakes {
      #expect(pipeline != study, "\(words) is no change")
      let found = try complaints(pipeline)
      #expect(found.contains { $0.hasPrefix(complaint) }, "\(words): \(found)")
    }
  }
}
