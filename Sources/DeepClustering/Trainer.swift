import Gradients
import Tensors

/// The training loop of §4.2: in every epoch, every head in turn makes one shuffled pass over the data; a batch is seen once as
/// originals and R times augmented, in two forward calls with batch statistics of their own; one Adam serves all.
public final class Trainer {
  /// What is trained, for how long, on what.
  public struct Plan: Sendable {
    public let images: Int
    public let epochs: Int
    public let batch: Int
    public let repeats: Int
    public let learningRate: Double
    public let loss: StructuralContrast
    /// Epochs whose weights are kept; 0 is before training.
    public let snapshots: [Int]
    public let seed: UInt64

    public init(
      images: Int, epochs: Int, batch: Int, repeats: Int, learningRate: Double, loss: StructuralContrast, snapshots: [Int], seed: UInt64
    ) {
      self.images = images
      self.epochs = epochs
      self.batch = batch
      self.repeats = repeats
      self.learningRate = learningRate
      self.loss = loss
      self.snapshots = snapshots
      self.seed = seed
    }
  }

  /// The views of some images in one pass: originals [n, S, S, C] and augmented [R·n, S, S, C], copy by copy.
  public typealias Views = (_ numbers: [Int], _ pass: Int) throws -> (originals: [UInt8], augmented: [UInt8])

  /// What the loop tells while it runs.
  public enum Event {
    /// `images` views went through since the pass began.
    case batch(pass: Int, done: Int, of: Int, loss: Double, images: Int)
    /// A pass is complete; the moment to save a checkpoint.
    case pass(PassSummary)
    case warning(String)
  }

  private let plan: Plan
  private let network: ResidualNetwork
  private let input: InputImages
  private let team: ThreadTeam
  private let adam: Adam
  public private(set) var state: TrainingState

  /// - Parameter resuming: the state of a checkpoint, nil to start from the initial weights.
  public init(_ plan: Plan, network: ResidualNetwork, input: InputImages, resuming: TrainingState?, team: ThreadTeam) {
    self.plan = plan
    self.network = network
    self.input = input
    self.team = team
    adam = Adam(parameters: network.parameters, learningRate: plan.learningRate)
    state = resuming ?? TrainingState()
    if let resuming {
      precondition(network.load(resuming.network) == nil, "the checkpoint is of another network")
      adam.moments = resuming.moments
    }
    keepSnapshot()
  }

  /// Trains to the last epoch. `tell` may throw to stop between batches; the state then stands at the last complete pass.
  public func run(views: Views, tell: (Event) throws -> Void) throws {
    let passes = plan.epochs * network.heads.count
    while state.passes < passes {
      let summary = try pass(state.passes, views: views, tell: tell)
      state.passes += 1
      state.history.append(summary)
      state.network = network.stateDictionary()
      state.moments = adam.moments
      keepSnapshot()
      if let warning = complaint(about: summary) { try tell(.warning(warning)) }
      try tell(.pass(summary))
    }
  }

  private func keepSnapshot() {
    guard state.passes % network.heads.count == 0 else { return }
    let epoch = state.passes / network.heads.count
    guard plan.snapshots.contains(epoch), !state.snapshots.contains(where: { $0.epoch == epoch }) else { return }
    state.snapshots.append((epoch, network.stateDictionary()))
  }

  private func pass(_ pass: Int, views: Views, tell: (Event) throws -> Void) throws -> PassSummary {
    let head = pass % network.heads.count
    var shuffle = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: pass)
    let order = shuffle.permutation(plan.images)
    let starts = Array(stride(from: 0, to: order.count, by: plan.batch))
    var sums = StructuralContrast.Terms()
    var sizes = [Int](repeating: 0, count: network.heads[head])
    var confidence = 0.0
    for (number, start) in starts.enumerated() {
      let numbers = Array(order[start..<min(start + plan.batch, order.count)])
      let (originals, augmented) = try views(numbers, pass)
      let (terms, probabilities) = step(originals, augmented, head: head)
      sums.add(terms)
      for row in 0..<numbers.count {
        let values = probabilities[row * sizes.count..<(row + 1) * sizes.count]
        guard let best = values.indices.max(by: { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }) else { continue }
        sizes[best - values.startIndex] += 1
        confidence += Double(values[best])
      }
      try tell(.batch(pass: pass, done: number + 1, of: starts.count, loss: terms.total, images: numbers.count * (1 + plan.repeats)))
    }
    return PassSummary(
      epoch: pass / network.heads.count + 1, head: head, outputs: network.heads[head], terms: sums.divided(by: Double(starts.count)),
      largestShare: Double(sizes.max() ?? 0) / Double(plan.images), confidence: confidence / Double(plan.images))
  }

  /// One optimiser step; gives the loss terms and the originals' assignment probabilities.
  private func step(_ originals: [UInt8], _ augmented: [UInt8], head: Int) -> (StructuralContrast.Terms, [Float]) {
    let tape = Tape(team: team, training: true)
    let p = network.probabilities(network.features(input.prepare(originals[...], team: team), on: tape), head: head, on: tape)
    let q = network.probabilities(network.features(input.prepare(augmented[...], team: team), on: tape), head: head, on: tape)
    let (terms, dp, dq) = plan.loss.evaluate(p.value, q.value)
    tape.backward([(p, dp), (q, dq)])
    adam.step(team: team)
    return (terms, p.value.scalars)
  }

  private func complaint(about summary: PassSummary) -> String? {
    let place = "epoch \(summary.epoch), head of \(summary.outputs) outputs"
    if !summary.terms.total.isFinite {
      return "\(place): the loss is no number; try a lower learningRate, or temperatureInside true"
    }
    if summary.largestShare == 1, summary.outputs > 1 {
      return "\(place): one cluster takes every image; try balanceWeight 1 or a lower learningRate"
    }
    return nil
  }
}

extension StructuralContrast.Terms {
  mutating func add(_ other: Self) {
    instance += other.instance
    cluster += other.cluster
    relation += other.relation
    balance += other.balance
    total += other.total
  }

  func divided(by count: Double) -> Self {
    var mean = Self()
    (mean.instance, mean.cluster, mean.relation) = (instance / count, cluster / count, relation / count)
    (mean.balance, mean.total) = (balance / count, total / count)
    return mean
  }
}
