import Artifacts
import Glibc

/// The stage programs beside the runner: what they say of themselves, and their digests.
final class Programs {
  struct Program {
    let path: String
    let digest: String
    /// What `--describe` prints.
    let description: JSONValue
    let blasDigest: String?
    let numericClass: String?
  }

  private let folder: String
  private let cache: DigestCache
  private var known: [String: Program] = [:]

  init(folder: String, cache: DigestCache) {
    self.folder = folder
    self.cache = cache
  }

  func program(_ name: String) throws -> Program {
    if let program = known[name] { return program }
    let path = "\(folder)/\(name)"
    guard access(path, X_OK) == 0 else {
      throw PipelineError(
        "there is no program \"\(name)\" in \(folder)", remedy: "run `make build`, and check the key program of the stage")
    }
    let digest = try cache.value("program", of: path) { .string(try ProgramDigest.ofFile(path).hex) }.string ?? ""
    // What a program says depends on the user's choice of OpenBLAS kernels too.
    let core = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? ""
    let description = try cache.value("describe(\(core))", of: path) { try Self.describe(path) }
    let blas = try description["blasLibrary"]?.string.map { try cache.digest(of: $0) }
    let program = Program(
      path: path, digest: digest, description: description, blasDigest: blas, numericClass: description["numericClass"]?.string)
    known[name] = program
    return program
  }

  private static func describe(_ path: String) throws -> JSONValue {
    let output = "/tmp/ccr-describe.\(getpid())"
    defer { unlink(output) }
    let process = try ChildProcess(
      path, ["--describe"], standardOutput: output, standardError: "/dev/null", events: false)
    let status = process.wait()
    guard status == .exited(0), let bytes = try? AtomicFile.read(output),
      let description = try? JSONValue.parse(String(decoding: bytes, as: UTF8.self), file: path), description["name"]?.string != nil
    else { throw PipelineError("\(path) does not describe itself: \(status)", remedy: "run `\(path) --describe` and `make build`") }
    return description
  }

  /// Checks an instance's ports and parameters against what its program declares.
  func check(_ instance: Instance, _ pipeline: Pipeline) throws {
    let program = try program(instance.program)
    func ports(_ kind: String) -> [(name: String, optional: Bool)] {
      (program.description[kind]?.array ?? []).compactMap { port in port["name"]?.string.map { ($0, port["optional"]?.bool ?? false) } }
    }
    func compare(_ given: [String], _ declared: [(name: String, optional: Bool)], _ kind: String) throws {
      for name in given where !declared.contains(where: { $0.name == name }) {
        let nearest = NearestSpelling.of(name, among: declared.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
        throw pipeline.error("program \(instance.program) has no \(kind) \"\(name)\"\(nearest)", "/stages/\(instance.stage)/\(kind)s")
      }
      for port in declared where !port.optional && !given.contains(port.name) {
        throw pipeline.error("\(kind) \"\(port.name)\" of \(instance.name) is missing", "/stages/\(instance.stage)/\(kind)s")
      }
    }
    try compare(instance.inputs.map(\.port), ports("inputs") + ports("gathered"), "input")
    try compare(instance.outputs.map(\.port), ports("outputs"), "output")
    try checkParameters(instance, program.description["settings"]?.array ?? [], pipeline)
  }

  private func checkParameters(_ instance: Instance, _ schema: [JSONValue], _ pipeline: Pipeline) throws {
    var expected = Dictionary(schema.compactMap { setting in setting["name"]?.string.map { ($0, setting) } }) { $1 }
    let whole = Set(expected.filter { $0.value["type"]?.string == "any" }.keys)
    let names = Array(expected.keys)
    /// The rule of pipeline.json that names a setting last.
    func pointer(_ name: String) -> String {
      let first = name.split(separator: ".").first.map(String.init) ?? name
      let rule = pipeline.settings.last { rule in rule.content.contains { $0.name == instance.stage && $0.value[first] != nil } }
      return rule.map { "\($0.pointer)/\(instance.stage)/\(name.replacing(".", with: "/"))" } ?? "/settings"
    }
    func walk(_ value: JSONValue, _ name: String) throws {
      if let members = value.object, !whole.contains(name), !(name.isEmpty == false && expected[name] != nil) {
        for member in members { try walk(member.value, name.isEmpty ? member.name : "\(name).\(member.name)") }
        return
      }
      guard let setting = expected.removeValue(forKey: name) else {
        let nearest = NearestSpelling.of(name, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
        throw pipeline.error("stage \(instance.stage) has no setting \"\(name)\"\(nearest)", pointer(name))
      }
      if let complaint = Self.complaint(value, setting) {
        throw pipeline.error("\(instance.name): setting \"\(name)\" \(complaint)", pointer(name))
      }
    }
    try walk(instance.parameters, "")
    if let missing = expected.keys.min() {
      throw pipeline.error(
        "\(instance.name): setting \"\(missing)\" is missing", "/settings", remedy: "give it in a rule for stage \(instance.stage)")
    }
  }

  private static func complaint(_ value: JSONValue, _ setting: JSONValue) -> String? {
    let type = setting["type"]?.string ?? "any"
    let element = type.hasPrefix("array of ") ? String(type.dropFirst(9)) : type
    guard let elements = type.hasPrefix("array of ") ? value.array : [value] else { return "must be an \(type), not \(value.kindName)" }
    for one in elements {
      let fits =
        switch element {
        case "integer": one.integer != nil
        case "number": one.double != nil
        case "boolean": one.bool != nil
        case "string": one.string != nil
        default: true
        }
      if !fits { return "must be \(type), not \(one.compact)" }
      if let number = one.double, let low = setting["minimum"]?.double, let high = setting["maximum"]?.double,
        !(low...high).contains(number)
      {
        return "must be \(JSONValue.number(low).canonical) to \(JSONValue.number(high).canonical), not \(one.compact)"
      }
      if let choices = setting["choices"]?.array, !choices.contains(one) {
        return "must be one of \(choices.compactMap(\.string).joined(separator: ", ")), not \(one.compact)"
      }
    }
    return nil
  }
}
