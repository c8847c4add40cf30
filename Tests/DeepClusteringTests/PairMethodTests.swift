import Artifacts
import DeepClustering
import Gradients
import StageKit
import Tensors
import Testing

private func matrix(_ rows: [[Double]]) -> DoubleMatrix { DoubleMatrix(rows: rows.count, columns: rows[0].count, rows.flatMap { $0 }) }

/// Rows of probabilities [n, k].
private func probabilities(_ n: Int, _ k: Int, item: Int = 0) -> DoubleMatrix {
  var random = RandomStream(seed: 5, purpose: .test, item: item)
  return matrix(
    (0..<n).map { _ in
      let values = (0..<k).map { _ in Double(random.uniform(0.05, 1)) }
      return values.map { $0 / values.reduce(0, +) }
    })
}

@Suite("Losses of DAC and DCCM")
struct PairLossTests {
  private func expectGradient(_ p: DoubleMatrix, _ loss: (DoubleMatrix) -> (value: Double, gradient: DoubleMatrix)) {
    let gradient = loss(p).gradient
    for at in p.values.indices {
      func moved(_ step: Double) -> Double {
        var q = p
        q.values[at] += step
        return loss(q).value
      }
      #expect(abs((moved(1e-6) - moved(-1e-6)) / 2e-6 - gradient.values[at]) < 1e-6)
    }
  }

  @Test("cosines: 1 of equal one-hot rows, 0 of different ones, 0.684675 of (.9, .1) and (.6, .8)") func cosines() {
    let g = pairCosines(matrix([[0, 1], [0, 1], [1, 0]]))
    #expect(g[0, 1] == 1 && g[0, 2] == 0)
    #expect(abs(pairCosines(matrix([[0.9, 0.1], [0.6, 0.8]]))[0, 1] - 0.684675) < 1e-6)
  }

  @Test("pairs: by hand, those of no say left out, (i, i) counted") func pairs() {
    let p = matrix([[0.9, 0.1], [0.6, 0.8], [0.2, 0.8]])
    let g = pairCosines(p)
    let targets = PairTargets(g) { $0 > 0.95 ? 1 : $0 < 0.5 ? 0 : nil }
    #expect(targets.count == 3 + 2)
    // The pairs (0, 2) and (2, 0), of 5 that count; −ln(1 − 10⁻⁷) of each (i, i).
    let expected = (-2 * Elementary.log(1 - g[0, 2]) - 3 * Elementary.log(1 - 1e-7)) / 5
    #expect(abs(pairSimilarityLoss(p, targets).value - expected) < 1e-12)
    let none = pairSimilarityLoss(p, PairTargets(g) { _ in nil })
    #expect(none.value == 0 && none.gradient.values.allSatisfy { $0 == 0 })
  }

  @Test("gradients against central differences, through the lengths of rows") func gradients() {
    let p = probabilities(6, 4)
    let targets = PairTargets(pairCosines(probabilities(6, 4, item: 1))) { $0 > 0.9 ? 1 : $0 < 0.8 ? 0 : nil }
    // What is known of (i, i), whose loss is flat at the clamp, is left to the test above.
    let apart = PairTargets(DoubleMatrix(rows: 6, columns: 6, (0..<36).map(Double.init))) {
      Int($0) / 6 == Int($0) % 6 ? nil : targets.values[Int($0)]
    }
    #expect(apart.count > 4 && apart.values.contains(1) && apart.values.contains(0))
    expectGradient(p) { pairSimilarityLoss($0, apart) }
    expectGradient(p) { labelLoss($0, targets: probabilities(6, 4, item: 2), weights: [1, 0, 1, 0.5, 1, 1], smallest: 1e-12) }
  }

  @Test("certain and collapsed outputs: finite, no gradient on (i, i)") func certain() {
    for p in [matrix([[1, 0], [0, 1], [1, 0]]), matrix([[1, 0], [1, 0], [1, 0]])] {
      for belong in [1.0, 0] {
        let loss = pairSimilarityLoss(p, PairTargets(pairCosines(p)) { _ in belong })
        #expect(loss.value.isFinite && loss.gradient.values.allSatisfy(\.isFinite))
      }
      let label = labelLoss(p, targets: matrix([[0, 1], [0, 1], [0, 1]]), weights: [1, 1, 1], smallest: 1e-12)
      #expect(label.value.isFinite && label.gradient.values.allSatisfy(\.isFinite))
    }
    let one = probabilities(1, 5)
    #expect(pairSimilarityLoss(one, PairTargets(pairCosines(one)) { _ in 1 }).gradient.values.allSatisfy { abs($0) < 1e-9 })
  }

  @Test("DCCM's label loss: .055045; images without a label add nothing") func labels() {
    let (p, t) = (matrix([[0.92, 0.05, 0.03]]), matrix([[1, 0, 0]]))
    #expect(abs(labelLoss(p, targets: t, weights: [1], smallest: 1e-12).value - 0.055045) < 1e-6)
    let known = PseudoLabels(matrix([[0.92, 0.05, 0.03], [0.1, 0.8, 0.1]]), confidence: 0.9)
    #expect(known.targets.values == [1, 0, 0, 0, 1, 0] && known.weights == [1, 0])
  }

  @Test("mutual information: 2 ln 2 at T = 0, gradient against central differences") func information() {
    #expect(abs(jensenShannonLoss(Tensor(zeros: [5, 2, 2, 1]), real: 2).value - 1.386294) < 1e-6)
    #expect(abs(jensenShannonLoss(Tensor(zeros: [3, 2, 2, 1]), real: 3).value - 0.693147) < 1e-6)
    // High scores of real pairs and low ones of fake pairs cost nothing; the other way round their size.
    #expect(jensenShannonLoss(Tensor(shape: [2, 1], [900, -900]), real: 1).value < 1e-12)
    #expect(jensenShannonLoss(Tensor(shape: [2, 1], [-900, 900]), real: 1).value == 1800)
    let scores: [Float] = [0.5, -1, 2, 0.25, -3, 1]
    let gradient = jensenShannonLoss(Tensor(shape: [3, 2], scores), real: 1).gradient.scalars
    for at in scores.indices {
      func moved(_ step: Float) -> Double {
        var moved = scores
        moved[at] += step
        return jensenShannonLoss(Tensor(shape: [3, 2], moved), real: 1).value
      }
      #expect(abs((moved(0x1p-8) - moved(-0x1p-8)) / 0x1p-7 - Double(gradient[at])) < 1e-5)
    }
  }
}

@Suite("What DAC and DCCM take for certain")
struct PairTargetTests {
  private let paper = PairThresholds(upper: 0.95, upperFall: 1, lower: 0.455, lowerRise: 0.1, lambdaEnd: 0.45, epochs: 50)

  @Test("the thresholds meet after 50 steps of .009, not before") func thresholds() {
    #expect(paper.bounds(lambda: paper.lambda(epoch: 1)) == (0.95, 0.455) && abs(paper.lambda(epoch: 2) - 0.009) < 1e-12)
    let bounds = (1...60).map { paper.bounds(lambda: paper.lambda(epoch: $0)) }
    #expect(bounds.firstIndex { $0.lower >= $0.upper - 1e-9 } == 50)
    #expect(bounds[59] == bounds[50])
  }

  @Test("the number of pairs that count grows with λ, to all of them") func monotone() {
    let g = pairCosines(probabilities(40, 3))
    let counts = (1...52).map { paper.targets(g, epoch: $0).count }
    #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(counts[0] < counts[25] && counts[25] < counts[50] && counts[50] == 1600)
  }

  @Test("one threshold, as in the authors' scripts: every pair counts from the first epoch on") func oneThreshold() {
    let script = PairThresholds(upper: 0.99, upperFall: 1, lower: 0.99, lowerRise: -1, lambdaEnd: 0.24, epochs: 50)
    let g = pairCosines(probabilities(20, 3))
    for epoch in [1, 7, 51, 60] { #expect(script.targets(g, epoch: epoch).count == 400) }
    #expect(abs(script.bounds(lambda: script.lambda(epoch: 51)).upper - 0.75) < 1e-9)
    let (first, last) = (script.targets(g, epoch: 1).values, script.targets(g, epoch: 51).values)
    #expect(first.filter { $0 == 1 }.count < last.filter { $0 == 1 }.count)
  }

  @Test("DCCM's pairs: j is like i and not i, whatever its place; i where there is no other; unlike ones may be fewer than two")
  func informationPairs() {
    // 0, 2, 4 are alike, 1 and 3 are; 5 is alone.
    let graph = PairTargets(pairCosines(matrix([0, 1, 0, 1, 0, 2].map { of in (0..<3).map { $0 == of ? 1 : 0 } }))) { $0 >= 0.95 ? 1 : 0 }
    for i in 0..<6 {
      #expect(graph.values[i * 7] == 1)
      for j in 0..<6 { #expect(graph.values[i * 6 + j] == graph.values[j * 6 + i]) }
    }
    var seen = [Set<Int>](repeating: [], count: 6)
    for item in 0..<200 {
      var random = RandomStream(seed: 1, purpose: .test, item: item)
      let pairs = InformationPairs(graph, &random)
      #expect(pairs.real == 12 && pairs.maps.count == 24 && pairs.rows.count == 24)
      #expect(Array(pairs.maps[0..<6]) == Array(0..<6) && Array(pairs.rows[0..<12]) == Array(0..<6) + Array(0..<6))
      for i in 0..<6 { seen[i].insert(pairs.maps[6 + i]) }
      for i in 0..<6 {
        let fake = (12..<24).filter { pairs.rows[$0] == i }.map { pairs.maps[$0] }
        #expect(Set(fake).count == 2 && fake.allSatisfy { graph.values[i * 6 + $0] == 0 })
      }
    }
    #expect(seen == [[2, 4], [3], [0, 4], [1], [0, 2], [5]])
    var random = RandomStream(seed: 1, purpose: .test)
    let all = PairTargets(DoubleMatrix(zeros: 4, 4)) { _ in 1 }
    #expect(InformationPairs(all, &random).maps.count == 8)
    let one = PairTargets(pairCosines(matrix([[1, 0], [1, 0], [0, 1]]))) { $0 >= 0.95 ? 1 : 0 }
    #expect(InformationPairs(one, &random).rows.dropFirst(6).sorted() == [0, 1, 2, 2])
  }
}

@Suite("Blocks, batch statistics, learning")
struct BlockMethodTests {
  @Test("every epoch sees every image in blocks of almost equal size, every run the same block in other batches") func blocks() throws {
    let plan = BlockPlan(images: 103, block: 25, batch: 6, epochs: 3, runs: 2, copies: 2, clusters: 4, seed: 8)
    #expect(plan.blocks == 5 && plan.passes == 30)
    for epoch in 0..<3 {
      let blocks = (0..<5).map { plan.numbers(of: epoch * 10 + $0 * 2) }
      #expect(blocks.flatMap { $0 }.sorted() == Array(0..<103) && blocks.allSatisfy { (20...21).contains($0.count) })
      #expect(blocks[3] == plan.numbers(of: epoch * 10 + 7))
    }
    #expect(plan.numbers(of: 0) != plan.numbers(of: 10))
    #expect((0..<4).map { plan.beginsBlock($0) } == [true, false, true, false])
    #expect(plan.steps == 3 * 2 * 5 * 3)
    // Fewer images than a block, and than a batch.
    let small = BlockPlan(images: 5, block: 1000, batch: 32, epochs: 1, runs: 1, copies: 1, clusters: 2, seed: 0)
    #expect(small.blocks == 1 && small.steps == 1 && small.numbers(of: 0).sorted() == Array(0..<5))
  }

  /// Bars of three kinds with 20 × 20 pixels, drawn anew for every pass and copy.
  private static let views: Trainer.Views = { numbers, pass, kind in
    func picture(_ number: Int, pass: Int, copy: Int) -> [UInt8] {
      var random = RandomStream(seed: 1, purpose: .test, epoch: pass, item: number, copy: copy)
      let first = number % 3 * 6 + 1 + random.integer(below: 3)
      let light = 120 + random.integer(below: 60)
      return (0..<400).map { at in UInt8(random.integer(below: 60) + ((first..<first + 4).contains(at % 20) ? light : 0)) }
    }
    let plain = numbers.flatMap { picture($0, pass: 1_000_000, copy: 0) }
    guard case .augmented(let copies) = kind else { return (plain, []) }
    return (plain, (1...copies).flatMap { copy in numbers.flatMap { picture($0, pass: pass, copy: copy) } })
  }

  @Test("inference takes the statistics of its batch: there are no others", arguments: ["dac", "dccm"])
  func batchStatistics(name: String) throws {
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init))
    let method = example.type.init(try example.settings(), data: example.data)
    #expect(!method.model.weights.contains { $0.name.contains("running") })
    let team = ThreadTeam(threads: 1)
    let images = method.model.input.prepare(try MethodExample.views(Array(0..<20), 0, .plain).originals, team: team)
    let all = method.model.embed(images, team: team).probabilities[0].scalars
    // Four times the contrast: the first normalisation takes it away, which running statistics, 0 and 1 at the start, would not.
    let strong = Tensor(shape: images.shape, images.scalars.map { 4 * $0 })
    let same = method.model.embed(strong, team: team).probabilities[0].scalars
    #expect(zip(all, same).allSatisfy { abs($0 - $1) < 0.01 })
    // Other neighbours, other outputs.
    let part = method.model.embed(images.rows(0..<10), team: team).probabilities[0].scalars
    #expect(zip(all, part).contains { abs($0 - $1) > 0.01 })
  }

  /// DAC joins kinds for good that its curriculum takes for one early: with other lengths of training 141 to 187 of the 240 were right.
  @Test("separates bars of three kinds better than chance, a third: DCCM nine of ten, DAC seven", arguments: [("dac", 0.7), ("dccm", 0.9)])
  func learns(name: String, least: Double) throws {
    let count = 240
    // DAC as in its paper, without the auxiliary term of the authors' scripts.
    let own: [String: JSONValue] = ["block": 120, "batch": 24, "epochs": 16, "runs": 1].merging(
      name == "dac" ? ["auxiliaryWeight": 0] : [:]
    ) { $1 }
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init)).with(own)
    let data = DataFacts(images: count, clusteredImages: count, channels: 1, size: 20)
    let method = example.type.init(try example.settings(), data: data)
    let team = ThreadTeam(threads: 1)
    let trainer = Trainer(method, data: data, snapshots: [], resuming: nil, team: team)
    #expect(try trainer.run(views: Self.views, interrupted: { false }, tell: { _ in }))
    let images = method.model.input.prepare(try Self.views(Array(0..<count), 0, .plain).originals, team: team)
    let clusters = method.model.clusters(method.model.embed(images, team: team), seed: 0, team: team)
    // The best of the six maps from clusters to kinds.
    let maps: [[Int32]] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let right = maps.map { map in (0..<count).filter { clusters[$0] == map[$0 % 3] }.count }.max() ?? 0
    #expect(Double(right) >= least * Double(count), "\(right) of \(count)")
  }

  @Test(
    "all runs over a block are held to what the network said of it before the first, and the next block to something else",
    arguments: ["dac", "dccm"])
  func targets(name: String) throws {
    let runs = 3
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init)).with(["runs": .integer(runs)])
    let (method, trainer) = try example.trainer()
    let plan = BlockPlan(
      images: MethodExample.images, block: 13, batch: 4, epochs: 2, runs: runs, copies: 2, clusters: MethodExample.clusters, seed: 3)
    let before = example.type.model(try example.settings(), channels: 1, size: MethodExample.size, seed: 0)
    let team = ThreadTeam(threads: 1)
    var said: [[Float]] = []
    func ask(pass: Int) throws {
      #expect(before.load(method.model.weights) == nil)
      let views = try MethodExample.views(plan.numbers(of: pass), 0, .plain).originals
      said.append(before.embed(before.input.prepare(views, team: team), team: team).probabilities[0].scalars)
    }
    try ask(pass: 0)
    var steps = 0
    _ = try trainer.run(views: MethodExample.views, interrupted: { false }) { event in
      let done = trainer.state.history.count
      switch event {
      case .step:
        let equal = method.memory.last?.tensor.scalars == said.last
        #expect(equal, "run \(done % runs) of block \(done / runs)")
        steps += 1
      case .pass: if done % runs == 0, done < plan.passes { try ask(pass: done) }
      case .warning: break
      }
    }
    // Two epochs of two blocks of 12 images.
    #expect(steps == 4 * runs * 3 && said.count == 4 && Set(said).count == 4)
  }

  @Test("thresholds, targets and discriminator survive: memory of another method or size is refused", arguments: ["dac", "dccm"])
  func memory(name: String) throws {
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init))
    let (method, trainer) = try example.trainer()
    _ = try trainer.run(views: MethodExample.views, interrupted: { false }, tell: { _ in })
    let memory = method.memory
    #expect(memory.last?.name == "targets" && memory.last?.tensor.scalars.contains { $0 > 0 } == true)
    #expect(memory.contains { $0.name == "discriminator.1.weight" } == (name == "dccm"))
    let fresh = example.type.init(try example.settings(), data: example.data)
    #expect(fresh.restore(memory) && fresh.memory.map(\.tensor.scalars) == memory.map(\.tensor.scalars))
    #expect(!fresh.restore([]) && !fresh.restore(Array(memory.dropLast())) && !fresh.restore(Array(memory.dropFirst())))
    let other = example.type.init(try example.with(["block": 30]).settings(), data: example.data)
    #expect(!other.restore(memory))
  }

  @Test("means for other channels are refused, and images of any size fit", arguments: ["dac", "dccm"])
  func sizes(name: String) throws {
    let example = try #require(DeepMethods.named(name).flatMap(MethodExample.init))
    let settings = try example.settings()
    #expect(throws: StageError.self) { try example.type.check(settings, channels: 3) }
    for size in [1, 2, 5, 8, 15, 16, 19, 20, 23, 24, 28, 32, 64] {
      let model = example.type.model(settings, channels: 1, size: size, seed: 0)
      let images = model.input.prepare([UInt8](repeating: 9, count: 2 * size * size), team: ThreadTeam(threads: 1))
      #expect(model.embed(images, team: ThreadTeam(threads: 1)).probabilities[0].shape == [2, 3], "\(size) pixels")
    }
  }
}
