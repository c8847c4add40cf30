import Tensors

/// The training loop, the same for every method: passes as the method asks for them, a batch made while the one before is computed,
/// snapshots, history, and a state from which it goes on as if it had never stopped.
///
/// What it computes is a function of the method, its initial weights and the views: not of threads, and not of interruptions.
public final class Trainer {
  /// Views of some images in one pass: originals (or plain views) [n, S, S, C] and augmented ones [R·n, S, S, C], copy by copy.
  public typealias Views = @Sendable (_ numbers: [Int], _ pass: Int, _ kind: ViewKind) throws -> (originals: [UInt8], augmented: [UInt8])

  /// What the loop tells while it runs.
  public enum Event {
    /// A step of an epoch (1, 2, …) is done, `done` of all `of` steps of the training; `images` views went through.
    case step(epoch: Int, done: Int, of: Int, loss: Double, images: Int)
    /// A pass is complete; the moment to save a checkpoint.
    case pass(PassSummary)
    case warning(String)
  }

  private let method: any DeepMethod
  private let data: DataFacts
  private let snapshots: [Int]
  private let team: ThreadTeam
  /// Where training stands: at the last complete pass, or where `run` was interrupted.
  public private(set) var state: TrainingState

  /// - Parameters:
  ///   - snapshots: epochs whose weights are kept; 0 is before training. Those behind the end of a method that ends by itself get its last
  ///     weights.
  ///   - resuming: the state of a checkpoint, which must fit the method; nil to start from the method's weights.
  public init(_ method: any DeepMethod, data: DataFacts, snapshots: [Int], resuming: TrainingState?, team: ThreadTeam) {
    self.method = method
    self.data = data
    self.snapshots = snapshots
    self.team = team
    state = resuming ?? TrainingState(outputs: method.pass(after: [])?.outputs)
    if let resuming {
      let fits = resuming.fits(method.model) && method.model.load(resuming.weights) == nil && method.restore(resuming.memory)
      precondition(fits, "the checkpoint is of another method")
    } else {
      keepSnapshots(through: 0)
    }
  }

  /// Where training goes on, for people: "epoch 3".
  public var place: String { "epoch \(method.pass(after: state.history)?.epoch ?? state.history.last?.epoch ?? 1)" }

  /// Trains to the end.
  ///
  /// The views of the next batch are made while the present one is computed, on one thread more when the team has more than one.
  /// - Parameters:
  ///   - interrupted: asked after every step; true stops there, with `state` as it is after that step.
  ///   - tell: may throw to stop; `state` then stands at the last complete pass.
  /// - Returns: whether the end was reached.
  /// - Throws: `TrainingDiverged` at the first step whose loss is not finite, or the first pass that leaves weights that are not; what `views`
  ///   and `tell` throw.
  public func run(views: @escaping Views, interrupted: @escaping () -> Bool, tell: (Event) throws -> Void) throws -> Bool {
    while let pass = method.pass(after: state.history) {
      guard try prepare(pass, views: views, interrupted: interrupted),
        try finish(pass, views: views, interrupted: interrupted, tell: tell)
      else { return false }
      let summary = state.progress.summary(of: pass)
      if let weight = method.model.weights.first(where: { !$0.tensor.withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }) {
        throw TrainingDiverged(epoch: pass.epoch, phase: pass.phase, term: "weight \(weight.name)")
      }
      let warnings = method.complaints(about: summary, after: state.history)
      state.history.append(summary)
      let next = method.pass(after: state.history)
      state.progress = PassProgress(outputs: next?.outputs)
      capture()
      keepSnapshots(through: next.map { $0.epoch > pass.epoch ? pass.epoch : pass.epoch - 1 } ?? .max)
      for warning in warnings { try tell(.warning("\(summary.place): \(warning)")) }
      try tell(.pass(summary))
    }
    return true
  }

  /// - Returns: false where it was interrupted: `state` stands at the last complete pass, or was prepared before.
  private func prepare(_ pass: Pass, views: @escaping Views, interrupted: @escaping () -> Bool) throws -> Bool {
    guard state.progress.steps == 0 else { return true }
    let (input, team) = (method.model.input, team)
    do {
      let data = PassData(pass: pass, images: data.images, clusteredImages: data.clusteredImages, team: team) { numbers in
        if interrupted() { throw TrainingStopped() }
        return input.prepare(try views(numbers, pass.number, .plain).originals, team: team)
      }
      try method.prepare(pass, data)
    } catch is TrainingStopped {
      capture()
      return false
    }
    return true
  }

  /// The rest of a pass; false where it was interrupted.
  private func finish(_ pass: Pass, views: @escaping Views, interrupted: () -> Bool, tell: (Event) throws -> Void) throws -> Bool {
    // Kept apart from `state` until the pass is over, so that what is thrown leaves `state` at the last complete pass.
    var progress = state.progress
    let (before, team) = (state.stepsBefore, team)
    func prefetch(_ step: Int) -> Prefetched<Batch>? {
      guard step < pass.batches.count else { return nil }
      let (numbers, input) = (pass.batches[step], method.model.input)
      return Prefetched(beside: team.threads > 1) {
        let (originals, augmented) = try views(numbers, pass.number, pass.views)
        // One thread: the others are at work on the batch before.
        return Batch(numbers: numbers, images: input.prepare(originals + augmented, team: ThreadTeam(threads: 1)))
      }
    }
    var next = prefetch(progress.steps)
    // A batch still in the making holds files open.
    defer { next?.abandon() }
    while progress.steps < pass.batches.count {
      guard let batch = try next?.take() else { break }
      next = prefetch(progress.steps + 1)
      let result = method.step(batch, of: pass, team: team)
      if let diverged = TrainingDiverged(result.terms, in: pass) { throw diverged }
      progress.add(result)
      let done = before + progress.steps
      try tell(
        .step(
          epoch: pass.epoch, done: done, of: max(done, method.steps), loss: result.terms.reduce(0) { $0 + $1.weight * $1.value },
          images: batch.images.shape[0]))
      if progress.steps < pass.batches.count, interrupted() {
        state.progress = progress
        capture()
        return false
      }
    }
    state.progress = progress
    state.stepsBefore += progress.steps
    return true
  }

  private func capture() { (state.weights, state.memory) = (method.model.weights, method.memory) }

  private func keepSnapshots(through epoch: Int) {
    for wanted in snapshots where wanted <= epoch && !state.snapshots.contains(where: { $0.epoch == wanted }) {
      state.snapshots.append((wanted, method.model.weights))
    }
  }
}
