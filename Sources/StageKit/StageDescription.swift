import Artifacts
import Tensors

/// A named file a stage reads or writes.
public struct Port: Sendable {
  public let name: String
  public let help: String
  public let optional: Bool
  /// HDF5 datasets without which an output is not whole; `*` stands for any text within one name.
  public let datasets: [String]

  public init(_ name: String, _ help: String, optional: Bool = false, datasets: [String] = []) {
    self.name = name
    self.help = help
    self.optional = optional
    self.datasets = datasets
  }
}

/// Files that a stage reads from the user's data folder rather than from a port.
public struct Originals: Sendable {
  /// A file, and what its stage calls it wherever it lies.
  public struct File: Sendable, Equatable {
    public let name, path: String

    public init(name: String, path: String) {
      self.name = name
      self.path = path
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
  /// Whether results depend on OpenBLAS and the CPU: then both are part of the action key.
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
      .array(
        ports.map { port in
          let members: JSONValue = ["name": .string(port.name), "optional": .bool(port.optional), "help": .string(port.help)]
          return port.datasets.isEmpty
            ? members : .object((members.object ?? []) + [.init("datasets", .array(port.datasets.map(JSONValue.string)))])
        })
    }
    var members: [JSONValue.Member] = [
      .init("name", .string(name)), .init("version", .integer(version)), .init("summary", .string(summary)), .init("inputs", ports(inputs)),
      .init("gathered", ports(gathered)), .init("outputs", ports(outputs)),
      .init("settings", .array(settings.map(\.facts.schema))), .init("usesBLAS", .bool(usesBLAS)),
    ]
    if usesBLAS {
      members += [
        .init("numericClass", .string(NumericClass.current)), .init("blasLibrary", .string(BLAS.libraryPath)),
      ]
    }
    if let originals { members.append(.init("originals", ["pinnedBy": .string(originals.pinnedBy)])) }
    return .object(members)
  }

  /// What `--originals` prints.
  func originals(for request: StageRequest) throws -> JSONValue {
    let job = try StageJob(settingsOf: self, request)
    return .array(try (originals?.files(job) ?? []).map { ["name": .string($0.name), "path": .string($0.path)] })
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
