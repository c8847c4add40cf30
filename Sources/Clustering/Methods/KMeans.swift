import Tensors

/// k-means (MacQueen 1967; the paper's Table 1): k-means++ starts, Lloyd's iterations, the best of several restarts.
///
/// J = Σ_i min_k ‖x_i − m_k‖². Distances are explicit differences in Float, sums over rows are in Double in the order of rows.
/// An iteration costs at most n·K distances; Elkan's bounds spare most of them (`LloydIterations`).
public struct KMeans: ClusteringMethod {
  public static let name = "kmeans"

  public let clusters: Int
  public let restarts: Int
  /// Most iterations of one restart.
  public let iterations: Int
  /// A restart ends when the centres' squared shift, summed, falls to this share of the mean variance of a feature.
  public let tolerance: Double

  public init(clusters: Int, restarts: Int, iterations: Int, tolerance: Double) {
    self.clusters = clusters
    self.restarts = restarts
    self.iterations = iterations
    self.tolerance = tolerance
  }

  /// Of each run at a time, what Elkan's bounds take: a lower one for each row and centre, and the distances between centres. Rows are not copied.
  public func leastBytes(rows n: Int, columns d: Int) -> Int {
    4 * min(restarts, Self.restartsTogether) * (n * ((clusters + 15) / 16 * 16) + clusters * clusters)
  }

  public struct Result: Sendable {
    /// The nearest centre of each row.
    public let assignments: [Int32]
    /// [K, D]
    public let centres: Tensor
    /// J: the sum of squared distances to the nearest centres.
    public let inertia: Double
    /// Iterations of the restart.
    public let iterations: Int
  }

  /// Restarts that run side by side, to fetch the rows from memory once for all of them.
  private static let restartsTogether = 16

  /// - Parameters:
  ///   - x: [n, D]
  ///   - progress: called after every iteration; what it throws ends the work.
  /// - Returns: the restart of least inertia, the first of equals.
  /// - Throws: `ClusteringError.tooFewPoints` where n < K, and what `progress` throws.
  public func fit(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void = { _ in }
  ) throws -> Result {
    precondition(x.shape.count == 2 && clusters >= 1 && restarts >= 1, "\(clusters) clusters, \(restarts) restarts of \(x.shape)")
    guard x.shape[0] >= clusters else { throw ClusteringError.tooFewPoints(x.shape[0], clusters: clusters) }
    let threshold = tolerance * Self.meanVariance(x, team: team)
    var best: Result?
    for first in stride(from: 0, to: restarts, by: Self.restartsTogether) {
      let numbers = first..<min(first + Self.restartsTogether, restarts)
      let runs = KMeansPlusPlus.starts(x, clusters: clusters, restarts: numbers, seed: seed, team: team)
        .map { LloydIterations(x, centres: $0) }
      try LloydIterations.iterate(runs, most: iterations, until: threshold, team: team) { finished, iteration in
        try progress(
          ClusteringProgress(done: numbers.lowerBound + finished, total: restarts, unit: "restart", detail: "iteration \(iteration)"))
      }
      for run in runs {
        let inertia = run.inertia(team)
        if let best, best.inertia <= inertia { continue }
        best = Result(assignments: run.assignments, centres: run.centres, inertia: inertia, iterations: run.iterations)
      }
    }
    guard let best else { preconditionFailure("no restart was run") }
    return best
  }

  public func cluster(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Clusters { Clusters(try fit(x, seed: seed, team: team, progress: progress).assignments) }

  /// The variance of a feature, averaged over the features.
  static func meanVariance(_ x: Tensor, team: ThreadTeam) -> Double {
    let (n, d) = (x.shape[0], x.shape[1])
    let pieces = Pieces(d, most: 64)
    let variances = team.map(pieces.count) { piece in
      let columns = pieces[piece]
      var (sums, squares) = ([Double](repeating: 0, count: columns.count), [Double](repeating: 0, count: columns.count))
      // About the first row, so that a common offset does not cancel the variance away.
      for i in 0..<n {
        let row = x.base + i * d + columns.lowerBound
        for j in 0..<columns.count {
          let value = Double(row[j] - x.base[columns.lowerBound + j])
          sums[j] += value
          squares[j] += value * value
        }
      }
      return zip(sums, squares).reduce(0.0) { $0 + $1.1 / Double(n) - ($1.0 / Double(n)) * ($1.0 / Double(n)) }
    }
    return variances.reduce(0, +) / Double(d)
  }
}
