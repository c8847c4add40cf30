/// Convolution over channels-last images, forward and backward; no bias (a batch normalisation follows everywhere).
public enum Convolution {
  /// y = x * weights: x [N, H, W, C], weights [k, k, C, K] → [N, P, Q, K]. Cost 2·N·P·Q·k²·C·K flop.
  public static func forward(_ x: Tensor, weights: Tensor, stride: Int, padding: Int, team: ThreadTeam) -> Tensor {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    switch ConvolutionAlgorithm.choice(for: shape) {
    case .patches: return PatchConvolution.forward(shape, x, weights: weights, team: team)
    case .winograd(let tile): return tile.forward(shape, x, weights: weights, team: team)
    case .folded(let fold, let tile):
      return tile.forward(fold.inner, fold.images(x, team: team), weights: fold.weights(weights), team: team)
    }
  }

  /// The gradient of a loss with respect to images [N, H, W, C], from that with respect to the output.
  static func adjoint(_ shape: ConvolutionShape, outputGradient dy: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor {
    switch ConvolutionAlgorithm.choice(for: shape) {
    case .patches: return PatchConvolution.adjoint(shape, dy, weights: weights, team: team)
    case .winograd(let tile): return tile.adjoint(shape, dy, weights: weights, team: team)
    case .folded(let fold, let tile):
      return fold.imagesAdjoint(tile.adjoint(fold.inner, dy, weights: fold.weights(weights), team: team), team: team)
    }
  }

  /// The gradients of a loss with respect to images and weights, from that with respect to the output [N, P, Q, K].
  /// - Parameter needsInputGradient: false for the first layer, whose images nobody asks about.
  public static func backward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    precondition(outputGradient.shape == shape.output, "gradient \(outputGradient.shape) for output \(shape.output)")
    switch ConvolutionAlgorithm.choice(for: shape) {
    case .patches:
      return PatchConvolution.backward(
        shape, x, weights: weights, outputGradient: outputGradient, needsInputGradient: needsInputGradient, team: team)
    case .winograd(let tile):
      return tile.backward(
        shape, x, weights: weights, outputGradient: outputGradient, needsInputGradient: needsInputGradient, team: team)
    case .folded(let fold, let tile):
      let (dx, dw) = tile.backward(
        fold.inner, fold.images(x, team: team), weights: fold.weights(weights), outputGradient: outputGradient,
        needsInputGradient: needsInputGradient, team: team)
      return (dx.map { fold.imagesAdjoint($0, team: team) }, fold.weightsAdjoint(dw))
    }
  }
}

// MARK: - Plain twin

extension Convolution {
  /// The definition, in Double: what `forward` must agree with.
  package static func plainForward(_ x: Tensor, weights: Tensor, stride: Int, padding: Int) -> Tensor {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    var y = [Double](repeating: 0, count: shape.output.reduce(1, *))
    eachProduct(shape) { x0, w0, y0 in y[y0] += Double(x.base[x0]) * Double(weights.base[w0]) }
    return Tensor(shape: shape.output, y.map(Float.init))
  }

  /// The definition's derivatives, in Double: what `backward` must agree with.
  package static func plainBackward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputGradient: Tensor
  ) -> (input: Tensor, weights: Tensor) {
    let shape = ConvolutionShape(input: x.shape, weights: weights.shape, stride: stride, padding: padding)
    var (dx, dw) = ([Double](repeating: 0, count: x.count), [Double](repeating: 0, count: weights.count))
    eachProduct(shape) { x0, w0, y0 in
      let g = Double(outputGradient.base[y0])
      dx[x0] += g * Double(weights.base[w0])
      dw[w0] += g * Double(x.base[x0])
    }
    return (Tensor(shape: x.shape, dx.map(Float.init)), Tensor(shape: weights.shape, dw.map(Float.init)))
  }

  private static func eachProduct(_ s: ConvolutionShape, _ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
    for n in 0..<s.images {
      for p in 0..<s.outputHeight {
        for q in 0..<s.outputWidth {
          for i in 0..<s.kernel {
            for j in 0..<s.kernel {
              let (row, column) = (p * s.stride + i - s.padding, q * s.stride + j - s.padding)
              guard row >= 0, row < s.height, column >= 0, column < s.width else { continue }
              for c in 0..<s.inputChannels {
                for k in 0..<s.outputChannels {
                  body(
                    ((n * s.height + row) * s.width + column) * s.inputChannels + c,
                    ((i * s.kernel + j) * s.inputChannels + c) * s.outputChannels + k,
                    ((n * s.outputHeight + p) * s.outputWidth + q) * s.outputChannels + k)
                }
              }
            }
          }
        }
      }
    }
  }
}
