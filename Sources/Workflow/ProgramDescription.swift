import Artifacts

/// What a stage program says of itself when called with `--describe`.
struct ProgramDescription: Sendable {
  struct Port: Sendable {
    let name: String
    let optional: Bool
    /// HDF5 datasets without which an output is not whole.
    let datasets: [String]
  }

  struct Setting: Sendable {
    let name: String
    /// "integer", "number", "boolean", "string", "any" or "array of …"
    let type: String
    let minimum, maximum: Double?
    let choices: [JSONValue]
  }

  let json: JSONValue
  let name: String
  let version: Int
  let inputs, gathered, outputs: [Port]
  let settings: [Setting]
  /// CPU level and OpenBLAS core; nil where results do not depend on them.
  let numericClass: String?
  /// The file OpenBLAS was loaded from, nil where the program does not compute with it.
  let blasLibrary: String?
  /// The boolean setting that, when true, pins the content of the original files the program reads; nil where it reads none.
  let originalsPinnedBy: String?

  /// - Returns: nil where the JSON lacks what every description has.
  init?(_ json: JSONValue) {
    guard let name = json["name"]?.string, let version = json["version"]?.integer, let settings = json["settings"]?.array else {
      return nil
    }
    func ports(_ kind: String) -> [Port] {
      (json[kind]?.array ?? []).compactMap { port in
        port["name"]?.string.map { name in
          Port(name: name, optional: port["optional"]?.bool ?? false, datasets: (port["datasets"]?.array ?? []).compactMap(\.string))
        }
      }
    }
    self.json = json
    self.name = name
    self.version = version
    inputs = ports("inputs")
    gathered = ports("gathered")
    outputs = ports("outputs")
    self.settings = settings.compactMap { setting in
      guard let name = setting["name"]?.string, let type = setting["type"]?.string else { return nil }
      return Setting(
        name: name, type: type, minimum: setting["minimum"]?.double, maximum: setting["maximum"]?.double,
        choices: setting["choices"]?.array ?? [])
    }
    numericClass = json["numericClass"]?.string
    blasLibrary = json["usesBLAS"]?.bool == true ? json["blasLibrary"]?.string : nil
    originalsPinnedBy = json["originals"]?["pinnedBy"]?.string
  }

  /// HDF5 datasets without which the file at an output is not whole.
  func datasets(of output: String) -> [String] { outputs.first { $0.name == output }?.datasets ?? [] }

  // MARK: Checking an instance

  /// - Throws: the first port or parameter that does not fit, at its place in pipeline.json.
  func check(_ instance: Instance, _ document: JSONDocument) throws(PipelineError) {
    let (single, many) = (
      instance.inputs.filter { !$0.source.isGathered }.map(\.port), instance.inputs.filter(\.source.isGathered).map(\.port)
    )
    for port in single where gathered.contains(where: { $0.name == port }) {
      throw document.error(
        .wrongType(what: "input \"\(port)\" of \(instance.stage)", expected: "{\"gather\": \"stage.port\"}", found: "a single result"),
        at: "/stages/\(instance.stage)/inputs")
    }
    for port in many where inputs.contains(where: { $0.name == port }) {
      throw document.error(
        .wrongType(what: "input \"\(port)\" of \(instance.stage)", expected: "a single \"stage.port\"", found: "a gathering"),
        at: "/stages/\(instance.stage)/inputs")
    }
    try compare(single + many, inputs + gathered, "input", instance, document)
    try compare(instance.outputs.map(\.port), outputs, "output", instance, document)
    try checkParameters(of: instance, document)
  }

  private func compare(
    _ given: [String], _ declared: [Port], _ kind: String, _ instance: Instance, _ document: JSONDocument
  ) throws(PipelineError) {
    let pointer = "/stages/\(instance.stage)/\(kind)s"
    for name in given where !declared.contains(where: { $0.name == name }) {
      throw document.error(
        .unknown(kind: kind, name: name, owner: "program \(self.name)", known: declared.map(\.name)), at: "\(pointer)/\(name)")
    }
    for port in declared where !port.optional && !given.contains(port.name) {
      throw document.error(
        .missing(what: "\(kind) \"\(port.name)\" of \(instance.name)", remedy: "program \(self.name) needs it: add it there"), at: pointer)
    }
  }

  private func checkParameters(of instance: Instance, _ document: JSONDocument) throws(PipelineError) {
    var given: Set<String> = []
    for (name, value) in leaves(of: instance.parameters, "") {
      let pointer = instance.places[name] ?? instance.places.first { $0.key.hasPrefix("\(name).") }?.value ?? "/settings"
      guard let setting = settings.first(where: { $0.name == name }) else {
        throw document.error(
          .unknown(kind: "setting", name: name, owner: "stage \(instance.stage)", known: settings.map(\.name)), at: pointer)
      }
      if let complaint = setting.complaint(about: value) {
        throw document.error(.setting(instance: instance.name, name: name, complaint: complaint), at: pointer)
      }
      given.insert(name)
    }
    if let missing = settings.first(where: { !given.contains($0.name) }) {
      throw document.error(
        .missing(
          what: "setting \"\(missing.name)\" of \(instance.name)", remedy: "give it in a rule of settings: {\"\(instance.stage)\": …}"),
        at: "/settings")
    }
  }

  /// Every parameter by its dotted name; objects that are values of a setting of type any stay whole.
  private func leaves(of value: JSONValue, _ path: String) -> [(name: String, value: JSONValue)] {
    guard let members = value.object, !settings.contains(where: { $0.name == path }) else { return [(path, value)] }
    return members.flatMap { leaves(of: $0.value, path.isEmpty ? $0.name : "\(path).\($0.name)") }
  }
}

extension ProgramDescription.Setting {
  /// What is wrong with a value, or nil.
  func complaint(about value: JSONValue) -> String? {
    let isArray = type.hasPrefix("array of ")
    let element = isArray ? String(type.dropFirst("array of ".count)) : type
    guard let values = isArray ? value.array : [value] else { return "must be an \(type), not \(value.compact)" }
    for value in values {
      let fits =
        switch element {
        case "integer": value.integer != nil
        case "number": value.double != nil
        case "boolean": value.bool != nil
        case "string": value.string != nil
        default: true
        }
      if !fits { return "must be \(type), not \(value.compact)" }
      if let number = value.double, let minimum, let maximum, !(minimum <= number && number <= maximum) {
        return "must be \(JSONValue.number(minimum).canonical) to \(JSONValue.number(maximum).canonical), not \(value.compact)"
      }
      if !choices.isEmpty, !choices.contains(value) {
        let words = choices.map(Coordinates.spelling)
        let nearest = value.string.flatMap { NearestSpelling.of($0, among: words) }
        return "must be one of \(words.joined(separator: ", ")), not \(value.compact)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
      }
    }
    return nil
  }
}

extension Instance.Source {
  var isGathered: Bool { if case .gathered = self { true } else { false } }
}
