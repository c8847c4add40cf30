import Artifacts

/// Whether the parts of pipeline.json fit each other: every name used is declared, nothing feeds itself, every rule can apply.
struct PipelineCheck {
  let document: PipelineDocument
  let profiles: [Pipeline.Profile]
  let stages: [Pipeline.Stage]
  let methods, datasets: Entries
  let byName: [String: Pipeline.Stage]

  init(document: PipelineDocument, profiles: [Pipeline.Profile], stages: [Pipeline.Stage], methods: Entries, datasets: Entries) {
    (self.document, self.profiles, self.stages, self.methods, self.datasets) = (document, profiles, stages, methods, datasets)
    byName = Dictionary(stages.map { ($0.name, $0) }) { first, _ in first }
  }

  /// Every "stage.port" is an output that some rule of that stage declares.
  func references() throws(PipelineError) {
    for stage in stages {
      for (reference, pointer) in stage.references {
        guard let producer = byName[reference.stage] else {
          throw document.error(.unknown(kind: "stage", name: reference.stage, known: stages.map(\.name)), at: pointer)
        }
        let ports = producer.outputs.flatMap { $0.content.map(\.name) }
        guard ports.contains(reference.port) else {
          throw document.error(
            .unknown(kind: "output", name: reference.port, owner: "stage \(producer.name)", known: ports.unique), at: pointer)
        }
      }
    }
  }

  /// The stages with producers before consumers, otherwise in the order of the file.
  func ordered() throws(PipelineError) -> [Pipeline.Stage] {
    var done: Set<String> = []
    var result: [Pipeline.Stage] = []
    for stage in stages where !done.contains(stage.name) {
      // Chains may be longer than the stack is deep.
      var path = [(stage: stage, references: stage.references[...])]
      var onPath: Set = [stage.name]
      while let (last, references) = path.last {
        guard let (reference, pointer) = references.first else {
          path.removeLast()
          onPath.remove(last.name)
          done.insert(last.name)
          result.append(last)
          continue
        }
        path[path.count - 1].references = references.dropFirst()
        guard let producer = byName[reference.stage], !done.contains(producer.name) else { continue }
        guard onPath.insert(producer.name).inserted else {
          let names = path.map(\.stage.name)
          let start = names.firstIndex(of: producer.name) ?? 0
          throw document.error(.cycle(of: "stages", (names[start...] + [producer.name]).reversed()), at: pointer)
        }
        path.append((producer, producer.references[...]))
      }
    }
    return result
  }

  /// Every "*" has its values in every profile, every axis of a profile is used, and axes that borrow values end somewhere.
  func axes() throws(PipelineError) {
    let starred = stages.flatMap { stage in stage.matrix.filter { $0.values.contains(.profile) } }
    for profile in profiles {
      for axis in starred where !profile.axes.contains(where: { $0.name == axis.name }) {
        throw document.error(
          .unknown(kind: "axis", name: axis.name, owner: "profile \(profile.name)", known: profile.axes.map(\.name)), at: axis.pointer)
      }
      for axis in profile.axes where !starred.contains(where: { $0.name == axis.name }) {
        throw document.error(
          .unknown(kind: "axis with values \"*\" in any stage called", name: axis.name, known: starred.map(\.name).unique),
          at: "\(profile.pointer)/axes/\(axis.name)")
      }
    }
    for stage in stages {
      for axis in stage.matrix { try borrows(stage, axis, [stage.name]) }
    }
  }

  /// Where there are entries, every value of their axis is one of them.
  func entries() throws(PipelineError) {
    for entries in [methods, datasets] where !entries.all.isEmpty {
      func check(_ value: JSONValue, _ pointer: String) throws(PipelineError) {
        guard entries[Coordinates.spelling(value)] == nil else { return }
        throw document.error(
          .unknown(kind: entries.kind.axis, name: Coordinates.spelling(value), owner: "\"\(entries.kind.rawValue)\"", known: entries.names),
          at: pointer)
      }
      for profile in profiles {
        for axis in profile.axes where axis.name == entries.kind.axis {
          for value in axis.values { try check(value, "\(profile.pointer)/axes/\(axis.name)") }
        }
      }
      for axis in stages.flatMap(\.matrix) where axis.name == entries.kind.axis {
        for case .value(let value) in axis.values { try check(value, axis.pointer) }
      }
    }
  }

  private func borrows(_ stage: Pipeline.Stage, _ axis: Pipeline.Axis, _ path: [String]) throws(PipelineError) {
    for case .stage(let name) in axis.values {
      guard let lender = byName[name], let lent = lender.matrix.first(where: { $0.name == axis.name }) else {
        throw document.error(
          .missing(
            what: "axis \"\(axis.name)\" of stage \(name), whose values are asked for here,",
            remedy: "add it to that stage, or list the values"),
          at: axis.pointer)
      }
      if path.contains(name) {
        throw document.error(.cycle(of: "values of axis \(axis.name)", path + [name]), at: axis.pointer)
      }
      guard path.count < 100 else {
        throw document.error(
          .contradiction(
            "axis \(axis.name) is borrowed along \(path.count) stages", remedy: "borrow it from the stage that lists its values"),
          at: axis.pointer)
      }
      try borrows(lender, lent, path + [name])
    }
  }

  /// Every condition names axes and values that exist where it applies.
  func conditions(of settings: Settings) throws(PipelineError) {
    let everywhere = stages.flatMap { $0.matrix.map(\.name) }.unique
    for profile in profiles {
      for condition in profile.exclude { try check(condition, axes: everywhere, values: values) }
      for condition in profile.include { try check(condition, axes: everywhere) { _ in nil } }
    }
    for stage in stages {
      let axes = stage.matrix.map(\.name)
      for condition in stage.inputs.map(\.condition) + stage.outputs.map(\.condition) + stage.publish.map(\.condition) {
        try check(condition, axes: axes + ["profile"], values: values)
      }
    }
    for rule in settings.rules {
      try check(rule.condition, axes: everywhere + ["profile"], values: values)
      for constant in rule.constants where (everywhere + ["profile"]).contains(constant.name) {
        throw document.error(
          .contradiction("a constant cannot be called like the axis \"\(constant.name)\", which hides it", remedy: "rename it"),
          at: constant.tree.pointer)
      }
      for name in rule.stageNames {
        let axes = (byName[name]?.matrix ?? []).map(\.name) + ["profile"]
        guard let term = rule.condition.terms.first(where: { !axes.contains($0.axis) }) else { continue }
        throw document.error(
          .contradiction(
            "this rule can never apply to stage \(name), which has no axis \"\(term.axis)\"",
            remedy: "axes of \(name): \(axes.joined(separator: ", ")); move its settings to a rule without \"\(term.axis)\""),
          at: "\(rule.pointer)/\(name)")
      }
    }
  }

  private func check(
    _ condition: Pipeline.Condition, axes: [String], values: (String) -> [JSONValue]?
  ) throws(PipelineError) {
    for term in condition.terms {
      guard axes.contains(term.axis) else {
        throw document.error(.unknown(kind: "axis", name: term.axis, known: axes.unique), at: "\(condition.pointer)/\(term.axis)")
      }
      guard let known = values(term.axis) else { continue }
      for value in term.values where !known.contains(value) {
        throw document.error(
          .unknown(kind: "value", name: Coordinates.spelling(value), owner: "axis \(term.axis)", known: known.map(Coordinates.spelling)),
          at: "\(condition.pointer)/\(term.axis)")
      }
    }
  }

  /// Every value an axis has in any profile and stage.
  private func values(_ axis: String) -> [JSONValue] {
    axis == "profile" ? profiles.map { .string($0.name) } : Self.values(axis, profiles, stages, [methods, datasets])
  }

  static func values(
    _ axis: String, _ profiles: [Pipeline.Profile], _ stages: [Pipeline.Stage], _ entries: [Entries]
  ) -> [JSONValue] {
    let ofProfiles = profiles.flatMap { profile in
      profile.axes.filter { $0.name == axis }.flatMap(\.values)
        + profile.include.flatMap { $0.terms.filter { $0.axis == axis }.flatMap(\.values) }
    }
    let ofStages = stages.flatMap { stage in
      stage.matrix.filter { $0.name == axis }.flatMap { $0.values.compactMap { if case .value(let value) = $0 { value } else { nil } } }
    }
    let ofEntries = entries.filter { $0.kind.axis == axis }.flatMap { $0.names.map(JSONValue.string) }
    return (ofProfiles + ofStages + ofEntries).unique
  }
}

/// Labels may be inputs of few programs; whatever is made from labels counts as labels.
enum LabelRule {
  /// The programs that may see labels.
  static let readers: Set<String> = ["evaluate", "tsne", "tabulate"]
  /// Whose output `labels` is meant.
  static let source = (program: "ingest", port: "labels")

  /// - Parameter stages: producers first.
  static func check(_ stages: [Pipeline.Stage], _ document: PipelineDocument) throws(PipelineError) {
    /// How labels came to an output, by "stage" for all outputs of a stage or "stage.port" for one.
    var path: [String: [String]] = [:]
    for stage in stages {
      let program = stage.program.split(separator: "/").last.map(String.init) ?? stage.program
      for (reference, pointer) in stage.references {
        guard let way = path[reference.description] ?? path[reference.stage] else { continue }
        guard readers.contains(program) else {
          throw document.error(.labels(stage: stage.name, path: way + [stage.name]), at: pointer)
        }
        path[stage.name] = path[stage.name] ?? way + [stage.name]
      }
      if program == source.program { path["\(stage.name).\(source.port)"] = ["\(stage.name).\(source.port)"] }
    }
  }
}

extension Sequence where Element: Hashable {
  /// The elements without repetitions, in order of their first appearance.
  var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
