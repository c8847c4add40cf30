import Tensors

/// Why a method cannot cluster what it was given.
public enum ClusteringError: Error, Equatable {
  case tooFewPoints(Int, clusters: Int)
  /// A method for magnitudes met a negative number.
  case negative(row: Int)
  /// So many of the eigenvectors asked for had converged when the iterations ran out.
  case eigenvectors(Int, of: Int)
}

/// How far a method is, in units that all take about as long.
public struct ClusteringProgress: Sendable {
  public let done, total: Int
  /// What the units are, such as "restart".
  public let unit: String
  public let detail: String

  public init(done: Int, total: Int, unit: String, detail: String = "") {
    (self.done, self.total, self.unit, self.detail) = (done, total, unit, detail)
  }
}

/// What a method made of the rows.
public struct Clusters: Sendable, Equatable {
  /// The cluster of each row, 0 ..< K.
  public let assignments: [Int32]
  /// How they came about, where the method has more ways than one, such as "neighbour graph"; sentences without full stop.
  public let remarks: [String]

  public init(_ assignments: [Int32], remarks: [String] = []) { (self.assignments, self.remarks) = (assignments, remarks) }
}

/// A method that clusters the rows of a plain matrix; a value of it holds its settings.
///
/// All keep one contract, which one test puts to every line of the catalogue: equal seeds give equal clusters, at any number of threads; all
/// clusters are in 0 ..< K; fewer rows than clusters are refused; where fewer rows differ than there are clusters, copies stay together and the
/// clusters behind them have no rows.
public protocol ClusteringMethod: Sendable {
  /// What pipeline.json calls it.
  static var name: String { get }

  /// The least memory, in bytes, that it takes at once beside the rows [n, D].
  func leastBytes(rows n: Int, columns d: Int) -> Int

  /// - Parameters:
  ///   - x: [n, D]
  ///   - progress: called now and then; what it throws ends the work.
  /// - Throws: `ClusteringError`, and what `progress` throws.
  func cluster(_ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void) throws -> Clusters
}

/// The catalogue: one line for each method.
public enum ClusteringMethods {
  public static let all: [any ClusteringMethod.Type] = [
    KMeans.self,
    SpectralClustering.self,
    WardClustering.self,
    MutualNeighbourClustering.self,
    MatrixFactorisation.self,
  ]
}
