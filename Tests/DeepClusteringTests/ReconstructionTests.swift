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

/// Slopes of a function of a tensor by central differences.
private func slopes(_ x: Tensor, step: Float = 1e-2, _ value: (Tensor) -> Double) -> [Double] {
  x.scalars.indices.map { at in
    func moved(_ delta: Float) -> Double {
      var scalars = x.scalars
      scalars[at] += delta
      return value(Tensor(shape: x.shape, scalars))
    }
    return (moved(step) - moved(-step)) / Double(2 * step)
  }
}

private func close(_ gradient: Tensor, _ numeric: [Double], within tolerance: Double = 1e-4) -> Bool {
  gradient.count == numeric.count && zip(gradient.scalars, numeric).allSatisfy { abs(Double($0) - $1) < tolerance }
}

@Suite("Sparsity and Gaussian codes")
struct CodeLossTests {
  @Test("KL: of mean 0.5 and variance 0.25 0.443147, of N(0, 1) nothing; summed over a code, averaged over images")
  func divergences() {
    func kl(_ mean: [Float], _ logVariance: [Float], rows: Int = 1) -> Double {
      let shape = [rows, mean.count / rows]
      return GaussianCode.divergence(mean: Tensor(shape: shape, mean), logVariance: Tensor(shape: shape, logVariance)).value
    }
    let quarter = Float(Elementary.log(0.25))
    #expect(abs(kl([0.5], [quarter]) - 0.443147) < 1e-6)
    #expect(kl([0], [0]) == 0)
    #expect(abs(kl([0.5, 0.5, 0], [quarter, quarter, 0]) - 2 * 0.443147) < 2e-6)
    #expect(abs(kl([0.5, 0], [quarter, 0], rows: 2) - 0.443147 / 2) < 1e-6)
  }

  @Test("KL's gradient on the mean of one image is the mean; both agree with central differences")
  func divergenceGradients() {
    let (mean, logVariance) = (random([3, 4], 0), random([3, 4], 1))
    #expect(GaussianCode.divergence(mean: mean.rows(0..<1), logVariance: logVariance.rows(0..<1)).mean.scalars == mean.rows(0..<1).scalars)
    let found = GaussianCode.divergence(mean: mean, logVariance: logVariance)
    #expect(close(found.mean, slopes(mean) { GaussianCode.divergence(mean: $0, logVariance: logVariance).value }))
    #expect(close(found.logVariance, slopes(logVariance) { GaussianCode.divergence(mean: mean, logVariance: $0).value }))
  }

  @Test("a sample is mean plus deviation times noise, and gradients reach both")
  func samples() throws {
    let (mean, logVariance, noise) = (random([3, 4], 2), random([3, 4], 3), random([3, 4], 4))
    let direction = random([3, 4], 5)
    func sample(_ mean: Tensor, _ logVariance: Tensor) -> Double {
      let tape = Tape(team: team, training: false)
      let z = GaussianCode.sample(mean: tape.constant(mean), logVariance: tape.constant(logVariance), noise: noise, on: tape)
      return zip(z.value.scalars, direction.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let (means, variances) = (Parameter(name: "mean", value: mean), Parameter(name: "logVariance", value: logVariance))
    let tape = Tape(team: team, training: true)
    let z = GaussianCode.sample(mean: tape.leaf(means), logVariance: tape.leaf(variances), noise: noise, on: tape)
    for (at, value) in z.value.scalars.enumerated() {
      let expected = Double(mean.scalars[at]) + Elementary.exp(Double(logVariance.scalars[at]) / 2) * Double(noise.scalars[at])
      #expect(abs(Double(value) - expected) < 1e-6)
    }
    tape.backward([(z, direction)])
    #expect(close(try #require(means.gradient), slopes(mean) { sample($0, logVariance) }))
    #expect(close(try #require(variances.gradient), slopes(logVariance) { sample(mean, $0) }))
  }

  @Test("variances beyond e^±10 count as those, have no gradient, and overflow nothing")
  func clampedVariances() throws {
    let wild = Tensor(shape: [1, 3], [1000, -1000, .nan])
    let found = GaussianCode.divergence(mean: Tensor(zeros: [1, 2]), logVariance: Tensor(shape: [1, 2], [1000, -1000]))
    #expect(abs(found.value - 0.5 * (Elementary.exp(10) + Elementary.exp(-10) - 2)) < 1e-6)
    #expect(found.logVariance.scalars == [0, 0])
    let parameter = Parameter(name: "logVariance", value: wild)
    let tape = Tape(team: team, training: true)
    let ones = Tensor(shape: [1, 3], [1, 1, 1])
    let z = GaussianCode.sample(mean: tape.constant(Tensor(zeros: [1, 3])), logVariance: tape.leaf(parameter), noise: ones, on: tape)
    #expect(z.value.scalars[0] == Float(Elementary.exp(5)) && z.value.scalars[1] == Float(Elementary.exp(-5)))
    #expect(z.value.scalars[2].isNaN, "what is not a number is not hidden")
    tape.backward([(z, ones)])
    #expect(try #require(parameter.gradient).scalars[..<2] == [0, 0])
  }

  @Test("sparsity: the mean absolute value, its slope by central differences, none at 0")
  func sparsity() {
    #expect(sparsityLoss(Tensor(shape: [1, 2, 2, 1], [1, -3, 0, 0])).value == 1)
    #expect(sparsityLoss(Tensor(shape: [1, 2, 2, 1], [1, -3, 0, 0])).gradient.scalars == [0.25, -0.25, 0, 0])
    let maps = random([2, 3, 3, 2], 6)
    #expect(close(sparsityLoss(maps).gradient, slopes(maps, step: 1e-3) { sparsityLoss($0).value }, within: 1e-3))
  }

  @Test("a linear auto-encoder with a code of one number learns points on a line")
  func line() {
    let points = Tensor(shape: [8, 3], (0..<8).flatMap { i in [0.6, -0.3, 0.9].map { Float($0) * (Float(i) / 4 - 1) } })
    func parameter(_ shape: [Int], _ values: [Float]) -> Parameter { Parameter(name: "\(shape)", value: Tensor(shape: shape, values)) }
    let weights = [parameter([1, 3], [0.3, 0.1, 0.2]), parameter([3, 1], [0.2, 0.3, 0.1])]
    let biases = [parameter([1], [0]), parameter([3], [0, 0, 0])]
    let adam = Adam(parameters: weights + biases, learningRate: 0.01)
    var error = Double.infinity
    for step in 0..<2000 {
      adam.learningRate = step < 1500 ? 0.01 : 0.0005
      let tape = Tape(team: team, training: true)
      let code = tape.linear(tape.constant(points), weight: weights[0], bias: biases[0])
      let output = tape.linear(code, weight: weights[1], bias: biases[1])
      let loss = squaredErrorLoss(output.value, targets: points, team: team)
      error = loss.value / 3
      tape.backward([(output, loss.gradient)])
      adam.step(team: team)
    }
    #expect(error < 1e-6)
  }
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
