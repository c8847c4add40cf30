import Artifacts

/// The instances made so far, found by their coordinates without looking at all of them.
///
/// All instances of a stage have the same axes; for every set of them that was asked for there is a table by values.
struct ProducerIndex {
  private var numbers: [String: [(number: Int, coordinates: Coordinates)]] = [:]
  /// By stage and axes: the numbers by the values on these axes.
  private var tables: [String: [[String]: [[JSONValue]: [Int]]]] = [:]

  mutating func add(_ number: Int, _ stage: String, _ coordinates: Coordinates) {
    numbers[stage, default: []].append((number, coordinates))
    tables[stage] = nil
  }

  /// The instances of a stage that have the same value on every axis they share with `coordinates`, in order.
  mutating func agreeing(with coordinates: Coordinates, in stage: String) -> [Int] {
    guard let axes = numbers[stage]?.first?.coordinates.values.map(\.name) else { return [] }
    let shared = coordinates.values.filter { axes.contains($0.name) }
    return table(stage, shared.map(\.name))[shared.map(\.value)] ?? []
  }

  /// The instances of a stage that match a condition on its own axes, in order.
  mutating func matching(_ condition: Pipeline.Condition, in stage: String) -> [Int] {
    let all = numbers[stage] ?? []
    let table = table(stage, condition.terms.map(\.axis))
    if condition.terms.reduce(1.0, { $0 * Double($1.values.count) }) > Double(all.count) {
      return all.filter { one in condition.terms.allSatisfy { $0.values.contains(one.coordinates[$0.axis] ?? .null) } }.map(\.number)
    }
    // Every combination of the values asked for, each once.
    let places = condition.terms.reduce([[]]) { places, term in places.flatMap { place in term.values.unique.map { place + [$0] } } }
    return places.flatMap { table[$0] ?? [] }.sorted()
  }

  private mutating func table(_ stage: String, _ axes: [String]) -> [[JSONValue]: [Int]] {
    if let table = tables[stage]?[axes] { return table }
    let table = Dictionary(grouping: numbers[stage] ?? []) { one in axes.map { one.coordinates[$0] ?? .null } }
      .mapValues { $0.map(\.number) }
    tables[stage, default: [:]][axes] = table
    return table
  }
}
