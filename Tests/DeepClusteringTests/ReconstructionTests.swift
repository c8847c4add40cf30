import Artifacts
import DeepClustering
import Gradients
import StageKit
import Tensors
import Testing

private let team = ThreadTeam(threads: 2)

private func random(_ shape: [Int], _ item: Int) -> Tensor {
  var stream = RandomStream(seed: 5, purpose: .test, item: item)
  return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
}

@Suite("Reconstruction methods")
struct ReconstructionMethodTests {
  private func example(_ name: String, _ changes: [String: JSONValue] = [:]) throws -> MethodExample {
    try #require(DeepMethods.named(name).flatMap(MethodExample.init)).with(changes)
  }

  private func trained(_ example: MethodExample) throws -> (method: any DeepMethod, history: [PassSummary]) {
    let (method, trainer) = try example.trainer()
    _ = try trainer.run(views: MethodExample.views, interrupted: { false }, tell: { _ in })
    return (method, trainer.state.history)
  }

  private func plain(_ model: any DeepModel) throws -> Tensor {
    let numbers = Array(0..<MethodExample.images)
    return model.input.prepare(try MethodExample.views(numbers, 0, .plain).originals, team: team)
  }

  @Test("without corruption DAE is AE, bit for bit; with it, not")
  func withoutCorruption() throws {
    let whole = try trained(example("ae")).method.model.weights
    let equal = try trained(example("dae", ["corruption": 0])).method.model.weights
    let other = try trained(example("dae")).method.model.weights
    #expect(zip(whole, equal).allSatisfy { $0.name == $1.name && $0.tensor.scalars == $1.tensor.scalars })
    #expect(!zip(whole, other).allSatisfy { $0.tensor.scalars == $1.tensor.scalars })
  }

  @Test("DAE sees pixels set to 0 at the rate asked for, is held to the whole image, and clusters that of whole images")
  func corruption() throws {
    let example = try example("dae", ["corruption": 0.2])
    let (method, _) = try example.trainer()
    let pass = try #require(method.pass(after: []))
    let images = random([64, 8, 8, 1], 7)
    let mask = RandomMask(seed: 3, pass: 0, step: 0)
    let corrupted = mask.corrupted(images, rate: 0.2, team: team)
    let rate = Double(zip(images.scalars, corrupted.scalars).filter { $0 != $1 }.count) / Double(images.count)
    #expect(abs(rate - 0.2) < 0.02)
    // What the first step should say: the error against the whole image.
    let settings = try example.settings()
    let fresh = AutoencoderModel(.plain, widths: [4, 8, 8], codeSize: 6, clusters: 3, channels: 1, size: 8, seed: 3)
    let before = try #require(method.model as? AutoencoderModel)
    #expect(fresh.embed(images, team: team).features.scalars == before.embed(images, team: team).features.scalars)
    let tape = Tape(team: team, training: true)
    let code = fresh.network.encode(tape.constant(corrupted), batches: [64], on: tape).code
    let pixels = tape.sigmoid(fresh.network.decode(code, batches: [64], on: tape))
    let expected = squaredErrorLoss(pixels.value, targets: images, team: team).value
    let wrong = squaredErrorLoss(pixels.value, targets: corrupted, team: team).value
    let term = method.step(Batch(numbers: Array(0..<64), images: images), of: pass, team: team).terms[0]
    #expect(term.value * term.weight == expected && expected != wrong)
    // Equal weights embed equally, whoever trained them.
    let ae = AE.model(settings, channels: 1, size: 8, seed: 0)
    #expect(ae.load(method.model.weights) == nil)
    #expect(ae.embed(images, team: team).features.scalars == method.model.embed(images, team: team).features.scalars)
  }

  @Test("DeCNN: every filter behind the maps keeps its length; a heavy weight makes maps smaller, and zero maps are told")
  func filters() throws {
    func lengths(_ model: any DeepModel) throws -> [Double] {
      let network = try #require(model as? AutoencoderModel).network
      return network.parameters.filter { !$0.name.hasPrefix("encoder.") && $0.name.hasSuffix(".weight") }.flatMap { parameter in
        let (w, inputs) = (parameter.value.scalars, parameter.value.shape[parameter.value.shape.count - 1])
        return (0..<inputs).map { input in
          stride(from: input, to: w.count, by: inputs).reduce(0.0) { $0 + Double(w[$1]) * Double(w[$1]) }.squareRoot()
        }
      }
    }
    let first = try example("decnn").trainer().method
    let start = try lengths(first.model)
    let (method, history) = try trained(example("decnn", ["epochs": 4, "finalShare": 0]))
    let end = try lengths(method.model)
    #expect(start.count == end.count && zip(start, end).allSatisfy { abs($0 - $1) < 1e-5 * $0 })
    #expect(first.model.weights[0].tensor.scalars != method.model.weights[0].tensor.scalars)
    let (_, heavy) = try trained(example("decnn", ["epochs": 4, "finalShare": 0, "sparsityWeight": 10]))
    let (light, few) = (try #require(history.last?.term("sparsity")), try #require(heavy.last?.term("sparsity")))
    #expect(few < light)
    func summary(_ maps: Double) -> PassSummary {
      PassSummary(
        epoch: 1, phase: "reconstruction", outputs: nil, terms: [Term("reconstruction", 1), Term("sparsity", maps)], largestShare: nil,
        confidence: nil)
    }
    #expect(method.complaints(about: summary(1e-5), after: []).contains { $0.hasPrefix("the maps are all but zero") })
    #expect(method.complaints(about: summary(1e-5), after: [summary(1e-5)]).isEmpty)
    #expect(method.complaints(about: summary(0.1), after: []).isEmpty)
  }

  @Test("DeCNN clusters absolute maps, summed over quarters of the picture")
  func quarters() throws {
    let model = AutoencoderModel(.sparse, widths: [4], codeSize: 3, clusters: 2, channels: 1, size: 6, seed: 1)
    let images = random([2, 6, 6, 1], 8)
    let tape = Tape(team: team, training: false)
    let maps = model.network.encode(tape.constant(images), batches: [2], on: tape).maps.value
    #expect(maps.shape == [2, 3, 3, 4])
    let features = model.embed(images, team: team).features
    #expect(features.shape == [2, 16])
    // Of 3 rows the first is the upper half.
    let m = maps.scalars
    func at(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Float { abs(m[((image * 3 + row) * 3 + column) * 4 + channel]) }
    let expected = [at(1, 0, 0, 2), at(1, 0, 1, 2) + at(1, 0, 2, 2), at(1, 1, 0, 2) + at(1, 2, 0, 2)]
    for (cell, value) in expected.enumerated() { #expect(abs(features.scalars[16 + cell * 4 + 2] - value) < 1e-6) }
  }

  @Test("VAE: KL is warmed up from 1/E of its weight to all of it, and a code that says too little is told once")
  func warmUp() throws {
    let (method, history) = try trained(example("vae", ["epochs": 5, "warmUpEpochs": 4, "klWeight": 2]))
    #expect(history.map { $0.terms[1].weight } == [0.5, 1, 1.5, 2, 2])
    #expect(try trained(example("vae", ["warmUpEpochs": 0])).history.map { $0.terms[1].weight } == [1, 1])
    func summary(_ epoch: Int, _ kl: Double) -> PassSummary {
      PassSummary(
        epoch: epoch, phase: "reconstruction", outputs: nil, terms: [Term("reconstruction", 1), Term("KL", kl)], largestShare: nil,
        confidence: nil)
    }
    // ln 3 = 1.0986
    #expect(method.complaints(about: summary(4, 1), after: [summary(3, 1)]).contains { $0.contains("posterior collapse") })
    #expect(method.complaints(about: summary(3, 1), after: []).isEmpty, "the weight is not warm yet")
    #expect(method.complaints(about: summary(4, 1.2), after: []).isEmpty)
    #expect(!method.complaints(about: summary(5, 1), after: [summary(4, 1)]).contains { $0.contains("posterior collapse") })
    // From the start at a weight that is far too large, it happens.
    let (_, collapsed) = try trained(
      example("vae", ["epochs": 30, "warmUpEpochs": 0, "klWeight": 1000, "finalShare": 0, "learningRate": 0.01]))
    #expect(try #require(collapsed.last?.term("KL")) < Elementary.log(3))
  }

  @Test("VAE: the weight that KL is told to have in an epoch is the one that is descended with, bit for bit")
  func warmUpDescends() throws {
    func weights(klWeight: Double, warmUpEpochs: Int) throws -> [[Float]] {
      let changes: [String: JSONValue] = ["epochs": 1, "klWeight": .number(klWeight), "warmUpEpochs": .integer(warmUpEpochs)]
      return try trained(example("vae", changes)).method.model.weights.map(\.tensor.scalars)
    }
    let warming = try weights(klWeight: 2, warmUpEpochs: 4)
    let (quarter, whole) = (try weights(klWeight: 0.5, warmUpEpochs: 0), try weights(klWeight: 2, warmUpEpochs: 0))
    let (isQuarter, isWhole) = (warming == quarter, warming == whole)
    #expect(isQuarter && !isWhole)
  }

  @Test("VAE clusters the mean, not a sample: two embeddings are equal, and no random number is drawn")
  func means() throws {
    let (method, _) = try trained(example("vae"))
    let model = try #require(method.model as? AutoencoderModel)
    let images = try plain(model)
    let tape = Tape(team: team, training: false)
    let mean = model.network.encode(tape.constant(images), batches: [24], on: tape).code.value
    #expect(model.embed(images, team: team).features.scalars == mean.scalars)
  }

  @Test("views stand in a frame of zeros that can be halved", arguments: [(20, 24, 2), (28, 32, 2), (32, 32, 0), (25, 32, 3)])
  func frames(size: Int, side: Int, first: Int) {
    let model = AutoencoderModel(.plain, widths: [4, 4, 4], codeSize: 3, clusters: 2, channels: 2, size: size, seed: 1)
    #expect(model.network.size == side)
    let images = random([2, size, size, 2], 9)
    let framed = model.framed(images)
    #expect(framed.shape == [2, side, side, 2])
    func pixel(_ t: Tensor, _ image: Int, _ row: Int, _ column: Int) -> Float {
      t.scalars[((image * t.shape[1] + row) * t.shape[1] + column) * 2 + 1]
    }
    #expect(pixel(framed, 1, first, first) == pixel(images, 1, 0, 0))
    #expect(pixel(framed, 1, first + size - 1, first + 4) == pixel(images, 1, size - 1, 4))
    #expect(abs(framed.scalars.reduce(0) { $0 + abs($1) } - images.scalars.reduce(0) { $0 + abs($1) }) < 0.1)
  }

  @Test("the last epochs have the final learning rate")
  func rates() throws {
    let same = try trained(example("ae", ["epochs": 2, "finalLearningRate": 0.003])).method.model.weights
    let lower = try trained(example("ae", ["epochs": 2, "finalLearningRate": 0.000001])).method.model.weights
    let one = try trained(example("ae", ["epochs": 1, "finalShare": 0])).method.model.weights
    #expect(same[0].tensor.scalars != lower[0].tensor.scalars)
    // Adam moves no number by much more than its rate in a step.
    #expect(zip(one[0].tensor.scalars, lower[0].tensor.scalars).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("images that it learns nothing of are told at the end")
  func nothing() throws {
    let (method, _) = try example("ae").trainer()
    func summary(_ epoch: Int, _ error: Double) -> PassSummary {
      PassSummary(
        epoch: epoch, phase: "reconstruction", outputs: nil, terms: [Term("reconstruction", error)], largestShare: nil, confidence: nil)
    }
    #expect(method.complaints(about: summary(2, 1), after: [summary(1, 1)]).count == 1)
    #expect(method.complaints(about: summary(2, 0.9), after: [summary(1, 1)]).isEmpty)
  }

  @Test("widths that are none, or too many, are refused in words")
  func widths() throws {
    let network: JSONValue = ["widths": [4, 4, 4, 4, 4, 4, 4, 4, 4], "codeSize": 6, "clusters": 3]
    let example = try example("ae", ["network": network])
    #expect(throws: StageError.illegalSetting("network.widths", "must have 1 to 8 numbers, and not 9")) {
      try AE.check(try example.settings(), channels: 1)
    }
  }

  @Test("it learns bars: the error falls to a third, and 9 of 10 images are with their own kind", arguments: ["ae", "dae", "decnn", "vae"])
  func learns(name: String) throws {
    let example = try example(
      name, ["epochs": 60, "finalShare": 0.2, "warmUpEpochs": 10].filter { name == "vae" || $0.key != "warmUpEpochs" })
    let (method, history) = try trained(example)
    let (first, last) = (try #require(history.first?.term("reconstruction")), try #require(history.last?.term("reconstruction")))
    // Half of what binary cross entropy measures is there with the right pixels, too.
    #expect(last < (name == "vae" ? 0.8 : 0.34) * first)
    let clusters = method.model.clusters(method.model.embed(try plain(method.model), team: team), seed: 0, team: team)
    let right = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map { map in
      clusters.enumerated().filter { map[Int($1)] == $0 % 3 }.count
    }.max()
    #expect(try #require(right) >= 22)
  }
}
