import Tensors

/// Agglomerative clustering by Ward's criterion (1963; AC in the paper's Table 1): of all clusters those two are joined whose union raises the
/// sum of squared distances to the clusters' means least, until K are left. Exact: nothing is sampled.
public struct WardClustering: ClusteringMethod {
  public static let name = "ac"
  public let clusters: Int

  public init(clusters: Int) { self.clusters = clusters }

  /// Means of clusters, which take the place of rows.
  public func leastBytes(rows n: Int, columns d: Int) -> Int { 4 * n * d }

  /// - Parameter progress: called after every round of joins; what it throws ends the work.
  /// - Returns: clusters numbered in the order of their first rows. The seed has no part in it.
  public func cluster(
    _ x: Tensor, seed: UInt64, team: ThreadTeam, progress: (ClusteringProgress) throws -> Void
  ) throws -> Clusters {
    guard x.shape[0] >= clusters else { throw ClusteringError.tooFewPoints(x.shape[0], clusters: clusters) }
    let distinct = DistinctRows(x, team: team)
    let tree = WardTree(distinct.rows(of: x), copies: distinct, team: team)
    while tree.remaining > 1 {
      tree.joinMutualNeighbours(team)
      try progress(ClusteringProgress(done: tree.joins.count, total: distinct.first.count - 1, unit: "join"))
    }
    let kinds = Partition.cut(tree.joins, points: distinct.first.count, clusters: min(clusters, distinct.first.count))
    return Clusters(distinct.kind.map { kinds[Int($0)] })
  }
}

/// Two clusters that are joined, each named by one of its points.
package struct Join: Sendable {
  package let a, b: Int32
  /// Of Ward's tree: √(2·n_a·n_b/(n_a + n_b))·‖c_a − c_b‖, the distance of two points where both are single.
  package let height: Double
}

/// Points that are in one cluster with each other.
package struct Partition {
  private var parent: [Int32]
  package private(set) var count: Int

  package init(points: Int) {
    parent = (0..<Int32(points)).map { $0 }
    count = points
  }

  package mutating func root(_ point: Int32) -> Int32 {
    var point = point
    while parent[Int(point)] != point {
      parent[Int(point)] = parent[Int(parent[Int(point)])]
      point = parent[Int(point)]
    }
    return point
  }

  /// - Returns: whether they were apart.
  @discardableResult package mutating func join(_ a: Int32, _ b: Int32) -> Bool {
    let (a, b) = (root(a), root(b))
    guard a != b else { return false }
    parent[Int(max(a, b))] = min(a, b)
    count -= 1
    return true
  }

  /// The cluster of each point, numbered in the order of their first points.
  package mutating func numbers() -> [Int32] {
    var known: [Int32: Int32] = [:]
    return parent.indices.map { point in
      let root = root(Int32(point))
      let number = known[root] ?? Int32(known.count)
      known[root] = number
      return number
    }
  }

  /// The clusters that are left when a tree is climbed from its lowest join; of equal heights the join made first.
  package static func cut(_ joins: [Join], points: Int, clusters: Int) -> [Int32] {
    var partition = Partition(points: points)
    let order = joins.indices.sorted { joins[$0].height < joins[$1].height || (joins[$0].height == joins[$1].height && $0 < $1) }
    for join in order.prefix(max(0, points - clusters)) { partition.join(joins[join].a, joins[join].b) }
    return partition.numbers()
  }
}
