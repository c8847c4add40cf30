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
  /// Clusters of less than so many times the mean size join the nearest before a stage. Affinities are divided by the squares of sizes, so that
  /// of a few rows that no large cluster has among its neighbours they are below those of large clusters to each other: such outliers would be
  /// left at the end, and take the places of clusters.
  package let outlierShare: Double

  package init(clusters: Int, neighbours: Int, clusterNeighbours: Int, rate: Double, outlierShare: Double) {
    (self.clusters, self.neighbours, self.clusterNeighbours) = (clusters, neighbours, clusterNeighbours)
    (self.rate, self.outlierShare) = (rate, outlierShare)
  }

  /// Above so many times K clusters, those without any affinity join the nearest.
  private static let isolatedJoinAbove = 20

  /// Merges of a stage of so many clusters: never below K.
  package func merges(of count: Int) -> Int { max(0, min(Int((rate * Double(count)).rounded(.up)), count - clusters)) }

  /// How many clusters a stage leaves at most, never fewer than K of more.
  package func left(after labels: [Int32]) -> Int {
    let count = Self.count(labels)
    let large = max(min(count, clusters), count - outliers(labels).count)
    return large - merges(of: large)
  }

  /// All stages on the same rows, from chains of nearest neighbours on.
  /// - Parameter x: [n, D] unit vectors.
  /// - Returns: clusters 0 ..< K; fewer where the chains give fewer.
  package func cluster(_ x: Tensor, team: ThreadTeam) -> [Int32] {
    let graph = NeighbourGraph(x, neighbours: neighbours, team: team)
    var labels = graph.chains()
    while Self.count(labels) > clusters { labels = stage(labels, graph, x) }
    return labels
  }

  /// One stage.
  /// - Parameters:
  ///   - labels: 0, 1, …, none empty.
  ///   - graph: of the rows x.
  package func stage(_ labels: [Int32], _ graph: NeighbourGraph, _ x: Tensor) -> [Int32] {
    var labels = joined(labels, outliers(labels), x)
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

  private static func sizes(_ labels: [Int32]) -> [Int] {
    labels.reduce(into: [Int](repeating: 0, count: count(labels))) { $0[Int($1)] += 1 }
  }

  /// The first of the smallest.
  private static func smallest(_ labels: [Int32]) -> Int {
    let sizes = sizes(labels)
    return sizes.indices.reduce(0) { sizes[$1] < sizes[$0] ? $1 : $0 }
  }

  /// Clusters that are small beside the mean.
  private func outliers(_ labels: [Int32]) -> [Int] {
    let sizes = Self.sizes(labels)
    let least = outlierShare * Double(labels.count) / Double(sizes.count)
    return sizes.indices.filter { Double(sizes[$0]) < least }
  }

  /// Some clusters become part of that of the others whose mean is nearest, until K are left.
  private func joined(_ labels: [Int32], _ chosen: [Int], _ x: Tensor) -> [Int32] {
    let (sizes, d) = (Self.sizes(labels), x.shape[1])
    let some = Set(chosen)
    let others = sizes.indices.filter { !some.contains($0) }
    let joining = chosen.prefix(max(0, sizes.count - clusters))
    if joining.isEmpty || others.isEmpty { return labels }
    var means = [Double](repeating: 0, count: sizes.count * d)
    x.withUnsafeBufferPointer { x in
      for (row, label) in labels.enumerated() { for at in 0..<d { means[Int(label) * d + at] += Double(x[row * d + at]) } }
    }
    for cluster in sizes.indices { for at in 0..<d { means[cluster * d + at] /= Double(sizes[cluster]) } }
    var parents = sizes.indices.map { Int32($0) }
    means.withUnsafeBufferPointer { means in
      for cluster in joining {
        var least = Double.infinity
        parents[cluster] = Int32(others[0])
        for other in others {
          var square = 0.0
          for at in 0..<d {
            let difference = means[cluster * d + at] - means[other * d + at]
            square += difference * difference
          }
          if square < least { (parents[cluster], least) = (Int32(other), square) }
        }
      }
    }
    return Self.compacted(labels.map { parents[Int($0)] })
  }
}
