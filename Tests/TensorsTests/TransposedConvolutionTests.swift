import Tensors
import Testing

/// Sums of up to a few thousand products in Float, in another order than the twin's Double sums.
private let tolerance: Float = 1e-5

struct TransposedConvolutionTests {
  struct Case: Sendable, CustomStringConvertible {
    let input: [Int], kernel: Int, outputs: Int, stride: Int, padding: Int, outputPadding: Int
    var description: String { "\(input) k\(kernel) → \(outputs), stride \(stride), padding \(padding), \(outputPadding) more" }
  }

  static let cases: [Case] = [
    Case(input: [1, 1, 1, 1], kernel: 3, outputs: 1, stride: 1, padding: 0, outputPadding: 0),
    Case(input: [3, 4, 4, 32], kernel: 4, outputs: 16, stride: 2, padding: 1, outputPadding: 0),
    Case(input: [2, 8, 7, 16], kernel: 4, outputs: 3, stride: 2, padding: 1, outputPadding: 0),
    Case(input: [2, 4, 5, 5], kernel: 3, outputs: 7, stride: 2, padding: 1, outputPadding: 1),
    Case(input: [2, 3, 3, 16], kernel: 5, outputs: 16, stride: 3, padding: 2, outputPadding: 2),
    Case(input: [2, 9, 9, 64], kernel: 3, outputs: 64, stride: 1, padding: 1, outputPadding: 0),
    Case(input: [5, 2, 2, 48], kernel: 2, outputs: 20, stride: 2, padding: 0, outputPadding: 0),
    Case(input: [5, 4, 4, 128], kernel: 4, outputs: 64, stride: 2, padding: 1, outputPadding: 0),
    Case(input: [3, 5, 8, 32], kernel: 4, outputs: 20, stride: 2, padding: 1, outputPadding: 0),
    Case(input: [2, 4, 3, 32], kernel: 4, outputs: 16, stride: 2, padding: 1, outputPadding: 1),
    Case(input: [90, 2, 2, 32], kernel: 4, outputs: 17, stride: 2, padding: 1, outputPadding: 0),
  ]

  private func weights(_ c: Case) -> Tensor { randomTensor([c.kernel, c.kernel, c.outputs, c.input[3]], item: 2) }

  @Test(arguments: cases) func agreesWithThePlainTwin(_ c: Case) {
    let (x, w, team) = (randomTensor(c.input, item: 1), weights(c), ThreadTeam(threads: 2))
    let y = TransposedConvolution.forward(x, weights: w, stride: c.stride, padding: c.padding, outputPadding: c.outputPadding, team: team)
    let length = { (pixels: Int) in (pixels - 1) * c.stride - 2 * c.padding + c.kernel + c.outputPadding }
    #expect(y.shape == [c.input[0], length(c.input[1]), length(c.input[2]), c.outputs])
    let plain = TransposedConvolution.plainForward(x, weights: w, stride: c.stride, padding: c.padding, outputPadding: c.outputPadding)
    #expect(relativeError(y, plain) < tolerance)
    let g = randomTensor(y.shape, item: 3)
    let fast = TransposedConvolution.backward(
      x, weights: w, stride: c.stride, padding: c.padding, outputGradient: g, needsInputGradient: true, team: team)
    #expect(
      fast.input.map { relativeError($0, Convolution.plainForward(g, weights: w, stride: c.stride, padding: c.padding)) } ?? 1 < tolerance)
    let sums = Convolution.plainBackward(g, weights: w, stride: c.stride, padding: c.padding, outputGradient: x).weights
    #expect(relativeError(fast.weights, sums) < tolerance)
  }

  @Test(arguments: cases) func doesNotDependOnThreads(_ c: Case) {
    let (x, w) = (randomTensor(c.input, item: 4), weights(c))
    func results(_ threads: Int) -> [[Float]] {
      let team = ThreadTeam(threads: threads)
      let y = TransposedConvolution.forward(x, weights: w, stride: c.stride, padding: c.padding, outputPadding: c.outputPadding, team: team)
      let g = TransposedConvolution.backward(
        x, weights: w, stride: c.stride, padding: c.padding, outputGradient: y, needsInputGradient: true, team: team)
      return [y.scalars, g.weights.scalars, g.input?.scalars ?? []]
    }
    let one = results(1)
    #expect(results(2) == one)
    #expect(results(3) == one)
  }

  @Test("one pixel spreads the filter, as torch.nn.functional.conv_transpose2d does")
  func byHand() {
    let w = Tensor(shape: [2, 2, 1, 1], [1, 2, 3, 4])
    let x = Tensor(shape: [1, 1, 2, 1], [1, 10])
    let team = ThreadTeam(threads: 1)
    #expect(TransposedConvolution.forward(x, weights: w, stride: 1, padding: 0, team: team).scalars == [1, 12, 20, 3, 34, 40])
    #expect(
      TransposedConvolution.forward(x, weights: w, stride: 2, padding: 0, outputPadding: 1, team: team).scalars
        == [1, 2, 10, 20, 0, 3, 4, 30, 40, 0, 0, 0, 0, 0, 0])
  }
}
