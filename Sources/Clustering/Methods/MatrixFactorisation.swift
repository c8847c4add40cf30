import Tensors

/// Locality-preserving non-negative matrix factorisation (Cai, He, Wang, Bao & Han 2009; NMF in the paper's Table 1), then k-means on the coefficients.
///
/// Images are rows of unit length, and each is close to a mixture of r = K parts: X ≈ V Uᵀ, all non-negative. Minimised is
/// Σ (x ln(x/y) − x + y) + `locality` · Σ_edges Σ_c (v_jc − v_lc) ln(v_jc/v_lc), with y of V Uᵀ and edges between the `neighbours` nearest images.
/// With locality 0 these are the updates of Lee & Seung (2001). Several starts by k-means are followed for ten iterations, the best of them to the end.
public struct MatrixFactorisation: ClusteringMethod {
  public static let name = "nmf"
  public let clusters: Int
  /// Weight of the graph's term.
  public let locality: Double
  /// Neighbours of an image in the graph.
  public let neighbours: Int
  /// Starts, and restarts of k-means on the coefficients.
  public let restarts: Int
  /// Most iterations.
  public let iterations: Int
  /// Ends where ten iterations lower the objective by less than this share of what it was at the start.
  public let tolerance: Double

  public init(clusters: Int, locality: Double, neighbours: Int, restarts: Int, iterations: Int, tolerance: Double) {
    (self.clusters, self.locality, self.neighbours) = (clusters, locality, neighbours)
    (self.restarts, self.iterations, self.tolerance) = (restarts, iterations, tolerance)
  }

  private static let trialIterations = 10

  /// The rows at unit length, and beside them the search for neighbours, or two sets of factors.
  public func leastBytes(rows n: Int, columns d: Int) -> Int {
    4 * n * d + max(8 * (n + d) * clusters, locality > 0 ? NearestNeighbours.leastBytes(rows: n, columns: d) : 0)
  }

  public func cluster(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Clusters {
    let rows = try factorise(x, seed: seed, team: team, progress: progress).unitCoefficients
    let method = KMeans(clusters: rows.shape[1], restarts: restarts, iterations: 300, tolerance: 1e-4)
    return Clusters(try method.fit(rows, seed: seed, team: team, progress: progress).assignments)
  }

  /// - Returns: K parts, or as many as rows differ.
  /// - Throws: `ClusteringError`, and what `progress` throws.
  package func factorise(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Factorisation {
    let n = x.shape[0]
    guard n >= clusters else { throw ClusteringError.tooFewPoints(n, clusters: clusters) }
    let images = try Self.unitRows(x, team: team)
    let parts = min(clusters, DistinctRows(x, team: team).first.count)
    var graph: NeighbourGraph?
    if locality > 0, n > 1 {
      let lists = try NearestNeighbours(images, count: min(neighbours, n - 1), team: team) {
        try progress(ClusteringProgress(done: $0, total: n, unit: "image", detail: "neighbours"))
      }
      graph = NeighbourGraph(joining: lists) { _, _, _ in 1 }
    }
    func report(_ done: Int, _ detail: String) throws {
      try progress(ClusteringProgress(done: done, total: iterations, unit: "iteration", detail: detail))
    }
    var best: Factorisation?
    for restart in 0..<restarts {
      let factors = Self.start(images, parts, seed: seed, restart: restart, graph: graph, locality: locality, team: team)
      for iteration in 0..<min(restarts > 1 ? Self.trialIterations : 0, iterations) {
        factors.update(team)
        try report(0, "start \(restart + 1) of \(restarts), iteration \(iteration + 1)")
      }
      _ = factors.measure(team)
      if best.map({ factors.objective < $0.objective }) ?? true { best = factors }
    }
    guard let best else { preconditionFailure("no start was made") }
    let first = best.objective
    while best.iterations < iterations {
      let before = best.objective
      for _ in 0..<min(Self.trialIterations, iterations - best.iterations) {
        best.update(team)
        try report(best.iterations, "objective \(before)")
      }
      if before - best.measure(team) < tolerance * abs(first) { break }
    }
    return best
  }

  /// The factors at the clusters that k-means has after ten iterations.
  package static func start(
    _ images: Tensor, _ clusters: Int, seed: UInt64, restart: Int, graph: NeighbourGraph?, locality: Double, team: ThreadTeam
  ) -> Factorisation {
    let centres = KMeansPlusPlus.starts(images, clusters: clusters, restarts: restart..<restart + 1, seed: seed, team: team)
    let run = LloydIterations(images, centres: centres[0])
    LloydIterations.iterate([run], most: 10, until: 0, team: team) { _, _ in }
    return Factorisation(images, centres: run, graph: graph, locality: locality)
  }

  /// Each row divided by its length; a row of zeros stays.
  package static func unitRows(_ x: Tensor, team: ThreadTeam) throws(ClusteringError) -> Tensor {
    let (n, d) = (x.shape[0], x.shape[1])
    let result = Tensor(uninitialized: [n, d])
    let pieces = Pieces(n, most: 256)
    let wrong = team.map(pieces.count) { piece -> Int? in
      for row in pieces[piece] {
        let (from, to) = (x.base + row * d, result.base + row * d)
        let length = ReducedVectors.square(from, d).squareRoot()
        let factor = length > 0 ? Float(1 / length) : 0
        if (0..<d).contains(where: { from[$0] < 0 }) { return row }
        for j in 0..<d { to[j] = from[j] * factor }
      }
      return nil
    }
    if let row = wrong.compactMap({ $0 }).first { throw .negative(row: row) }
    return result
  }
}
