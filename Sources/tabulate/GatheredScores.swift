import Artifacts
import StageKit
import Tables

extension StageJob {
  /// The gathered scores with the coordinates they belong to.
  func scoredRuns() throws -> [ScoredRun] {
    try gathered("scores").map { input in
      guard let method = input.coordinates["method"]?.string, let dataset = input.coordinates["dataset"]?.string,
        let seed = input.coordinates["seed"]?.integer
      else { throw TableError.malformed(place: "scores of \(input.instance)", complaint: "must have axes method, dataset and seed") }
      return ScoredRun(
        method: method, dataset: dataset, seed: seed, instance: input.instance, action: input.action, output: input.output,
        scores: try Scores.read(input.path), isAdopted: input.isAdopted)
    }
  }

  /// The runs without scores.
  func divergedRuns() throws -> [DivergedRun] {
    try absent("scores").map { input in
      guard let method = input.coordinates["method"]?.string, let dataset = input.coordinates["dataset"]?.string,
        let seed = input.coordinates["seed"]?.integer
      else { throw TableError.malformed(place: "scores of \(input.instance)", complaint: "must have axes method, dataset and seed") }
      return DivergedRun(method: method, dataset: dataset, seed: seed, reason: input.reason)
    }
  }

  /// The one result at a port.
  /// - Throws: `TableError` where there are none or several.
  func only(_ port: String) throws(TableError) -> GatheredInput {
    let all = gathered(port)
    guard let first = all.first else { throw .nothingGathered(port: port) }
    guard all.count == 1 else {
      throw .malformed(place: "inputs.\(port)", complaint: "one result is wanted, not \(all.map(\.instance).joined(separator: ", "))")
    }
    return first
  }
}
