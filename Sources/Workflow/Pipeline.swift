import Artifacts

/// pipeline.json, checked for its shape: profiles, stages, settings.
public struct Pipeline: Sendable {
  /// An object that applies where the coordinates match; later rules win.
  struct Rule: Sendable {
    let condition: [JSONValue.Member]
    let content: [JSONValue.Member]
    let pointer: String
  }

  struct Profile: Sendable {
    let name: String
    let axes: [(name: String, values: [JSONValue])]
    let exclude: [[JSONValue.Member]]
  }

  struct Stage: Sendable {
    let name: String
    let program: String
    let matrix: [JSONValue.Member]
    let inputs: [Rule]
    let outputs: [Rule]
    /// Where outputs are copied besides the store; may hold $names.
    let publish: String?
    let pointer: String
  }

  public let path: String
  let document: JSONDocument
  let profiles: [Profile]
  let stages: [Stage]
  let settings: [Rule]

  /// - Throws: `FileError`, `JSONError` or `PipelineError`.
  public init(path: String) throws {
    self.path = path
    document = try JSONDocument(parsing: String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
    let reader = Reader(document: document)
    let root = try reader.object(document.root, "")
    try reader.allow(["$schema", "pipeline", "profiles", "stages", "settings"], root, "")
    guard document.root["pipeline"]?.integer == 1 else {
      throw reader.error("the version \"pipeline\" must be 1", "/pipeline", remedy: "write \"pipeline\": 1")
    }
    profiles = try reader.members("profiles", of: document.root, "").map { member in
      let pointer = "/profiles/\(member.name)"
      try reader.allow(["axes", "exclude"], reader.object(member.value, pointer), pointer)
      let axes = try reader.members("axes", of: member.value, pointer).map { axis in
        guard let values = axis.value.array, !values.isEmpty else {
          throw reader.error("an axis must be a list of values", "\(pointer)/axes/\(axis.name)")
        }
        return (axis.name, values)
      }
      let exclude = try (member.value["exclude"]?.array ?? []).enumerated().map { try reader.object($1, "\(pointer)/exclude/\($0)") }
      return Profile(name: member.name, axes: axes, exclude: exclude)
    }
    stages = try reader.members("stages", of: document.root, "").map { member in
      let pointer = "/stages/\(member.name)"
      try reader.allow(["program", "matrix", "inputs", "outputs", "publish"], reader.object(member.value, pointer), pointer)
      guard let program = member.value["program"]?.string else { throw reader.error("a stage must name its program", "\(pointer)/program") }
      return Stage(
        name: member.name, program: program, matrix: try member.value["matrix"].map { try reader.object($0, "\(pointer)/matrix") } ?? [],
        inputs: try reader.rules(member.value["inputs"], "\(pointer)/inputs"),
        outputs: try reader.rules(member.value["outputs"], "\(pointer)/outputs"), publish: member.value["publish"]?.string, pointer: pointer
      )
    }
    settings = try reader.rules(document.root["settings"], "/settings")
    for rule in settings { try reader.allow(["let"] + stages.map(\.name), rule.content, rule.pointer) }
  }

  func error(_ complaint: String, _ pointer: String, remedy: String = "correct it there") -> PipelineError {
    Reader(document: document).error(complaint, pointer, remedy: remedy)
  }

  /// Names of all profiles, in order.
  public var profileNames: [String] { profiles.map(\.name) }

  private struct Reader {
    let document: JSONDocument

    func error(_ complaint: String, _ pointer: String, remedy: String = "correct it there") -> PipelineError {
      let position = document.position(of: pointer)
      return PipelineError(complaint, remedy: remedy, place: "\(document.file):\(position.line):\(position.column) (\(pointer))")
    }

    func object(_ value: JSONValue, _ pointer: String) throws -> [JSONValue.Member] {
      guard let members = value.object else { throw error("expected an object, found \(value.kindName)", pointer) }
      return members
    }

    func members(_ name: String, of value: JSONValue, _ pointer: String) throws -> [JSONValue.Member] {
      guard let inner = value[name] else { throw error("\"\(name)\" is missing", pointer) }
      return try object(inner, "\(pointer)/\(name)")
    }

    func allow(_ known: [String], _ members: [JSONValue.Member], _ pointer: String) throws {
      for member in members where !known.contains(member.name) {
        let nearest = NearestSpelling.of(member.name, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
        throw error(
          "there is no key \"\(member.name)\" here\(nearest)", "\(pointer)/\(member.name)",
          remedy: "known keys: \(known.joined(separator: ", "))")
      }
    }

    /// An object counts as the only rule.
    func rules(_ value: JSONValue?, _ pointer: String) throws -> [Rule] {
      guard let value else { return [] }
      let list = value.array.map { $0.enumerated().map { ("\(pointer)/\($0)", $1) } } ?? [(pointer, value)]
      return try list.map { pointer, value in
        let members = try object(value, pointer)
        return Rule(
          condition: try value["where"].map { try object($0, "\(pointer)/where") } ?? [], content: members.filter { $0.name != "where" },
          pointer: pointer)
      }
    }
  }
}
