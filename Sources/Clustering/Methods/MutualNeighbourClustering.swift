import Tensors

/// Agglomerative clustering by mutual neighbourhood (Gowda & Krishna 1978, the source the paper cites for AC).
///
/// Two rows that are each the r-th and q-th nearest of the other have the mutual neighbourhood value r + q. Clusters are joined in the order of that
/// value, of equal ones the closer pair first, until K are left: Kruskal's algorithm over the lists of neighbours. Like all single links it chains.
/// Where mutual neighbours run out, the closest neighbours are joined, of lists that grow until they suffice.
public struct MutualNeighbourClustering: ClusteringMethod {
  public static let name = "ac-mnn"
  public let clusters: Int
  /// Ranks beyond this do not count.
  public let neighbours: Int

  public init(clusters: Int, neighbours: Int) { (self.clusters, self.neighbours) = (clusters, neighbours) }

  /// The search for neighbours and their lists, where no rows are copies.
  public func leastBytes(rows n: Int, columns d: Int) -> Int { NearestNeighbours.leastBytes(rows: n, columns: d) + 8 * n * neighbours }

  /// - Returns: clusters numbered in the order of their first rows. The seed has no part in it.
  public func cluster(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Clusters {
    guard x.shape[0] >= clusters else { throw ClusteringError.tooFewPoints(x.shape[0], clusters: clusters) }
    let distinct = DistinctRows(x, team: team)
    let points = distinct.rows(of: x)
    let n = points.shape[0]
    var partition = Partition(points: n)
    var count = min(neighbours, n - 1)
    var isMutual = true
    while partition.count > min(clusters, n) {
      let lists = try NearestNeighbours(points, count: count, team: team) {
        try progress(ClusteringProgress(done: $0, total: n, unit: "image", detail: "neighbours"))
      }
      for pair in isMutual ? Self.mutualPairs(lists) : Self.pairs(lists) {
        if partition.count <= clusters { break }
        partition.join(pair.a, pair.b)
      }
      // The same lists serve once more, then longer ones.
      if !isMutual { count = min(2 * count, n - 1) }
      isMutual = false
    }
    let kinds = partition.numbers()
    return Clusters(distinct.kind.map { kinds[Int($0)] })
  }

  package struct Pair: Sendable, Equatable {
    /// The mutual neighbourhood value.
    package let value: Int
    let square: Float
    package let a, b: Int32
  }

  /// Pairs of mutual neighbours in the order in which they are joined.
  package static func mutualPairs(_ lists: NearestNeighbours) -> [Pair] {
    let k = lists.count
    var pairs: [Pair] = []
    for i in 0..<lists.indices.count / k {
      for rank in 0..<k {
        let j = Int(lists.indices[i * k + rank])
        guard j > i, let other = (0..<k).first(where: { lists.indices[j * k + $0] == i }) else { continue }
        pairs.append(Pair(value: rank + other + 2, square: lists.squares[i * k + rank], a: Int32(i), b: Int32(j)))
      }
    }
    return pairs.sorted { ($0.value, $0.square, $0.a, $0.b) < ($1.value, $1.square, $1.a, $1.b) }
  }

  /// All pairs of neighbours, the closest first.
  private static func pairs(_ lists: NearestNeighbours) -> [Pair] {
    lists.indices.indices.map { Pair(value: 0, square: lists.squares[$0], a: Int32($0 / lists.count), b: lists.indices[$0]) }
      .sorted { ($0.square, $0.a, $0.b) < ($1.square, $1.a, $1.b) }
  }
}
