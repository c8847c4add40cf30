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
