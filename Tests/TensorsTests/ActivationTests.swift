import Foundation
import Tensors
import Testing

/// Activations against their definitions in Double by the C library.
struct ActivationTests {
  static let functions: [Activation] = [.relu, .leakyReLU(slope: 0.2), .elu(alpha: 1), .elu(alpha: 0.5), .sigmoid]

  private func definition(_ function: Activation, _ x: Double) -> Double {
    switch function {
    case .relu: max(x, 0)
    case .leakyReLU(let slope): x > 0 ? x : Double(slope) * x
    case .elu(let alpha): x > 0 ? x : Double(alpha) * expm1(x)
    case .sigmoid: x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
    }
  }

  private func slope(_ function: Activation, _ x: Double) -> Double {
    switch function {
    case .relu: x > 0 ? 1 : 0
    case .leakyReLU(let slope): x > 0 ? 1 : Double(slope)
    case .elu(let alpha): x > 0 ? 1 : Double(alpha) * exp(x)
    case .sigmoid: definition(.sigmoid, x) * (1 - definition(.sigmoid, x))
    }
  }

  /// Float numbers of every size from 10⁻³⁰ to 80, both signs, a count that no register divides.
  private let x = Tensor(
    shape: [40_003],
    (0..<40_003).map { number in
      var stream = RandomStream(seed: 5, purpose: .test, item: number)
      let size =
        number % 3 == 0 ? stream.uniform(0, 80) : number % 3 == 1 ? stream.uniform(0, 2) : Float(pow(10, Double(stream.uniform(-30, 0))))
      return number % 2 == 0 ? size : -size
    })

  @Test(arguments: functions) func agreesWithItsDefinition(_ function: Activation) {
    let y = function.forward(x, team: ThreadTeam(threads: 2))
    // In units in the last place of the result, of the least normal number at least.
    let worst =
      zip(x.scalars, y.scalars).map { x, y in
        let expected = definition(function, Double(x))
        return abs(Double(y) - expected) / Double(Float(max(abs(expected), 1e-37)).ulp)
      }.max() ?? .infinity
    #expect(worst < 3, "\(worst) units in the last place")
  }

  @Test(arguments: functions) func theGradientIsTheSlope(_ function: Activation) {
    let y = function.forward(x, team: ThreadTeam(threads: 2))
    let g = randomTensor(x.shape, item: 3)
    let dx = function.backward(output: y, outputGradient: g, team: ThreadTeam(threads: 2))
    for (x, (g, dx)) in zip(x.scalars, zip(g.scalars, dx.scalars)) {
      // From the output: a sigmoid near 1 or an ELU near −α has lost the digits of its distance to them.
      #expect(abs(Double(dx) - Double(g) * slope(function, Double(x))) < 2e-7)
    }
  }

  @Test(arguments: functions) func doesNotDependOnThreadsOrPlaces(_ function: Activation) {
    let one = function.forward(x, team: ThreadTeam(threads: 1)).scalars
    #expect(function.forward(x, team: ThreadTeam(threads: 3)).scalars == one)
    // Element by element, at the end of a tensor too.
    let last = Array(x.scalars[39_990...])
    #expect(function.forward(Tensor(shape: [13], last), team: ThreadTeam(threads: 1)).scalars == Array(one[39_990...]))
    for value in last {
      let alone = function.forward(Tensor(shape: [1], [value]), team: ThreadTeam(threads: 1)).scalars[0]
      #expect(alone == function.forward(Tensor(shape: [17], Array(repeating: value, count: 17)), team: ThreadTeam(threads: 1)).scalars[16])
    }
  }

  @Test(arguments: functions) func extremes(_ function: Activation) {
    let y = function.forward(
      Tensor(shape: [6], [0, -1000, 1000, .nan, -.infinity, .infinity]), team: ThreadTeam(threads: 1)
    ).scalars
    let low: (Float, Float) =
      switch function {
      case .relu: (0, 0)
      case .leakyReLU: (-200, -.infinity)
      case .elu(let alpha): (-alpha, -alpha)
      case .sigmoid: (y[1], y[4])
      }
    #expect(y[0] == (function == .sigmoid ? 0.5 : 0))
    #expect(y[1] == low.0 && y[4] == low.1)
    #expect(y[2] == (function == .sigmoid ? 1 : 1000) && y[5] == (function == .sigmoid ? 1 : .infinity))
    #expect(y[3].isNaN)
    if function == .sigmoid { #expect(y[1] >= 0 && y[1] < 2e-38 && y[4] >= 0 && y[4] < 2e-38) }
  }

  @Test func biasAndItsGradient() {
    for shape in [[3, 4], [2, 5, 5, 3], [3, 8, 8, 16], [70, 1, 1, 37]] {
      let channels = shape[shape.count - 1]
      let (x, b) = (randomTensor(shape, item: 1), randomTensor([channels], item: 2))
      var y = x
      Bias.add(b, to: &y, team: ThreadTeam(threads: 2))
      #expect(y.scalars == x.scalars.indices.map { x.scalars[$0] + b.scalars[$0 % channels] })
      let sums = (0..<channels).map { channel in
        Float(stride(from: channel, to: x.count, by: channels).reduce(0.0) { $0 + Double(x.scalars[$1]) })
      }
      #expect(relativeError(Bias.gradient(x, team: ThreadTeam(threads: 2)), Tensor(shape: [channels], sums)) < 1e-5)
      #expect(Bias.gradient(x, team: ThreadTeam(threads: 1)).scalars == Bias.gradient(x, team: ThreadTeam(threads: 3)).scalars)
    }
  }

  @Test func rowsOfUnitLength() {
    let x = Tensor(shape: [3, 2], [3, 4, 0, 0, -1e-20, 0])
    let (y, lengths) = RowNormalisation.forward(x, team: ThreadTeam(threads: 2))
    #expect(zip(y.scalars, [0.6, 0.8, 0, 0, -1e-8, 0] as [Float]).allSatisfy { abs($0 - $1) <= 1e-7 * abs($1) })
    #expect(abs(lengths[0] - 5) < 1e-12 && lengths[1] == 0)
    let dx = RowNormalisation.backward(
      output: y, lengths: lengths, outputGradient: Tensor(shape: [3, 2], [1, 0, 1, 1, 1, 0]), team: ThreadTeam(threads: 2)
    ).scalars
    // (1 − 0.36)/5, −0.48/5; rows of no length: the gradient over 10⁻¹².
    for (value, expected) in zip(dx, [0.128, -0.096, 1e12, 1e12, 1e12, 0] as [Float]) {
      #expect(abs(value - expected) <= 1e-6 * max(1, abs(expected)))
    }
  }
}
