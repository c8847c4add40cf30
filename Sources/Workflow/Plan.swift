import Artifacts

/// One run of a stage at one place of its matrix.
public struct Instance: Sendable {
  /// Where an input comes from.
  enum Source: Sendable {
    case instance(Int, port: String)
    case gathered([(instance: Int, port: String)])
    case file(String)
  }

  public let stage: String
  public let coordinates: Coordinates
  let program: String
  public let parameters: JSONValue
  let inputs: [(port: String, source: Source)]
  /// Port and file name.
  public let outputs: [(port: String, file: String)]
  /// Folder that gets copies of the outputs, nil for none.
  public let publish: String?

  public var name: String { "\(stage)[\(coordinates)]" }

  var upstream: [Int] {
    inputs.flatMap { input -> [Int] in
      switch input.source {
      case .instance(let number, _): [number]
      case .gathered(let list): list.map(\.instance)
      case .file: []
      }
    }
  }
}

/// Every instance of a profile, producers before consumers.
public struct Plan: Sendable {
  public let profile: String
  public let instances: [Instance]

  /// The programs that may see labels; a stage of any other program that names the port `labels` as input is refused.
  static let labelReaders: Set<String> = ["evaluate", "tsne", "tabulate"]

  public init(_ pipeline: Pipeline, profile name: String) throws {
    guard let profile = pipeline.profiles.first(where: { $0.name == name }) else {
      let nearest = NearestSpelling.of(name, among: pipeline.profileNames).map { "; did you mean \"\($0)\"?" } ?? ""
      throw PipelineError("there is no profile \"\(name)\"\(nearest)", remedy: "profiles: \(pipeline.profileNames.joined(separator: ", "))")
    }
    self.profile = name
    var instances: [Instance] = []
    var axes: [String: [String: [JSONValue]]] = [:]
    for stage in try Self.ordered(pipeline) {
      axes[stage.name] = try Self.axisValues(stage, pipeline, profile, axes)
      var all = [Coordinates(values: [])]
      for axis in stage.matrix {
        all = all.flatMap { before in
          (axes[stage.name]?[axis.name] ?? []).map { Coordinates(values: before.values + [.init(axis.name, $0)]) }
        }
      }
      for coordinates in all where !profile.exclude.contains(where: { coordinates.matches($0, profile: name) }) {
        instances.append(try Self.instance(stage, coordinates, pipeline, name, instances))
      }
    }
    self.instances = instances
  }

  /// Stages with producers first.
  private static func ordered(_ pipeline: Pipeline) throws -> [Pipeline.Stage] {
    var (done, path, ordered): (Set<String>, [String], [Pipeline.Stage]) = ([], [], [])
    func visit(_ stage: Pipeline.Stage) throws {
      if done.contains(stage.name) { return }
      if let start = path.firstIndex(of: stage.name) {
        throw pipeline.error(
          "stages feed each other in a cycle: \((path[start...] + [stage.name]).joined(separator: " ← "))", stage.pointer)
      }
      path.append(stage.name)
      for rule in stage.inputs {
        for member in rule.content {
          let pointer = "\(rule.pointer)/\(member.name)"
          for reference in try references(member.value, pipeline, pointer) { try visit(reference.stage) }
        }
      }
      path.removeLast()
      done.insert(stage.name)
      ordered.append(stage)
    }
    for stage in pipeline.stages { try visit(stage) }
    return ordered
  }

  /// "stage.port", several of them, or {"gather": "stage.port"}.
  private static func references(_ value: JSONValue, _ pipeline: Pipeline, _ pointer: String) throws -> [(
    stage: Pipeline.Stage, port: String
  )] {
    if value["file"]?.string != nil { return [] }
    let texts = value.array ?? [value["gather"] ?? value]
    return try texts.map { text in
      let parts = text.string?.split(separator: ".", maxSplits: 1).map(String.init) ?? []
      guard parts.count == 2 else {
        throw pipeline.error("an input is \"stage.port\", a list of them, {\"gather\": …} or {\"file\": …}, not \(text.compact)", pointer)
      }
      guard let stage = pipeline.stages.first(where: { $0.name == parts[0] }) else {
        let nearest = NearestSpelling.of(parts[0], among: pipeline.stages.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
        throw pipeline.error("there is no stage \"\(parts[0])\"\(nearest)", pointer)
      }
      let ports = stage.outputs.flatMap { $0.content.map(\.name) }
      guard ports.contains(parts[1]) else {
        let nearest = NearestSpelling.of(parts[1], among: ports).map { "; did you mean \"\($0)\"?" } ?? ""
        throw pipeline.error("stage \(stage.name) has no output \"\(parts[1])\"\(nearest)", pointer)
      }
      return (stage, parts[1])
    }
  }

  /// The values of each axis of a stage: "*" is the profile's axis, names of stages stand for their values, lists for themselves.
  private static func axisValues(
    _ stage: Pipeline.Stage, _ pipeline: Pipeline, _ profile: Pipeline.Profile, _ known: [String: [String: [JSONValue]]]
  ) throws -> [String: [JSONValue]] {
    var result: [String: [JSONValue]] = [:]
    for axis in stage.matrix {
      let pointer = "\(stage.pointer)/matrix/\(axis.name)"
      if axis.value.string == "*" {
        guard let values = profile.axes.first(where: { $0.name == axis.name })?.values else {
          throw pipeline.error("profile \(profile.name) has no axis \"\(axis.name)\"", pointer)
        }
        result[axis.name] = values
        continue
      }
      var values: [JSONValue] = []
      for value in axis.value.array ?? [axis.value] {
        let others = value.string.flatMap { known[$0]?[axis.name] }
        values += (others ?? [value]).filter { !values.contains($0) }
      }
      result[axis.name] = values
    }
    return result
  }

  private static func instance(
    _ stage: Pipeline.Stage, _ coordinates: Coordinates, _ pipeline: Pipeline, _ profile: String, _ earlier: [Instance]
  ) throws -> Instance {
    let substitution = Substitution(pipeline, profile: profile, coordinates: coordinates)
    var inputs: [(port: String, source: Instance.Source)] = []
    for rule in stage.inputs where coordinates.matches(rule.condition, profile: profile) {
      for member in rule.content {
        let pointer = "\(rule.pointer)/\(member.name)"
        if inputs.contains(where: { $0.port == member.name }) {
          throw pipeline.error("input \"\(member.name)\" of \(stage.name)[\(coordinates)] is given twice", pointer)
        }
        let references = try references(member.value, pipeline, pointer)
        if references.contains(where: { $0.port == "labels" }), !labelReaders.contains(stage.program) {
          throw pipeline.error(
            "stage \(stage.name) may not see labels: the method is unsupervised", pointer,
            remedy: "labels may be inputs of \(labelReaders.sorted().joined(separator: ", ")) only")
        }
        if let file = member.value["file"]?.string {
          inputs.append((member.name, .file(file)))
        } else if member.value["gather"] != nil {
          let condition = try substitution.apply(member.value["where"] ?? .object([]), pointer).object ?? []
          let found = earlier.indices.filter { i in
            references.contains { $0.stage.name == earlier[i].stage } && earlier[i].coordinates.matches(condition, profile: profile)
          }
          inputs.append((member.name, .gathered(found.map { ($0, references[0].port) })))
        } else {
          let found = references.flatMap { reference in
            earlier.indices.filter { earlier[$0].stage == reference.stage.name && agrees(earlier[$0].coordinates, coordinates) }
              .map { ($0, reference.port) }
          }
          guard found.count == 1 else {
            throw pipeline.error(
              "input \"\(member.name)\" of \(stage.name)[\(coordinates)] has \(found.count) producers"
                + (found.isEmpty ? "" : ": " + found.map { earlier[$0.0].name }.joined(separator: ", ")), pointer,
              remedy: "exactly one instance must share the stage's coordinates")
          }
          inputs.append((member.name, .instance(found[0].0, port: found[0].1)))
        }
      }
    }
    var outputs: [(port: String, file: String)] = []
    for rule in stage.outputs where coordinates.matches(rule.condition, profile: profile) {
      for member in rule.content {
        guard let file = try substitution.apply(member.value, "\(rule.pointer)/\(member.name)").string, !file.contains("/"), !file.isEmpty
        else {
          throw pipeline.error("an output is a file name without folders", "\(rule.pointer)/\(member.name)")
        }
        outputs.append((member.name, file))
      }
    }
    return Instance(
      stage: stage.name, coordinates: coordinates, program: stage.program, parameters: try substitution.parameters(of: stage),
      inputs: inputs,
      outputs: outputs, publish: try stage.publish.flatMap { try substitution.apply(.string($0), "\(stage.pointer)/publish").string })
  }

  private static func agrees(_ a: Coordinates, _ b: Coordinates) -> Bool {
    a.values.allSatisfy { member in b[member.name].map { $0.canonical == member.value.canonical } ?? true }
  }

  /// Which stage feeds which, in order.
  public var stageEdges: [(from: String, to: String)] {
    var edges: [(from: String, to: String)] = []
    for instance in instances {
      for producer in instance.upstream.map({ instances[$0].stage }) where !edges.contains(where: { $0 == (producer, instance.stage) }) {
        edges.append((producer, instance.stage))
      }
    }
    return edges
  }

  /// The instances and all they need, in order.
  func closure(of numbers: some Sequence<Int>) -> [Int] {
    var needed: Set<Int> = []
    func visit(_ number: Int) { if needed.insert(number).inserted { instances[number].upstream.forEach(visit) } }
    numbers.forEach(visit)
    return needed.sorted()
  }
}
