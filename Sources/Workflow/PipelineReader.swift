import Artifacts

/// Turns the JSON of pipeline.json into its declaration, one key at a time; every unexpected shape is refused at its place.
struct PipelineReader {
  let document: PipelineDocument

  func checkRoot() throws(PipelineError) {
    let root = try object(document.root, "", "the pipeline")
    try allow(["$schema", "pipeline", "methods", "datasets", "profiles", "stages", "settings"], root, "")
    guard let version = document.root["pipeline"] else {
      throw error(.missing(what: "\"pipeline\": 1, the version of the format,", remedy: "write \"pipeline\": 1"), "/pipeline")
    }
    guard version.integer == 1 else {
      throw error(
        .contradiction(
          "the file says that it is of version \(version.compact) of the format; this ccr reads version 1 only, \"pipeline\": 1",
          remedy: version.integer.map { $0 > 1 } ?? false
            ? "use the ccr that the file was written for, or write it for version 1: pipeline.schema.json" : "write \"pipeline\": 1"),
        "/pipeline")
    }
  }

  /// Seconds; sums of such are counted with.
  private static let highestCost = 1e12

  func profiles() throws(PipelineError) -> [Pipeline.Profile] {
    var result: [Pipeline.Profile] = []
    for member in try required("profiles", of: document.root, "") {
      let pointer = "/profiles/\(member.name)"
      // It is a folder's name.
      guard !member.name.isEmpty, !member.name.hasPrefix("."), member.name.utf8.allSatisfy(Coordinates.isPart) else {
        throw error(
          .wrongType(
            what: "the name of a profile", expected: "a word of letters, digits, - _ . + that begins with no point",
            found: "\"\(member.name)\""),
          "/profiles")
      }
      try allow(["axes", "let", "exclude", "include", "slurm"], object(member.value, pointer, "a profile"), pointer)
      var axes: [(name: String, values: [JSONValue])] = []
      for axis in try required("axes", of: member.value, pointer) {
        let values = try list(axis.value, "\(pointer)/axes/\(axis.name)", "an axis")
        axes.append((try axisName(axis.name, "\(pointer)/axes"), try coordinates(values, "\(pointer)/axes/\(axis.name)")))
      }
      result.append(
        Pipeline.Profile(
          name: member.name, axes: axes,
          constants: try member.value["let"].map { value throws(PipelineError) in try object(value, "\(pointer)/let", "\"let\"") } ?? [],
          exclude: try conditions(member.value["exclude"], "\(pointer)/exclude"),
          include: try conditions(member.value["include"], "\(pointer)/include"),
          slurm: try slurm(member.value["slurm"], "\(pointer)/slurm"), pointer: pointer))
    }
    return result
  }

  private func slurm(_ value: JSONValue?, _ pointer: String) throws(PipelineError) -> JSONValue? {
    guard let value else { return nil }
    try allow(SlurmOptions.names, object(value, pointer, "\"slurm\""), pointer)
    do { _ = try SlurmOptions(value) } catch {
      throw self.error(.contradiction(error.problem, remedy: error.remedy), pointer)
    }
    return value
  }

  func stages() throws(PipelineError) -> [Pipeline.Stage] {
    var result: [Pipeline.Stage] = []
    let members = try required("stages", of: document.root, "")
    let names = Set(members.map(\.name))
    for member in members {
      let pointer = "/stages/\(member.name)"
      try name(member.name, pointer)
      try allow(
        ["program", "matrix", "byDefault", "inputs", "outputs", "publish", "cost"] + StageLimits.members,
        object(member.value, pointer, "a stage"), pointer)
      guard let program = member.value["program"]?.string, !program.isEmpty else {
        throw error(.missing(what: "the program of stage \(member.name)", remedy: "write \"program\": \"NAME\""), "\(pointer)/program")
      }
      let cost = member.value["cost"] ?? 1
      guard let cost = cost.double, cost > 0 else {
        throw error(.wrongType(what: "cost", expected: "a number above 0", found: cost.compact), "\(pointer)/cost")
      }
      let limits = (member.value.object ?? []).filter { StageLimits.members.contains($0.name) }
      for limit in limits where limit.value.string == nil {
        throw error(
          .wrongType(what: "\"\(limit.name)\"", expected: StageLimits.form(limit.name), found: limit.value.compact),
          "\(pointer)/\(limit.name)")
      }
      var matrix: [Pipeline.Axis] = []
      for axis in try member.value["matrix"].map({ value throws(PipelineError) in try object(value, "\(pointer)/matrix", "a matrix") })
        ?? []
      {
        matrix.append(try self.axis(axis, stages: names, "\(pointer)/matrix/\(axis.name)"))
      }
      var inputs: [Pipeline.InputRule] = []
      for rule in try rules(member.value["inputs"], "\(pointer)/inputs") {
        var sources: [(port: String, source: Pipeline.Source, pointer: String)] = []
        for input in rule.content {
          sources.append((input.name, try source(input.value, "\(rule.pointer)/\(input.name)"), "\(rule.pointer)/\(input.name)"))
        }
        inputs.append(Pipeline.InputRule(condition: rule.condition, inputs: sources))
      }
      let byDefault = try member.value["byDefault"].map { value throws(PipelineError) in
        try object(value, "\(pointer)/byDefault", "\"byDefault\"")
      }
      for term in byDefault ?? [] where !matrix.contains(where: { $0.name == term.name }) {
        throw error(
          .unknown(kind: "axis", name: term.name, owner: "stage \(member.name)", known: matrix.map(\.name)),
          "\(pointer)/byDefault/\(term.name)")
      }
      result.append(
        Pipeline.Stage(
          name: member.name, program: program, matrix: matrix, byDefault: byDefault ?? [], inputs: inputs,
          outputs: try rules(member.value["outputs"], "\(pointer)/outputs", each: "a file name"),
          publish: try publish(member.value["publish"], "\(pointer)/publish"), cost: min(cost, Self.highestCost), limits: limits,
          pointer: pointer))
    }
    return result
  }

  func settings(stages: [String]) throws(PipelineError) -> [Pipeline.Rule] {
    let rules = try rules(document.root["settings"], "/settings")
    for rule in rules {
      try allow(["where", "let"] + stages, rule.content, rule.pointer)
      for member in rule.content { _ = try object(member.value, "\(rule.pointer)/\(member.name)", "\"\(member.name)\"") }
    }
    return rules
  }

  // MARK: Parts

  private func axis(_ member: JSONValue.Member, stages: Set<String>, _ pointer: String) throws(PipelineError) -> Pipeline.Axis {
    let name = try axisName(member.name, pointer)
    if member.value.string == "*" { return Pipeline.Axis(name: name, values: [.profile], pointer: pointer) }
    if let kind = Entries.Kind.allCases.first(where: { $0.rawValue == member.value.string }) {
      guard kind.axis == name else {
        throw error(
          .contradiction("\"\(kind.rawValue)\" are values of the axis \"\(kind.axis)\"", remedy: "rename the axis, or list its values"),
          pointer)
      }
      return Pipeline.Axis(name: name, values: [.entries(kind)], pointer: pointer)
    }
    if let stage = member.value.string {
      guard stages.contains(stage) else { throw error(.unknown(kind: "stage", name: stage, known: stages.sorted()), pointer) }
      return Pipeline.Axis(name: name, values: [.stage(stage)], pointer: pointer)
    }
    let values = try coordinates(list(member.value, pointer, "an axis"), pointer)
    return Pipeline.Axis(
      name: name, values: values.map { value in value.string.map { stages.contains($0) ? .stage($0) : .value(value) } ?? .value(value) },
      pointer: pointer)
  }

  private func source(_ value: JSONValue, _ pointer: String) throws(PipelineError) -> Pipeline.Source {
    if let members = value.object {
      try allow(["gather", "where", "file"], members, pointer)
      if let file = value["file"]?.string, members.count == 1 { return .file(file) }
      if let gather = value["gather"], value["file"] == nil {
        let condition = try value["where"].map { value throws(PipelineError) in try object(value, "\(pointer)/where", "where") } ?? []
        return .gather(try reference(gather, "\(pointer)/gather"), condition)
      }
      throw error(.wrongType(what: "an input", expected: Self.inputForms, found: value.compact), pointer)
    }
    var references: [Pipeline.Reference] = []
    for (index, element) in (value.array ?? [value]).enumerated() {
      references.append(try reference(element, value.array == nil ? pointer : "\(pointer)/\(index)"))
    }
    if references.isEmpty { throw error(.wrongType(what: "an input", expected: Self.inputForms, found: "empty"), pointer) }
    return .port(references)
  }

  private static let inputForms = "\"stage.port\", a list of these, {\"gather\": \"stage.port\"} or {\"file\": \"path\"}"

  private func reference(_ value: JSONValue, _ pointer: String) throws(PipelineError) -> Pipeline.Reference {
    let parts = value.string?.split(separator: ".", omittingEmptySubsequences: false).map(String.init) ?? []
    guard parts.count == 2, !parts.contains("") else {
      throw error(.wrongType(what: "an input", expected: Self.inputForms, found: value.compact), pointer)
    }
    return Pipeline.Reference(stage: parts[0], port: parts[1])
  }

  private func publish(_ value: JSONValue?, _ pointer: String) throws(PipelineError) -> [Pipeline.Rule] {
    if let folder = value, folder.string != nil {
      return [Pipeline.Rule(condition: .always, content: [.init("folder", folder)], pointer: pointer)]
    }
    let rules = try rules(value, pointer, each: "a folder")
    for rule in rules { try allow(["where", "folder"], rule.content, rule.pointer) }
    return rules
  }

  /// An object counts as the only rule.
  private func rules(_ value: JSONValue?, _ pointer: String, each: String? = nil) throws(PipelineError) -> [Pipeline.Rule] {
    guard let value else { return [] }
    var rules: [Pipeline.Rule] = []
    for (index, element) in (value.array ?? [value]).enumerated() {
      let pointer = value.array == nil ? pointer : "\(pointer)/\(index)"
      let members = try object(element, pointer, "a rule").filter { $0.name != "where" }
      if let each {
        for member in members where member.value.string == nil {
          throw error(.wrongType(what: "\"\(member.name)\"", expected: each, found: member.value.kindName), "\(pointer)/\(member.name)")
        }
      }
      let condition = try element["where"].map { value throws(PipelineError) in try self.condition(value, "\(pointer)/where") }
      rules.append(Pipeline.Rule(condition: condition ?? .always, content: members, pointer: pointer))
    }
    return rules
  }

  private func conditions(_ value: JSONValue?, _ pointer: String) throws(PipelineError) -> [Pipeline.Condition] {
    var result: [Pipeline.Condition] = []
    guard let value else { return [] }
    for (index, element) in try list(value, pointer, "this").enumerated() {
      result.append(try condition(element, "\(pointer)/\(index)"))
    }
    return result
  }

  private func condition(_ value: JSONValue, _ pointer: String) throws(PipelineError) -> Pipeline.Condition {
    var terms: [(axis: String, values: [JSONValue])] = []
    for term in try object(value, pointer, "a condition") {
      let values = try coordinates(term.value.array ?? [term.value], "\(pointer)/\(term.name)")
      terms.append((term.name, values))
    }
    if terms.isEmpty { throw error(.missing(what: "the axis of this condition", remedy: "name an axis, or remove the condition"), pointer) }
    return Pipeline.Condition(terms: terms, pointer: pointer)
  }

  /// Values of axes: words and integers, since they are parts of folder names.
  private func coordinates(_ values: [JSONValue], _ pointer: String) throws(PipelineError) -> [JSONValue] {
    var result: [JSONValue] = []
    var seen: Set<String> = []
    for (index, value) in values.enumerated() {
      let place = values.count == 1 ? pointer : "\(pointer)/\(index)"
      if let integer = value.integer {
        result.append(.integer(integer))
      } else if let text = value.string, !text.isEmpty, text.utf8.allSatisfy(Coordinates.isPart) {
        result.append(value)
      } else {
        throw error(
          .wrongType(what: "the value of an axis", expected: "a word of letters, digits, - _ . + or an integer", found: value.compact),
          place)
      }
      if !seen.insert(Coordinates.spelling(result[index])).inserted {
        throw error(.contradiction("the value \(Coordinates.spelling(value)) stands twice on this axis", remedy: "remove one"), place)
      }
    }
    return result
  }

  private func axisName(_ name: String, _ pointer: String) throws(PipelineError) -> String {
    try self.name(name, pointer)
    if name == "profile" {
      throw error(.contradiction("an axis cannot be called \"profile\": that is the profile's name", remedy: "rename it"), pointer)
    }
    return name
  }

  private func name(_ name: String, _ pointer: String) throws(PipelineError) {
    guard !name.isEmpty, name.utf8.allSatisfy(Coordinates.isWord), !Self.reserved.contains(name) else {
      throw error(
        .wrongType(
          what: "a name", expected: "a word of letters, digits, - and _, and none of \(Self.reserved.joined(separator: ", "))",
          found: "\"\(name)\""), pointer)
    }
  }

  private static let reserved = ["let", "where", "methods", "datasets"]

  // MARK: Shapes

  private func error(_ fault: PipelineFault, _ pointer: String) -> PipelineError { document.error(fault, at: pointer) }

  private func object(_ value: JSONValue, _ pointer: String, _ what: String) throws(PipelineError) -> [JSONValue.Member] {
    guard let members = value.object else {
      throw error(.wrongType(what: what, expected: "an object", found: value.kindName), pointer)
    }
    return members
  }

  private func list(_ value: JSONValue, _ pointer: String, _ what: String) throws(PipelineError) -> [JSONValue] {
    guard let values = value.array, !values.isEmpty else {
      throw error(.wrongType(what: what, expected: "a list with at least one element", found: value.compact), pointer)
    }
    return values
  }

  private func required(_ name: String, of value: JSONValue, _ pointer: String) throws(PipelineError) -> [JSONValue.Member] {
    guard let inner = value[name] else { throw error(.missing(what: "\"\(name)\"", remedy: "add it"), pointer) }
    return try object(inner, "\(pointer)/\(name)", "\"\(name)\"")
  }

  private func allow(_ known: [String], _ members: [JSONValue.Member], _ pointer: String) throws(PipelineError) {
    let names = Set(known)
    for member in members where !names.contains(member.name) {
      throw error(.unknown(kind: "key", name: member.name, known: known), "\(pointer)/\(member.name)")
    }
  }
}
