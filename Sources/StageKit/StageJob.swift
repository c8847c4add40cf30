import Artifacts
import Glibc
import Tensors

/// A checked request: the files, the settings and the words a stage's body works with.
public struct StageJob: Sendable {
  private let request: StageRequest
  public let settings: SettingValues
  private let events: EventStream
  /// The threads this stage may use; results do not depend on their number.
  public let team: ThreadTeam

  init(_ description: StageDescription, _ request: StageRequest) throws(StageError) {
    try self.init(settingsOf: description, request)
    try Self.check(request.inputs.keys, description.inputs, "input")
    try Self.check(request.gathered.keys, description.gathered, "gathered input")
    try Self.check(request.outputs.keys, description.outputs, "output")
  }

  /// A job with settings, but without files.
  init(settingsOf description: StageDescription, _ request: StageRequest) throws(StageError) {
    self.request = request
    settings = try SettingValues(request.parameters, of: description.schema)
    events = EventStream()
    team = ThreadTeam(threads: max(1, request.threads))
  }

  private static func check(_ given: some Sequence<String>, _ ports: [Port], _ kind: String) throws(StageError) {
    let given = Set(given)
    if let unknown = given.sorted().first(where: { name in !ports.contains { $0.name == name } }) {
      throw .unknownPort(unknown, kind: kind, known: ports.map(\.name))
    }
    if let missing = ports.first(where: { !$0.optional && !given.contains($0.name) }) { throw .missingPort(missing.name, kind: kind) }
  }

  /// The path of a required input.
  public func input(_ port: String) -> String {
    guard let path = request.inputs[port] else { preconditionFailure("the stage declares no required input \(port)") }
    return path
  }

  /// The path of an optional input, nil where it was not given.
  public func optionalInput(_ port: String) -> String? { request.inputs[port] }

  /// All results gathered at a port, in the plan's order.
  public func gathered(_ port: String) -> [GatheredInput] { request.gathered[port] ?? [] }

  /// The instances whose results would be gathered at a port, had their work not come to an end without one.
  public func absent(_ port: String) -> [AbsentInput] { request.absent[port] ?? [] }

  /// The path to write a required output to.
  public func output(_ port: String) -> String {
    guard let path = request.outputs[port] else { preconditionFailure("the stage declares no required output \(port)") }
    return path
  }

  /// The path of an optional output, nil where it was not asked for.
  public func optionalOutput(_ port: String) -> String? { request.outputs[port] }

  /// The value of a declared setting.
  public subscript<Value>(_ setting: Setting<Value>) -> Value { settings[setting] }

  /// A folder that outlives a killed stage, nil when called by hand without --checkpoint.
  public var checkpointFolder: String? { request.checkpoint }

  /// Whether a stage that saves checkpoints was asked to stop, or who started it is gone: it saves one, then throws `StageInterrupted`.
  public var interrupted: Bool { Interruption.requested || events.isDeserted }

  /// Ends the stage before a long work for which there is no memory.
  /// - Parameters:
  ///   - bytes: the least it takes.
  ///   - lower: settings with which it would take less.
  /// - Throws: `StageError.memory`.
  public func requireMemory(_ bytes: Int, lower: [String] = []) throws(StageError) {
    guard Memory.canTake(bytes) else { throw .memory(bytes: bytes, lower: lower) }
  }

  /// Says how far the work is.
  public func progress(done: Int, total: Int, unit: String, detail: String = "", rate: Double? = nil, rateUnit: String = "") {
    var event: [JSONValue.Member] = [
      .init("event", "progress"), .init("done", .integer(done)), .init("total", .integer(total)), .init("unit", .string(unit)),
    ]
    if !detail.isEmpty { event.append(.init("detail", .string(detail))) }
    if let rate, rate.isFinite { event += [.init("rate", .number((rate * 10).rounded() / 10)), .init("rateUnit", .string(rateUnit))] }
    let speed = rate.map { " · \(Int(saturating: $0)) \(rateUnit)" } ?? ""
    events.send(.object(event), human: "\(unit) \(done)/\(total)\(detail.isEmpty ? "" : " · " + detail)\(speed)")
  }

  /// Says what the person should know though the work goes on: to the runner, which keeps it with the result, and in the log.
  public func warn(_ message: String) {
    let message = request.naming(message)
    events.send(["event": "warning", "message": .string(message)], human: "warning: \(message)", isForTheLog: true)
  }
}

/// Where progress goes: NDJSON to the descriptor the runner names, lines for people to standard error otherwise.
final class EventStream: Sendable {
  private let runner: Lines?

  init() { runner = getenv("CCR_EVENTS_FD").flatMap { Int32(String(cString: $0)) }.map(Lines.init(to:)) }

  /// - Parameter isForTheLog: whether the line for people goes to standard error even where there is a runner to tell.
  func send(_ event: JSONValue, human: String, isForTheLog: Bool = false) {
    sendToRunner(event)
    if runner == nil || isForTheLog { Lines.ofProcess.say(human) }
  }

  func sendToRunner(_ event: JSONValue) { runner?.say(event.compact) }

  /// Whether the runner that would read the events is gone: the kernel tells the writer of a pipe that nobody has the other end.
  var isDeserted: Bool {
    guard let runner else { return false }
    var pipe = pollfd(fd: runner.descriptor, events: 0, revents: 0)
    return poll(&pipe, 1, 0) == 1 && pipe.revents & Int16(POLLERR) != 0
  }
}
