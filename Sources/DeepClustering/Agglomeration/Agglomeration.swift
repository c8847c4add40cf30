import Tensors

/// From many small clusters to few, as JULE has it.
package struct Agglomeration: Sendable {
  /// K
  package let clusters: Int
  /// K_s
  package let neighbours: Int
  /// K_c
  package let clusterNeighbours: Int
  /// η, the share of clusters that one stage merges away.
  package let rate: Double

  package init(clusters: Int, neighbours: Int, clusterNeighbours: Int, rate: Double) {
    (self.clusters, self.neighbours, self.clusterNeighbours, self.rate) = (clusters, neighbours, clusterNeighbours, rate)
  }

  /// Above so many times K clusters, those without any affinity join the nearest.
  private static let isolatedJoinAbove = 20

  /// Merges of a stage that begins with so many clusters: never below K.
  package func merges(of count: Int) -> Int { max(0, min(Int((rate * Double(count)).rounded(.up)), count - clusters)) }

  /// All stages on the same rows, from chains of nearest neighbours on.
  /// - Parameter x: [n, D] unit vectors.
  /// - Returns: clusters 0 ..< K; fewer where the chains give fewer.
  package func cluster(_ x: Tensor, team: ThreadTeam) -> [Int32] {
    let graph = NeighbourGraph(x, neighbours: neighbours, team: team)
    var labels = graph.chains()
    while merges(of: Self.count(labels)) > 0 { labels = stage(labels, graph, x) }
    return labels
  }

  /// One stage.
  /// - Parameters:
  ///   - labels: 0, 1, …, none empty.
  ///   - graph: of the rows x.
  package func stage(_ labels: [Int32], _ graph: NeighbourGraph, _ x: Tensor) -> [Int32] {
    var labels = labels
    var merging = ClusterMerging(graph, labels: labels, neighbourhood: clusterNeighbours)
    let isolated = merging.isolated
    if merging.count > Self.isolatedJoinAbove * clusters, !isolated.isEmpty {
      labels = joined(labels, isolated, x)
      merging = ClusterMerging(graph, labels: labels, neighbourhood: clusterNeighbours)
    }
    let goal = merging.count - merges(of: merging.count)
    while merging.count > goal, merging.mergeBest() != nil {}
    let parents = merging.clusters
    labels = Self.compacted(labels.map { parents[Int($0)] })
    // Where no affinities are left, the smallest clusters join the nearest.
    while Self.count(labels) > goal { labels = joined(labels, [Self.smallest(labels)], x) }
    return labels
  }

  package static func count(_ labels: [Int32]) -> Int { 1 + Int(labels.max() ?? -1) }

  /// Clusters in the order of their numbers, 0, 1, ….
  private static func compacted(_ labels: [Int32]) -> [Int32] {
    let numbers = Dictionary(uniqueKeysWithValues: Set(labels).sorted().enumerated().map { ($1, Int32($0)) })
    return labels.map { numbers[$0] ?? 0 }
  }

  /// The first of the smallest.
  private static func smallest(_ labels: [Int32]) -> Int {
    var sizes = [Int](repeating: 0, count: count(labels))
    for label in labels { sizes[Int(label)] += 1 }
    return sizes.indices.reduce(0) { sizes[$1] < sizes[$0] ? $1 : $0 }
  }

  /// Some clusters, one after the other, become part of that whose mean is nearest, until K are left.
  private func joined(_ labels: [Int32], _ chosen: [Int], _ x: Tensor) -> [Int32] {
    let (count, d) = (Self.count(labels), x.shape[1])
    var (means, sizes) = ([Double](repeating: 0, count: count * d), [Double](repeating: 0, count: count))
    x.withUnsafeBufferPointer { x in
      for (row, label) in labels.enumerated() {
        sizes[Int(label)] += 1
        for at in 0..<d { means[Int(label) * d + at] += Double(x[row * d + at]) }
      }
    }
    for cluster in 0..<count { for at in 0..<d { means[cluster * d + at] /= sizes[cluster] } }
    var parents = Array(0..<count)
    func root(_ cluster: Int) -> Int { parents[cluster] == cluster ? cluster : root(parents[cluster]) }
    var left = count
    for cluster in chosen where left > clusters {
      var (nearest, least) = (cluster, Double.infinity)
      means.withUnsafeBufferPointer { means in
        for other in 0..<count where other != cluster {
          var square = 0.0
          for at in 0..<d {
            let difference = means[cluster * d + at] - means[other * d + at]
            square += difference * difference
          }
          if square < least { (nearest, least) = (other, square) }
        }
      }
      let (one, two) = (root(cluster), root(nearest))
      guard one != two else { continue }
      parents[max(one, two)] = min(one, two)
      left -= 1
    }
    return Self.compacted(labels.map { Int32(root(Int($0))) })
  }
}
