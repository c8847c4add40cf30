import Tensors
import Testing

/// Pooling of any window against its definition, and window counts against PyTorch's.
struct PoolingWindowTests {
  static let windows: [PoolingWindow] = [
    PoolingWindow(2), PoolingWindow(2, ceiling: true), PoolingWindow(3, stride: 2, padding: 1), PoolingWindow(3, stride: 1, padding: 1),
    PoolingWindow(4), PoolingWindow(2, padding: 1), PoolingWindow(3, stride: 2, padding: 1, ceiling: true), PoolingWindow(1, stride: 3),
  ]

  @Test("outputs as torch.nn.functional.max_pool2d has them")
  func outputs() {
    #expect(PoolingWindow(2).outputs(of: 5) == 2)
    #expect(PoolingWindow(2, ceiling: true).outputs(of: 5) == 3)
    #expect(PoolingWindow(2, ceiling: true).outputs(of: 9) == 5)
    #expect(PoolingWindow(3, stride: 2, padding: 1).outputs(of: 32) == 16)
    // A last window that would begin in the padding behind the image is left out.
    #expect(PoolingWindow(2, padding: 1, ceiling: true).outputs(of: 4) == 3)
    #expect(PoolingWindow(1, stride: 3, ceiling: true).outputs(of: 2) == 1)
    #expect(PoolingWindow(4).outputs(of: 3) == 0)
  }

  @Test(arguments: windows, [[1, 5, 5, 1], [2, 7, 6, 3], [2, 9, 8, 16], [3, 6, 5, 50]])
  func agreesWithItsDefinition(_ window: PoolingWindow, _ shape: [Int]) {
    let team = ThreadTeam(threads: 2)
    // Small whole numbers: many equal maxima, of which the first in scan order gets the gradient.
    let x = Tensor(shape: shape, randomTensor(shape, item: 6).scalars.map { ($0 * 2).rounded() })
    let (h, w, c) = (shape[1], shape[2], shape[3])
    let output = window.output(of: shape)
    let dy = randomTensor(output, item: 7)
    let (xs, gs) = (x.scalars, dy.scalars)
    var (maxima, means) = ([Float](), [Float]())
    var (maximaGradient, meansGradient) = ([Float](repeating: 0, count: xs.count), [Float](repeating: 0, count: xs.count))
    for image in 0..<shape[0] {
      for p in 0..<output[1] {
        for q in 0..<output[2] {
          let (top, left) = (p * window.stride - window.padding, q * window.stride - window.padding)
          let counted = (min(top + window.size, h + window.padding) - top) * (min(left + window.size, w + window.padding) - left)
          for channel in 0..<c {
            var (best, sum): (Int?, Float) = (nil, 0)
            let g = gs[maxima.count]
            for i in top..<top + window.size where (0..<h).contains(i) {
              for j in left..<left + window.size where (0..<w).contains(j) {
                let at = ((image * h + i) * w + j) * c + channel
                if best.map({ xs[at] > xs[$0] }) ?? true { best = at }
                sum += xs[at]
                meansGradient[at] += g / Float(counted)
              }
            }
            if let best {
              maximaGradient[best] += g
              maxima.append(xs[best])
            }
            means.append(sum / Float(counted))
          }
        }
      }
    }
    #expect(Pooling.max(x, window, team: team).scalars == maxima)
    #expect(Pooling.maxBackward(x, window, outputGradient: dy, team: team).scalars == maximaGradient)
    #expect(relativeError(Pooling.average(x, window, team: team), Tensor(shape: output, means)) < 1e-6)
    let averaged = Pooling.averageBackward(dy, window, input: shape, team: team)
    #expect(relativeError(averaged, Tensor(shape: shape, meansGradient)) < 1e-6)
    #expect(averaged.scalars == Pooling.averageBackward(dy, window, input: shape, team: ThreadTeam(threads: 1)).scalars)
  }

  @Test func whatIsNotANumberIsNotLost() {
    let x = Tensor(shape: [1, 2, 2, 1], [1, .nan, 3, 2])
    #expect(Pooling.max(x, PoolingWindow(2), team: ThreadTeam(threads: 1)).scalars[0].isNaN)
  }

  /// 2 × 2, stride 2, padding 1 has a kernel of its own, which must agree.
  @Test func theStemsPoolIsThatOfItsWindow() {
    let x = randomTensor([3, 9, 8, 20], item: 1)
    let (team, window) = (ThreadTeam(threads: 2), PoolingWindow(2, padding: 1, ceiling: false))
    let y = Pooling.max(x, team: team)
    #expect(y.scalars == Pooling.max(x, window, team: team).scalars)
    #expect(
      Pooling.maxBackward(x, outputGradient: y, team: team).scalars == Pooling.maxBackward(x, window, outputGradient: y, team: team).scalars
    )
  }
}
