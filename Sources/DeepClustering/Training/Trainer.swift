import Gradients
import Tensors

/// The training loop of §4.2: in every epoch, every head in turn makes one shuffled pass over the data; a batch is seen once as
/// originals and R times augmented, with batch statistics of their own; one Adam serves all heads.
///
/// What it computes is a function of the plan, the network's initial weights and the views: not of threads, and not of interruptions.
public final class Trainer {
  /// What is trained, for how long, on what.
  public struct Plan: Sendable {
    /// Images the over-clustering heads see.
    public let images: Int
    /// How many of them, the first ones, the last head sees, which clusters; at least 2 (docs/paper-decisions.md, A22).
    public let clusteredImages: Int
    public let epochs: Int
    /// N, at least 2. A last batch of fewer than two images has no relations and is left out of its pass.
    public let batch: Int
    /// R
    public let repeats: Int
    public let learningRate: Double
    public let loss: StructuralContrast
    /// Epochs whose weights are kept; 0 is before training.
    public let snapshots: [Int]
    public let seed: UInt64

    public init(
      images: Int, clusteredImages: Int, epochs: Int, batch: Int, repeats: Int, learningRate: Double, loss: StructuralContrast,
      snapshots: [Int], seed: UInt64
    ) {
      precondition(
        (2...max(2, images)).contains(clusteredImages) && batch >= 2 && repeats >= 1,
        "\(clusteredImages) of \(images) images in batches of \(batch), \(repeats) copies")
      self.images = images
      self.clusteredImages = clusteredImages
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
  public typealias Views = @Sendable (_ numbers: [Int], _ pass: Int) throws -> (originals: [UInt8], augmented: [UInt8])

  /// What the loop tells while it runs.
  public enum Event {
    /// A step of an epoch (1, 2, …) is done, `done` of all `of` steps of the training; `images` views went through.
    case step(epoch: Int, done: Int, of: Int, loss: Double, images: Int)
    /// A pass is complete; the moment to save a checkpoint.
    case pass(PassSummary)
    case warning(String)
  }

  private let plan: Plan
  private let network: ResidualNetwork
  private let input: InputImages
  private let team: ThreadTeam
  private let adam: Adam
  private let trainingStep: TrainingStep
  /// Where training stands: at the last complete pass, or where `run` was interrupted.
  public private(set) var state: TrainingState

  /// - Parameter resuming: the state of a checkpoint, which must fit the network; nil to start from the network's weights.
  public init(_ plan: Plan, network: ResidualNetwork, input: InputImages, resuming: TrainingState?, team: ThreadTeam) {
    self.plan = plan
    self.network = network
    self.input = input
    self.team = team
    adam = Adam(parameters: network.parameters, learningRate: plan.learningRate)
    trainingStep = TrainingStep(network, loss: plan.loss, adam: adam, team: team)
    state = resuming ?? TrainingState(heads: network.heads)
    if let resuming {
      precondition(resuming.fits(network) && network.load(resuming.network) == nil, "the checkpoint is of another network")
      adam.moments = resuming.moments
    }
    keepSnapshot()
  }

  /// Where training goes on, for people: "epoch 3".
  public var place: String { "epoch \(min(plan.epochs, state.passes / network.heads.count + 1))" }

  /// Trains to the last epoch.
  ///
  /// The views of the next batch are made while the present one is computed, on one thread more when the team has more than one.
  /// - Parameters:
  ///   - interrupted: asked after every step; true stops there, with `state` as it is after that step.
  ///   - tell: may throw to stop; `state` then stands at the last complete pass.
  /// - Returns: whether the last epoch was reached.
  /// - Throws: `TrainingDiverged` at the first step whose loss is not finite, or the first pass that leaves weights that are not; what `views`
  ///   and `tell` throw.
  public func run(views: @escaping Views, interrupted: () -> Bool, tell: (Event) throws -> Void) throws -> Bool {
    let passes = plan.epochs * network.heads.count
    while state.passes < passes {
      let head = state.passes % network.heads.count
      guard try finishPass(head: head, views: views, interrupted: interrupted, tell: tell) else { return false }
      let summary = state.progress.summary(epoch: state.passes / network.heads.count + 1, head: head)
      if let weight = network.parameters.first(where: { !$0.value.withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }) {
        throw TrainingDiverged(epoch: summary.epoch, outputs: summary.outputs, term: "weight \(weight.name)")
      }
      let warnings = complaints(about: summary)
      state.history.append(summary)
      state.passes += 1
      state.progress = PassProgress(outputs: network.heads[state.passes % network.heads.count])
      capture()
      keepSnapshot()
      for warning in warnings { try tell(.warning(warning)) }
      try tell(.pass(summary))
    }
    return true
  }

  /// The rest of the present pass; false where it was interrupted.
  private func finishPass(head: Int, views: @escaping Views, interrupted: () -> Bool, tell: (Event) throws -> Void) throws -> Bool {
    let pass = state.passes
    let batches = batches(of: pass)
    let before = steps(before: pass)
    // Kept apart from `state` until the pass is over, so that what is thrown leaves `state` at the last complete pass.
    var progress = state.progress
    func prefetch(_ step: Int) -> Prefetched<Batch>? {
      guard step < batches.count else { return nil }
      let (numbers, input) = (batches[step], input)
      return Prefetched(beside: team.threads > 1) {
        let (originals, augmented) = try views(numbers, pass)
        // One thread: the others are at work on the batch before.
        return Batch(images: input.prepare(originals + augmented, team: ThreadTeam(threads: 1)), originals: numbers.count)
      }
    }
    var next = prefetch(progress.steps)
    // A batch still in the making holds files open.
    defer { next?.abandon() }
    while progress.steps < batches.count {
      guard let batch = try next?.take() else { break }
      next = prefetch(progress.steps + 1)
      let (terms, probabilities) = trainingStep.run(batch.images, originals: batch.originals, head: head)
      if let diverged = TrainingDiverged(terms, epoch: pass / network.heads.count + 1, outputs: network.heads[head]) { throw diverged }
      progress.add(terms, probabilities)
      try tell(
        .step(
          epoch: pass / network.heads.count + 1, done: before + progress.steps, of: steps(before: plan.epochs * network.heads.count),
          loss: terms.total, images: batch.images.shape[0]))
      if progress.steps < batches.count, interrupted() {
        state.progress = progress
        capture()
        return false
      }
    }
    state.progress = progress
    return true
  }

  /// The image numbers of every batch of a pass: shuffled by (seed, pass), the last one smaller.
  private func batches(of pass: Int) -> [[Int]] {
    var shuffle = RandomStream(seed: plan.seed, purpose: .shuffle, epoch: pass)
    let order = shuffle.permutation(imageCount(pass))
    return (0..<steps(in: pass)).map { Array(order[$0 * plan.batch..<min(($0 + 1) * plan.batch, order.count)]) }
  }

  private func imageCount(_ pass: Int) -> Int { (pass + 1) % network.heads.count == 0 ? plan.clusteredImages : plan.images }

  private func steps(in pass: Int) -> Int { imageCount(pass) / plan.batch + (imageCount(pass) % plan.batch >= 2 ? 1 : 0) }

  private func steps(before pass: Int) -> Int {
    let epoch = (0..<network.heads.count).reduce(0) { $0 + steps(in: $1) }
    return pass / network.heads.count * epoch + (0..<pass % network.heads.count).reduce(0) { $0 + steps(in: $1) }
  }

  private func capture() {
    state.network = network.stateDictionary()
    state.moments = adam.moments
  }

  private func keepSnapshot() {
    guard state.progress.steps == 0, state.passes % network.heads.count == 0 else { return }
    let epoch = state.passes / network.heads.count
    guard plan.snapshots.contains(epoch), !state.snapshots.contains(where: { $0.epoch == epoch }) else { return }
    state.snapshots.append((epoch, network.stateDictionary()))
  }

  /// What a person should know of a pass, said once for every head that gets into trouble.
  private func complaints(about summary: PassSummary) -> [String] {
    let before = state.history.last { $0.head == summary.head }
    let place = "epoch \(summary.epoch), head of \(summary.outputs) outputs"
    var complaints: [String] = []
    if summary.largestShare == 1, summary.outputs > 1, before?.largestShare != 1 {
      let balance = plan.loss.balanceWeight
      complaints.append(
        "\(place): one cluster took every image; try \(lowerRate), or a balanceWeight of \(balance < 1 ? "1 or more" : "more than \(balance)")"
      )
    }
    // ln(R·N) is the instance loss of assignments that say nothing.
    let nothing = PassSummary.instanceLossOfNothing(batch: min(plan.batch, plan.images), repeats: plan.repeats)
    if summary.epoch == PassSummary.epochsToLearnSomething, plan.loss.instanceWeight > 0, summary.terms.instance > 0.99 * nothing {
      complaints.append("\(place): the instance loss is still within 1 % of saying nothing; try \(lowerRate)")
    }
    return complaints
  }

  /// The rate that helps as a rule, where it is not the one that is used already.
  private var lowerRate: String {
    plan.learningRate > 0.001 ? "learningRate 0.001" : "a learningRate lower than \(plan.learningRate)"
  }

  /// The normalised views of one step.
  private struct Batch: Sendable {
    /// n originals and R·n augmented copies, [(1 + R)·n, S, S, C]
    let images: Tensor
    /// n
    let originals: Int
  }
}
