import Artifacts

/// The places of every stage in one profile.
struct Matrix {
  let pipeline: Pipeline
  let profile: Pipeline.Profile

  /// The product of the stage's axes without what the profile excludes, then what it includes, each place once; and what it excludes.
  func places(of stage: Pipeline.Stage) -> (planned: [Coordinates], excluded: [Coordinates]) {
    let all = product(stage, including: nil)
    // A place that lacks an axis of the condition is not what the condition speaks of.
    let excluded = Set(all.filter { place in profile.exclude.contains { $0.matches(place, profile: profile.name) } })
    var places = all.filter { !excluded.contains($0) }
    for condition in profile.include where stage.matrix.contains(where: { axis in condition.terms.contains { $0.axis == axis.name } }) {
      places += product(stage, including: condition)
    }
    let planned = Set(places)
    return (places.unique, all.filter { excluded.contains($0) && !planned.contains($0) })
  }

  private func entries(_ kind: Entries.Kind) -> Entries {
    kind == .methods ? pipeline.settings.methods : pipeline.settings.datasets
  }

  private func product(_ stage: Pipeline.Stage, including condition: Pipeline.Condition?) -> [Coordinates] {
    stage.matrix.reduce([Coordinates(values: [])]) { places, axis in
      let values = values(axis, of: stage, including: condition)
      return places.flatMap { place in values.map { Coordinates(values: place.values + [.init(axis.name, $0)]) } }
    }
  }

  /// The values of an axis. An included condition widens axes that take the profile's values and narrows all others.
  private func values(_ axis: Pipeline.Axis, of stage: Pipeline.Stage, including condition: Pipeline.Condition?) -> [JSONValue] {
    let asked = condition?.terms.first { $0.axis == axis.name }?.values
    return axis.values.flatMap { value -> [JSONValue] in
      switch value {
      case .profile: return asked ?? profile.axes.first { $0.name == axis.name }?.values ?? []
      case .value(let value): return asked.map { $0.contains(value) } ?? true ? [value] : []
      case .entries(let kind): return entries(kind).values(of: stage.name).filter { asked?.contains($0) ?? true }
      case .stage(let name):
        guard let lender = pipeline.stage(name), let lent = lender.matrix.first(where: { $0.name == axis.name }) else { return [] }
        return values(lent, of: lender, including: condition)
      }
    }.unique
  }
}
