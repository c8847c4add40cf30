import Tensors

extension Tape {
  /// f(x), element by element.
  public func activation(_ x: Variable, _ function: Activation) -> Variable {
    let team = team
    let y = function.forward(x.value, team: team)
    return custom(value: y, inputs: [x]) { [function.backward(output: y, outputGradient: $0, team: team)] }
  }

  /// max(x, 0).
  public func relu(_ x: Variable) -> Variable { activation(x, .relu) }

  /// x where positive, slope · x elsewhere.
  public func leakyReLU(_ x: Variable, slope: Float) -> Variable { activation(x, .leakyReLU(slope: slope)) }

  /// x where positive, α (eˣ − 1) elsewhere.
  public func elu(_ x: Variable, alpha: Float = 1) -> Variable { activation(x, .elu(alpha: alpha)) }

  /// 1 / (1 + e⁻ˣ).
  public func sigmoid(_ x: Variable) -> Variable { activation(x, .sigmoid) }

  /// Rows of x [N, D] divided by their Euclidean length, or by 10⁻¹² where they are shorter.
  public func normaliseRows(_ x: Variable) -> Variable {
    let team = team
    let (y, lengths) = RowNormalisation.forward(x.value, team: team)
    return custom(value: y, inputs: [x]) { [RowNormalisation.backward(output: y, lengths: lengths, outputGradient: $0, team: team)] }
  }

  /// Training: each element 0 with probability `rate`, as the mask draws, the others times 1/(1 − rate). Inference: x.
  public func dropout(_ x: Variable, rate: Float, mask: RandomMask) -> Variable {
    guard training, rate > 0 else { return x }
    let team = team
    return custom(value: mask.dropout(x.value, rate: rate, team: team), inputs: [x]) { [mask.dropout($0, rate: rate, team: team)] }
  }
}
