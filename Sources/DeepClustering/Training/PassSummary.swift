import Tensors

/// One line of the history: a pass of one head over the data.
public struct PassSummary: Sendable, Hashable {
  /// 1, 2, …
  public let epoch: Int
  public let head: Int
  /// The head's clusters.
  public let outputs: Int
  /// Means over the steps of the pass.
  public let terms: StructuralContrast.Terms
  /// Share of the largest cluster among the pass's originals, as assigned while training.
  public let largestShare: Double
  /// Mean of the largest assignment probability.
  public let confidence: Double

  /// When a head should have left the start, to say something if it has not.
  static let epochsToLearnSomething = 10

  static func instanceLossOfNothing(batch: Int, repeats: Int) -> Double { Elementary.log(Double(batch * repeats)) }
}

/// The sums of a pass that is under way.
public struct PassProgress: Sendable, Hashable {
  /// Steps done.
  public internal(set) var steps = 0
  var sums = StructuralContrast.Terms()
  /// Images assigned to each cluster.
  var sizes: [Int]
  var confidence = 0.0

  init(outputs: Int) { sizes = [Int](repeating: 0, count: outputs) }

  /// - Parameter probabilities: of the originals [n, C].
  mutating func add(_ terms: StructuralContrast.Terms, _ probabilities: Tensor) {
    steps += 1
    sums.instance += terms.instance
    sums.cluster += terms.cluster
    sums.relation += terms.relation
    sums.balance += terms.balance
    sums.total += terms.total
    let c = sizes.count
    probabilities.withUnsafeBufferPointer { p in
      for row in 0..<probabilities.shape[0] {
        let best = Assignment.largest(of: p[row * c..<(row + 1) * c])
        sizes[best] += 1
        confidence += Double(p[row * c + best])
      }
    }
  }

  func summary(epoch: Int, head: Int) -> PassSummary {
    let count = Double(max(1, steps))
    let images = Double(max(1, sizes.reduce(0, +)))
    var mean = StructuralContrast.Terms()
    (mean.instance, mean.cluster, mean.relation) = (sums.instance / count, sums.cluster / count, sums.relation / count)
    (mean.balance, mean.total) = (sums.balance / count, sums.total / count)
    return PassSummary(
      epoch: epoch, head: head, outputs: sizes.count, terms: mean, largestShare: Double(sizes.max() ?? 0) / images,
      confidence: confidence / images)
  }
}

/// From assignment probabilities to assignments.
public enum Assignment {
  /// The place of the largest of some probabilities, counted from the first; of several largest the first, of not-a-numbers 0.
  static func largest(of probabilities: Slice<UnsafeBufferPointer<Float>>) -> Int {
    var best = probabilities.startIndex
    for at in probabilities.indices where probabilities[at] > probabilities[best] { best = at }
    return best - probabilities.startIndex
  }

  /// The cluster of every row of probabilities [N, C].
  public static func clusters(_ probabilities: Tensor) -> [Int32] {
    let c = probabilities.shape[1]
    return probabilities.withUnsafeBufferPointer { p in
      (0..<probabilities.shape[0]).map { Int32(largest(of: p[$0 * c..<($0 + 1) * c])) }
    }
  }
}
