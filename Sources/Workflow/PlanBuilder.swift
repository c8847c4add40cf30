import Artifacts

/// Makes the instances of a plan, producers first, so that every input finds its producer.
struct PlanBuilder {
  let pipeline: Pipeline
  let profile: String
  private(set) var instances: [Instance] = []
  private(set) var leftOut: [(instance: String, needs: String)] = []
  /// By their places without the axes of sweeps.
  var producers = ProducerIndex()
  /// Axes of sweeps that some instance has.
  var swept: Set<String> = []
  /// Settings of stages of which one is swept.
  var settingNames: [String: Set<String>] = [:]
  /// What would be instances if the profile did not exclude them, or what they need.
  private var absent = ProducerIndex()
  private var absentNames: [String] = []

  init(pipeline: Pipeline, profile: String) {
    self.pipeline = pipeline
    self.profile = profile
  }

  /// What the profile leaves out.
  mutating func exclude(_ stage: Pipeline.Stage, _ place: Coordinates) {
    absent.add(absentNames.count, stage.name, place)
    absentNames.append(place.values.isEmpty ? stage.name : "\(stage.name)[\(place)]")
  }

  /// Adds an instance, or leaves it out where the profile excludes what it needs.
  mutating func add(_ stage: Pipeline.Stage, _ place: Coordinates) throws(PipelineError) {
    if pipeline.sweeps.isEmpty { return try add(stage, place, Variant()) }
    for variant in try variants(stage, place) { try add(stage, place, variant) }
  }

  private mutating func add(_ stage: Pipeline.Stage, _ place: Coordinates, _ variant: Variant) throws(PipelineError) {
    let scope = pipeline.settings.scope(place, profile: profile, document: pipeline.document, and: variant.rules)
    let parameters = try scope.parameters(of: stage.name)
    let coordinates = Coordinates(values: place.values + variant.place)
    let instance = coordinates.values.isEmpty ? stage.name : "\(stage.name)[\(coordinates)]"
    let length = coordinates.description.utf8.count
    guard length <= Self.longestName else {
      throw pipeline.document.error(
        .wrongType(
          what: "the coordinates of an instance of \(stage.name)", expected: "at most \(Self.longestName) bytes, which name its folder",
          found: "\(length)"), at: stage.pointer)
    }
    var inputs: [(port: String, source: Instance.Source)] = []
    for rule in stage.inputs where rule.condition.matches(place, profile: profile) {
      for input in rule.inputs {
        if inputs.contains(where: { $0.port == input.port }) { throw twice("input", input.port, instance, input.pointer) }
        guard let found = try source(input.source, of: instance, port: input.port, parameters.json, scope, variant, input.pointer) else {
          return exclude(stage, place)
        }
        inputs.append((input.port, found))
      }
    }
    var outputs: [(port: String, file: String)] = []
    for rule in stage.outputs where rule.condition.matches(place, profile: profile) {
      for output in rule.content {
        let pointer = "\(rule.pointer)/\(output.name)"
        let file = try scope.text(output.value.string ?? "", at: pointer)
        guard !file.isEmpty, !file.contains("/"), !file.hasPrefix("."), !Self.reserved.contains(file) else {
          throw pipeline.document.error(
            .wrongType(
              what: "an output", expected: "a file name without folders, not hidden, not \(Self.reserved.joined(separator: " or "))",
              found: "\"\(file)\""), at: pointer)
        }
        if outputs.contains(where: { $0.port == output.name }) { throw twice("output", output.name, instance, pointer) }
        if let other = outputs.first(where: { $0.file == file }) {
          throw pipeline.document.error(
            .contradiction("outputs \(other.port) and \(output.name) of \(instance) are the same file \(file)", remedy: "rename one"),
            at: pointer)
        }
        outputs.append((output.name, file))
      }
    }
    var publish: String?
    for rule in stage.publish where rule.condition.matches(place, profile: profile) {
      if publish != nil { throw twice("folder", "publish", instance, rule.pointer) }
      for member in rule.content { publish = try scope.text(member.value.string ?? "", at: rule.pointer) }
    }
    // Each value's tables and figures in a folder of their own.
    if let folder = publish, !variant.place.isEmpty { publish = "\(folder)/\(Coordinates(values: variant.place))" }
    producers.add(instances.count, stage.name, place)
    instances.append(
      Instance(
        name: instance, stage: stage.name, coordinates: coordinates, sweep: variant, program: stage.program, parameters: parameters.json,
        places: Dictionary(parameters.leaves.map { ($0.name, $0.pointer) }) { $1 }, inputs: inputs, outputs: outputs, publish: publish,
        cost: stage.cost, limits: try StageLimits(stage, scope), unaskedAxes: try unaskedAxes(stage, scope)))
  }

  private func unaskedAxes(_ stage: Pipeline.Stage, _ scope: SettingScope) throws(PipelineError) -> [String] {
    var axes: [String] = []
    for term in stage.byDefault {
      let value = try scope.value(term.value, at: "\(stage.pointer)/byDefault/\(term.name)")
      if !(value.array ?? [value]).contains(scope.coordinates[term.name] ?? .null) { axes.append(term.name) }
    }
    return axes
  }

  private func twice(_ kind: String, _ port: String, _ instance: String, _ pointer: String) -> PipelineError {
    pipeline.document.error(
      .contradiction(
        "two rules give the \(kind) \"\(port)\" of \(instance)", remedy: "let the conditions of the rules exclude each other"), at: pointer)
  }

  /// File systems take no longer ones.
  private static let longestName = 255

  /// Names the runner uses in an attempt's folder or beside the links to the outputs.
  private static let reserved = ["request.json", "log.txt", "provenance.json", "failure.json", ActionOwner.file]

  /// - Returns: nil where the only producers are left out: then so is the instance.
  private mutating func source(
    _ source: Pipeline.Source, of instance: String, port: String, _ parameters: JSONValue, _ scope: SettingScope,
    _ variant: Variant, _ pointer: String
  ) throws(PipelineError) -> Instance.Source? {
    switch source {
    case .file(let path): return .file(pipeline.document.path(ofFile: try scope.text(path, at: pointer), at: pointer))
    case .port(let references):
      var found: [(number: Int, port: String)] = []
      for reference in references {
        found += producers.agreeing(with: scope.coordinates, in: reference.stage)
          .filter { has($0, reference.port) && agrees($0, with: variant) }.map { ($0, reference.port) }
      }
      if let only = found.first, found.count == 1 { return .instance(only.number, port: only.port) }
      if found.isEmpty {
        for reference in references {
          if let number = absent.agreeing(with: scope.coordinates, in: reference.stage).first {
            leftOut.append((instance, absentNames[number]))
            return nil
          }
        }
      }
      throw pipeline.document.error(
        .producers(
          input: port, instance: instance, found: found.map { instances[$0.number].name },
          wanted: "exactly one of \(references.map(\.description).joined(separator: ", ")) must share its coordinates"), at: pointer)
    case .gather(let reference, let members):
      let condition = try condition(members, reference.stage, parameters, scope, "\(pointer)/where")
      let found = producers.matching(condition, in: reference.stage).filter { has($0, reference.port) && agrees($0, with: variant) }
      if found.isEmpty {
        if let number = absent.matching(condition, in: reference.stage).first {
          leftOut.append((instance, absentNames[number]))
          return nil
        }
        try checkValues(of: condition, reference.stage, "\(pointer)/where")
        throw pipeline.document.error(
          .producers(
            input: port, instance: instance, found: [], wanted: "no instance of \(reference.stage) in profile \(profile) matches"),
          at: pointer)
      }
      let ordered = found.sorted { instances[$0].coordinates.precedes(instances[$1].coordinates) }
      return .gathered(ordered.map { ($0, reference.port) })
    }
  }

  /// - Throws: at a value that its axis has nowhere, with the nearest one.
  private func checkValues(of condition: Pipeline.Condition, _ stage: String, _ pointer: String) throws(PipelineError) {
    let known = pipeline.axisValues
    for term in condition.terms {
      for value in term.values where !(known[term.axis] ?? []).contains(value) {
        throw pipeline.document.error(
          .unknown(
            kind: term.axis, name: Coordinates.spelling(value), owner: "stage \(stage)",
            known: (known[term.axis] ?? []).map(Coordinates.spelling)), at: "\(pointer)/\(term.axis)")
      }
    }
  }

  private func has(_ number: Int, _ port: String) -> Bool { instances[number].outputs.contains { $0.port == port } }

  /// The condition of a gathering, whose axes must be those of the stage gathered from.
  func condition(
    _ members: [JSONValue.Member], _ stage: String, _ parameters: JSONValue, _ scope: SettingScope, _ pointer: String
  ) throws(PipelineError) -> Pipeline.Condition {
    let axes = (pipeline.stage(stage)?.matrix ?? []).map(\.name)
    var terms: [(axis: String, values: [JSONValue])] = []
    for member in members {
      guard axes.contains(member.name) else {
        throw pipeline.document.error(
          .unknown(kind: "axis", name: member.name, owner: "stage \(stage)", known: axes), at: "\(pointer)/\(member.name)")
      }
      if let setting = member.value["setting"]?.string {
        terms.append((member.name, Self.values(of: setting.split(separator: ".")[...], in: parameters).unique))
        continue
      }
      let value = try scope.value(member.value, at: "\(pointer)/\(member.name)")
      terms.append((member.name, (value.array ?? [value]).map { $0.integer.map(JSONValue.integer) ?? $0 }))
    }
    return Pipeline.Condition(terms: terms, pointer: pointer)
  }

  /// What a setting holds, `layout.rows.method`: of every element where a list is on the way, without nulls.
  private static func values(of path: ArraySlice<Substring>, in value: JSONValue) -> [JSONValue] {
    if let list = value.array { return list.flatMap { values(of: path, in: $0) } }
    guard let first = path.first else { return value == .null ? [] : [value] }
    return value[String(first)].map { values(of: path.dropFirst(), in: $0) } ?? []
  }

  /// No two instances may publish the same file.
  func checkFiles() throws(PipelineError) {
    var owner: [String: String] = [:]
    for instance in instances {
      guard let folder = instance.publish else { continue }
      for output in instance.outputs {
        let path = "\(folder)/\(output.file)"
        if let other = owner.updateValue(instance.name, forKey: path) {
          throw pipeline.document.error(
            .contradiction("\(other) and \(instance.name) both publish \(path)", remedy: "put a coordinate, such as $seed, into the name"),
            at: "/stages/\(instance.stage)/publish")
        }
      }
    }
  }
}
