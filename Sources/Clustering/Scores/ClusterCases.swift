import Tensors

/// Points of one cluster that show what it gets right and what wrong (Figure 4).
public struct ClusterCases: Equatable, Sendable {
  public let cluster: Int
  /// The class that the best one-to-one map gives the cluster; −1 where it gives it none.
  public let mappedClass: Int
  /// Members of that class: the most confident ones, then random others.
  public let successes: [Int]
  /// Members of other classes, chosen alike.
  public let failures: [Int]

  /// The cases of all clusters, in their order. All members of a cluster that has no class are failures.
  /// - Parameters:
  ///   - clusters, confidence, classes: of every point; class −1 leaves a point out.
  ///   - classOfCluster: class of every cluster; −1 for none.
  ///   - count: how many of the most confident, ties by number, and how many of the others are chosen of each kind, fewer where there
  ///     are fewer.
  ///   - seed: of the random choice, which does not depend on other clusters.
  public static func choose(
    clusters: [Int], confidence: [Float], classes: [Int], classOfCluster: [Int], count: Int, seed: UInt64
  ) -> [ClusterCases] {
    classOfCluster.indices.map { cluster in
      let members = clusters.indices.filter { clusters[$0] == cluster && classes[$0] >= 0 }
        .sorted { confidence[$0] > confidence[$1] || (confidence[$0] == confidence[$1] && $0 < $1) }
      var stream = RandomStream(seed: seed, purpose: .cases, item: cluster)
      func chosen(_ points: [Int]) -> [Int] {
        let rest = Array(points.dropFirst(count))
        return points.prefix(count) + stream.permutation(rest.count).prefix(count).map { rest[$0] }
      }
      let own = classOfCluster[cluster]
      return ClusterCases(
        cluster: cluster, mappedClass: own, successes: chosen(members.filter { classes[$0] == own }),
        failures: chosen(members.filter { classes[$0] != own }))
    }
  }
}
