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

  @Test("images that are all equal train without a trap", arguments: names)
  func equalImages(name: String) throws {
    let (_, trainer) = try example(name).trainer()
    let grey: Trainer.Views = { numbers, _, kind in
      let copies = if case .augmented(let copies) = kind { copies } else { 0 }
      func same(_ count: Int) -> [UInt8] { [UInt8](repeating: 128, count: count * MethodExample.size * MethodExample.size) }
      return (same(numbers.count), same(numbers.count * copies))
    }
    do {
      _ = try trainer.run(views: grey, interrupted: { false }, tell: { _ in })
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
  }

  @Test("a learning rate out of all bounds ends with epoch, phase and term", arguments: names)
  func divergence(name: String) throws {
    let example = try example(name)
    guard example.parameters["learningRate"] != nil else { return }
    let (method, trainer) = try example.with(["learningRate": 10]).trainer()
    // As a step that went too far leaves them.
    let broken = method.model.weights.map { (name: $0.name, tensor: Tensor(shape: $0.tensor.shape, $0.tensor.scalars.map { $0 * .nan })) }
    guard method.model.load(broken) == nil else { return }
    let error = #expect(throws: TrainingDiverged.self) {
      try trainer.run(views: MethodExample.views, interrupted: { false }, tell: { _ in })
    }
    #expect(error?.epoch == 1 && error?.phase.isEmpty == false && error?.term.isEmpty == false)
  }
}
