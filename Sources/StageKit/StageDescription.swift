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
  let schema: ParameterSchema
  /// Whether results depend on OpenBLAS: then it is part of the action key, and its kernels of the numeric class.
  public let usesBLAS: Bool
  /// Whether results depend on ARPACK: then it is part of the action key too.
  public let usesARPACK: Bool
  public let originals: Originals?
  /// Refuses what cannot work and says what is known of the outputs; nil where every legal setting works with every input.
  ///
  /// `ccr plan` asks it for every planned run, and the stage itself before its body.
  public let check: (@Sendable (inout PlannedRun) throws -> Void)?

  /// - Parameters:
  ///   - settings: those that every run has.
  ///   - variants: of a stage with a catalogue of methods, the settings of each; the setting `by` names the method, and only its own may be
  ///     given. It may be among `settings`, otherwise it is added to them.
  public init(
    name: String, version: Int, summary: String, inputs: [Port], gathered: [Port] = [], outputs: [Port], settings: [AnySetting],
    variants: (by: String, settings: [String: [AnySetting]])? = nil, usesBLAS: Bool, usesARPACK: Bool = false, originals: Originals? = nil,
    check: (@Sendable (inout PlannedRun) throws -> Void)? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.inputs = inputs
    self.gathered = gathered
    self.outputs = outputs
    schema = ParameterSchema(
      settings.map(\.schema),
      variants: variants.map { variants in
        SettingVariants(
          by: variants.by,
          variants.settings.sorted { $0.key < $1.key }.map { .init(name: $0.key, settings: $0.value.map(\.schema)) })
      })
    self.usesBLAS = usesBLAS
    self.usesARPACK = usesARPACK
    self.originals = originals
    self.check = check
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
      .init("settings", .array(schema.settings.map(\.json))), .init("usesBLAS", .bool(usesBLAS)),
      .init("numericClass", .string(usesBLAS ? NumericClass.currentWithBLAS : NumericClass.current)),
    ]
    if usesBLAS { members.append(.init("blasLibrary", .string(BLAS.libraryPath))) }
    if usesARPACK { members.append(.init("arpackLibrary", .string(BLAS.arpackPath))) }
    if let variants = schema.variants { members.append(.init("variants", variants.json)) }
    if check != nil { members.append(.init("checks", true)) }
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
}
