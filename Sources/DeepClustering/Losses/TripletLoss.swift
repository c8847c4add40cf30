import Tensors

/// Three rows each: an anchor, another of its cluster, and one of another cluster.
public struct Triplets: Hashable, Sendable {
  public private(set) var anchors: [Int] = []
  public private(set) var positives: [Int] = []
  public private(set) var negatives: [Int] = []

  public init() {}

  public var count: Int { anchors.count }

  public mutating func add(anchor: Int, positive: Int, negative: Int) {
    anchors.append(anchor)
    positives.append(positive)
    negatives.append(negative)
  }

  /// Every pair of a cluster, the first as the anchor, with some rows of other clusters, drawn without repetition.
  /// - Parameters:
  ///   - labels: the cluster of each row.
  ///   - negatives: for each pair; all there are where they are fewer.
  public static func drawn(_ labels: [Int32], negatives: Int, random: inout RandomStream) -> Triplets {
    var triplets = Triplets()
    let members = Dictionary(grouping: labels.indices) { labels[$0] }
    for cluster in members.keys.sorted() {
      guard let own = members[cluster], own.count > 1 else { continue }
      var others = labels.indices.filter { labels[$0] != cluster }
      let drawn = min(negatives, others.count)
      for (place, anchor) in own.enumerated() {
        for positive in own[(place + 1)...] {
          for chosen in 0..<drawn {
            others.swapAt(chosen, chosen + random.integer(below: others.count - chosen))
            triplets.add(anchor: anchor, positive: positive, negative: others[chosen])
          }
        }
      }
    }
    return triplets
  }
}

/// The weighted triplet loss of JULE (Yang et al. 2016): over T triplets of rows,
///
///     L = 1/T Σ max(0, γ ‖x_a − x_p‖² − ‖x_a − x_n‖² + margin).
///
/// The slopes on squared distances are gathered for each pair of rows and sent to the rows at the end: 3N²D flop, whatever T is.
/// - Parameters:
///   - x: [N, D].
///   - positiveWeight: γ.
/// - Returns: the value, 0 without triplets or where all margins hold, and its gradient on x [N, D].
public func tripletLoss(_ x: DoubleMatrix, _ triplets: Triplets, positiveWeight: Double, margin: Double) -> (
  value: Double, gradient: DoubleMatrix
) {
  let (n, d) = (x.rows, x.columns)
  var gradient = DoubleMatrix(zeros: n, d)
  guard triplets.count > 0 else { return (0, gradient) }
  var squares = DoubleMatrix(zeros: n, n)
  for i in 0..<n {
    for j in 0..<i {
      var square = 0.0
      for at in 0..<d { square += (x[i, at] - x[j, at]) * (x[i, at] - x[j, at]) }
      squares[i, j] = square
      squares[j, i] = square
    }
  }
  var (value, slopes) = (0.0, DoubleMatrix(zeros: n, n))
  let share = 1 / Double(triplets.count)
  for t in 0..<triplets.count {
    let (a, p, q) = (triplets.anchors[t], triplets.positives[t], triplets.negatives[t])
    let excess = positiveWeight * squares[a, p] - squares[a, q] + margin
    // What is not a number is counted, so that it is seen.
    if excess <= 0 { continue }
    value += excess
    slopes[a, p] += positiveWeight * share
    slopes[a, q] -= share
  }
  for i in 0..<n {
    for j in 0..<n {
      let slope = 2 * (slopes[i, j] + slopes[j, i])
      guard slope != 0 else { continue }
      for at in 0..<d { gradient[i, at] += slope * (x[i, at] - x[j, at]) }
    }
  }
  return (value * share, gradient)
}
