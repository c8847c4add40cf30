import Artifacts
import Glibc

/// What there is to know of a profile's results: which there are, how each was made, and what is missing. For people: no key depends on it.
public struct StudyRecord: Sendable {
  /// One instance.
  public struct Entry: Sendable {
    /// Its number in the plan.
    public let number: Int
    public let standing: Standing
    /// What `provenance.json` of its result says; nil where there is no result, or where that was altered.
    public let provenance: JSONValue?

    public var instance: Instance { standing.instance }
    /// `temperature=0.2`: the place on the axes of sweeps; empty where there is none.
    public var sweptPlace: String { Coordinates(values: instance.sweep.place).description }
    public var seconds: Double? { provenance?["seconds"]?.double }
    public var cpuSeconds: Double? { provenance?["cpuSeconds"]?.double }
    public var peakBytes: Int? { provenance?["peakBytes"]?.integer }
    public var warnings: [String] { (provenance?["warnings"]?.array ?? []).compactMap(\.string) }
  }

  public let profile: String
  /// The file name of the pipeline, and the SHA-256 of what it says with all it extends.
  public let pipeline, pipelineDigest: String
  /// The options that name this study to a command called in its folder.
  public let options: String
  /// What runs unasked, and what else has a result; producers first.
  public let entries: [Entry]
  /// Instances that the profile leaves out, and what they would need.
  public let leftOut: [(instance: String, needs: String)]
  /// What this machine computes with; that on which a result was made stands in its provenance.
  public let machine: [(name: String, value: String)]
  /// The sources this `ccr` was built from.
  public let source: SourceState

  /// The entries without a result that a run would make.
  public var missing: [Entry] { entries.filter(\.standing.isPending) }
  /// The entries that have no result, as is recorded: a diverged training, and what needs it.
  public var absent: [Entry] { entries.filter(\.standing.isAbsent) }

  /// Entries of different actions: equal ones were executed once.
  public var executions: [Entry] {
    var seen: Set<String> = []
    return entries.filter { entry in entry.standing.action.map { seen.insert($0).inserted } ?? false }
  }

  /// `provenance.json` beside published tables: everything, an instance on a line.
  public var text: String {
    let head = JSONValue.object(summary).pretty
    let lines = entries.map { "    \(json($0).compact)" }.joined(separator: ",\n")
    precondition(head.hasSuffix("\n}"), "digests alone are longer than a line")
    return head.dropLast(2) + ",\n  \"instances\": [\n\(lines)\n  ]\n}\n"
  }

  /// Everything but the instances.
  public var summary: [JSONValue.Member] {
    [
      .init("schema", "ccr.publication/1"), .init("profile", .string(profile)),
      .init("pipeline", ["file": .string(pipeline), "digest": .string(pipelineDigest)]), .init("source", source.json),
      .init("machine", .object(machine.map { .init($0.name, .string($0.value)) })), .init("complete", .bool(missing.isEmpty)),
      .init("missing", .array(missing.map { ["instance": .string($0.instance.name), "reason": .string($0.standing.reason)] })),
      .init("absent", .array(absent.map { ["instance": .string($0.instance.name), "reason": .string($0.standing.reason)] })),
      .init("leftOut", .array(leftOut.map { ["instance": .string($0.instance), "needs": .string($0.needs)] })),
      .init("seconds", .number(Self.rounded(executions.compactMap(\.seconds).reduce(0, +)))),
      .init("cpuSeconds", .number(Self.rounded(executions.compactMap(\.cpuSeconds).reduce(0, +)))),
      .init("peakBytes", .integer(executions.compactMap(\.peakBytes).max() ?? 0)),
    ]
  }

  private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

  private func json(_ entry: Entry) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("instance", .string(entry.instance.name)), .init("state", .string(entry.standing.state.rawValue)),
      .init("action", entry.standing.action.map(JSONValue.string) ?? .null),
    ]
    if !entry.standing.reason.isEmpty { members.append(.init("reason", .string(entry.standing.reason))) }
    // Without paths and the name of the machine, which are nobody's business once tables are handed on.
    for name in ["outputs", "started", "seconds", "cpuSeconds", "peakBytes", "threads", "warnings", "source", "key"] {
      if let value = entry.provenance?[name] { members.append(.init(name, value)) }
    }
    return .object(members)
  }
}

extension Study {
  /// What there is to know of this profile's results now.
  public func record() throws -> StudyRecord {
    let all = try standings()
    let asked = Set(plan.byDefault)
    let entries = all.indices.filter { asked.contains($0) || all[$0].hasResult }.map { number in
      StudyRecord.Entry(
        number: number, standing: all[number],
        provenance: all[number].hasResult ? all[number].action.flatMap { store.provenance($0) } : nil)
    }
    return StudyRecord(
      profile: plan.profile, pipeline: pipelineFile, pipelineDigest: ContentDigest.of(Array(pipeline.document.root.canonical.utf8)).hex,
      options: portableWords.joined(separator: " "), entries: entries, leftOut: plan.leftOut, machine: try machine(), source: source)
  }

  /// The file of an output, whose content was just held against its digest; nil where the instance has no such output, or no result.
  /// - Throws: `DamagedObject` where it is another, `FileError`.
  public func output(_ port: String, of entry: StudyRecord.Entry) throws -> String? {
    guard let digest = entry.standing.outputs.first(where: { $0.port == port })?.digest else { return nil }
    let path = store.object(digest)
    guard try ContentDigest.ofFile(path).hex == digest else { throw damaged(digest) }
    return path
  }

  private func machine() throws -> [(name: String, value: String)] {
    var system = utsname()
    uname(&system)
    func text<T>(_ field: T) -> String { withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
    let processor = (try? AtomicFile.read("/proc/cpuinfo")).flatMap { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last
    }
    var facts: [(name: String, value: String)] = [
      ("processor", processor.map { $0.trimmingPrefix(" ") }.map(String.init) ?? "unknown"),
      ("cores", "\(sysconf(Int32(_SC_NPROCESSORS_ONLN)))"),
      ("memoryBytes", "\(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)))"),
      ("system", "\(text(system.sysname)) \(text(system.release)) \(text(system.machine))"),
    ]
    for name in plan.instances.map(\.program).unique.sorted() {
      let program = try programs.program(name)
      if let numericClass = program.description.numericClass, !facts.contains(where: { $0.value == numericClass }) {
        facts.append(("numericClass \(name)", numericClass))
      }
      for library in program.numericLibraries where !facts.contains(where: { $0.value == library.file.hex }) {
        facts.append(("\(library.name) \(name)", library.file.hex))
      }
      facts.append(("program \(name)", program.digest))
    }
    return facts
  }
}
