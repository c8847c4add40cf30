import Artifacts

/// The places of every stage in one profile.
struct Matrix {
  let pipeline: Pipeline
  let profile: Pipeline.Profile

  /// The product of the stage's axes without what the profile excludes, then what it includes; each place once.
  func places(of stage: Pipeline.Stage) -> [Coordinates] {
    var places = product(stage, including: nil).filter { place in
      !profile.exclude.contains { condition in
        // A place that lacks an axis of the condition is not what the condition speaks of.
        condition.matches(place, profile: profile.name)
      }
    }
    for condition in profile.include where stage.matrix.contains(where: { axis in condition.terms.contains { $0.axis == axis.name } }) {
      places += product(stage, including: condition)
    }
    return places.unique
  }

  private func product(_ stage: Pipeline.Stage, including condition: Pipeline.Condition?) -> [Coordinates] {
    stage.matrix.reduce([Coordinates(values: [])]) { places, axis in
      let values = values(axis, including: condition)
      return places.flatMap { place in values.map { Coordinates(values: place.values + [.init(axis.name, $0)]) } }
    }
  }

  /// The values of an axis. An included condition widens axes that take the profile's values and narrows all others.
  private func values(_ axis: Pipeline.Axis, including condition: Pipeline.Condition?) -> [JSONValue] {
    let asked = condition?.terms.first { $0.axis == axis.name }?.values
    return axis.values.flatMap { value -> [JSONValue] in
      switch value {
      case .profile: return asked ?? profile.axes.first { $0.name == axis.name }?.values ?? []
      case .value(let value): return asked.map { $0.contains(value) } ?? true ? [value] : []
      case .stage(let name):
        guard let lent = pipeline.stage(name)?.matrix.first(where: { $0.name == axis.name }) else { return [] }
        return values(lent, including: condition)
      }
    }.unique
  }
}
