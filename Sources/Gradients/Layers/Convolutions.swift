import Tensors

extension Tape {
  /// x [N, H, W, C] * weight [k, k, C, K] (+ bias [K]) → [N, P, Q, K] with P = (H + 2·padding − k) / stride + 1.
  public func convolution(_ x: Variable, _ weight: Parameter, bias: Parameter? = nil, stride: Int, padding: Int) -> Variable {
    let (weights, team, needsInput) = (weight.value, team, x.node != nil)
    let y = Convolution.forward(x.value, weights: weights, stride: stride, padding: padding, team: team)
    return record(biased(y, bias), [x], depends: true) { gradient in
      let gradients = Convolution.backward(
        x.value, weights: weights, stride: stride, padding: padding, outputGradient: gradient, needsInputGradient: needsInput, team: team)
      weight.accumulate(gradients.weights, team)
      bias?.accumulate(Bias.gradient(gradient, team: team), team)
      return [gradients.input]
    }
  }

  /// x [N, P, Q, K] spread by weight [k, k, C, K] (+ bias [C]) → [N, H, W, C] with H = (P − 1)·stride − 2·padding + k + outputPadding.
  public func transposedConvolution(
    _ x: Variable, _ weight: Parameter, bias: Parameter? = nil, stride: Int, padding: Int, outputPadding: Int = 0
  ) -> Variable {
    let (weights, team, needsInput) = (weight.value, team, x.node != nil)
    let y = TransposedConvolution.forward(
      x.value, weights: weights, stride: stride, padding: padding, outputPadding: outputPadding, team: team)
    return record(biased(y, bias), [x], depends: true) { gradient in
      let gradients = TransposedConvolution.backward(
        x.value, weights: weights, stride: stride, padding: padding, outputGradient: gradient, needsInputGradient: needsInput, team: team)
      weight.accumulate(gradients.weights, team)
      bias?.accumulate(Bias.gradient(gradient, team: team), team)
      return [gradients.input]
    }
  }

  private func biased(_ y: Tensor, _ bias: Parameter?) -> Tensor {
    guard let bias else { return y }
    var y = y
    Bias.add(bias.value, to: &y, team: team)
    return y
  }
}
