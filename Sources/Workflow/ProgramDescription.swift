import Artifacts

/// What a stage program says of itself when called with `--describe`.
struct ProgramDescription: Sendable {
  struct Port: Sendable {
    let name: String
    let optional: Bool
    /// HDF5 datasets without which an output is not whole.
    let datasets: [String]
  }

  let json: JSONValue
  let name: String
  let version: Int
  let inputs, gathered, outputs: [Port]
  let schema: ParameterSchema
  /// CPU level and OpenBLAS core; nil where results do not depend on them.
  let numericClass: String?
  /// The file OpenBLAS was loaded from, nil where the program does not compute with it.
  let blasLibrary: String?
  /// The same of ARPACK.
  let arpackLibrary: String?
  /// The boolean setting that, when true, pins the content of the original files the program reads; nil where it reads none.
  let originalsPinnedBy: String?
  /// Whether it answers `--check`.
  let checks: Bool

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
    schema = ParameterSchema(
      settings.compactMap(SettingSchema.init), variants: json["variants"].flatMap(SettingVariants.init))
    numericClass = json["numericClass"]?.string
    blasLibrary = json["usesBLAS"]?.bool == true ? json["blasLibrary"]?.string : nil
    arpackLibrary = json["arpackLibrary"]?.string
    originalsPinnedBy = json["originals"]?["pinnedBy"]?.string
    checks = json["checks"]?.bool ?? false
  }

  /// HDF5 datasets without which the file at an output is not whole.
  func datasets(of output: String) -> [String] { outputs.first { $0.name == output }?.datasets ?? [] }

  // MARK: Checking an instance

  /// - Throws: the first port or parameter that does not fit, at its place in pipeline.json.
  func check(_ instance: Instance, _ document: PipelineDocument) throws(PipelineError) {
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
    _ given: [String], _ declared: [Port], _ kind: String, _ instance: Instance, _ document: PipelineDocument
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

  private func checkParameters(of instance: Instance, _ document: PipelineDocument) throws(PipelineError) {
    let variant = schema.variant(of: instance.parameters).map { " with \(schema.variants?.selector ?? "") \($0.name)" } ?? ""
    let owner = "stage \(instance.stage)\(variant)"
    switch schema.fault(in: instance.parameters) {
    case .unknown(let name, _)?:
      throw document.error(
        .unknown(kind: "setting", name: name, owner: owner, known: schema.settings(for: instance.parameters).map(\.name)),
        at: instance.place(ofSetting: name))
    case .illegal(let name, let complaint)?:
      throw document.error(.setting(instance: instance.name, name: name, complaint: complaint), at: instance.place(ofSetting: name))
    case .missing(let name)?:
      throw document.error(
        .missing(what: "setting \"\(name)\" of \(instance.name)", remedy: "give it in a rule of settings: {\"\(instance.stage)\": …}"),
        at: "/settings")
    case nil: break
    }
  }
}

extension ProgramDescription {
  /// - Parameter trees: what the entry of a method says of its stage's settings.
  /// - Throws: at the first setting that the program does not have for this method, or whose value is not legal.
  func check(
    _ trees: [SettingTree], of method: Entries.Entry, _ stage: Pipeline.Stage, _ document: PipelineDocument
  ) throws(PipelineError) {
    let selector = schema.variants.map { [JSONValue.Member($0.selector, .string(method.algorithm))] } ?? []
    for leaf in trees.flatMap(\.leaves) {
      // Names are put in for each instance; what they stand for is checked there.
      guard SettingScope.names(in: leaf.value).isEmpty else { continue }
      var request = JSONValue.object(selector)
      request = request.setting(leaf.name.split(separator: ".").map(String.init)[...], to: leaf.value)
      switch schema.fault(in: request) {
      case .unknown(let name, _)?:
        throw document.error(
          .unknown(
            kind: "setting", name: name, owner: "stage \(stage.name) with method \(method.name)",
            known: schema.settings(for: request).map(\.name)), at: leaf.pointer)
      case .illegal(let name, let complaint)?:
        throw document.error(.setting(instance: "method \(method.name)", name: name, complaint: complaint), at: leaf.pointer)
      case .missing?, nil: break
      }
    }
  }
}

extension JSONValue {
  /// The object with a member at a path, making the objects on its way.
  fileprivate func setting(_ path: ArraySlice<String>, to value: JSONValue) -> JSONValue {
    guard let first = path.first else { return value }
    var members = object ?? []
    let inner = (self[first] ?? .object([])).setting(path.dropFirst(), to: value)
    members.removeAll { $0.name == first }
    members.append(.init(first, inner))
    return .object(members)
  }
}

extension Instance {
  /// Where a setting, or the nearest of its members, stands in pipeline.json.
  func place(ofSetting name: String) -> String {
    if let place = places[name] { return place }
    // Of an object its own place, where one of its members stands there, and not in a constant put into it.
    let inner = places.filter { $0.key.hasPrefix("\(name).") }.map(\.value).sorted()
    let own = "/" + (name.split(separator: ".").last ?? "")
    for place in inner { if let range = place.firstRange(of: "\(own)/") { return String(place[..<range.lowerBound]) + own } }
    return inner.first ?? "/settings"
  }
}

extension Instance.Source {
  var isGathered: Bool { if case .gathered = self { true } else { false } }
}
