import Testing

import Tensors

/// The linear layer against its definition in Double.
struct LinearTests {
  /// Sums of up to 512 products of numbers below 1 in Float, relative to the largest element.
  private let tolerance: Float = 2e-6

  private func noise(_ shape: [Int], _ item: Int) -> Tensor {
    var stream = RandomStream(seed: 3, purpose: .test, item: item)
    return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
  }

  private func expectEqual(_ a: Tensor, _ b: Tensor, _ words: String) {
    #expect(a.shape == b.shape)
    let largest = b.scalars.reduce(Float(1e-20)) { max($0, abs($1)) }
    #expect(zip(a.scalars, b.scalars).allSatisfy { abs($0 - $1) <= tolerance * largest }, "\(words)")
  }

  @Test(arguments: [(1, 1, 1), (7, 5, 3), (50, 512, 10), (13, 17, 70), (200, 64, 16), (6, 16, 33), (130, 200, 90), (260, 300, 40)])
  func agreesWithItsDefinition(n: Int, d: Int, k: Int) {
    let (x, w, b, dy) = (noise([n, d], 0), noise([k, d], 1), noise([k], 2), noise([n, k], 3))
    let team = ThreadTeam(threads: 2)
    expectEqual(Linear.forward(x, weights: w, bias: b, team: team), Linear.plainForward(x, weights: w, bias: b), "y of \(n), \(d), \(k)")
    let gradients = Linear.backward(x, weights: w, outputGradient: dy, team: team)
    // dx = dy · W and dW = dyᵀ · x are forward passes too, of transposed matrices.
    func transposed(_ t: Tensor) -> Tensor {
      let (rows, columns) = (t.shape[0], t.shape[1])
      return Tensor(shape: [columns, rows], (0..<t.count).map { t.scalars[$0 % rows * columns + $0 / rows] })
    }
    expectEqual(gradients.input ?? w, Linear.plainForward(dy, weights: transposed(w), bias: Tensor(zeros: [d])), "dx")
    expectEqual(gradients.weights, Linear.plainForward(transposed(dy), weights: transposed(x), bias: Tensor(zeros: [d])), "dW")
    expectEqual(
      gradients.bias,
      Linear.plainForward(Tensor(shape: [1, n], Array(repeating: 1, count: n)), weights: transposed(dy), bias: Tensor(zeros: [k])).reshaped(
        to: [k]), "db")
  }

  /// Sizes that are shared out among threads.
  @Test(arguments: [(130, 200, 90), (256, 500, 70), (65, 300, 170)])
  func doesNotDependOnThreads(n: Int, d: Int, k: Int) {
    let (x, w, b, dy) = (noise([n, d], 0), noise([k, d], 1), noise([k], 2), noise([n, k], 3))
    func results(_ threads: Int) -> [[Float]] {
      let team = ThreadTeam(threads: threads)
      let gradients = Linear.backward(x, weights: w, outputGradient: dy, team: team)
      return [
        Linear.forward(x, weights: w, bias: b, team: team).scalars, gradients.input?.scalars ?? [], gradients.weights.scalars,
        gradients.bias.scalars,
      ]
    }
    let one = results(1)
    #expect(results(2) == one)
    #expect(results(3) == one)
    #expect(Linear.backward(x, weights: w, outputGradient: dy, needsInputGradient: false, team: ThreadTeam(threads: 2)).input == nil)
  }
}
