import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// Whatever stands in pipeline.json, what is said of it is words at a place, and nothing traps.
@Suite(.waiting)
struct MutantTests {
  /// Values that are of another type, at an edge, or mean something elsewhere.
  private static let values: [JSONValue] = [
    .null, true, .integer(0), .integer(-1), .integer(Int.max), .integer(Int.min), .number(1e300), .number(-0.5), .number(0.1), "", " ", "$",
    "$$",
    "$rate", "$nothing", "$method-$seed", "*", "methods", "datasets", "make", "make.out", ".", "..", "../..", "a/b", "profile", "where",
    "let",
    "\u{0}", "\u{1F600}", "x", "9e9d", "1h", "2GiB", .array([]), .array(["a", "a"]), .array([.integer(1), "b", .null]), .object([]),
    ["gather": "make.out"], ["file": "table.txt"], ["where": ["method": "x"]], ["extends": "pipeline.json"],
    .array((0..<40).map(JSONValue.integer)), .string(String(repeating: "$rate", count: 50)),
  ]

  /// A copy with one node changed, chosen at random; of a value drawn from `others` in some cases.
  private static func mutated(_ value: JSONValue, _ random: inout Rounds.Random, _ others: [JSONValue]) -> JSONValue {
    let isHere = Int.random(in: 0..<4, using: &random) == 0
    switch value {
    case .object(var members) where !members.isEmpty && !isHere:
      let at = Int.random(in: members.indices, using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0: members.remove(at: at)
      case 1: members[at] = .init(names.randomElement(using: &random) ?? "", members[at].value)
      case 2: members.append(.init(members[at].name, others.randomElement(using: &random) ?? .null))
      case 3: members.append(.init(names.randomElement(using: &random) ?? "", others.randomElement(using: &random) ?? .null))
      default: members[at] = .init(members[at].name, mutated(members[at].value, &random, others))
      }
      return .object(members)
    case .array(var list) where !list.isEmpty && !isHere:
      let at = Int.random(in: list.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: list.remove(at: at)
      case 1: list.append(list[at])
      case 2: list.insert(others.randomElement(using: &random) ?? .null, at: at)
      default: list[at] = mutated(list[at], &random, others)
      }
      return .array(list)
    default: return (Bool.random(using: &random) ? values : others).randomElement(using: &random) ?? .null
    }
  }

  private static let names = [
    "", "a", "x", "make", "score", "dataset", "seed", "method", "profile", "where", "let", "like", "stage", "title", "program", "matrix",
    "inputs",
    "outputs", "publish", "cost", "timeout", "memory", "byDefault", "gather", "file", "setting", "axes", "include", "exclude", "extends",
    "methods",
    "datasets", "profiles", "stages", "settings", "$rate", "a.b", "é", "a b",
  ]

  /// All values in a document, for grafting them elsewhere.
  private static func nodes(_ value: JSONValue) -> [JSONValue] {
    [value] + (value.object?.flatMap { nodes($0.value) } ?? value.array?.flatMap(nodes) ?? [])
  }

  /// Bytes flipped, cut, doubled and put in.
  private static func garbled(_ text: String, _ random: inout Rounds.Random) -> String {
    var bytes = Array(text.utf8)
    for _ in 0...Int.random(in: 0..<3, using: &random) where !bytes.isEmpty {
      let at = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1..<20, using: &random)))
      case 2: bytes.removeLast(bytes.count - at)
      case 3: bytes.insert(contentsOf: Array(repeating: Array("[{\"".utf8).randomElement(using: &random) ?? 91, count: 5000), at: at)
      default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 30)], at: at)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What is wrong with what is said of a text; nil where it is planned, or refused in words at a place.
  static func fault(_ text: String) -> String? {
    do {
      let pipeline = try Pipeline(parsing: text, path: "pipeline.json")
      for profile in pipeline.profileNames { _ = try Plan(pipeline, profile: profile) }
      _ = pipeline.warnings
      return nil
    } catch let error as any ExplainedError {
      if error.problem.isEmpty || error.remedy.isEmpty { return "no words: \(error)" }
      return error.problem.contains("pipeline.json") || error is FileError ? nil : "no place: \(error.problem)"
    } catch {
      return "no words: \(error)"
    }
  }

  static func mutant(_ seed: Int, of text: String) throws -> String {
    var random = Rounds.Random(500_000 + seed)
    if Int.random(in: 0..<5, using: &random) == 0 { return garbled(text, &random) }
    var value = try JSONValue.parse(text, file: "pipeline.json")
    let others = nodes(value)
    for _ in 0...Int.random(in: 0..<3, using: &random) { value = mutated(value, &random, others) }
    return value.pretty
  }

  @Test func tenThousandMutantsGetWords() throws {
    let texts = [ToyStudy.pipeline, Self.entries]
    for seed in 0..<10_000 {
      let start = ContinuousClock.now
      let text = try Self.mutant(seed, of: texts[seed % 2])
      if let fault = Self.fault(text) { Issue.record("mutant \(seed): \(fault)\n\(text.prefix(3000))") }
      #expect(ContinuousClock.now - start < .seconds(5), "mutant \(seed) takes long")
    }
  }

  /// The study itself, whose plan has more of everything; and through the programs' checks.
  @Test func mutantsOfTheStudyGetWords() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let text = String(decoding: try AtomicFile.read("\(root)/pipeline.json"), as: UTF8.self)
    for seed in 0..<150 {
      let mutant = try Self.mutant(seed, of: text)
      if let fault = Self.fault(mutant) { Issue.record("mutant \(seed) of the study: \(fault)") }
    }
    let study = try ToyStudy()
    for seed in 0..<25 {
      try study.write(try Self.mutant(1_000_000 + seed, of: text), "pipeline.json")
      let plan = try study.ccr("plan", "--profile", "glance")
      #expect([0, 2].contains(plan.code), "mutant \(1_000_000 + seed): ended with \(plan.code): \(plan.error.suffix(2000))")
      if plan.code == 2 { #expect(plan.error.contains("error: ") && plan.error.contains("remedy: "), "\(plan.error)") }
    }
  }

  /// A pipeline with entries, conditions, constants and limits.
  private static let entries = """
    {
      "pipeline": 1,
      "methods": {
        "x": {"title": "X", "stage": "make", "rate": "$rate"},
        "y": {"like": "x", "rate": 0.25, "algorithm": "x"}
      },
      "datasets": {"a": {"title": "A", "size": 3, "source": {"text": "one"}}, "b": {"like": "a", "published": null}},
      "profiles": {
        "quick": {"axes": {"dataset": ["a", "b"], "seed": [0, 1]}, "let": {"size": 4}},
        "large": {"axes": {"dataset": ["a"], "seed": [0]}, "exclude": [{"method": "y"}], "include": [{"seed": [5], "method": "y"}]}
      },
      "stages": {
        "source": {"program": "./source", "timeout": "1h", "matrix": {"dataset": "*"}, "inputs": {"words": {"file": "table.txt"}}, "outputs": {"out": "words.txt"}},
        "make": {
          "program": "./make",
          "cost": 3,
          "memory": "$room",
          "matrix": {"dataset": "*", "method": "methods", "seed": "*"},
          "byDefault": {"seed": "$firstSeed"},
          "inputs": [{"words": "source.out"}, {"where": {"method": "y", "profile": "quick"}, "more": {"file": "table.txt"}}],
          "outputs": {"out": "made-$seed.txt"}
        },
        "table": {
          "program": "./table",
          "matrix": {"output": ["one", "two"]},
          "inputs": {"scores": {"gather": "make.out", "where": {"method": {"setting": "layout.rows.method"}, "dataset": "$firstDataset"}}},
          "outputs": [{"where": {"output": "one"}, "out": "$output.txt"}, {"where": {"output": "two"}, "out": "two.txt"}],
          "publish": [{"where": {"output": "one"}, "folder": "tables/$profile"}]
        }
      },
      "settings": [
        {
          "let": {"rate": 0.001, "size": 2, "room": "4GiB", "nested": {"deep": ["$rate", "$size"]}},
          "source": {"text": "$dataset"},
          "make": {"text": "$algorithm-$seed", "size": "$size", "nested": "$nested"},
          "table": {"titles": "$titles", "layout": {"rows": [{"method": "x"}, {"method": null}]}}
        },
        {"where": {"method": "y", "dataset": ["a", "b"]}, "let": {"nested": {"deep": 1}}}
      ]
    }
    """
}
