import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What `plan` says would be executed is what `run` executes.
@Suite(.waiting)
struct PlanIsRunTests {
  @Test(arguments: 0..<12) func overRandomPipelines(_ seed: Int) throws { #expect(try Self.faults(seed) == []) }

  /// A random pipeline, planned and run: new, changed in one setting, with one result gone, and with nothing to do.
  static func faults(_ seed: Int) throws -> [String] {
    var random = Rounds.Random(900_000 + seed)
    let study = try ToyStudy()
    try study.write(RandomStudy.program, "any", mode: 0o755)
    let start = random
    func write(_ change: Int) throws {
      var random = start
      try study.write(RandomStudy.pipeline(&random, change: change).pretty, "pipeline.json")
    }
    var faults: [String] = []
    /// - Parameter isNew: whether nothing was ever made, so that nothing is found.
    func compare(_ what: String, isNew: Bool = false, _ arguments: [String] = []) throws {
      func complain(_ words: String) { faults.append("seed \(seed), \(what): \(words)") }
      let planned = try Self.plan(study, arguments)
      try? FileManager.default.removeItem(atPath: "\(study.folder)/data/executed")
      let run = try study.start(["run", "--json", "--jobs", "3"] + arguments).output()
      guard run.code == 0 else { return complain("run ended with \(run.code): \(run.error)") }
      let executed = Set(
        study.read("data/executed").split(separator: "\n").compactMap { line in line.split(separator: "\"").last.map(String.init) })
      let may = Set(planned.filter { ["run", "maybe", "failed"].contains($0.state) }.map(\.name))
      if !executed.isSubset(of: may) { complain("\(executed.subtracting(may)) was executed, and not planned") }
      // Instances of one key are one action, executed for one of them. What had no key yet may come to one that is in the store.
      let after = try Self.plan(study, arguments)
      let keys = Dictionary(after.map { ($0.name, $0.action) }) { $1 }
      let made = Set(executed.compactMap { keys[$0] })
      let must = planned.filter { ["run", "failed"].contains($0.state) && (isNew || $0.action != nil) }
      let left = must.filter { !made.contains(keys[$0.name] ?? "") }.map(\.name)
      if !left.isEmpty { complain("\(left) was planned, and not executed") }
      let done = (run.summary?["executed"]?.integer ?? 0) + (run.summary?["cached"]?.integer ?? 0)
      if done != planned.count { complain("\(planned.count) planned, \(done) done") }
      let pending = after.filter { $0.state != "hit" }.map(\.name)
      if !pending.isEmpty { complain("\(pending) is pending after the run") }
    }
    try write(1000)
    let names = try Self.plan(study, []).map(\.name)
    if let one = names.randomElement(using: &random) { try compare("one selected", isNew: true, [one]) }
    try compare("all")
    try write(1001)
    try compare("one setting changed")
    try write(1000)
    try compare("changed back")
    if let object = study.files("results/.store/cas").randomElement(using: &random) {
      chmod(object, 0o644)
      try FileManager.default.removeItem(atPath: object)
      try compare("an object gone")
    }
    return faults
  }

  private static func plan(_ study: ToyStudy, _ arguments: [String]) throws -> [(name: String, state: String, action: String?)] {
    let output = try study.start(["plan", "--json"] + arguments).output()
    try #require(output.code == 0, "\(output.error)")
    return try (JSONValue.parse(output.out, file: "plan")["instances"]?.array ?? []).map { one in
      (one["instance"]?.string ?? "", one["state"]?.string ?? "", one["action"]?.string)
    }
  }
}
