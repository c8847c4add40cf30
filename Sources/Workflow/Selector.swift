import Artifacts

/// Which instances are meant: `train`, `train[method=ccr,seed=0]`, with `+` before for all it needs and `+` behind for all that needs it. A name
/// that no stage has is a value of an axis: `table1`, `ccr[seed=0]`.
public enum Selector {
  /// - Returns: the numbers of the selected instances in the plan's order; without selectors all that run unasked.
  /// - Throws: `PipelineError` at a name that nothing has, with the nearest one.
  public static func select(_ texts: [String], in plan: Plan) throws(PipelineError) -> [Int] {
    if texts.isEmpty { return plan.byDefault }
    var selected: Set<Int> = []
    for text in texts {
      var core = text[...]
      let up = core.hasPrefix("+")
      if up { core = core.dropFirst() }
      let down = core.hasSuffix("+")
      if down { core = core.dropLast() }
      let found = try matching(core, text, plan)
      selected.formUnion(found)
      if up { selected.formUnion(plan.closure(of: found)) }
      if down { selected.formUnion(plan.consumers(of: found)) }
    }
    return selected.sorted()
  }

  private static func matching(_ core: Substring, _ text: String, _ plan: Plan) throws(PipelineError) -> [Int] {
    let stage = String(core.prefix { $0 != "[" })
    if stage.isEmpty { throw PipelineError(.selector(text, complaint: "it names no stage")) }
    // A name that no stage has stands on an axis: `table1`, `ccr`.
    let isStage = plan.stages.contains(stage)
    func axes(of number: Int) -> [String] {
      isStage ? [] : plan.instances[number].coordinates.values.filter { Coordinates.spelling($0.value) == stage }.map(\.name)
    }
    var found = plan.instances.indices.filter { isStage ? plan.instances[$0].stage == stage : !axes(of: $0).isEmpty }
    if found.isEmpty {
      if let fault = leftOut(text, stage, nil, plan) { throw fault }
      let values = plan.instances.flatMap { $0.coordinates.values.compactMap(\.value.string) }.unique
      throw PipelineError(.unknown(kind: "stage or value of an axis", name: stage, known: plan.stages + values))
    }
    let candidates = found
    var named: Set<String> = []
    for (axis, value) in try terms(core.dropFirst(stage.count), text) {
      let axes = candidates.flatMap { plan.instances[$0].coordinates.values.map(\.name) }.unique
      guard axes.contains(axis) else {
        throw PipelineError(.unknown(kind: "axis", name: axis, owner: isStage ? "stage \(stage)" : stage, known: axes))
      }
      func spelling(_ number: Int) -> String? { plan.instances[number].coordinates[axis].map(Coordinates.spelling) }
      let values = candidates.compactMap(spelling).unique
      guard values.contains(value) else {
        if let fault = leftOut(text, stage, "\(axis)=\(value)", plan) { throw fault }
        throw PipelineError(
          .unknown(kind: axis, name: value, owner: "\(isStage ? "stage " : "")\(stage) in profile \(plan.profile)", known: values))
      }
      found.removeAll { spelling($0) != value }
      named.insert(axis)
    }
    if found.isEmpty {
      throw PipelineError(.selector(text, complaint: "profile \(plan.profile) has no such instance, though it has each of these values"))
    }
    // On axes that the selector does not name, those that run unasked are meant.
    let unasked = found.filter { named.union(axes(of: $0)).isSuperset(of: plan.instances[$0].unaskedAxes) }
    guard let first = found.first, unasked.isEmpty else { return unasked }
    let axes = plan.instances[first].unaskedAxes.filter { !named.contains($0) }
    throw PipelineError(.selector(text, complaint: "these run only where they are asked for: name \(axes.joined(separator: " and ")) too"))
  }

  /// Why an instance is not in the plan, where the profile excludes what it needs.
  private static func leftOut(_ text: String, _ name: String, _ term: String?, _ plan: Plan) -> PipelineError? {
    plan.leftOut.first { left in
      let stage = left.instance.prefix { $0 != "[" }
      let terms = left.instance.dropFirst(stage.count + 1).dropLast().split(separator: ",").map(String.init)
      return (stage == name || terms.contains { $0.hasSuffix("=\(name)") }) && term.map(terms.contains) ?? true
    }.map {
      PipelineError(
        .selector(text, complaint: "profile \(plan.profile) leaves out \($0.instance): it excludes \($0.needs), which that needs"))
    }
  }

  private static func terms(_ rest: Substring, _ text: String) throws(PipelineError) -> [(axis: String, value: String)] {
    if rest.isEmpty { return [] }
    guard rest.hasPrefix("["), rest.hasSuffix("]") else { throw PipelineError(.selector(text, complaint: "a ] is missing")) }
    var terms: [(axis: String, value: String)] = []
    for term in rest.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false) {
      let parts = term.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
      guard parts.count == 2, !parts.contains("") else {
        throw PipelineError(.selector(text, complaint: "\"\(term)\" is not of the form axis=value"))
      }
      terms.append((parts[0], parts[1]))
    }
    return terms
  }
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
}
