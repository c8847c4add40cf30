import Gradients
import Tensors
import Testing

/// The gradient of every operation in `Gradients/Layers` against central differences.
struct OperationTests {
  @Test(arguments: [1, 2]) func convolutionWithBias(stride: Int) {
    let (w, b) = (Parameter(name: "w", value: random([3, 3, 2, 3], 1)), Parameter(name: "b", value: random([3], 2)))
    check(input: random([2, 5, 4, 2], 3), parameters: [w, b]) { $0.convolution($1, w, bias: b, stride: stride, padding: 1) }
  }

  @Test(arguments: [(1, 0), (2, 0), (2, 1)]) func transposedConvolution(stride: Int, outputPadding: Int) {
    let (w, b) = (Parameter(name: "w", value: random([3, 3, 3, 2], 1)), Parameter(name: "b", value: random([3], 2)))
    check(input: random([2, 3, 4, 2], 3), parameters: [w, b]) {
      $0.transposedConvolution($1, w, bias: b, stride: stride, padding: 1, outputPadding: outputPadding)
    }
    check(input: random([2, 3, 4, 2], 4), parameters: [w]) {
      $0.transposedConvolution($1, w, stride: stride, padding: 1, outputPadding: outputPadding)
    }
  }

  @Test(arguments: [PoolingWindow(2), PoolingWindow(2, ceiling: true), PoolingWindow(3, stride: 2, padding: 1)])
  func pools(window: PoolingWindow) {
    check(input: random([2, 5, 4, 3], 5), parameters: [], kinks: true) { $0.maxPool($1, window) }
    check(input: random([2, 5, 4, 3], 6), parameters: []) { $0.averagePool($1, window) }
  }

  @Test func activations() {
    let x = random([6, 5], 7)
    check(input: x, parameters: [], kinks: true) { $0.leakyReLU($1, slope: 0.2) }
    check(input: x, parameters: []) { $0.elu($1) }
    check(input: x, parameters: []) { $0.elu($1, alpha: 0.5) }
    check(input: x, parameters: []) { $0.sigmoid($1) }
  }

  @Test func rowNormalisation() {
    check(input: random([5, 4], 8), parameters: []) { $0.normaliseRows($1) }
  }

  @Test func layouts() {
    check(input: random([2, 3, 2, 4], 9), parameters: []) { $0.flatten($1) }
    check(input: random([2, 12], 10), parameters: []) { $0.unflatten($1, height: 2, width: 3) }
    check(input: random([2, 12], 11), parameters: []) { $0.reshape($1, to: [4, 6]) }
    check(input: random([3, 4], 12), parameters: []) { $0.concatenate([$1, $0.sigmoid($1), $0.constant(random([3, 2], 13))]) }
    check(input: random([3, 4], 14), parameters: []) { $0.join([$1, $0.constant(random([2, 4], 13)), $0.sigmoid($1)]) }
    check(input: random([3, 4], 15), parameters: []) { $0.rows($1, [2, 0, 2, 1, 2]) }
    check(input: random([3, 4], 16), parameters: []) { $0.broadcast($1, height: 2, width: 3) }
  }

  @Test func broadcastRepeatsRowsAtEveryPosition() {
    let tape = Tape(team: ThreadTeam(threads: 1), training: false)
    let y = tape.broadcast(tape.constant(Tensor(shape: [2, 2], [1, 2, 3, 4])), height: 1, width: 2).value
    #expect(y.shape == [2, 1, 2, 2] && y.scalars == [1, 2, 1, 2, 3, 4, 3, 4])
  }

  @Test func dropout() {
    let mask = RandomMask(seed: 4, pass: 1, step: 2)
    check(input: random([5, 6], 17), parameters: []) { $0.dropout($1, rate: 0.3, mask: mask) }
    let x = random([5, 6], 18)
    let inference = Tape(team: ThreadTeam(threads: 1), training: false)
    #expect(inference.dropout(inference.constant(x), rate: 0.3, mask: mask).value.scalars == x.scalars)
    let training = Tape(team: ThreadTeam(threads: 1), training: true)
    #expect(training.dropout(training.constant(x), rate: 0.3, mask: mask).value.scalars != x.scalars)
    #expect(training.dropout(training.constant(x), rate: 0, mask: mask).value.scalars == x.scalars)
  }
}
