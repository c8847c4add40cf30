import Tensors

/// Self-tuning spectral clustering (Zelnik-Manor & Perona 2004; SC in the paper's Table 1).
///
/// A_ij = exp(−‖x_i − x_j‖²/(σ_i σ_j)) with σ_i the distance to the `scaleNeighbour`-th nearest row, A_ii = 0; the rows of the K largest eigenvectors
/// of D^−½ A D^−½, each divided by its length, go to k-means. Up to `exactUpTo` rows A holds all pairs and LAPACK decomposes it; above, it holds those
/// pairs of which one is among the `neighbours` nearest of the other, and ARPACK finds the eigenvectors.
public struct SpectralClustering: ClusteringMethod {
  public static let name = "sc"
  public let clusters: Int
  /// Which neighbour's distance is a row's scale, itself not counted.
  public let scaleNeighbour: Int
  /// Neighbours of a row in the sparse graph.
  public let neighbours: Int
  /// Rows up to which all pairs count: 20 bytes a pair, and 4/3 n³ flop.
  public let exactUpTo: Int
  /// Restarts of k-means on the eigenvectors' rows.
  public let restarts: Int

  public init(clusters: Int, scaleNeighbour: Int, neighbours: Int, exactUpTo: Int, restarts: Int) {
    (self.clusters, self.scaleNeighbour, self.neighbours) = (clusters, scaleNeighbour, neighbours)
    (self.exactUpTo, self.restarts) = (exactUpTo, restarts)
  }

  /// Of all pairs, squared distances in Float and affinities in Double, which are copied once; of neighbours, the search and their lists.
  public func leastBytes(rows n: Int, columns d: Int) -> Int {
    n <= exactUpTo
      ? 20 * n * n : NearestNeighbours.leastBytes(rows: n, columns: d) + 8 * n * max(neighbours, scaleNeighbour)
  }

  public func cluster(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Clusters {
    let n = x.shape[0]
    guard n >= clusters else { throw ClusteringError.tooFewPoints(n, clusters: clusters) }
    let distinct = DistinctRows(x, team: team)
    guard n > 2 else { return Clusters(distinct.kind.map { min($0, Int32(clusters - 1)) }) }
    // More eigenvectors than rows that differ would tell copies apart by rounding.
    let wanted = min(clusters, distinct.first.count)
    let spectrum: (vectors: [[Double]], remarks: [String])
    do {
      spectrum =
        n <= exactUpTo
        ? (SelfTuningAffinity.exact(x, scaleNeighbour, team: team).eigenvectors(wanted), ["affinities of all pairs"])
        : try sparse(x, wanted, team: team, progress: progress)
    } catch EigenError.notConverged(let found, let wanted) {
      throw ClusteringError.eigenvectors(found, of: wanted)
    }
    let rows = Self.unitRows(spectrum.vectors, n)
    let method = KMeans(clusters: wanted, restarts: restarts, iterations: 300, tolerance: 1e-4)
    return Clusters(try method.fit(rows, seed: seed, team: team, progress: progress).assignments, remarks: spectrum.remarks)
  }

  private func sparse(
    _ x: Tensor, _ clusters: Int, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> (vectors: [[Double]], remarks: [String]) {
    let n = x.shape[0]
    let lists = try NearestNeighbours(x, count: min(max(neighbours, scaleNeighbour), n - 1), team: team) {
      try progress(ClusteringProgress(done: $0, total: n, unit: "image", detail: "neighbours"))
    }
    let laplacian = NormalisedAffinity(SelfTuningAffinity.graph(lists, scaleNeighbour))
    let vectors = try laplacian.eigenvectors(clusters, team: team) {
      try progress(ClusteringProgress(done: n, total: n, unit: "image", detail: "eigenvectors, product \($0)"))
    }
    var remark = "affinities of \(lists.count) nearest neighbours"
    if laplacian.parts > 1 { remark += ", a graph of \(laplacian.parts) unconnected parts" }
    return (vectors, [remark])
  }

  /// [n, K] rows across the vectors, each divided by its length; a row of zeros stays.
  static func unitRows(_ vectors: [[Double]], _ n: Int) -> Tensor {
    let result = Tensor(uninitialized: [n, vectors.count])
    for i in 0..<n {
      let length = vectors.reduce(0.0) { $0 + $1[i] * $1[i] }.squareRoot()
      for (c, vector) in vectors.enumerated() { result.base[i * vectors.count + c] = length > 0 ? Float(vector[i] / length) : 0 }
    }
    return result
  }
}
