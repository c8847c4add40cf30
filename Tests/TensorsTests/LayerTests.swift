import Tensors
import Testing

/// Batch normalisation and pooling against their definitions in Double, on and off the vector width.
struct LayerTests {
  /// Float sums of a few hundred terms.
  static let tolerance: Float = 2e-5

  @Test(arguments: [[70, 1], [9, 3, 3, 16], [5, 4, 4, 32], [3, 5, 7, 21]], [true, false])
  func batchNormalisationAgreesWithItsDefinition(_ shape: [Int], relu: Bool) {
    let channels = shape[shape.count - 1]
    let rows = shape.reduce(1, *) / channels
    let team = ThreadTeam(threads: 2)
    // A mean of 50 deviations: a variance taken as a difference of large squares in Float would lose three digits.
    let x = Tensor(shape: shape, randomTensor(shape, item: 1).scalars.map { $0 + 30 })
    let (residual, dy) = (randomTensor(shape, item: 2), randomTensor(shape, item: 3))
    let (gamma, beta) = (randomTensor([channels], item: 4), randomTensor([channels], item: 5))
    let statistics = BatchNormalisation.statistics(x, images: 0..<shape[0], team: team)
    let (y, input, residualGradient) = (Tensor(zeros: shape), Tensor(zeros: shape), Tensor(zeros: shape))
    BatchNormalisation.apply(
      x, images: 0..<shape[0], mean: statistics.mean, inverseDeviation: statistics.inverseDeviation, gamma: gamma, beta: beta,
      residual: residual, relu: relu, into: y, team: team)
    let gradients = BatchNormalisation.backward(
      x, cut: relu ? .output(y) : .nowhere, images: 0..<shape[0], statistics: statistics, gamma: gamma, outputGradient: dy, input: input,
      residual: residualGradient, team: team)

    let (xs, rs, gs, ys) = (x.scalars.map(Double.init), residual.scalars.map(Double.init), dy.scalars.map(Double.init), y.scalars)
    var (expectedY, dz, dx) = (xs, gs, xs)
    var (dGamma, dBeta) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for c in 0..<channels {
      let column = (0..<rows).map { $0 * channels + c }
      let mean = column.reduce(0) { $0 + xs[$1] } / Double(rows)
      let variance = column.reduce(0) { $0 + (xs[$1] - mean) * (xs[$1] - mean) } / Double(rows)
      let inverse = 1 / (variance + 1e-5).squareRoot()
      #expect(abs(Double(statistics.mean[c]) - mean) < 1e-5)
      #expect(abs(Double(statistics.variance[c]) - variance) < 1e-5)
      for i in column {
        let z = Double(gamma.scalars[c]) * (xs[i] - mean) * inverse + Double(beta.scalars[c]) + rs[i]
        expectedY[i] = relu ? max(z, 0) : z
        if relu, ys[i] <= 0 { dz[i] = 0 }
        dBeta[c] += dz[i]
        dGamma[c] += dz[i] * (xs[i] - mean) * inverse
      }
      for i in column {
        let normal = (xs[i] - mean) * inverse
        dx[i] = Double(gamma.scalars[c]) * inverse * (dz[i] - dBeta[c] / Double(rows) - normal * dGamma[c] / Double(rows))
      }
    }
    func close(_ tensor: Tensor?, _ expected: [Double], _ shape: [Int]) -> Bool {
      tensor.map { relativeError($0, Tensor(shape: shape, expected.map { Float($0) })) < Self.tolerance } ?? false
    }
    #expect(close(y, expectedY, shape))
    #expect(close(input, dx, shape))
    #expect(close(residualGradient, dz, shape))
    #expect(close(Tensor(shape: [channels], gradients.gamma), dGamma, [channels]))
    #expect(close(Tensor(shape: [channels], gradients.beta), dBeta, [channels]))
  }

  /// The ReLU's cut worked out from the input is the output's, to the bit: the gradients are equal.
  @Test(arguments: [[2, 5, 5, 3], [7, 9, 9, 64], [3, 3, 3, 512]])
  func theCutOfTheInputIsThatOfTheOutput(_ shape: [Int]) {
    let channels = shape[3]
    let team = ThreadTeam(threads: 2)
    let (x, dy) = (randomTensor(shape, item: 1), randomTensor(shape, item: 3))
    let (gamma, beta) = (randomTensor([channels], item: 4), randomTensor([channels], item: 5))
    let statistics = BatchNormalisation.statistics(x, images: 0..<shape[0], team: team)
    let y = Tensor(uninitialized: shape)
    BatchNormalisation.apply(
      x, images: 0..<shape[0], mean: statistics.mean, inverseDeviation: statistics.inverseDeviation, gamma: gamma, beta: beta,
      residual: nil, relu: true, into: y, team: team)
    let results = [BatchNormalisation.Cut.output(y), .normalised(beta: beta)].map { cut in
      let input = Tensor(uninitialized: shape)
      let gradients = BatchNormalisation.backward(
        x, cut: cut, images: 0..<shape[0], statistics: statistics, gamma: gamma, outputGradient: dy, input: input, residual: nil, team: team
      )
      return input.scalars + gradients.gamma + gradients.beta
    }
    #expect(y.scalars.contains(0) && y.scalars.contains { $0 > 0 })
    #expect(results[0] == results[1])
  }

  @Test(arguments: [[1, 1, 1, 1], [2, 5, 5, 3], [2, 6, 4, 16], [1, 2, 3, 37], [3, 28, 28, 16]])
  func maxPoolingAgreesWithItsDefinition(_ shape: [Int]) {
    // Small whole numbers: many equal maxima, of which the first in scan order gets the gradient.
    let x = Tensor(shape: shape, randomTensor(shape, item: 6).scalars.map { ($0 * 2).rounded() })
    let (h, w, c) = (shape[1], shape[2], shape[3])
    let y = Pooling.max(x, team: ThreadTeam(threads: 2))
    #expect(y.shape == [shape[0], h / 2 + 1, w / 2 + 1, c])
    let dy = randomTensor(y.shape, item: 7)
    let (xs, gs) = (x.scalars, dy.scalars)
    var (expectedY, dx) = ([Float](), [Float](repeating: 0, count: xs.count))
    for image in 0..<shape[0] {
      for p in 0...h / 2 {
        for q in 0...w / 2 {
          for channel in 0..<c {
            var best: Int?
            for i in max(0, 2 * p - 1)...min(h - 1, 2 * p) {
              for j in max(0, 2 * q - 1)...min(w - 1, 2 * q) {
                let at = ((image * h + i) * w + j) * c + channel
                if best.map({ xs[at] > xs[$0] }) ?? true { best = at }
              }
            }
            if let best {
              dx[best] += gs[expectedY.count]
              expectedY.append(xs[best])
            }
          }
        }
      }
    }
    let isEqual = y.scalars == expectedY
    #expect(isEqual)
    let areGradientsEqual = Pooling.maxBackward(x, outputGradient: dy, team: ThreadTeam(threads: 2)).scalars == dx
    #expect(areGradientsEqual)
  }

  @Test func buffersAreReusedAndNeverShared() {
    let first = Tensor(shape: [100, 100], Array(repeating: 1, count: 10_000))
    var copies = (0..<20).map { number in Tensor(shape: [100, 100], Array(repeating: Float(number), count: 10_000)) }
    copies.removeLast(10)
    let later = (0..<10).map { number in Tensor(shape: [99, 100], Array(repeating: Float(100 + number), count: 9_900)) }
    #expect(first.scalars.allSatisfy { $0 == 1 })
    for (number, copy) in copies.enumerated() { #expect(copy.scalars.allSatisfy { $0 == Float(number) }) }
    for (number, tensor) in later.enumerated() { #expect(tensor.scalars.allSatisfy { $0 == Float(100 + number) }) }
  }
}
