import Artifacts

/// `train`, `train[method=ccr,seed=0]`, with `+` before for all it needs and `+` behind for all that needs it.
public struct Selector: Sendable {
  /// - Returns: the numbers of the selected instances; all for no selectors.
  /// - Throws: `PipelineError` at a name that nothing has.
  public static func select(_ texts: [String], in plan: Plan) throws -> [Int] {
    if texts.isEmpty { return Array(plan.instances.indices) }
    var selected: Set<Int> = []
    for text in texts {
      var core = text[...]
      let (up, down) = (core.hasPrefix("+"), core.hasSuffix("+") && core.count > 1)
      if up { core = core.dropFirst() }
      if down { core = core.dropLast() }
      let found = try matching(core, text, plan)
      selected.formUnion(found)
      if up { selected.formUnion(plan.closure(of: found)) }
      if down {
        var reached = Set(found)
        for (number, instance) in plan.instances.enumerated() where instance.upstream.contains(where: reached.contains) {
          reached.insert(number)
        }
        selected.formUnion(reached)
      }
    }
    return selected.sorted()
  }

  private static func matching(_ core: Substring, _ text: String, _ plan: Plan) throws -> [Int] {
    let stage = core.prefix { $0 != "[" }
    let stages = Set(plan.instances.map(\.stage))
    guard stages.contains(String(stage)) else {
      let nearest = NearestSpelling.of(String(stage), among: stages.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
      throw PipelineError("there is no stage \"\(stage)\"\(nearest)", remedy: "stages: \(stages.sorted().joined(separator: ", "))")
    }
    var conditions: [(axis: String, value: String)] = []
    let rest = core.dropFirst(stage.count)
    if !rest.isEmpty {
      guard rest.hasPrefix("["), rest.hasSuffix("]") else {
        throw PipelineError("\"\(text)\" is no selector", remedy: "write STAGE or STAGE[axis=value,…], with + before or behind")
      }
      for pair in rest.dropFirst().dropLast().split(separator: ",") {
        let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
          throw PipelineError("\"\(pair)\" in \"\(text)\" is no axis=value", remedy: "write STAGE[axis=value,…]")
        }
        conditions.append((parts[0], parts[1]))
      }
    }
    let candidates = plan.instances.indices.filter { plan.instances[$0].stage == stage }
    for (axis, value) in conditions {
      let axes = Set(candidates.flatMap { plan.instances[$0].coordinates.values.map(\.name) })
      guard axes.contains(axis) else {
        let nearest = NearestSpelling.of(axis, among: axes.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
        throw PipelineError("stage \(stage) has no axis \"\(axis)\"\(nearest)", remedy: "axes: \(axes.sorted().joined(separator: ", "))")
      }
      let values = Set(candidates.compactMap { plan.instances[$0].coordinates[axis].map(Coordinates.spelling) })
      guard values.contains(value) else {
        let nearest = NearestSpelling.of(value, among: values.sorted()).map { "; did you mean \"\($0)\"?" } ?? ""
        throw PipelineError(
          "no instance of \(stage) has \(axis)=\(value)\(nearest)", remedy: "values: \(values.sorted().joined(separator: ", "))")
      }
    }
    return candidates.filter { number in
      conditions.allSatisfy { axis, value in plan.instances[number].coordinates[axis].map(Coordinates.spelling) == value }
    }
  }
}
