import Artifacts
import Glibc

/// A pipeline with its plan for one profile, its programs and its store: what every verb of `ccr` works on.
public final class Study {
  public let pipeline: Pipeline
  public let plan: Plan
  public let results: String
  let store: Store
  let programs: Programs
  /// The folder of pipeline.json, to which its file names are relative.
  let folder: String
  var dataFolder: String { "\(folder)/data" }

  /// - Parameters:
  ///   - path: pipeline.json.
  ///   - results: nil for `results` beside it.
  ///   - programFolder: where the stage programs are.
  public init(path: String, profile: String, results: String?, programFolder: String) throws {
    pipeline = try Pipeline(path: path)
    plan = try Plan(pipeline, profile: profile)
    folder = Self.absolute(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
    self.results = results.map(Self.absolute) ?? "\(folder)/results"
    store = try Store(results: self.results)
    programs = Programs(folder: programFolder, cache: store.cache)
    for instance in plan.instances { try programs.check(instance, pipeline) }
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return path == "." ? String(cString: current) : "\(String(cString: current))/\(path)"
  }

  func key(_ number: Int, _ upstream: (Int) -> StoredResult?) throws -> ActionKey? {
    let instance = plan.instances[number]
    return try ActionKey.of(instance, try programs.program(instance.program), plan: plan, upstream: upstream) {
      try store.cache.digest(of: "\(folder)/\($0)")
    }
  }

  /// What the stage is told.
  func request(_ number: Int, _ upstream: (Int) -> StoredResult?, attempt: String, key: ActionKey, threads: Int) throws -> JSONValue {
    let instance = plan.instances[number]
    var (inputs, gathered): ([JSONValue.Member], [JSONValue.Member]) = ([], [])
    for input in instance.inputs {
      switch input.source {
      case .file(let path): inputs.append(.init(input.port, .string("\(folder)/\(path)")))
      case .instance(let producer, let port):
        guard let stored = upstream(producer)?.outputs[port] else { continue }
        inputs.append(.init(input.port, .string(store.casPath(stored.digest))))
      case .gathered(let list):
        let elements: [JSONValue] = list.compactMap { producer, port in
          guard let result = upstream(producer), let stored = result.outputs[port] else { return nil }
          let source = plan.instances[producer]
          return [
            "instance": .string(source.name), "coordinates": .object(source.coordinates.values), "action": .string(result.action),
            "output": .string(stored.digest), "path": .string(store.casPath(stored.digest)),
          ]
        }
        gathered.append(.init(input.port, .array(elements)))
      }
    }
    return [
      "instance": .string(instance.name), "inputs": .object(inputs), "gathered": .object(gathered),
      "outputs": .object(instance.outputs.map { .init($0.port, .string("\(attempt)/\($0.file)")) }), "parameters": instance.parameters,
      "threads": .integer(threads), "checkpoint": .string(store.checkpointFolder(key.hex)),
    ]
  }

  // MARK: What stands where

  /// What would happen to an instance.
  public enum State: String, Sendable {
    /// Its result is in the store.
    case hit
    /// It would be executed.
    case run
    /// It depends on something that would be executed, and is executed unless that comes out unchanged.
    case maybe
  }

  /// One line of `plan` and `status`.
  public struct Standing: Sendable {
    public let instance: Instance
    public let state: State
    public let action: String?
    /// Digest of each output, for hits.
    public let outputs: [(port: String, digest: String)]
    /// Where the outputs lie, for hits.
    public let paths: [(file: String, path: String)]
    /// Why it is not a hit.
    public let reason: String
  }

  /// The state of every instance, in order.
  public func standings() throws -> [Standing] {
    var results: [Int: StoredResult] = [:]
    var standings: [Standing] = []
    for (number, instance) in plan.instances.enumerated() {
      guard let key = try key(number, { results[$0] }) else {
        let open = instance.upstream.first { results[$0] == nil }.map { plan.instances[$0].name } ?? "an input"
        standings.append(Standing(instance: instance, state: .maybe, action: nil, outputs: [], paths: [], reason: "waits for \(open)"))
        continue
      }
      guard let result = store.result(key.hex) else {
        let reason = try differences(number, key).first ?? "never run with these inputs"
        standings.append(Standing(instance: instance, state: .run, action: key.hex, outputs: [], paths: [], reason: reason))
        continue
      }
      results[number] = result
      let outputs = instance.outputs.compactMap { output in result.outputs[output.port].map { (output.port, $0.digest) } }
      let paths = instance.outputs.compactMap { output in result.outputs[output.port].map { (output.file, store.casPath($0.digest)) } }
      standings.append(Standing(instance: instance, state: .hit, action: key.hex, outputs: outputs, paths: paths, reason: ""))
    }
    store.cache.save()
    return standings
  }

  /// What changed since an instance last had a result: `parameters.perplexity: 30 → 25`.
  private func differences(_ number: Int, _ key: ActionKey) throws -> [String] {
    guard let last = store.last(plan.instances[number], results: results, profile: plan.profile)?["key"] else { return ["never run"] }
    return Self.differences(last, key.record, "")
  }

  static func differences(_ old: JSONValue?, _ new: JSONValue?, _ path: String) -> [String] {
    if old?.canonical == new?.canonical { return [] }
    if let before = old?.object, let after = new?.object {
      var names = before.map(\.name)
      names += after.map(\.name).filter { !names.contains($0) }
      return names.flatMap { differences(old?[$0], new?[$0], path.isEmpty ? $0 : "\(path).\($0)") }
    }
    func show(_ value: JSONValue?) -> String {
      guard let value else { return "absent" }
      if let text = value.string, ContentDigest(hex: text) != nil { return String(text.prefix(12)) + "…" }
      let text = value.compact
      return text.count > 60 ? String(text.prefix(57)) + "…" : text
    }
    return ["\(path): \(show(old)) → \(show(new))"]
  }

  /// Lines that say why an instance would or would not be executed, upstream first.
  public func why(_ selected: [Int]) throws -> [String] {
    let standings = try standings()
    var lines: [String] = []
    for number in selected {
      let standing = standings[number]
      switch standing.state {
      case .hit: lines.append("\(standing.instance.name): up to date (action \(standing.action?.prefix(12) ?? ""))")
      case .run:
        lines.append("\(standing.instance.name): runs, because")
        lines += try keyOf(number, standings).map { try differences(number, $0) }?.map { "  \($0)" } ?? []
      case .maybe:
        lines.append("\(standing.instance.name): depends on what comes out upstream")
        for producer in plan.closure(of: [number]) where producer != number && standings[producer].state == .run {
          lines.append("  ← \(standings[producer].instance.name): \(standings[producer].reason)")
        }
      }
    }
    return lines
  }

  private func keyOf(_ number: Int, _ standings: [Standing]) throws -> ActionKey? {
    try key(number) { producer in standings[producer].action.flatMap { store.result($0) } }
  }

  // MARK: The machine

  /// Lines about programs, OpenBLAS, disk and locks.
  public func diagnosis() throws -> [String] {
    var lines = ["pipeline: \(pipeline.path), profile \(plan.profile), \(plan.instances.count) instances"]
    for name in Set(plan.instances.map(\.program)).sorted() {
      let program = try programs.program(name)
      let numeric = program.numericClass.map { ", \($0)" } ?? ""
      lines.append("program \(name): \(program.digest.prefix(12))…\(numeric)")
    }
    if let library = try plan.instances.lazy.compactMap({ try self.programs.program($0.program).description["blasLibrary"]?.string }).first
    {
      lines.append("OpenBLAS: \(library)")
    }
    try store.prepare()
    var info = statvfs()
    if statvfs(results, &info) == 0 { lines.append("results: \(results), \(Int(info.f_bavail) * Int(info.f_frsize) >> 30) GiB free") }
    guard let lock = try store.lock("doctor") else {
      throw PipelineError("locks of \(results) are held by another doctor", remedy: "run it again")
    }
    let second = try store.lock("doctor")
    lines.append("locks: " + (second == nil ? "work" : "do not work on this file system: run one ccr at a time"))
    for descriptor in [lock, second].compactMap({ $0 }) { close(descriptor) }
    return lines
  }
}
