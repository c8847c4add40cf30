import Artifacts
import Glibc

/// What an instance takes, as its program says before it runs.
struct PlannedWork: Sendable, Hashable {
  /// Floating-point operations, above 0.
  let operations: Double
  /// Which of the program's ways to count; numbers of different ones say nothing of each other.
  let counting: Int
  /// Bytes at the peak, and of all outputs; nil where the program does not say.
  let memory, outputs: Double?
  let json: JSONValue

  /// - Returns: nil where a program prints what is no number of operations.
  init?(_ json: JSONValue) {
    func amount(_ name: String) -> Double? { json[name]?.double.flatMap { $0 > 0 && $0 < 1e30 ? $0 : nil } }
    guard let operations = amount("operations") else { return nil }
    (self.operations, memory, outputs, self.json) = (operations, amount("memory"), amount("outputs"), json)
    counting = json["counting"]?.integer ?? 1
  }
}

/// One execution, as its provenance tells.
struct PastRun: Sendable {
  /// The stage's interface, as its program names it.
  let stage: String
  /// Equal for runs whose settings differ in the seed alone.
  let settings: String
  /// Equal for runs of one profile and one place, but for the seed.
  let place: String
  /// The method, of a program with a catalogue of them.
  let variant: String
  let host: String
  let seconds, cpuSeconds: Double
  let threads, peakBytes, bytes: Double
  let work: PlannedWork?

  /// Settings of different value are different work; seeds are not.
  static func likeness(_ parameters: JSONValue) -> String {
    let members = (parameters.object ?? []).filter { $0.name != "seed" }
    return String(ContentDigest.of(Array(JSONValue.object(members).canonical.utf8)).hex.prefix(16))
  }

  static func place(profile: String, instance: String) -> String {
    let parts = instance.split(whereSeparator: { "[,]".contains($0) }).filter { !$0.hasPrefix("seed=") }
    return "\(profile)/\(parts.joined(separator: ","))"
  }

  static func variant(_ parameters: JSONValue?, by selector: String?) -> String {
    selector.flatMap { parameters?[$0]?.string } ?? ""
  }

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("stage", .string(stage)), .init("settings", .string(settings)), .init("place", .string(place)),
      .init("variant", .string(variant)), .init("host", .string(host)), .init("seconds", .number(seconds)),
      .init("cpuSeconds", .number(cpuSeconds)), .init("threads", .number(threads)), .init("peakBytes", .number(peakBytes)),
      .init("bytes", .number(bytes)),
    ]
    if let work { members.append(.init("work", work.json)) }
    return .object(members)
  }

  init?(_ json: JSONValue) {
    guard let stage = json["stage"]?.string, let seconds = json["seconds"]?.double else { return nil }
    func text(_ name: String) -> String { json[name]?.string ?? "" }
    func number(_ name: String) -> Double { json[name]?.double ?? 0 }
    (self.stage, self.seconds) = (stage, seconds)
    (settings, place, variant, host) = (text("settings"), text("place"), text("variant"), text("host"))
    (cpuSeconds, threads, peakBytes, bytes) = (number("cpuSeconds"), max(1, number("threads")), number("peakBytes"), number("bytes"))
    work = json["work"].flatMap(PlannedWork.init)
  }

  /// - Parameter selector: the setting that names the method of a stage's program, by stage.
  init?(provenance: JSONValue, selector: (String) -> String?) {
    guard let key = provenance["key"], let stage = key["stage"]?.string, let seconds = provenance["seconds"]?.double else { return nil }
    let parameters = key["parameters"] ?? .object([])
    (self.stage, self.seconds) = (stage, seconds)
    settings = Self.likeness(parameters)
    place = Self.place(profile: provenance["profile"]?.string ?? "", instance: provenance["instance"]?.string ?? "")
    variant = Self.variant(parameters, by: selector(stage))
    host = provenance["host"]?["name"]?.string ?? ""
    cpuSeconds = provenance["cpuSeconds"]?.double ?? seconds
    threads = max(1, provenance["threads"]?.double ?? 1)
    peakBytes = provenance["peakBytes"]?.double ?? 0
    bytes = (provenance["outputs"]?.object ?? []).reduce(0) { $0 + ($1.value["bytes"]?.double ?? 0) }
    work = provenance["work"].flatMap(PlannedWork.init)
  }
}

/// All executions that the store knows of, of any profile. What was read of their provenance is kept in one file, `runs.json`.
struct PastRuns {
  private let store: Store
  private(set) var runs: [String: PastRun] = [:]

  /// Reads what is new since the last call.
  /// - Parameter selector: see `PastRun`.
  init(_ store: Store, selector: (String) -> String?) {
    self.store = store
    let path = "\(store.folder)/runs.json"
    if let root = Store.json(path), root["check"]?.string == Store.check(root) {
      for member in root["runs"]?.object ?? [] { runs[member.name] = PastRun(member.value) }
    }
    var isNew = false
    for group in Folder.names("\(store.folder)/actions") {
      for key in Folder.names("\(store.folder)/actions/\(group)") where runs[key] == nil {
        guard let provenance = store.provenance(key), let run = PastRun(provenance: provenance, selector: selector) else { continue }
        runs[key] = run
        isNew = true
      }
    }
    guard isNew else { return }
    let members = runs.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value.json) }
    let all = JSONValue.Member("runs", .object(members))
    // A folder that cannot be written costs only time.
    Folder.setAside(path)
    try? AtomicFile.write(JSONValue.object([all, .init("check", .string(Store.check(.object([all]))))]).compact, to: path)
  }
}
