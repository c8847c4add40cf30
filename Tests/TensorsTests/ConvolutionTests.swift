import Tensors
import Testing

/// Sums of up to a few thousand products in Float, in another order than the twin's Double sums.
private let tolerance: Float = 1e-5

struct ConvolutionTests {
  struct Case: Sendable, CustomStringConvertible {
    let input: [Int], kernel: Int, outputs: Int, stride: Int, padding: Int
    var description: String { "\(input) k\(kernel) → \(outputs), stride \(stride), padding \(padding)" }
  }

  static let cases: [Case] = [
    Case(input: [2, 1, 1, 1], kernel: 3, outputs: 1, stride: 1, padding: 1),
    Case(input: [1, 1, 7, 3], kernel: 3, outputs: 5, stride: 1, padding: 1),
    Case(input: [3, 9, 8, 1], kernel: 3, outputs: 16, stride: 1, padding: 1),
    Case(input: [2, 11, 13, 16], kernel: 3, outputs: 16, stride: 1, padding: 1),
    Case(input: [2, 9, 9, 16], kernel: 3, outputs: 32, stride: 2, padding: 1),
    Case(input: [2, 8, 6, 17], kernel: 3, outputs: 33, stride: 2, padding: 1),
    Case(input: [5, 5, 5, 32], kernel: 3, outputs: 48, stride: 1, padding: 1),
    Case(input: [3, 15, 15, 16], kernel: 3, outputs: 16, stride: 1, padding: 1),
    Case(input: [7, 8, 8, 32], kernel: 3, outputs: 32, stride: 1, padding: 1),
    Case(input: [5, 4, 4, 64], kernel: 3, outputs: 64, stride: 1, padding: 1),
    Case(input: [2, 1, 1, 64], kernel: 3, outputs: 64, stride: 1, padding: 1),
    Case(input: [60, 3, 3, 80], kernel: 3, outputs: 96, stride: 1, padding: 1),
    Case(input: [2, 7, 9, 64], kernel: 3, outputs: 32, stride: 1, padding: 1),
    Case(input: [2, 17, 17, 64], kernel: 3, outputs: 64, stride: 1, padding: 1),
    Case(input: [9, 17, 17, 64], kernel: 3, outputs: 64, stride: 1, padding: 1),
    Case(input: [3, 11, 11, 16], kernel: 3, outputs: 48, stride: 1, padding: 1),
    Case(input: [3, 9, 9, 128], kernel: 3, outputs: 128, stride: 1, padding: 1),
    Case(input: [4, 5, 5, 256], kernel: 3, outputs: 256, stride: 1, padding: 1),
    Case(input: [3, 3, 3, 512], kernel: 3, outputs: 144, stride: 1, padding: 1),
    Case(input: [2, 25, 24, 16], kernel: 3, outputs: 16, stride: 1, padding: 1),
    Case(input: [3, 17, 16, 32], kernel: 3, outputs: 80, stride: 2, padding: 1),
    Case(input: [43, 5, 5, 32], kernel: 3, outputs: 48, stride: 2, padding: 1),
    Case(input: [5, 9, 9, 128], kernel: 3, outputs: 256, stride: 2, padding: 1),
    Case(input: [3, 17, 17, 64], kernel: 3, outputs: 128, stride: 2, padding: 1),
    Case(input: [2, 9, 8, 16], kernel: 1, outputs: 32, stride: 2, padding: 0),
    Case(input: [41, 4, 4, 16], kernel: 3, outputs: 32, stride: 2, padding: 1),
    Case(input: [131, 5, 5, 32], kernel: 1, outputs: 48, stride: 2, padding: 0),
    Case(input: [61, 17, 17, 16], kernel: 3, outputs: 16, stride: 1, padding: 1),
    Case(input: [2, 9, 8, 6], kernel: 1, outputs: 10, stride: 2, padding: 0),
    Case(input: [2, 4, 4, 8], kernel: 1, outputs: 20, stride: 1, padding: 0),
    Case(input: [3, 16, 16, 32], kernel: 4, outputs: 64, stride: 2, padding: 1),
    Case(input: [5, 7, 10, 16], kernel: 4, outputs: 32, stride: 2, padding: 1),
    Case(input: [7, 8, 8, 64], kernel: 4, outputs: 128, stride: 2, padding: 1),
    Case(input: [9, 2, 3, 12], kernel: 4, outputs: 16, stride: 2, padding: 1),
    Case(input: [3, 6, 9, 16], kernel: 2, outputs: 32, stride: 1, padding: 0),
    Case(input: [2, 12, 12, 3], kernel: 4, outputs: 32, stride: 2, padding: 1),
    Case(input: [1, 9, 9, 2], kernel: 5, outputs: 4, stride: 3, padding: 2),
  ]

  @Test(arguments: cases) func agreesWithThePlainTwin(_ c: Case) {
    let x = randomTensor(c.input, item: 1)
    let w = randomTensor([c.kernel, c.kernel, c.input[3], c.outputs], item: 2)
    let team = ThreadTeam(threads: 2)
    let y = Convolution.forward(x, weights: w, stride: c.stride, padding: c.padding, team: team)
    #expect(relativeError(y, Convolution.plainForward(x, weights: w, stride: c.stride, padding: c.padding)) < tolerance)
    let g = randomTensor(y.shape, item: 3)
    let fast = Convolution.backward(
      x, weights: w, stride: c.stride, padding: c.padding, outputGradient: g, needsInputGradient: true, team: team)
    let plain = Convolution.plainBackward(x, weights: w, stride: c.stride, padding: c.padding, outputGradient: g)
    #expect(relativeError(fast.weights, plain.weights) < tolerance)
    #expect(fast.input.map { relativeError($0, plain.input) } ?? 1 < tolerance)
  }

  /// More images than one block takes of a layer whose blocks the threads share, in both passes or in the backward pass alone.
  @Test(arguments: [(700, 5, 256), (250, 9, 128)])
  func blocksOfManyImagesAgreeWithEachOther(_ images: Int, _ side: Int, _ channels: Int) {
    let (x, w) = (randomTensor([images, side, side, channels], item: 6), randomTensor([3, 3, channels, channels], item: 7))
    let g = randomTensor(x.shape, item: 8)
    let team = ThreadTeam(threads: 2)
    func run(_ images: Range<Int>) -> (y: [Float], dx: [Float], dw: Tensor) {
      let (part, gradient) = (x.rows(images), g.rows(images))
      let y = Convolution.forward(part, weights: w, stride: 1, padding: 1, team: team)
      let back = Convolution.backward(
        part, weights: w, stride: 1, padding: 1, outputGradient: gradient, needsInputGradient: true, team: team)
      return (y.scalars, back.input?.scalars ?? [], back.weights)
    }
    let (all, first, second) = (run(0..<images), run(0..<100), run(100..<images))
    #expect(all.y == first.y + second.y)
    #expect(all.dx == first.dx + second.dx)
    var sum = first.dw
    sum.add(second.dw)
    #expect(relativeError(all.dw, sum) < tolerance)
  }

  @Test(arguments: cases) func doesNotDependOnThreads(_ c: Case) {
    let x = randomTensor(c.input, item: 4)
    let w = randomTensor([c.kernel, c.kernel, c.input[3], c.outputs], item: 5)
    func results(_ threads: Int) -> [[Float]] {
      let team = ThreadTeam(threads: threads)
      let y = Convolution.forward(x, weights: w, stride: c.stride, padding: c.padding, team: team)
      let g = Convolution.backward(
        x, weights: w, stride: c.stride, padding: c.padding, outputGradient: y, needsInputGradient: true, team: team)
      return [y.scalars, g.weights.scalars, g.input?.scalars ?? []]
    }
    let one = results(1)
    #expect(results(2) == one)
    #expect(results(3) == one)
  }

  /// Layers of ResNet-34 with as many threads as a large machine has, for which work is cut smaller.
  @Test(arguments: [(200, 9, 128), (30, 5, 256), (30, 3, 512)])
  func workForManyThreadsChangesNothing(_ images: Int, _ side: Int, _ channels: Int) {
    let (x, w) = (randomTensor([images, side, side, channels], item: 9), randomTensor([3, 3, channels, channels], item: 10))
    func results(_ threads: Int) -> [[Float]] {
      let team = ThreadTeam(threads: threads)
      let y = Convolution.forward(x, weights: w, stride: 1, padding: 1, team: team)
      let g = Convolution.backward(x, weights: w, stride: 1, padding: 1, outputGradient: x, needsInputGradient: true, team: team)
      return [y.scalars, g.weights.scalars, g.input?.scalars ?? []]
    }
    #expect(results(64) == results(2))
  }
}

/// Uniform in [−1, 1).
func randomTensor(_ shape: [Int], item: Int) -> Tensor {
  var stream = RandomStream(seed: 7, purpose: .test, item: item)
  return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
}

/// The largest difference, relative to the largest element.
func relativeError(_ a: Tensor, _ b: Tensor) -> Float {
  guard a.shape == b.shape else { return .infinity }
  let largest = b.scalars.map(abs).max() ?? 1
  return zip(a.scalars, b.scalars).map { abs($0 - $1) }.max().map { $0 / max(largest, 1e-20) } ?? 0
}
