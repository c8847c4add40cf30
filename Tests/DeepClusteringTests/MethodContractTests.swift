import Artifacts
import DeepClustering
import StageKit
import Tensors
import Testing

/// What every method of the catalogue keeps.
@Suite("The contract of deep methods")
struct MethodContractTests {
  private static let names = DeepMethods.all.map { $0.name }

  private func example(_ name: String) throws -> MethodExample {
    try #require(DeepMethods.named(name).flatMap(MethodExample.init), "MethodExamples.swift has no parameters of \(name)")
  }

  @Test func namesAreTold() {
    #expect(Set(Self.names).count == Self.names.count)
  }

  @Test("twice the same, and the same at 1, 2 and 3 threads", arguments: names)
  func threads(name: String) throws {
    var example = try example(name)
    let one = try example.result()
    for threads in [1, 2, 3] {
      example.threads = threads
      let equal = try example.result() == one
      #expect(equal, "\(threads) threads")
    }
  }

  @Test("stopped after any step, resumed from bytes: the same result", arguments: names)
  func interruptions(name: String) throws {
    let example = try example(name)
    let whole = try example.result()
    var (stops, next) = (0, 0)
    while true {
      let (_, first) = try example.trainer()
      var done = 0
      let finished = try first.run(views: MethodExample.views, interrupted: { done > next }) { if case .step = $0 { done += 1 } }
      if finished { break }
      stops += 1
      let state = try #require(TrainingState(decoding: first.state.encoded()))
      let (_, second) = try example.trainer(resuming: state)
      #expect(try second.run(views: MethodExample.views, interrupted: { false }, tell: { _ in }))
      let equal = second.state.encoded() == whole
      #expect(equal, "stopped after step \(done)")
      next = done
    }
    #expect(stops > 2)
  }

  @Test("a failure within any pass, resumed from the last complete one: the same result", arguments: names)
  func failures(name: String) throws {
    struct Failure: Error {}
    let example = try example(name)
    let whole = try example.result()
    var passes = 0
    while true {
      let (_, first) = try example.trainer()
      var (checkpoint, complete): ([UInt8]?, Int) = (nil, 0)
      do {
        _ = try first.run(views: MethodExample.views, interrupted: { false }) { event in
          if case .step = event, complete == passes { throw Failure() }
          if case .pass = event { (checkpoint, complete) = (first.state.encoded(), complete + 1) }
        }
        break
      } catch is Failure {}
      let state = checkpoint.flatMap(TrainingState.init(decoding:))
      #expect((state == nil) == (passes == 0))
      let (_, second) = try example.trainer(resuming: state)
      #expect(try second.run(views: MethodExample.views, interrupted: { false }, tell: { _ in }))
      let equal = second.state.encoded() == whole
      #expect(equal, "failed in pass \(passes)")
      passes += 1
    }
  }

  @Test("every asked epoch is kept, every number is finite, steps are as many as were said", arguments: names)
  func course(name: String) throws {
    let (method, trainer) = try example(name).trainer()
    let promised = method.steps
    var told: [Int] = []
    _ = try trainer.run(views: MethodExample.views, interrupted: { false }) {
      if case .step(_, let done, _, let loss, _) = $0 {
        told.append(done)
        #expect(loss.isFinite)
      }
    }
    #expect(told == Array(1...told.count) && told.count <= promised)
    #expect(trainer.state.snapshots.map(\.epoch) == [0, 1, 2])
    for pass in trainer.state.history { #expect(!pass.terms.isEmpty && pass.terms.allSatisfy { $0.value.isFinite && $0.weight > 0 }) }
    #expect(method.leastBytes > 0)
  }

  @Test("weights build the model again: equal embeddings, rows that sum to 1, clusters below K", arguments: names)
  func models(name: String) throws {
    let example = try example(name)
    let (method, trainer) = try example.trainer()
    _ = try trainer.run(views: MethodExample.views, interrupted: { false }, tell: { _ in })
    let settings = try example.settings()
    let again = example.type.model(settings, channels: 1, size: MethodExample.size, seed: 99)
    #expect(again.load(method.model.weights) == nil)
    #expect(again.load(Array(method.model.weights.dropFirst())) != nil)
    #expect(again.load(method.model.weights) == nil)
    let numbers = Array(0..<MethodExample.images)
    let team = ThreadTeam(threads: 2)
    let images = again.input.prepare(try MethodExample.views(numbers, 0, .plain).originals, team: team)
    let (mine, theirs) = (again.embed(images, team: team), method.model.embed(images, team: ThreadTeam(threads: 1)))
    #expect(mine.features.scalars == theirs.features.scalars && mine.features.shape[0] == MethodExample.images)
    #expect(example.type.clusterCount(settings) == MethodExample.clusters)
    #expect(mine.probabilities.map(\.shape) == example.type.heads(settings).map { [MethodExample.images, $0] })
    for p in mine.probabilities {
      for row in 0..<p.shape[0] { #expect(abs(p.rows(row..<row + 1).scalars.reduce(0, +) - 1) < 1e-5) }
    }
    let clusters = again.clusters(mine, seed: 0, team: team)
    #expect(clusters == method.model.clusters(theirs, seed: 0, team: ThreadTeam(threads: 1)))
    #expect(clusters.count == MethodExample.images && clusters.allSatisfy { (0..<Int32(MethodExample.clusters)).contains($0) })
  }

  /// Images that are all equal.
  private static let grey: Trainer.Views = { numbers, _, kind in
    let copies = if case .augmented(let copies) = kind { copies } else { 0 }
    func same(_ count: Int) -> [UInt8] { [UInt8](repeating: 128, count: count * MethodExample.size * MethodExample.size) }
    return (same(numbers.count), same(numbers.count * copies))
  }

  @Test("images that are all equal train without a trap", arguments: names)
  func equalImages(name: String) throws {
    let (_, trainer) = try example(name).trainer()
    do {
      _ = try trainer.run(views: Self.grey, interrupted: { false }, tell: { _ in })
    } catch let diverged as TrainingDiverged {
      #expect(!diverged.term.isEmpty)
    }
  }

  @Test("settings of a network for other images are refused in words", arguments: names)
  func otherChannels(name: String) throws {
    let example = try example(name)
    let settings = try example.settings()
    try example.type.check(settings, channels: nil)
    try example.type.check(settings, channels: 1)
    // The example has the mean of one channel, where the method has one.
    guard example.parameters["network"]?["mean"] != nil else { return }
    #expect(throws: StageError.self) { try example.type.check(settings, channels: 3) }
  }

  @Test(
    "a loss without a term is refused",
    arguments: [
      ("ccr", ["instanceWeight", "clusterWeight", "relationWeight", "balanceWeight"]),
      ("dccm", ["graphWeight", "labelWeight", "informationWeight"]),
    ])
  func withoutTerms(name: String, weights: [String]) throws {
    let example = try example(name)
    func check(without names: [String]) throws {
      try example.type.checkTraining(example.with(Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })).settings())
    }
    for weight in weights { try check(without: weights.filter { $0 != weight }) }
    let error = #expect(throws: StageError.self) { try check(without: weights) }
    #expect(error?.problem.contains(weights[0]) == true && error?.problem.contains("must not be 0 where") == true, "\(error!)")
  }

  @Test("phases for which there are too few epochs are doubted") func doubts() throws {
    func doubts(_ name: String, _ changes: [String: JSONValue]) throws -> [String] {
      let example = try example(name).with(changes)
      return example.type.doubts(try example.settings())
    }
    for name in Self.names { #expect(try doubts(name, [:]).isEmpty) }
    #expect(
      try doubts("dec", ["epochs": 5]) == [
        "no pass trains each layer by itself: layerShare is 0.17 of 5 epochs, less than one; raise epochs or layerShare",
        "no pass trains the whole auto-encoder: fineTuneShare is 0.17 of 5 epochs, less than one; raise epochs or fineTuneShare",
      ])
    #expect(try doubts("dec", ["epochs": 5, "layerShare": 0, "fineTuneShare": 0]).isEmpty)
    #expect(
      try doubts("vae", ["epochs": 1]) == [
        "the weight of KL still grows when training ends: warmUpEpochs is 2, epochs 1; raise epochs or lower warmUpEpochs"
      ])
  }

  /// Those that assign images to clusters while they train.
  private static let assigning = try? MethodExample.all.filter { !$0.type.heads(try $0.settings()).isEmpty }.map { $0.type.name }

  @Test("one cluster that takes every image is told when it begins, with epoch, phase and clusters", arguments: assigning ?? [])
  func collapse(name: String) throws {
    // Equal images are assigned alike, at the least of rates always to the same cluster.
    let slow: [String: JSONValue] = ["learningRate": 1e-9, "clusterLearningRate": 1e-9]
    let example = try example(name)
    let (_, trainer) = try example.with(slow.filter { example.parameters[$0.key] != nil }).trainer()
    var warnings: [String] = []
    _ = try trainer.run(views: Self.grey, interrupted: { false }) { if case .warning(let text) = $0 { warnings.append(text) } }
    let assigned = trainer.state.history.filter { $0.outputs != nil }
    #expect(!assigned.isEmpty && assigned.allSatisfy { $0.largestShare == 1 })
    var phases: Set<String> = []
    let places = assigned.filter { phases.insert($0.phase).inserted }.map { "epoch \($0.epoch), \($0.phase) of \($0.outputs ?? 0) outputs" }
    #expect(places.count == Set(assigned.map(\.phase)).count && places.count < assigned.count)
    let told = warnings.filter { $0.contains("one cluster took every image") }
    #expect(told.count == places.count && zip(told, places).allSatisfy { $0.hasPrefix("\($1): one cluster took every image; try ") })
  }

  @Test("the methods with heads are among them") func assigningMethods() throws {
    #expect(try #require(Self.assigning) == ["ccr", "iic", "dac", "dccm", "dec"])
  }

  @Test("weights that are no numbers when a pass begins end training there, with epoch, phase and term", arguments: names)
  func divergence(name: String) throws {
    let example = try example(name)
    try expectDivergence(example, passes: ["ccr": 4, "iic": 6, "dac": 8, "dccm": 8, "dec": 5][name] ?? 2)
    // Of similarities that are no numbers no pair counts, so that the loss of pairs alone is 0.
    if name == "dac" { try expectDivergence(example.with(["auxiliaryWeight": 0]), passes: 8) }
  }

  @Test("features that are no numbers when clusters are to be merged end training there")
  func divergenceBeforeMerging() throws {
    let network: JSONValue = ["clusters": 3, "neighbours": 5, "clusterNeighbours": 3, "mergeRate": 0.1, "outlierShare": 0.1]
    try expectDivergence(example("jule").with(["network": network]), passes: 4)
  }

  /// - Parameter passes: at least so many, so that later heads, blocks and phases are met.
  private func expectDivergence(_ example: MethodExample, passes: Int) throws {
    let (_, whole) = try example.trainer()
    _ = try whole.run(views: MethodExample.views, interrupted: { false }, tell: { _ in })
    #expect(whole.state.history.count >= passes)
    for number in whole.state.history.indices {
      let (method, trainer) = try example.trainer()
      // As a step that went too far leaves them. Which sub-heads count is no weight.
      func breakWeights() {
        let broken = method.model.weights.map {
          $0.name == "chosen" ? $0 : (name: $0.name, tensor: Tensor(shape: $0.tensor.shape, $0.tensor.scalars.map { $0 * .nan }))
        }
        #expect(method.model.load(broken) == nil)
      }
      if number == 0 { breakWeights() }
      let error = #expect(throws: TrainingDiverged.self, "pass \(number)") {
        try trainer.run(views: MethodExample.views, interrupted: { false }) {
          if case .pass = $0, trainer.state.history.count == number { breakWeights() }
        }
      }
      let expected = whole.state.history[number]
      #expect(error?.epoch == expected.epoch && error?.phase == expected.phase && error?.term.isEmpty == false, "pass \(number)")
      // The state is that before the pass.
      #expect(trainer.state.history.count == number)
    }
  }
}
