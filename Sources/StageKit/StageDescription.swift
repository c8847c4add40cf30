import Artifacts
import Tensors

/// A named file a stage reads or writes.
public struct Port: Sendable {
  public let name: String
  public let help: String
  public let optional: Bool

  public init(_ name: String, _ help: String, optional: Bool = false) {
    self.name = name
    self.help = help
    self.optional = optional
  }
}

/// Files that a stage reads from the user's data folder rather than from a port.
public struct Originals: Sendable {
  /// A file, and what its stage calls it wherever it lies.
  public struct File: Sendable, Equatable {
    public let name, path: String
    /// What it counts by, nil for the content of the file at `path`.
    public let digest: ContentDigest?

    public init(name: String, path: String, digest: ContentDigest? = nil) {
      self.name = name
      self.path = path
      self.digest = digest
    }
  }

  /// The boolean setting that, when true, demands official checksums: then the result does not depend on which files there are.
  public let pinnedBy: String
  /// The files that would be read.
  public let files: @Sendable (StageJob) throws -> [File]

  public init(pinnedBy: String, files: @escaping @Sendable (StageJob) throws -> [File]) {
    self.pinnedBy = pinnedBy
    self.files = files
  }
}

/// What a stage program is: its ports, its settings and what its results depend on besides them.
public struct StageDescription: Sendable {
  public let name: String
  /// Raised when equal inputs and settings mean something else than before.
  public let version: Int
  public let summary: String
  public let inputs: [Port]
  /// Ports that take the results of many instances.
  public let gathered: [Port]
  public let outputs: [Port]
  public let settings: [AnySetting]
  /// Whether results depend on OpenBLAS: then it is part of the action key, and its kernels of the numeric class.
  public let usesBLAS: Bool
  public let originals: Originals?

  public init(
    name: String, version: Int, summary: String, inputs: [Port], gathered: [Port] = [], outputs: [Port], settings: [AnySetting],
    usesBLAS: Bool, originals: Originals? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.inputs = inputs
    self.gathered = gathered
    self.outputs = outputs
    self.settings = settings
    self.usesBLAS = usesBLAS
    self.originals = originals
  }

  /// What `--describe` prints.
  var json: JSONValue {
    func ports(_ ports: [Port]) -> JSONValue {
      .array(ports.map { ["name": .string($0.name), "optional": .bool($0.optional), "help": .string($0.help)] })
    }
    var members: [JSONValue.Member] = [
      .init("name", .string(name)), .init("version", .integer(version)), .init("summary", .string(summary)), .init("inputs", ports(inputs)),
      .init("gathered", ports(gathered)), .init("outputs", ports(outputs)),
      .init("settings", .array(settings.map(\.facts.schema))), .init("usesBLAS", .bool(usesBLAS)),
      .init("numericClass", .string(usesBLAS ? NumericClass.currentWithBLAS : NumericClass.current)),
    ]
    if usesBLAS { members.append(.init("blasLibrary", .string(BLAS.libraryPath))) }
    if let originals { members.append(.init("originals", ["pinnedBy": .string(originals.pinnedBy)])) }
    return .object(members)
  }

  /// What `--originals` prints.
  func originals(for request: StageRequest) throws -> JSONValue {
    let job = try StageJob(settingsOf: self, request)
    return .array(
      try (originals?.files(job) ?? []).map { file in
        let digest = file.digest.map { [JSONValue.Member("digest", .string($0.hex))] } ?? []
        return .object([.init("name", .string(file.name)), .init("path", .string(file.path))] + digest)
      })
  }

  /// Every leaf of the parameters by its dotted name; settings of type `any` are leaves themselves.
  func leaves(of parameters: JSONValue) -> [(name: String, value: JSONValue)] {
    let whole = Set(settings.map(\.facts).filter { $0.type == "any" }.map(\.name))
    func walk(_ value: JSONValue, _ path: String) -> [(name: String, value: JSONValue)] {
      guard let members = value.object, !whole.contains(path) else { return [(path, value)] }
      return members.flatMap { walk($0.value, path.isEmpty ? $0.name : "\(path).\($0.name)") }
    }
    return parameters.object.map { $0.flatMap { walk($0.value, $0.name) } } ?? []
  }

  /// - Throws: `StageError` at the first parameter that is unknown, missing, of the wrong type or out of range.
  func check(_ parameters: JSONValue) throws(StageError) -> [String: JSONValue] {
    let leaves = leaves(of: parameters)
    var values: [String: JSONValue] = [:]
    for (name, value) in leaves {
      guard let facts = settings.map(\.facts).first(where: { $0.name == name }) else {
        throw .unknownSetting(name, nearest: NearestSpelling.of(name, among: settings.map(\.facts.name)))
      }
      if let complaint = facts.complaint(about: value) { throw .illegalSetting(name, complaint) }
      values[name] = value
    }
    if let missing = settings.map(\.facts.name).first(where: { values[$0] == nil }) { throw .missingSetting(missing) }
    return values
  }
}
