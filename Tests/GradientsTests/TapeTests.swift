import Gradients
import Tensors
import Testing

/// Central differences in Float over a step of 1e-2 on values of order one keep about three digits.
private let tolerance = 2e-2
private let step: Float = 1e-2

/// Every operation's gradient against central differences of a random linear functional of its output.
struct TapeTests {
  @Test(arguments: [1, 2]) func convolution(stride: Int) {
    let w = Parameter(name: "w", value: random([3, 3, 2, 3], 1))
    check(input: random([2, 5, 4, 2], 2), parameters: [w]) { $0.convolution($1, w, stride: stride, padding: 1) }
  }

  @Test(arguments: [false, true], [[4], [1, 3], [2, 2]]) func batchNorm(relu: Bool, batches: [Int]) {
    let layer = BatchNorm(name: "bn", channels: 3)
    layer.gamma.value = Tensor(shape: [3], [0.5, 1.5, -1])
    layer.beta.value = Tensor(shape: [3], [0.3, -0.2, 0.1])
    check(input: random([4, 3, 2, 3], 3), parameters: [layer.gamma, layer.beta]) {
      $0.batchNorm($1, layer, batches: batches, relu: relu)
    }
    check(input: random([4, 3, 2, 3], 3), parameters: []) {
      $0.batchNorm($1, layer, batches: batches, relu: relu, adding: $1)
    }
  }

  @Test func batchesThatGoTogetherAreNormalisedAndTrackedApart() {
    let (x, y) = (random([2, 3, 3, 20], 12), random([3, 3, 3, 20], 13))
    func pass(_ parts: [(Tensor, [Int])]) -> ([Float], BatchNorm) {
      let layer = BatchNorm(name: "bn", channels: 20)
      let tape = Tape(team: ThreadTeam(threads: 2), training: true)
      return (parts.flatMap { tape.batchNorm(tape.constant($0), layer, batches: $1, relu: true).value.scalars }, layer)
    }
    let (together, tracked) = pass([(Tensor(joining: [x, y]), [2, 3])])
    let (apart, expected) = pass([(x, [2]), (y, [3])])
    #expect(together == apart)
    #expect(tracked.runningMean.scalars == expected.runningMean.scalars)
    #expect(tracked.runningVariance.scalars == expected.runningVariance.scalars)
  }

  @Test func pools() {
    check(input: random([2, 5, 4, 3], 4), parameters: []) { $0.maxPool($1) }
    check(input: random([2, 5, 4, 3], 5), parameters: []) { $0.globalAveragePool($1) }
  }

  @Test func linearAndSoftmax() {
    let (w, b) = (Parameter(name: "w", value: random([4, 3], 6)), Parameter(name: "b", value: random([4], 7)))
    check(input: random([5, 3], 8), parameters: [w, b]) { $0.linear($1, weight: w, bias: b) }
    check(input: random([5, 3], 9), parameters: []) { $0.softmax($1) }
    check(input: random([5, 3], 10), parameters: []) { $0.relu($1) }
  }

  @Test func inferenceUsesRunningStatistics() {
    let layer = BatchNorm(name: "bn", channels: 1)
    let x = Tensor(shape: [2, 1, 1, 1], [1, 3])
    let training = Tape(team: ThreadTeam(threads: 1), training: true)
    _ = training.batchNorm(training.constant(x), layer, batches: [2], relu: false)
    // Batch mean 2, unbiased variance 2: running 0.2 and 0.9 + 0.2.
    #expect(abs(layer.runningMean.scalars[0] - 0.2) < 1e-6)
    #expect(abs(layer.runningVariance.scalars[0] - 1.1) < 1e-6)
    let inference = Tape(team: ThreadTeam(threads: 1), training: false)
    let y = inference.batchNorm(inference.constant(x), layer, batches: [2], relu: false).value.scalars
    #expect(abs(y[0] - 0.8 / Float(1.1 + 1e-5).squareRoot()) < 1e-5)
  }

  @Test func adamMovesByItsLearningRateAndSkipsWhatHasNoGradient() {
    let (moved, still) = (Parameter(name: "a", value: Tensor(shape: [2], [1, 1])), Parameter(name: "b", value: Tensor(shape: [1], [5])))
    let adam = Adam(parameters: [moved, still], learningRate: 0.1)
    moved.gradient = Tensor(shape: [2], [3, -4])
    adam.step(team: ThreadTeam(threads: 1))
    // The first step of Adam is the learning rate against the gradient's sign.
    #expect(abs(moved.value.scalars[0] - 0.9) < 1e-5 && abs(moved.value.scalars[1] - 1.1) < 1e-5)
    #expect(still.value.scalars == [5] && adam.moments[1].steps == 0)
  }

  private func random(_ shape: [Int], _ item: Int) -> Tensor {
    var stream = RandomStream(seed: 11, purpose: .test, item: item)
    return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
  }

  private func check(input: Tensor, parameters: [Parameter], _ operation: (Tape, Variable) -> Variable) {
    let source = Parameter(name: "input", value: input)
    func run() -> (Tape, Variable) {
      let tape = Tape(team: ThreadTeam(threads: 2), training: true)
      let x = tape.custom(value: source.value, inputs: [tape.leaf(source)]) { [$0] }
      return (tape, operation(tape, x))
    }
    let (tape, y) = run()
    let direction = random(y.value.shape, 99)
    tape.backward([(y, direction)])
    func loss() -> Double { zip(run().1.value.scalars, direction.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    for parameter in [source] + parameters {
      let analytic = parameter.gradient?.scalars ?? []
      parameter.gradient = nil
      let original = parameter.value.scalars
      let numeric = original.indices.map { i in
        func at(_ delta: Float) -> Double {
          var moved = original
          moved[i] += delta
          parameter.value = Tensor(shape: parameter.value.shape, moved)
          return loss()
        }
        return (at(step) - at(-step)) / Double(2 * step)
      }
      parameter.value = Tensor(shape: parameter.value.shape, original)
      let scale = max(1, numeric.map(abs).max() ?? 1)
      // A ReLU or maximum whose side changes within the step is no defect: allow one such element in ten.
      let wrong = zip(analytic, numeric).filter { abs(Double($0) - $1) > tolerance * scale }.count
      #expect(analytic.count == numeric.count)
      #expect(wrong * 10 <= numeric.count, "\(parameter.name): \(wrong) of \(numeric.count)")
    }
  }
}
