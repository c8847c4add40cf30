import Artifacts

/// pipeline.json, checked as far as it can be without a profile and without the programs.
public struct Pipeline: Sendable {
  /// `where`: every axis named must have the value given, or one of them. `profile` counts as an axis.
  struct Condition: Sendable {
    let terms: [(axis: String, values: [JSONValue])]
    let pointer: String

    static let always = Condition(terms: [], pointer: "")

    func matches(_ coordinates: Coordinates, profile: String) -> Bool {
      terms.allSatisfy { term in
        let value = term.axis == "profile" ? .string(profile) : coordinates[term.axis]
        return value.map(term.values.contains) ?? false
      }
    }

    /// `method=dcdc,profile=cpu|own`
    var description: String {
      terms.map { "\($0.axis)=\($0.values.map(Coordinates.spelling).joined(separator: "|"))" }.joined(separator: ",")
    }

    /// Equal for conditions that mean the same.
    var signature: String {
      terms.map { "\($0.axis)=\($0.values.map(\.canonical).sorted().joined(separator: "|"))" }.sorted().joined(separator: ",")
    }
  }

  /// Members that apply where the condition holds; among rules the later wins.
  struct Rule: Sendable {
    let condition: Condition
    let content: [JSONValue.Member]
    let pointer: String
  }

  struct Profile: Sendable {
    let name: String
    let axes: [(name: String, values: [JSONValue])]
    /// Its budget: constants that hold where no data set, method or rule says otherwise.
    let constants: [JSONValue.Member]
    /// Instances that are left out, unless included.
    let exclude: [Condition]
    /// Further places on the axes, besides the product of `axes`.
    let include: [Condition]
    /// What its jobs ask a Slurm cluster for; reaches no key.
    let slurm: JSONValue?
    let pointer: String
  }

  /// Where the values of an axis come from.
  enum AxisValue: Hashable, Sendable {
    /// "*": the profile's values.
    case profile
    /// The values another stage has on the same axis.
    case stage(String)
    /// "methods": the entries that the stage runs, in their order.
    case entries(Entries.Kind)
    case value(JSONValue)
  }

  struct Axis: Sendable {
    let name: String
    let values: [AxisValue]
    let pointer: String
  }

  /// "stage.port"
  struct Reference: Hashable, Sendable, CustomStringConvertible {
    let stage: String
    let port: String
    var description: String { "\(stage).\(port)" }
  }

  enum Source: Sendable {
    /// The instance that shares the coordinates; of several references exactly one must have it.
    case port([Reference])
    /// All instances that match the condition, whose values may hold `$names`.
    case gather(Reference, [JSONValue.Member])
    /// A file beside pipeline.json.
    case file(String)

    var references: [Reference] {
      switch self {
      case .port(let references): references
      case .gather(let reference, _): [reference]
      case .file: []
      }
    }
  }

  struct InputRule: Sendable {
    let condition: Condition
    let inputs: [(port: String, source: Source, pointer: String)]
  }

  struct Stage: Sendable {
    let name: String
    let program: String
    let matrix: [Axis]
    /// Values of axes, possibly `$names`, outside of which instances run only where they are asked for.
    let byDefault: [JSONValue.Member]
    let inputs: [InputRule]
    let outputs: [Rule]
    /// Folders that get copies of the outputs: rules whose content is the member `folder`.
    let publish: [Rule]
    /// Expected work relative to other stages, as long as no run has measured it; decides the order of starting, nothing else.
    let cost: Double
    /// `timeout` and `memory`, texts that may hold `$names`; see `StageLimits`.
    let limits: [JSONValue.Member]
    let pointer: String

    var references: [(reference: Reference, pointer: String)] {
      inputs.flatMap { rule in rule.inputs.flatMap { input in input.source.references.map { ($0, input.pointer) } } }
    }
  }

  public let path: String
  let document: PipelineDocument
  let profiles: [Profile]
  /// Producers before consumers.
  let stages: [Stage]
  private let byName: [String: Stage]
  let settings: Settings
  var sweeps: [Sweep] { settings.sweeps }

  /// - Parameters:
  ///   - overrides: what one run sets, `train.temperature=1`.
  ///   - sweeps: what one run sets to several values, `train.temperature=0.2,0.5`.
  /// - Throws: `FileError`, `JSONError` or `PipelineError`.
  public init(path: String, overrides: [String] = [], sweeps: [String] = []) throws {
    let overrides = try overrides.map { try Override($0) }
    try self.init(PipelineDocument(path: path, overrides: overrides), path: path, overrides: overrides, sweeps: sweeps)
  }

  /// - Parameter path: the name for messages; file names in the text are relative to its folder.
  public init(parsing text: String, path: String, overrides: [String] = [], sweeps: [String] = []) throws {
    let overrides = try overrides.map { try Override($0) }
    try self.init(
      PipelineDocument(JSONDocument(parsing: text, file: path), overrides: overrides), path: path, overrides: overrides, sweeps: sweeps)
  }

  private init(_ document: PipelineDocument, path: String, overrides: [Override], sweeps: [String]) throws {
    self.path = path
    self.document = document
    let reader = PipelineReader(document: document)
    try reader.checkRoot()
    profiles = try reader.profiles()
    let declared = try reader.stages()
    let methods = try Entries(.methods, document, stages: declared)
    let check = PipelineCheck(
      document: document, profiles: profiles, stages: declared, methods: methods,
      datasets: try Entries(.datasets, document, stages: declared))
    try check.references()
    stages = try check.ordered()
    try LabelRule.check(stages, document)
    byName = check.byName
    let names = stages.map(\.name)
    settings = try Settings(
      reader.settings(stages: names), profiles: profiles, methods: methods, datasets: check.datasets,
      overrides: overrides.filter { !$0.isOfDocument }, sweeps: sweeps, stages: names,
      matrixAxes: stages.flatMap { $0.matrix.map(\.name) }.unique, document)
    try check.axes()
    try check.entries()
    try check.conditions(of: settings)
  }

  /// Names of all profiles, in order.
  public var profileNames: [String] { profiles.map(\.name) }

  /// What is legal, but hardly meant.
  public var warnings: [String] { settings.overridden(document) }

  /// The values of every axis in any profile and stage.
  var axisValues: [String: [JSONValue]] {
    let axes = stages.flatMap { $0.matrix.map(\.name) }.unique
    return Dictionary(axes.map { ($0, PipelineCheck.values($0, profiles, stages, settings.entries)) }) { first, _ in first }
  }

  func stage(_ name: String) -> Stage? { byName[name] }
}
