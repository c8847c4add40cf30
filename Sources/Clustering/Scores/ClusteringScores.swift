import Tensors

/// ACC, NMI and ARI (§4.1) of clusters against classes; all ignore the names of both.
public struct ClusteringScores: Sendable {
  /// contingency[cluster][class], square: rows or columns of zeros fill up.
  public let contingency: [[Int]]
  /// The class that the best one-to-one map gives each cluster.
  public let classOfCluster: [Int]
  private let n: Int
  private let rowSums, columnSums: [Int]

  /// - Parameters: cluster and class of every image, both from 0, equally many.
  public init(clusters: [Int], classes: [Int]) {
    precondition(clusters.count == classes.count && !clusters.isEmpty, "\(clusters.count) clusters for \(classes.count) classes")
    let size = max(clusters.max() ?? 0, classes.max() ?? 0) + 1
    var table = [[Int]](repeating: [Int](repeating: 0, count: size), count: size)
    for (cluster, label) in zip(clusters, classes) { table[cluster][label] += 1 }
    contingency = table
    classOfCluster = Hungarian.maximise(table)
    n = clusters.count
    rowSums = table.map { $0.reduce(0, +) }
    columnSums = table.reduce(into: [Int](repeating: 0, count: size)) { sums, row in
      for column in row.indices { sums[column] += row[column] }
    }
  }

  /// Share of images in the class of their cluster under the best one-to-one map, 0…1.
  public var accuracy: Double { Double(contingency.indices.reduce(0) { $0 + contingency[$1][classOfCluster[$1]] }) / Double(n) }

  /// Mutual information over √(H·H′); 1 where both partitions are one cluster, 0 where nothing is shared.
  public var nmiGeometric: Double { normalised { ($0 * $1).squareRoot() } }

  /// Mutual information over (H + H′)/2.
  public var nmiArithmetic: Double { normalised { ($0 + $1) / 2 } }

  /// Adjusted Rand index, at most 1, 0 in expectation for random partitions.
  public var ari: Double {
    func pairs(_ count: Int) -> Double { Double(count) * Double(count - 1) / 2 }
    let together = contingency.joined().reduce(0) { $0 + pairs($1) }
    let (a, b) = (rowSums.reduce(0) { $0 + pairs($1) }, columnSums.reduce(0) { $0 + pairs($1) })
    let expected = n > 1 ? a * b / pairs(n) : 0
    let span = (a + b) / 2 - expected
    return span == 0 ? 1 : (together - expected) / span
  }

  private func normalised(_ mean: (Double, Double) -> Double) -> Double {
    func entropy(_ sums: [Int]) -> Double {
      sums.filter { $0 > 0 }.reduce(0) { $0 - Double($1) / Double(n) * Elementary.log(Double($1) / Double(n)) }
    }
    let (h, g) = (entropy(rowSums), entropy(columnSums))
    if h == 0, g == 0 { return 1 }
    var information = 0.0
    for (i, row) in contingency.enumerated() {
      for (j, count) in row.enumerated() where count > 0 {
        information += Double(count) / Double(n) * Elementary.log(Double(count) * Double(n) / (Double(rowSums[i]) * Double(columnSums[j])))
      }
    }
    let normaliser = mean(h, g)
    return information <= 0 || normaliser == 0 ? 0 : min(1, information / normaliser)
  }
}
