import Artifacts
import Glibc

/// Asks the programs before anything runs whether they could do what is planned.
///
/// A program whose `--describe` says `checks` is called once for each of its stages, with `--check FILE`: for every instance its parameters
/// and what is known of its inputs. It refuses what cannot work, and says what its outputs will be, which the stages after it are told.
/// So a mistake that would show after hours of training is said at its place in pipeline.json; the runner itself knows nothing of epochs,
/// channels or tables.
struct PlanCheck {
  let pipeline: Pipeline
  let plan: Plan
  let programs: Programs
  /// The number of an instance's original files, nil where it reads none or finds none.
  let originals: (Instance) throws -> Int?
  /// The path of a file that pipeline.json names, and its digest.
  let file: (String) throws -> (path: String, digest: String)

  /// - Returns: what is legal, but hardly meant, each said once; what programs refuse of instances that run only where they are asked for; and
  ///   what instances take by their programs' account.
  /// - Throws: `PipelineError` at the first other instance that its program refuses.
  func perform(
    _ memory: inout CheckMemory
  ) throws -> (warnings: [String], refusals: [Int: PipelineError], works: [Int: PlannedWork]) {
    let unasked = Set(plan.instances.indices).subtracting(plan.byDefault)
    var refusals: [Int: PipelineError] = [:]
    var facts: [Int: JSONValue] = [:]
    var works: [Int: PlannedWork] = [:]
    var instances: [String: [String]] = [:]
    var messages: [String] = []
    let ofStage = Dictionary(grouping: plan.instances.indices) { plan.instances[$0].stage }
    for stage in plan.stages {
      let numbers = ofStage[stage] ?? []
      guard let first = numbers.first else { continue }
      let program = try programs.program(plan.instances[first].program)
      guard program.description.checks else { continue }
      let question: JSONValue = [
        "axes": axes(pipeline.axisValues), "planned": axes(planned), "runs": .array(try numbers.map { try run($0, facts) }),
      ]
      let answers = try memory.answers(to: question, of: program, count: numbers.count)
      for (number, answer) in zip(numbers, answers) {
        let instance = plan.instances[number]
        if let error = answer["error"] {
          guard unasked.contains(number) else { throw refusal(error, instance) }
          refusals[number] = refusal(error, instance)
        }
        facts[number] = answer["facts"] ?? .object([])
        works[number] = answer["work"].flatMap(PlannedWork.init)
        for message in (answer["warnings"]?.array ?? []).compactMap(\.string).map(Printable.text) where !unasked.contains(number) {
          if instances[message] == nil { messages.append(message) }
          instances[message, default: []].append(instance.name)
        }
      }
    }
    let warnings = messages.map { message in
      let names = instances[message] ?? []
      return "\(names.first ?? "")\(names.count > 1 ? " and \(names.count - 1) more" : ""): \(message)"
    }
    return (warnings, refusals, works)
  }

  /// One instance as its program is asked about it.
  private func run(_ number: Int, _ facts: [Int: JSONValue]) throws -> JSONValue {
    let instance = plan.instances[number]
    func known(_ producer: Int, _ port: String) -> JSONValue { facts[producer]?[port] ?? .object([]) }
    var (inputs, gathered): ([JSONValue.Member], [JSONValue.Member]) = ([], [])
    for input in instance.inputs {
      switch input.source {
      case .instance(let producer, let port): inputs.append(.init(input.port, ["facts": known(producer, port)]))
      case .file(let name):
        // A file that is not there is said by whoever reads it.
        guard let (path, digest) = try? file(name) else { continue }
        inputs.append(.init(input.port, ["path": .string(path), "digest": .string(digest)]))
      case .gathered(let list):
        gathered.append(
          .init(
            input.port,
            .array(
              list.map { producer, port in
                let source = plan.instances[producer]
                return [
                  "instance": .string(source.name), "coordinates": .object(source.coordinates.values), "facts": known(producer, port),
                ]
              })))
      }
    }
    var members: [JSONValue.Member] = [
      .init("instance", .string(instance.name)), .init("parameters", instance.parameters), .init("inputs", .object(inputs)),
      .init("gathered", .object(gathered)), .init("outputs", .array(instance.outputs.map { .string($0.port) })),
    ]
    if let count = try originals(instance) { members.append(.init("originals", .integer(count))) }
    return .object(members)
  }

  private func refusal(_ error: JSONValue, _ instance: Instance) -> PipelineError {
    func text(_ name: String) -> String? { error[name]?.string.map(Printable.text) }
    if let name = text("setting"), let complaint = text("complaint") {
      return plan.document.error(
        .setting(instance: instance.name, name: name, complaint: complaint), at: instance.place(ofSetting: name))
    }
    return plan.document.error(
      .refused(instance: instance.name, text("problem") ?? "", remedy: text("remedy") ?? ""),
      at: "/stages/\(instance.stage)")
  }

  private var planned: [String: [JSONValue]] {
    var values: [String: [JSONValue]] = [:]
    for instance in plan.instances { for member in instance.coordinates.values { values[member.name, default: []].append(member.value) } }
    return values.mapValues(\.unique)
  }

  private func axes(_ values: [String: [JSONValue]]) -> JSONValue {
    .object(values.sorted { $0.key < $1.key }.map { .init($0.key, .array($0.value)) })
  }
}

/// What the programs answered, remembered by the program's digest and the whole question, so that an unchanged study asks nobody.
struct CheckMemory {
  /// Answers kept: those of a few profiles and of what was tried lately.
  private static let kept = 64

  private let path: String
  private let environment: [String]
  private var entries: [(key: String, answers: [JSONValue])] = []
  private var changed = false

  /// - Parameter path: where answers are kept.
  init(path: String, environment: [String]) {
    (self.path, self.environment) = (path, environment)
    guard let root = Store.json(path), root["digest"]?.string == root["entries"].map(Self.digest) else { return }
    entries = (root["entries"]?.object ?? []).map { ($0.name, $0.value.array ?? []) }
  }

  private static func digest(_ value: JSONValue) -> String { ContentDigest.of(Array(value.canonical.utf8)).hex }

  /// - Throws: `PipelineError` where the program does not answer.
  mutating func answers(to question: JSONValue, of program: Programs.Program, count: Int) throws -> [JSONValue] {
    let key = Self.digest(["program": .string(program.digest), "question": question])
    if let known = entries.first(where: { $0.key == key && $0.answers.count == count }) { return known.answers }
    let file = "\(Folder.temporary)/ccr-check-\(PartFile.uniqueName()).json"
    defer { unlink(file) }
    try AtomicFile.write(question.compact, to: file)
    let (status, output) = try ChildProcess.run(program.path, ["--check", file], environment: environment)
    guard status == .exited(0), let answers = (try? JSONValue.parse(output, file: program.path))?.array, answers.count == count
    else {
      throw PipelineError(.program("\(program.path) --check failed", remedy: "run `make build`; if that does not help, report it"))
    }
    entries.insert((key, answers), at: 0)
    entries.removeLast(max(0, entries.count - Self.kept))
    changed = true
    return answers
  }

  /// A folder that cannot be written costs only time.
  mutating func save() {
    guard changed else { return }
    changed = false
    let entries = JSONValue.object(entries.map { .init($0.key, .array($0.answers)) })
    Folder.setAside(path)
    try? AtomicFile.write(JSONValue.object([.init("digest", .string(Self.digest(entries))), .init("entries", entries)]).compact, to: path)
  }
}
