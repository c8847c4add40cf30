import Artifacts
import Glibc

/// Results taken over under new keys after a change of a program that changes nothing, on the evidence of instances that were executed again.
public struct Adoption: Sendable {
  /// An instance that was executed again.
  public struct Sample: Sendable {
    public let instance: String
    /// Where it came out otherwise; empty where every byte is equal.
    public internal(set) var differences: [String]
  }

  public internal(set) var samples: [Sample] = []
  /// Instances whose results were taken over.
  public internal(set) var adopted: [String] = []
  /// Instances that were not, and why.
  public internal(set) var others: [(instance: String, reason: String)] = []
  /// Whether every sample came out equal; without samples there is nothing to adopt.
  public var isProven: Bool { !samples.isEmpty && samples.allSatisfy(\.differences.isEmpty) }

  /// From what, and on what evidence, by the provenance of an adopted result; empty of one that was executed.
  static func words(_ provenance: JSONValue?) -> String {
    guard let adopted = provenance?["adopted"] else { return "" }
    let names = (adopted["evidence"]?.array ?? []).compactMap { $0["instance"]?.string }
    let others = names.count > 1 ? " and \(names.count - 1) more" : ""
    return
      "from action \(adopted["from"]?.string?.prefix(12) ?? "")…, since \(names.first ?? "nothing")\(others) came out equal to the byte"
  }

  /// The ingredients whose change can be without effect: what computes. Any other change is meant to change something.
  static let adoptable: Set<String> = ["program", "OpenBLAS", "ARPACK"]
}

/// A result that could be taken over.
private struct Adoptable {
  let number: Int
  let key: ActionKey
  let old: StoredResult
  let provenance: JSONValue
  var seconds: Double { provenance["seconds"]?.double ?? 0 }
}

extension Study {
  /// Takes results of changed programs over, where those programs, and OpenBLAS, are all that changed: executes the cheapest instances of each
  /// stage and method again in a clean folder, and only if every byte of all of them is equal gives the results of the others their new keys.
  /// - Parameter sample: how many of each stage and method are executed.
  /// - Throws: `PipelineError`, `FileError`; then nothing is adopted.
  public func adopt(
    _ selected: [Int], sample: Int, options: RunOptions, tell: @escaping (RunEvent) -> Void
  ) throws -> (adoption: Adoption, summary: RunSummary?) {
    var adoption = Adoption()
    let (candidates, results) = try adoptables(selected, &adoption)
    guard !candidates.isEmpty else { return (adoption, nil) }
    let groups = Dictionary(grouping: candidates) { candidate -> String in
      let instance = plan.instances[candidate.number]
      return "\(instance.stage) \(instance.coordinates[Entries.Kind.methods.axis]?.canonical ?? "")"
    }.mapValues { $0.sorted { $0.seconds == $1.seconds ? $0.number < $1.number : $0.seconds < $1.seconds } }
    let samples = groups.values.flatMap { $0.prefix(sample) }.sorted { $0.number < $1.number }
    let clean = try CleanFolder(self)
    let keys = Set(samples.map(\.key.hex))
    for number in plan.closure(of: samples.map(\.number)) {
      if let result = results[number], !keys.contains(result.action) { try clean.take(result, from: store) }
    }
    let (summary, executed) = try clean.run(samples.map(\.number), options: options, tell: tell)
    for sample in samples {
      // Of a program that was built again meanwhile it would be no evidence.
      let differences = executed[sample.number].flatMap { $0.action == sample.key.hex ? $0 : nil }.map { result in
        self.differences(sample.old.outputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, result, clean, sample.number).map(
          \.words)
      }
      adoption.samples.append(
        Adoption.Sample(
          instance: plan.instances[sample.number].name,
          differences: differences ?? ["it could not be executed again by the program that is to be adopted"]))
    }
    if adoption.isProven {
      for sample in samples {
        guard let result = executed[sample.number] else { continue }
        try clean.keep(result, of: sample.number, in: self)
        try show(sample.number, result.action)
      }
      for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
        let proof = group.prefix(sample).map(evidence)
        for candidate in group.dropFirst(sample) { try adopt(candidate, proof, results, &adoption) }
      }
    }
    remember()
    return (adoption, summary)
  }

  /// What could be adopted among the selected, and the result of each instance if it were.
  private func adoptables(_ selected: [Int], _ adoption: inout Adoption) throws -> ([Adoptable], [Int: StoredResult]) {
    var (candidates, results) = ([Adoptable](), [Int: StoredResult]())
    let wanted = Set(selected)
    for number in plan.closure(of: selected) {
      let instance = plan.instances[number]
      func leave(_ reason: String) { if wanted.contains(number) { adoption.others.append((instance.name, reason)) } }
      guard let key = try action(number, { results[$0] })?.key else {
        leave("what it needs has no result")
        continue
      }
      store.pins.hold([key.hex])
      if let result = store.result(key.hex) {
        results[number] = result
        leave("it has a result")
        continue
      }
      guard let linked = resultFolder.linkedAction(instance), let provenance = store.provenance(linked) else {
        leave("it has no result from before")
        continue
      }
      store.pins.hold([linked])
      let changes = KeyChange.between(provenance["key"], key.record)
      if let other = changes.first(where: { !Adoption.adoptable.contains($0.name) }) {
        leave("more than its program changed: \(other.text)")
      } else if let old = store.result(linked), old.absence == nil {
        guard wanted.contains(number) else { continue }
        candidates.append(Adoptable(number: number, key: key, old: old, provenance: provenance))
        results[number] = StoredResult(action: key.hex, outputs: old.outputs, isAdopted: true)
      } else {
        leave("the files of its result are gone, or it had none")
      }
    }
    return (candidates, results)
  }

  private func evidence(_ sample: Adoptable) -> JSONValue {
    [
      "instance": .string(plan.instances[sample.number].name), "action": .string(sample.key.hex), "equals": .string(sample.old.action),
      "outputs": .object(sample.old.outputs.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }),
    ]
  }

  private func adopt(
    _ candidate: Adoptable, _ evidence: [JSONValue], _ results: [Int: StoredResult], _ adoption: inout Adoption
  ) throws {
    let name = plan.instances[candidate.number].name
    let hex = candidate.key.hex
    guard let lock = try store.lock(hex) else {
      adoption.others.append((name, "it is being executed"))
      return
    }
    defer { lock.release() }
    guard store.result(hex) == nil else { return }
    let replaced: [JSONValue.Member] = [
      .init("instance", .string(name)), .init("profile", .string(plan.profile)), .init("action", .string(hex)),
      .init("pipeline", .string(pipelineFile)), .init("set", .array(overrides.map(JSONValue.string))), .init("key", candidate.key.record),
      .init("sources", .object(sources(of: candidate.number) { results[$0] })),
      .init(
        "adopted",
        [
          "from": .string(candidate.old.action), "time": .string(UTC.now),
          "changed": .array(KeyChange.between(candidate.provenance["key"], candidate.key.record).map { .string($0.text) }),
          "evidence": .array(evidence),
        ]),
    ]
    let names = Set(replaced.map(\.name) + ["log"])
    let kept = (candidate.provenance.object ?? []).filter { !names.contains($0.name) }
    let text = JSONValue.object(replaced + kept).pretty + "\n"
    try store.makeFolder(store.actionFolder(hex))
    try store.put(
      StoredResult(
        action: hex, outputs: candidate.old.outputs, provenance: ContentDigest.of(Array(text.utf8)).hex, isAdopted: true), provenance: text)
    store.unmarkCollected(hex)
    try show(candidate.number, hex)
    adoption.adopted.append(name)
  }

  private func show(_ number: Int, _ key: String) throws {
    guard let result = store.result(key) else { return }
    if let fault = try present(result, number).first {
      throw PipelineError(.contradiction("\(fault.instance): \(fault.problem)", remedy: fault.remedy))
    }
  }

  /// Whether the result of an instance, or any it was made from, was adopted: then what is made of it says so.
  func isAdopted(_ number: Int, _ results: (Int) -> StoredResult?) -> Bool {
    store.hasAdoptions && plan.closure(of: [number]).contains { results($0)?.isAdopted == true }
  }
}
