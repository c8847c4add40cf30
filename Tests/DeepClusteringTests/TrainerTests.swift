import DeepClustering
import Gradients
import Synchronization
import Tensors
import Testing

/// A training run small enough for tests: 23 images of 8 × 8 pixels, two heads, batches of 5, 5, 5, 5 and 3.
struct SmallTraining {
  static let heads = [6, 3]
  static let images = 23
  static let stepsPerPass = 5

  var threads = 1
  var learningRate = 0.003
  var epochs = 2
  var images = SmallTraining.images
  var clusteredImages: Int?
  /// Thrown when this step (counted over the whole run) asks for its views.
  var failingStep: Int?

  struct Failure: Error {}

  var data: DataFacts { DataFacts(images: images, clusteredImages: clusteredImages ?? images, channels: 1, size: 8) }

  func network() -> ResidualNetwork {
    ResidualNetwork(inputChannels: 1, widths: [8, 16], blocks: [1, 1], heads: Self.heads, seed: 5)
  }

  func trainer(_ network: ResidualNetwork, resuming: TrainingState? = nil) -> Trainer {
    let loss = CCRLoss(
      temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: 0.004, relationReduction: .sum,
      balanceWeight: 1)
    let plan = CCR.Plan(data: data, epochs: epochs, batch: 5, repeats: 2, learningRate: learningRate, loss: loss, seed: 5)
    let input = InputImages(size: 8, channels: 1, mean: [0.4], std: [0.3], sobel: false)
    return Trainer(
      CCR(plan, model: ResidualModel(network, input: input)), data: data, snapshots: [0, 1, 2], resuming: resuming,
      team: ThreadTeam(threads: threads))
  }

  /// Pictures that are functions of (pass, number, copy): a bright square whose place is the number's.
  func views() -> Trainer.Views {
    let asked = Mutex(0)
    let failing = failingStep
    return { numbers, pass, _ in
      let step = asked.withLock { count in
        defer { count += 1 }
        return count
      }
      if step == failing { throw Failure() }
      func picture(_ number: Int, _ copy: Int) -> [UInt8] {
        var random = RandomStream(seed: 1, purpose: .test, epoch: pass, item: number, copy: copy)
        let (top, left) = (number % 3 * 2, number % 2 * 4)
        return (0..<64).map { at in
          let inside = (top..<top + 3).contains(at / 8) && (left..<left + 3).contains(at % 8)
          return UInt8(random.integer(below: 60)) + (inside ? 180 : 0)
        }
      }
      return (numbers.flatMap { picture($0, 0) }, (1...2).flatMap { copy in numbers.flatMap { picture($0, copy) } })
    }
  }

  /// Runs to the end and gives the final state as bytes.
  func result() throws -> [UInt8] {
    let trainer = trainer(network())
    #expect(try trainer.run(views: views(), interrupted: { false }, tell: { _ in }))
    return trainer.state.encoded()
  }
}

@Suite("Training")
struct TrainerTests {
  @Test("twice the same, and the same with 1, 2 and 3 threads")
  func threads() throws {
    let one = try SmallTraining().result()
    #expect(one == (try SmallTraining().result()))
    #expect(one == (try SmallTraining(threads: 2).result()))
    #expect(one == (try SmallTraining(threads: 3).result()))
  }

  @Test("every pass of every head is in the history, every asked epoch in the snapshots, and the loss falls")
  func course() throws {
    let network = SmallTraining().network()
    let start = network.stateDictionary().map(\.tensor.scalars)
    let trainer = SmallTraining(epochs: 8).trainer(network)
    var passes = 0
    let finished = try trainer.run(views: SmallTraining().views(), interrupted: { false }) {
      if case .pass = $0 { passes += 1 }
    }
    #expect(finished && passes == 16)
    #expect(trainer.state.history.map(\.phase) == (0..<16).map { "head \($0 % 2)" })
    #expect(trainer.state.history.map(\.epoch) == (0..<16).map { $0 / 2 + 1 })
    #expect(trainer.state.snapshots.map(\.epoch) == [0, 1, 2])
    #expect(trainer.state.snapshots[0].state.map(\.tensor.scalars) == start)
    for head in 0..<2 {
      let losses = trainer.state.history.filter { $0.phase == "head \(head)" }.map(\.total)
      #expect(losses[7] < losses[0], "head \(head)")
    }
    for line in trainer.state.history {
      let (share, confidence, outputs) = (line.largestShare ?? 0, line.confidence ?? 0, line.outputs ?? 0)
      #expect(share > 0 && share <= 1 && confidence >= 1 / Double(outputs) && confidence <= 1)
      #expect(line.terms.map(\.name) == ["instance", "cluster", "relation", "balance"])
      #expect(line.terms.map(\.weight) == [1, 1, 0.004, 1])
    }
  }

  @Test("a pass of one head leaves the other head alone")
  func heads() throws {
    let network = SmallTraining().network()
    let trainer = SmallTraining(epochs: 1).trainer(network)
    func head(_ number: Int) -> [[Float]] {
      network.parameters.filter { $0.name.hasPrefix("heads.\(number)") }.map(\.value.scalars)
    }
    let start = [head(0), head(1)]
    var passes: [[[[Float]]]] = []
    _ = try trainer.run(views: SmallTraining().views(), interrupted: { false }) {
      if case .pass = $0 { passes.append([head(0), head(1)]) }
    }
    #expect(passes[0][0] != start[0] && passes[0][1] == start[1])
    #expect(passes[1][0] == passes[0][0] && passes[1][1] != start[1])
  }

  @Test("with a learning rate of 0 only running statistics change")
  func learningRateZero() throws {
    let network = SmallTraining().network()
    let start = network.stateDictionary()
    _ = try SmallTraining(learningRate: 0, epochs: 1).trainer(network).run(
      views: SmallTraining().views(), interrupted: { false }, tell: { _ in })
    for (before, after) in zip(start, network.stateDictionary()) {
      #expect((before.tensor.scalars != after.tensor.scalars) == before.name.contains("running"), "\(before.name)")
    }
  }

  @Test("a last batch of one image is left out, one of two is not", arguments: [(21, 4), (22, 5)])
  func lastBatch(images: Int, steps: Int) throws {
    var counts: [Int] = []
    _ = try SmallTraining(epochs: 1, images: images).trainer(SmallTraining().network()).run(
      views: SmallTraining().views(), interrupted: { false }
    ) {
      if case .step(_, let done, let all, _, _) = $0 {
        counts.append(done)
        #expect(all == 2 * steps)
      }
    }
    #expect(counts == Array(1...2 * steps))
  }

  @Test("the clustering head sees the first images only, where the others are for over-clustering")
  func clusteredImages() throws {
    let seen = Mutex<[Int: Set<Int>]>([:])
    let (training, views) = (SmallTraining(epochs: 1, clusteredImages: 12), SmallTraining().views())
    _ = try training.trainer(training.network()).run(
      views: { numbers, pass, kind in
        seen.withLock { $0[pass, default: []].formUnion(numbers) }
        return try views(numbers, pass, kind)
      }, interrupted: { false }, tell: { _ in })
    #expect(seen.withLock { $0 } == [0: Set(0..<23), 1: Set(0..<12)])
  }

  @Test("a loss that is no number ends training with epoch and term, and the state stays at the last complete pass")
  func notANumber() throws {
    let network = SmallTraining().network()
    network.parameters[0].value = Tensor(
      shape: network.parameters[0].value.shape, [Float](repeating: .nan, count: network.parameters[0].value.count))
    let trainer = SmallTraining().trainer(network)
    let error = #expect(throws: TrainingDiverged.self) {
      try trainer.run(views: SmallTraining().views(), interrupted: { false }, tell: { _ in })
    }
    #expect(error?.epoch == 1 && error?.term == "instance loss" && error?.phase == "head 0")
    #expect(trainer.state.history.isEmpty)
  }

  @Test("warns of a head that puts every image into one cluster")
  func collapse() throws {
    let network = SmallTraining().network()
    for parameter in network.parameters where parameter.name == "heads.1.bias" {
      parameter.value = Tensor(shape: [3], [1000, 0, 0])
    }
    var warnings: [String] = []
    _ = try SmallTraining(learningRate: 1e-6).trainer(network).run(views: SmallTraining().views(), interrupted: { false }) {
      if case .warning(let words) = $0 { warnings.append(words) }
    }
    let collapsed = warnings.filter { $0.contains("one cluster") && $0.contains("3 outputs") }
    #expect(collapsed.count == 1 && collapsed[0].contains("epoch 1"))
  }
}

@Suite("Training interrupted")
struct ResumptionTests {
  /// Steps 0 … 19 are two epochs of two heads: the start, the middle and the ends of passes, the last step.
  private static let steps = [0, 1, 4, 5, 7, 9, 10, 13, 19]

  @Test("interrupted after any step, resumed from bytes: the same result", arguments: steps.dropLast(), [1, 2])
  func interruption(step: Int, threads: Int) throws {
    let whole = try SmallTraining().result()
    let training = SmallTraining(threads: threads)
    let first = training.trainer(training.network())
    var done = 0
    let finished = try first.run(views: training.views(), interrupted: { done > step }) {
      if case .step = $0 { done += 1 }
    }
    // Between two passes nothing is asked: the state of the complete pass is checkpoint enough.
    #expect(!finished && done == ([4, 9].contains(step) ? step + 2 : step + 1))
    let state = try #require(TrainingState(decoding: first.state.encoded()))
    let second = training.trainer(training.network(), resuming: state)
    #expect(try second.run(views: training.views(), interrupted: { false }, tell: { _ in }))
    let equal = second.state.encoded() == whole
    #expect(equal)
  }

  @Test("a failure at any step, resumed from the last complete pass: the same result", arguments: steps)
  func failure(step: Int) throws {
    let whole = try SmallTraining().result()
    let training = SmallTraining(failingStep: step)
    let first = training.trainer(training.network())
    var checkpoint: [UInt8]?
    #expect(throws: SmallTraining.Failure.self) {
      try first.run(views: training.views(), interrupted: { false }) {
        if case .pass = $0 { checkpoint = first.state.encoded() }
      }
    }
    #expect((checkpoint == nil) == (step < SmallTraining.stepsPerPass))
    let state = checkpoint.flatMap(TrainingState.init(decoding:))
    let second = SmallTraining().trainer(SmallTraining().network(), resuming: state)
    #expect(try second.run(views: SmallTraining().views(), interrupted: { false }, tell: { _ in }))
    let equal = second.state.encoded() == whole
    #expect(equal)
  }

  @Test("bytes cut anywhere are no state")
  func truncation() throws {
    let bytes = try SmallTraining(epochs: 1).result()
    let equal = TrainingState(decoding: bytes)?.encoded() == bytes
    #expect(equal)
    for length in [0, 7, 8, 100, bytes.count / 2, bytes.count - 1] {
      #expect(TrainingState(decoding: Array(bytes[..<length])) == nil, "\(length) of \(bytes.count) bytes")
    }
    #expect(TrainingState(decoding: bytes + [0]) == nil)
  }

  @Test("a state fits its own network only")
  func fits() throws {
    let state = try #require(TrainingState(decoding: SmallTraining(epochs: 1).result()))
    let input = InputImages(size: 8, channels: 1, mean: [0.4], std: [0.3], sobel: false)
    #expect(state.fits(ResidualModel(SmallTraining().network(), input: input)))
    for (widths, heads) in [([8, 32], [6, 3]), ([8, 16], [6, 4]), ([8, 16], [3])] {
      let other = ResidualNetwork(inputChannels: 1, widths: widths, blocks: [1, 1], heads: heads, seed: 0)
      #expect(!state.fits(ResidualModel(other, input: input)))
    }
  }
}
