import Artifacts

/// A run of a stage before anything exists: its settings, and what is known of its inputs. The check of a stage throws where the run could
/// not work, and promises what its outputs will be, so that the stages after it can be checked too.
public struct PlannedRun {
  /// One of the results that a gathered port will take.
  public struct Gathered: Sendable {
    public let instance: String
    /// The instance's coordinates by axis.
    public let coordinates: [String: JSONValue]
    public let facts: FileFacts
  }

  /// What is known of the pipeline around the run; nil when a stage is called by hand.
  public struct Surroundings: Sendable {
    /// The values that each axis has anywhere in pipeline.json.
    public let axes: [String: [String]]
    /// The values that each axis has in the profile.
    public let planned: [String: [String]]
  }

  public let settings: SettingValues
  public let surroundings: Surroundings?
  /// How many original files there are, nil where that is not known.
  public let originals: Int?
  /// The ports asked for.
  public let outputs: Set<String>
  private let facts: [String: FileFacts]
  private let paths: [String: String]
  private let results: [String: [Gathered]]
  private var promises: [String: FileFacts] = [:]
  private var warnings: [String] = []
  /// What the run will take; nil where the program does not say.
  public var work: Work?

  public subscript<Value>(_ setting: Setting<Value>) -> Value { settings[setting] }

  /// What is known of an input; nothing where it was not given.
  public func input(_ port: String) -> FileFacts { facts[port] ?? FileFacts() }

  /// An input that is there already: a file that pipeline.json names.
  public func path(_ port: String) -> String? { paths[port] }

  public func gathered(_ port: String) -> [Gathered] { results[port] ?? [] }

  /// Says what an output will be.
  public mutating func promise(_ facts: FileFacts, of port: String) { promises[port] = facts }

  /// Says what the person should know though the run will work.
  public mutating func warn(_ message: String) { warnings.append(message) }
}

extension PlannedRun {
  /// The run that is about to begin.
  init(_ settings: SettingValues, _ request: StageRequest) {
    self.settings = settings
    (surroundings, originals, facts, paths) = (nil, nil, [:], request.inputs)
    outputs = Set(request.outputs.keys)
    results = request.gathered.mapValues { list in
      list.map { Gathered(instance: $0.instance, coordinates: $0.coordinates, facts: FileFacts()) }
    }
  }

  /// - Parameter json: one of the runs that `--check` is asked about.
  private init(_ json: JSONValue, _ schema: ParameterSchema, _ surroundings: Surroundings?) throws(StageError) {
    settings = try SettingValues(json["parameters"] ?? .object([]), of: schema)
    self.surroundings = surroundings
    originals = json["originals"]?.integer
    outputs = Set((json["outputs"]?.array ?? []).compactMap(\.string))
    let inputs = json["inputs"]?.object ?? []
    facts = Dictionary(inputs.map { ($0.name, FileFacts($0.value["facts"])) }) { _, last in last }
    paths = Dictionary(inputs.compactMap { input in input.value["path"]?.string.map { (input.name, $0) } }) { _, last in last }
    results = Dictionary(
      (json["gathered"]?.object ?? []).map { port in
        let list = (port.value.array ?? []).map { one in
          Gathered(
            instance: one["instance"]?.string ?? "",
            coordinates: Dictionary((one["coordinates"]?.object ?? []).map { ($0.name, $0.value) }) { _, last in last },
            facts: FileFacts(one["facts"]))
        }
        return (port.name, list)
      }
    ) { _, last in last }
  }

  /// What `--check FILE` prints: an answer for each run of the file, `{"facts": {port: …}, "warnings": […], "work": {…}}`, or
  /// `{"error": {"problem": …, "remedy": …}}` with the setting's name and complaint where one is to blame.
  static func answers(_ file: String, _ description: StageDescription) throws -> JSONValue {
    let root = try JSONValue.read(file)
    func values(_ name: String) -> [String: [String]]? {
      root[name]?.object.map { axes in
        Dictionary(axes.map { ($0.name, ($0.value.array ?? []).map { $0.string ?? $0.canonical }) }) { _, last in last }
      }
    }
    var surroundings: Surroundings?
    if let axes = values("axes"), let planned = values("planned") { surroundings = Surroundings(axes: axes, planned: planned) }
    return .array((root["runs"]?.array ?? []).map { answer($0, description, surroundings) })
  }

  private static func answer(_ json: JSONValue, _ description: StageDescription, _ surroundings: Surroundings?) -> JSONValue {
    do {
      var run = try PlannedRun(json, description.schema, surroundings)
      try description.check?(&run)
      let facts = run.promises.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, $0.value.json) }
      let work = run.work.map { [JSONValue.Member("work", $0.json)] } ?? []
      return .object([.init("facts", .object(facts)), .init("warnings", .array(run.warnings.map(JSONValue.string)))] + work)
    } catch StageError.illegalSetting(let name, let complaint) {
      return ["error": ["setting": .string(name), "complaint": .string(complaint)]]
    } catch let error as any ExplainedError {
      return ["error": ["problem": .string(error.problem), "remedy": .string(error.remedy)]]
    } catch {
      return ["error": ["problem": .string("\(error)"), "remedy": "report this with pipeline.json"]]
    }
  }
}
