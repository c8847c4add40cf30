import Tensors

/// Why a method cannot cluster what it was given.
public enum ClusteringError: Error, Equatable {
  case tooFewPoints(Int, clusters: Int)
}

/// The hyperparameters of all methods; each reads what it needs.
public struct ClusteringSettings: Sendable {
  /// K
  public let clusters: Int
  /// Runs from different starts, of which the best counts.
  public let restarts: Int
  /// Most iterations of one run.
  public let iterations: Int
  /// How little a run must still change to end; each method says what it measures.
  public let tolerance: Double

  public init(clusters: Int, restarts: Int, iterations: Int, tolerance: Double) {
    self.clusters = clusters
    self.restarts = restarts
    self.iterations = iterations
    self.tolerance = tolerance
  }
}

/// How far a method is, in units that all take about as long.
public struct ClusteringProgress: Sendable {
  public let done, total: Int
  /// What the units are, such as "restart".
  public let unit: String
  public let detail: String
}

/// The catalogue of methods that cluster the rows of a plain matrix: one line for each.
///
/// All keep one contract, which one test puts to every line: equal seeds give equal clusters, at any number of threads; all
/// clusters are in 0..<K; fewer rows than clusters are refused.
public enum ClusteringMethod: String, CaseIterable, Sendable {
  case kmeans

  /// - Parameters:
  ///   - x: [n, D]
  ///   - progress: called now and then; what it throws ends the work.
  /// - Returns: the cluster of each row.
  /// - Throws: `ClusteringError`, and what `progress` throws.
  public func cluster(
    _ x: Tensor, _ settings: ClusteringSettings, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> [Int32] {
    switch self {
    case .kmeans: try KMeans(settings).fit(x, seed: seed, team: team, progress: progress).assignments
    }
  }
}
