import Artifacts
import StageKit
import Tensors
import Testing

import DeepClustering

/// Trains a method on bars and says how many of the images its clusters place right.
struct BarsTraining {
  let method: any DeepMethod
  let trainer: Trainer
  let images: Int

  init(_ name: String, images: Int, _ changes: [String: JSONValue]) throws {
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init)).with(changes)
    let data = DataFacts(images: images, clusteredImages: images, channels: 1, size: MethodExample.size)
    method = example.type.init(try example.settings(), data: data)
    trainer = Trainer(method, data: data, snapshots: [], resuming: nil, team: ThreadTeam(threads: 2))
    self.images = images
  }

  /// - Returns: what is warned of.
  func run() throws -> [String] {
    var warnings: [String] = []
    let ended = try trainer.run(views: MethodExample.views, interrupted: { false }) {
      if case .warning(let text) = $0 { warnings.append(text) }
    }
    #expect(ended)
    return warnings
  }

  /// The share of images whose cluster is that of most of their class's, each class with a cluster of its own.
  func accuracy() throws -> Double {
    let team = ThreadTeam(threads: 2)
    let views = method.model.input.prepare(try MethodExample.views(Array(0..<images), 0, .plain).originals, team: team)
    let clusters = method.model.clusters(method.model.embed(views, team: team), seed: 0, team: team)
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    return orders.map { order in Double(clusters.indices.count { Int(clusters[$0]) == order[$0 % 3] }) / Double(images) }.max() ?? 0
  }
}

@Suite("DEC")
struct DECTests {
  @Test("separates bars, chance 1/3, and ends by itself once clusters settle")
  func learns() throws {
    let training = try BarsTraining(
      "dec", images: 300,
      ["epochs": 60, "batch": 20, "learningRate": 0.005, "layerShare": 0.08, "fineTuneShare": 0.25, "tolerance": 0.01])
    _ = try training.run()
    let history = training.trainer.state.history
    let accuracy = try training.accuracy()
    #expect(accuracy > 0.9)
    #expect(history.count < 60 && history.last?.phase == "clustering")
    #expect(
      history.map(\.phase).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } } == [
        "layer 0", "layer 1", "fine-tuning", "clustering",
      ])
    #expect(history.filter { $0.phase == "clustering" }.allSatisfy { $0.outputs == 3 && ($0.confidence ?? 0) > 1.0 / 3 })
  }

  @Test("with a tolerance of 0 it goes on to the last epoch")
  func toTheEnd() throws {
    let training = try BarsTraining("dec", images: 30, ["epochs": 12, "tolerance": 0])
    _ = try training.run()
    #expect(training.trainer.state.history.count == 12)
  }

  @Test("targets are kept from step to step, and found anew before each pass, from all images")
  func targetsStay() throws {
    let training = try BarsTraining("dec", images: 30, ["epochs": 6, "tolerance": 0])
    var seen: [[Float]] = []
    _ = try training.trainer.run(views: MethodExample.views, interrupted: { false }) {
      if case .step = $0, let targets = training.method.memory.first(where: { $0.name == "dec.targets" })?.tensor {
        #expect(targets.shape == [30, 3])
        if seen.last != targets.scalars { seen.append(targets.scalars) }
      }
    }
    // Three passes of clustering.
    #expect(seen.count == 3)
  }

  @Test("targets are those of all images together, by the weights before the pass, and steps report their KL from them")
  func targetsOfAllImages() throws {
    // They go through 200 at a time: two kinds of bars among the first 200, the third kind alone behind them.
    let count = 300
    let views: Trainer.Views = { numbers, pass, kind in
      try MethodExample.views(numbers.map { $0 < 200 ? 3 * $0 + $0 % 2 : 3 * $0 + 2 }, pass, kind)
    }
    let training = try BarsTraining(
      "dec", images: count,
      ["epochs": 30, "batch": 40, "learningRate": 0.005, "layerShare": 0.17, "fineTuneShare": 0.5, "tolerance": 0])
    // The model as it was before the event that is told.
    let settings = try #require(MethodExample(DEC.self)).settings()
    let before = try #require(DEC.model(settings, channels: 1, size: MethodExample.size, seed: 0) as? DECModel)
    let images = before.input.prepare(try views(Array(0..<count), 0, .plain).originals, team: ThreadTeam(threads: 1))
    func codes() -> Tensor { before.embed(images, team: ThreadTeam(threads: 1)).features }
    func targets(_ codes: Tensor) -> Tensor {
      TargetDistribution.targets(TargetDistribution.assignments(DoubleMatrix(codes), centres: DoubleMatrix(before.centres.value))).tensor
    }
    func divergence(_ codes: Tensor, from targets: Tensor) -> Double {
      TargetDistribution.divergence(
        DoubleMatrix(codes), centres: DoubleMatrix(before.centres.value), targets: DoubleMatrix(targets)
      ).value
    }
    func distance(_ a: Tensor, _ b: Tensor) -> Float { zip(a.scalars, b.scalars).map { abs($0 - $1) }.max() ?? 0 }
    var (expected, batches, steps): (Tensor?, [[Int]], Int) = (nil, [], 0)
    // How far the targets and losses of parts of the images are from those of all.
    var (fromParts, fromBatches): (Float, Double) = (0, 0)
    _ = try training.trainer.run(views: views, interrupted: { false }) { event in
      switch event {
      case .step(_, _, _, let loss, _):
        if let expected {
          let held = try #require(training.method.memory.first { $0.name == "dec.targets" }?.tensor)
          #expect(distance(held, expected) < 1e-5)
          let numbers = try #require(batches.first)
          batches.removeFirst()
          let some = codes().rows(numbers)
          let kl = divergence(some, from: expected.rows(numbers))
          #expect(abs(loss - kl) < 1e-4 * kl)
          fromBatches = max(fromBatches, abs(divergence(some, from: targets(some)) - kl) / kl)
          steps += 1
        }
        #expect(before.load(training.method.model.weights) == nil)
      case .pass(let summary):
        #expect(before.load(training.method.model.weights) == nil)
        // The first pass of clustering begins with centres that it finds itself.
        guard summary.phase == "clustering", let next = training.method.pass(after: training.trainer.state.history) else { return }
        let all = codes()
        let found = targets(all)
        (expected, batches) = (found, next.batches)
        fromParts = max(fromParts, distance(targets(all.rows(0..<200)), found.rows(0..<200)))
      case .warning: break
      }
    }
    #expect(steps == 4 * 8 && batches.isEmpty)
    #expect(fromParts > 0.01 && fromBatches > 0.01, "the parts are too much like the whole to be told from it")
  }

  @Test("shares that leave no epochs for clustering are refused; few epochs are not")
  func shares() throws {
    let example = try #require(MethodExample(DEC.self))
    let error = try #require(throws: StageError.self) { try DEC.checkTraining(example.with(["fineTuneShare": 0.66]).settings()) }
    #expect(error.problem.contains("layerShare") && error.problem.contains("less than 1"))
    try DEC.checkTraining(example.with(["epochs": 1]).settings())
  }

  @Test("before clustering, clusters are those of k-means on the codes")
  func early() throws {
    let training = try BarsTraining("dec", images: 60, [:])
    let accuracy = try training.accuracy()
    #expect(accuracy > 0.5)
  }

  @Test("fewer images than clusters train without a trap")
  func fewImages() throws {
    let training = try BarsTraining(
      "dec", images: 4, ["network": ["widths": [10, 3], "clusters": 7, "restarts": 2, "mean": [0.4], "std": [0.3]]])
    _ = try training.run()
  }
}
