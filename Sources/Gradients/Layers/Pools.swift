import Tensors

extension Tape {
  /// Max pooling 2 × 2, stride 2, padding 1: [N, H, W, C] → [N, H/2 + 1, W/2 + 1, C].
  public func maxPool(_ x: Variable) -> Variable {
    let (value, team) = (x.value, team)
    return custom(value: Pooling.max(value, team: team), inputs: [x]) {
      [Pooling.maxBackward(value, outputGradient: $0, team: team)]
    }
  }

  /// Mean over positions: [N, H, W, C] → [N, C].
  public func globalAveragePool(_ x: Variable) -> Variable {
    let (shape, team) = (x.value.shape, team)
    return custom(value: Pooling.globalAverage(x.value, team: team), inputs: [x]) {
      [Pooling.globalAverageBackward($0, input: shape, team: team)]
    }
  }

  /// Max pooling [N, H, W, C] → [N, P, Q, C]; the gradient goes to the first maximum of a window in scan order.
  public func maxPool(_ x: Variable, _ window: PoolingWindow) -> Variable {
    let (value, team) = (x.value, team)
    return custom(value: Pooling.max(value, window, team: team), inputs: [x]) {
      [Pooling.maxBackward(value, window, outputGradient: $0, team: team)]
    }
  }

  /// Average pooling [N, H, W, C] → [N, P, Q, C]; padding counts as zeros.
  public func averagePool(_ x: Variable, _ window: PoolingWindow) -> Variable {
    let (shape, team) = (x.value.shape, team)
    return custom(value: Pooling.average(x.value, window, team: team), inputs: [x]) {
      [Pooling.averageBackward($0, window, input: shape, team: team)]
    }
  }
}
