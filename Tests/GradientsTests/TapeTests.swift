import Gradients
import Tensors
import Testing

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
    check(input: random([4, 3, 2, 3], 3), parameters: [layer.gamma, layer.beta], kinks: relu) {
      $0.batchNorm($1, layer, batches: batches, relu: relu)
    }
    check(input: random([4, 3, 2, 3], 3), parameters: [], kinks: relu) {
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
    check(input: random([2, 5, 4, 3], 4), parameters: [], kinks: true) { $0.maxPool($1) }
    check(input: random([2, 5, 4, 3], 5), parameters: []) { $0.globalAveragePool($1) }
  }

  @Test func linearAndSoftmax() {
    let (w, b) = (Parameter(name: "w", value: random([4, 3], 6)), Parameter(name: "b", value: random([4], 7)))
    check(input: random([5, 3], 8), parameters: [w, b]) { $0.linear($1, weight: w, bias: b) }
    check(input: random([5, 3], 9), parameters: []) { $0.softmax($1) }
    check(input: random([5, 3], 10), parameters: [], kinks: true) { $0.relu($1) }
  }

  @Test func batchNormOverFeatures() {
    let layer = BatchNorm(name: "bn", channels: 5)
    layer.gamma.value = random([5], 20)
    check(input: random([6, 5], 21), parameters: [layer.gamma, layer.beta]) { $0.batchNorm($1, layer, batches: [6], relu: false) }
    // Enough channels that a difference across the kink of a ReLU is one among many.
    let wide = BatchNorm(name: "wide", channels: 40)
    check(input: random([7, 40], 22), parameters: [wide.gamma, wide.beta], kinks: true) {
      $0.batchNorm($1, wide, batches: [3, 4], relu: true)
    }
  }

  /// A layer that tracks nothing normalises by the batch's statistics in inference too, batch by batch.
  @Test func inferenceByBatchStatistics() {
    let layer = BatchNorm(name: "bn", channels: 3, tracksStatistics: false)
    let x = random([5, 2, 2, 3], 23)
    func values(training: Bool) -> [Float] {
      let tape = Tape(team: ThreadTeam(threads: 2), training: training)
      return tape.batchNorm(tape.constant(x), layer, batches: [2, 3], relu: true).value.scalars
    }
    #expect(values(training: false) == values(training: true))
    #expect(layer.runningMean.scalars == [0, 0, 0] && layer.runningVariance.scalars == [1, 1, 1])
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
}
