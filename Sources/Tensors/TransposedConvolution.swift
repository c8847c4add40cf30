/// Transposed convolution over channels-last images: the adjoint of a convolution, as PyTorch's `ConvTranspose2d`.
///
/// Shapes: x [N, P, Q, K], weights [k, k, C, K], y [N, H, W, C] with H = (P − 1)·stride − 2·padding + k + outputPadding: every pixel of x adds its
/// multiple of the filters to y. A convolution of y with the same weights has the shape of x. No bias. Cost 2·N·P·Q·k²·C·K flop.
public enum TransposedConvolution {
  /// - Parameter outputPadding: rows and columns more at the end, less than the stride.
  public static func forward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputPadding: Int = 0, team: ThreadTeam
  ) -> Tensor {
    let shape = shape(x.shape, weights, stride: stride, padding: padding, outputPadding: outputPadding)
    return Convolution.adjoint(shape, outputGradient: x, weights: weights, team: team)
  }

  /// The gradients of a loss with respect to images and weights, from that with respect to the output [N, H, W, C].
  /// - Parameter needsInputGradient: false for the first layer, whose images nobody asks about.
  public static func backward(
    _ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor) {
    let sums = Convolution.backward(
      outputGradient, weights: weights, stride: stride, padding: padding, outputGradient: x, needsInputGradient: false, team: team)
    let dx =
      needsInputGradient ? Convolution.forward(outputGradient, weights: weights, stride: stride, padding: padding, team: team) : nil
    return (dx, sums.weights)
  }

  /// The convolution whose adjoint this is.
  private static func shape(_ input: [Int], _ weights: Tensor, stride: Int, padding: Int, outputPadding: Int) -> ConvolutionShape {
    precondition(
      input.count == 4 && weights.shape.count == 4 && weights.shape[3] == input[3], "weights \(weights.shape) do not fit images \(input)")
    precondition((0..<stride).contains(outputPadding), "output padding \(outputPadding) with stride \(stride)")
    func length(_ pixels: Int) -> Int { (pixels - 1) * stride - 2 * padding + weights.shape[0] + outputPadding }
    precondition(length(input[1]) > 0 && length(input[2]) > 0, "padding \(padding) leaves nothing of \(input)")
    return ConvolutionShape(
      input: [input[0], length(input[1]), length(input[2]), weights.shape[2]], weights: weights.shape, stride: stride, padding: padding)
  }
}

// MARK: - Plain twin

extension TransposedConvolution {
  /// The definition, in Double: what `forward` must agree with.
  package static func plainForward(_ x: Tensor, weights: Tensor, stride: Int, padding: Int, outputPadding: Int) -> Tensor {
    let shape = shape(x.shape, weights, stride: stride, padding: padding, outputPadding: outputPadding)
    let y = Tensor(zeros: [shape.images, shape.height, shape.width, shape.inputChannels])
    return Convolution.plainBackward(y, weights: weights, stride: stride, padding: padding, outputGradient: x).input
  }
}
