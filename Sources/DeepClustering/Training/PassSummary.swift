import Tensors

/// What a pass over the data came to.
public struct PassSummary: Sendable, Hashable {
  /// 1, 2, …
  public let epoch: Int
  public let phase: String
  /// Clusters that the pass assigned images to, nil where it assigned none; so with the two shares.
  public let outputs: Int?
  /// Means over the steps of the pass.
  public let terms: [Term]
  /// Share of the largest cluster among the pass's images, as assigned while training.
  public let largestShare: Double?
  /// Mean of the largest assignment probability.
  public let confidence: Double?

  public init(epoch: Int, phase: String, outputs: Int?, terms: [Term], largestShare: Double?, confidence: Double?) {
    (self.epoch, self.phase, self.outputs, self.terms) = (epoch, phase, outputs, terms)
    (self.largestShare, self.confidence) = (largestShare, confidence)
  }

  /// The mean loss: the weighted sum of the terms.
  public var total: Double { terms.reduce(0) { $0 + $1.weight * $1.value } }

  public func term(_ name: String) -> Double? { terms.first { $0.name == name }?.value }

  /// Whether all images went to one of several clusters, in this pass for the first time in its phase.
  public func hasCollapsed(after history: [PassSummary]) -> Bool {
    largestShare == 1 && outputs ?? 1 > 1 && history.last { $0.phase == phase }?.largestShare != 1
  }

  /// For people: "epoch 3, head 1 of 10 outputs".
  public var place: String { "epoch \(epoch), \(phase)" + (outputs.map { " of \($0) outputs" } ?? "") }
}

/// The sums of a pass that is under way.
public struct PassProgress: Sendable, Hashable {
  /// Steps done.
  public internal(set) var steps = 0
  /// Values summed over the steps.
  var sums: [Term] = []
  /// Images assigned to each cluster.
  var sizes: [Int]
  var confidence = 0.0

  init(outputs: Int?) { sizes = [Int](repeating: 0, count: outputs ?? 0) }

  mutating func add(_ result: StepResult) {
    steps += 1
    if sums.isEmpty { sums = result.terms.map { Term($0.name, 0, weight: $0.weight) } }
    for (place, term) in result.terms.enumerated() { sums[place].value += term.value }
    guard let probabilities = result.probabilities else { return }
    let c = sizes.count
    probabilities.withUnsafeBufferPointer { p in
      for row in 0..<probabilities.shape[0] {
        let best = Assignment.largest(of: p[row * c..<(row + 1) * c])
        sizes[best] += 1
        confidence += Double(p[row * c + best])
      }
    }
  }

  func summary(of pass: Pass) -> PassSummary {
    let count = Double(max(1, steps))
    let images = sizes.reduce(0, +)
    return PassSummary(
      epoch: pass.epoch, phase: pass.phase, outputs: pass.outputs, terms: sums.map { Term($0.name, $0.value / count, weight: $0.weight) },
      largestShare: images > 0 ? Double(sizes.max() ?? 0) / Double(images) : nil,
      confidence: images > 0 ? confidence / Double(images) : nil)
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
