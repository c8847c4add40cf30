import Artifacts
import Glibc

/// A pipeline with its plan for one profile, its programs and its store: what every verb of `ccr` works on.
public final class Study {
  public let pipeline: Pipeline
  public let plan: Plan
  public let results: String
  /// The folder of original files: `CCR_DATA`, or `data` beside pipeline.json.
  public let data: String
  /// The folder of pipeline.json, to which its file names are relative.
  let folder: String
  let store: Store
  let programs: Programs
  let resultFolder: ResultFolder
  private var checks: CheckMemory
  /// What is legal, but hardly meant.
  public let warnings: [String]
  /// What programs refuse of instances that run only where they are asked for.
  private let refusals: [Int: PipelineError]
  /// What instances take, by their programs' account.
  let works: [Int: PlannedWork]
  /// The folder to which the folders that pipeline.json publishes to are relative; nil where nothing is published.
  let publishFolder: String?
  /// What this run sets, for the command that gives a result again.
  let overrides, sweeps: [String]
  /// The sources that the programs were built from.
  private(set) lazy var source = SourceState.of(programs.folder, except: publishFolders)

  /// Reads pipeline.json, plans the profile, and checks every instance against what its program declares and against what it says of runs
  /// like this one.
  /// - Parameters:
  ///   - path: pipeline.json.
  ///   - results: nil for `results` beside it.
  ///   - programFolder: where the stage programs are.
  ///   - overrides: what this run sets, `train.temperature=1`.
  ///   - sweeps: what this run sets to several values, `train.temperature=0.2,0.5`.
  ///   - publish: folder to which the folders of published copies are relative; nil for the one of pipeline.json.
  /// - Throws: `PipelineError`, `JSONError`, `FileError`.
  public init(
    path: String, profile: String, results: String?, programFolder: String, publish: String? = nil, overrides: [String] = [],
    sweeps: [String] = []
  ) throws {
    (self.overrides, self.sweeps) = (overrides, sweeps)
    pipeline = try Pipeline(path: path, overrides: overrides, sweeps: sweeps)
    plan = try Plan(pipeline, profile: profile)
    folder = Folder.absolute(path.lastIndex(of: "/").map { String(path[...$0].dropLast()) } ?? ".")
    self.results = results.map(Folder.absolute) ?? "\(folder)/results"
    data = getenv("CCR_DATA").map { Folder.absolute(String(cString: $0)) } ?? "\(folder)/data"
    store = Store(results: self.results)
    programs = Programs(
      folder: Folder.absolute(programFolder), pipelineFolder: folder, data: data, digests: store.digests,
      path: "\(store.folder)/programs.json")
    publishFolder = publish.map(Folder.absolute) ?? folder
    resultFolder = ResultFolder(results: self.results, profile: profile, store: store)
    var descriptions: [String: ProgramDescription] = [:]
    for instance in plan.instances {
      let description = try descriptions[instance.program] ?? programs.program(instance.program).description
      descriptions[instance.program] = description
      try description.check(instance, pipeline.document)
    }
    try Self.checkMethods(pipeline, programs)
    checks = CheckMemory(path: "\(store.folder)/checks.json", environment: StageEnvironment.variables(data: data))
    let check = PlanCheck(pipeline: pipeline, plan: plan, programs: programs) { [programs] instance in
      guard let pin = try programs.program(instance.program).description.originalsPinnedBy, instance.parameters[pin]?.bool != true else {
        return nil
      }
      return try programs.originalFiles(of: instance)?.count
    } file: { [store, folder] file in
      let path = file.hasPrefix("/") ? file : "\(folder)/\(file)"
      return (path, try store.digests.digest(of: path))
    }
    let (warnings, refusals, works) = try check.perform(&checks)
    self.warnings = pipeline.warnings + warnings
    self.refusals = refusals
    self.works = works
  }

  /// The same study with other results, of which nothing is published.
  init(_ other: Study, results: String) {
    (pipeline, plan, folder, data, programs) = (other.pipeline, other.plan, other.folder, other.data, other.programs)
    (checks, warnings, refusals, works) = (other.checks, other.warnings, other.refusals, other.works)
    (overrides, sweeps) = (other.overrides, other.sweeps)
    self.results = results
    store = Store(results: results)
    resultFolder = ResultFolder(results: results, profile: other.plan.profile, store: store)
    publishFolder = nil
  }

  /// The same study in another profile, whose instances are not held against what programs say of them.
  /// - Throws: `PipelineError` where that cannot be planned.
  init(_ other: Study, profile: String) throws {
    plan = try Plan(other.pipeline, profile: profile)
    (pipeline, results, folder, data, programs) = (other.pipeline, other.results, other.folder, other.data, other.programs)
    (checks, warnings, refusals, works) = (other.checks, [], [:], [:])
    (overrides, sweeps) = (other.overrides, other.sweeps)
    (store, publishFolder) = (other.store, other.publishFolder)
    resultFolder = ResultFolder(results: results, profile: profile, store: store)
  }

  /// What a person calls to make an instance of this study, with its profile and what this run sets.
  func command(_ instance: String, force: Bool = false) -> String {
    (["ccr run", Shell.quoted(instance)] + (force ? ["--force"] : []) + words).joined(separator: " ")
  }

  /// The options that name this study, with what this run sets, to any command.
  public var words: [String] {
    Self.words(pipeline: pipelinePath) + (results == "\(folder)/results" ? [] : ["--results \(Shell.quoted(results))"])
      + (plan.profile == "quick" ? [] : ["--profile \(plan.profile)"]) + settingWords
  }

  /// The options that name this study to any command called in its folder, for pages that are handed on: without places on this machine.
  var portableWords: [String] { Self.words(pipeline: pipelineFile) + ["--profile \(plan.profile)"] + settingWords }

  /// The name of the pipeline file.
  var pipelineFile: String { pipeline.path.split(separator: "/").last.map(String.init) ?? pipeline.path }

  /// The option that names a pipeline file; none for `pipeline.json`, which is found in and below its folder.
  static func words(pipeline path: String) -> [String] {
    path.split(separator: "/").last == "pipeline.json" ? [] : ["--pipeline \(Shell.quoted(path))"]
  }

  private var settingWords: [String] {
    overrides.map { "--set \(Shell.quoted($0))" } + sweeps.map { "\(Sweep.flag) \(Shell.quoted($0))" }
  }

  /// The instances that selectors name; without any, all that run unasked.
  /// - Throws: `PipelineError` at a name that nothing has, or where one of them, or what it needs, could not work.
  public func select(_ selectors: [String]) throws(PipelineError) -> [Int] {
    let selected = try Selector.select(selectors, in: plan)
    for number in plan.closure(of: selected) { if let refusal = refusals[number] { throw refusal } }
    return selected
  }

  /// Also of methods that the profile does not run, every hyperparameter must be one that the program knows.
  private static func checkMethods(_ pipeline: Pipeline, _ programs: Programs) throws {
    for method in pipeline.settings.methods.all {
      guard let stage = method.stage.flatMap(pipeline.stage) else { continue }
      let rules = pipeline.settings.rules.filter { $0.pointer == method.pointer }
      let trees = rules.flatMap { $0.stages.filter { $0.name == stage.name }.map(\.tree) }
      try programs.program(stage.program).description.check(trees, of: method, stage, pipeline.document)
    }
  }

  /// Keeps what was learned of files and programs for the next call.
  public func remember() {
    store.digests.save()
    programs.save()
    checks.save()
  }

  /// The key of an instance, nil where something upstream is not known.
  func key(_ number: Int, _ results: (Int) -> StoredResult?) throws -> ActionKey? { try action(number, results)?.key }

  /// The key of an instance and what it was computed from, nil where something upstream is not known.
  /// - Throws: `PipelineError` or `FileError` where a program or a file is gone, or a program
  ///   does not say what it is.
  func action(_ number: Int, _ results: (Int) -> StoredResult?) throws -> (key: ActionKey, ingredients: Ingredients)? {
    let instance = plan.instances[number]
    let program = try programs.program(instance.program)
    let originals = try programs.originals(of: instance, program)
    var files = originals?.files ?? []
    let key = try ActionKey.of(
      instance, in: plan, program: program, originals: originals?.key, results: results, isAdopted: { isAdopted($0, results) }
    ) { file in
      let content = try store.digests.content(of: path(ofFile: file), as: .original)
      files.append(content)
      return content.hex
    }
    return key.map { ($0, Ingredients(program: program, files: files, originals: originals?.key)) }
  }

  /// Whether a stage would read other original files now than its key says, in words: one was added, removed or replaced.
  /// - Throws: where that cannot be known: its program does not answer, or reading was ended.
  func changeOfOriginals(_ number: Int, _ ingredients: Ingredients) throws -> String? {
    guard let before = ingredients.originals else { return nil }
    let now = try programs.originals(of: plan.instances[number], ingredients.program)?.key
    return now == before ? nil : "the original files it reads were changed"
  }

  func path(ofFile file: String) -> String { file.hasPrefix("/") ? file : "\(folder)/\(file)" }

  /// What the stage is asked: `request.json`.
  func request(_ number: Int, _ results: (Int) -> StoredResult?, key: ActionKey, threads: Int) -> JSONValue {
    let instance = plan.instances[number]
    var (inputs, gathered, producers): ([JSONValue.Member], [JSONValue.Member], [JSONValue.Member]) = ([], [], [])
    var absent: [JSONValue.Member] = []
    for input in instance.inputs {
      switch input.source {
      case .file(let file): inputs.append(.init(input.port, .string(path(ofFile: file))))
      case .instance(let producer, let port):
        guard let digest = results(producer)?.outputs[port] else { continue }
        inputs.append(.init(input.port, .string(store.object(digest))))
        producers.append(.init(input.port, .string("\(port) of \(plan.instances[producer].name)")))
      case .gathered(let list):
        let elements: [JSONValue] = list.compactMap { producer, port in
          guard let result = results(producer), let digest = result.outputs[port] else { return nil }
          let source = plan.instances[producer]
          let adopted: [JSONValue.Member] = isAdopted(producer, results) ? [.init("adopted", .bool(true))] : []
          return .object(
            [
              .init("instance", .string(source.name)), .init("coordinates", .object(source.coordinates.values)),
              .init("action", .string(result.action)), .init("output", .string(digest)), .init("path", .string(store.object(digest))),
            ] + adopted)
        }
        gathered.append(.init(input.port, .array(elements)))
        let missing: [JSONValue] = list.compactMap { producer, _ in
          guard let reason = results(producer)?.absence else { return nil }
          let source = plan.instances[producer]
          return ["instance": .string(source.name), "coordinates": .object(source.coordinates.values), "reason": .string(reason)]
        }
        if !missing.isEmpty { absent.append(.init(input.port, .array(missing))) }
      }
    }
    let attempt = store.attemptFolder(key.hex)
    return [
      "instance": .string(instance.name), "inputs": .object(inputs), "gathered": .object(gathered), "absent": .object(absent),
      "producers": .object(producers),
      "outputs": .object(instance.outputs.map { .init($0.port, .string("\(attempt)/\($0.file)")) }), "parameters": instance.parameters,
      "threads": .integer(threads), "checkpoint": .string(store.checkpointFolder(key.hex)),
    ]
  }
}
