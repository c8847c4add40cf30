import Tensors

/// A value on a tape.
public struct Variable: Sendable {
  public let value: Tensor
  /// The number of its record; nil for constants, whose gradient nobody asks about.
  let node: Int?
}

/// Reverse-mode differentiation: every operation computes its value at once and leaves a record of how gradients flow back;
/// `backward` plays the records in reverse order. One tape serves one training step, or one inference, which leaves no records.
public final class Tape {
  /// Gradient of the record's output in, gradients of its inputs out.
  private struct Record {
    let inputs: [Int?]
    let backward: (Tensor) -> [Tensor?]
  }

  public let team: ThreadTeam
  /// Whether records are kept, batch normalisation uses the batch's statistics (and tracks them), and dropout drops.
  public let training: Bool
  private var records: [Record] = []

  public init(team: ThreadTeam, training: Bool) {
    self.team = team
    self.training = training
  }

  // MARK: Operations

  /// A value that needs no gradient.
  public func constant(_ value: Tensor) -> Variable { Variable(value: value, node: nil) }

  /// A parameter as a value: its gradient is gathered like that of a layer's weights.
  public func leaf(_ parameter: Parameter) -> Variable {
    let team = team
    return record(parameter.value, [], depends: true) { gradient in
      parameter.accumulate(gradient, team)
      return []
    }
  }

  /// An operation of the caller's own. `backward` maps the gradient of `value` to those of `inputs`, nil where there is none.
  public func custom(value: Tensor, inputs: [Variable], backward: @escaping (Tensor) -> [Tensor?]) -> Variable {
    record(value, inputs, depends: inputs.contains { $0.node != nil }, backward)
  }

  /// Batch normalisation of x [N, …, C], then `+ adding`, then ReLU where asked, in one pass.
  /// - Parameter batches: sizes, of sum N, of batches that go through together and are normalised apart, each with its own statistics; they are
  ///   tracked one after the other. Inference takes the running statistics for all, or each batch's own where the layer tracks none.
  public func batchNorm(_ x: Variable, _ layer: BatchNorm, batches: [Int], relu: Bool, adding residual: Variable? = nil) -> Variable {
    let team = team
    let all = x.value.shape[0]
    precondition(batches.reduce(0, +) == all, "batches \(batches) of \(all) images")
    let y = Tensor(uninitialized: x.value.shape)
    guard training || !layer.tracksStatistics else {
      let inverse = layer.runningVariance.scalars.map { 1 / ($0 + BatchNormalisation.epsilon).squareRoot() }
      BatchNormalisation.apply(
        x.value, images: 0..<all, mean: layer.runningMean.scalars, inverseDeviation: inverse, gamma: layer.gamma.value,
        beta: layer.beta.value, residual: residual?.value, relu: relu, into: y, team: team)
      return constant(y)
    }
    var end = 0
    let parts = batches.map { size in
      end += size
      let images = end - size..<end
      let statistics = BatchNormalisation.statistics(x.value, images: images, team: team)
      if layer.tracksStatistics { layer.track(statistics) }
      BatchNormalisation.apply(
        x.value, images: images, mean: statistics.mean, inverseDeviation: statistics.inverseDeviation, gamma: layer.gamma.value,
        beta: layer.beta.value, residual: residual?.value, relu: relu, into: y, team: team)
      return (images, statistics)
    }
    let gamma = layer.gamma.value
    let cut: BatchNormalisation.Cut =
      if !relu { .nowhere } else if residual == nil { .normalised(beta: layer.beta.value) } else { .output(y) }
    return record(y, [x] + (residual.map { [$0] } ?? []), depends: true) { gradient in
      let dx = Tensor(uninitialized: x.value.shape)
      let residualGradient = residual.map { _ in Tensor(uninitialized: x.value.shape) }
      for (images, statistics) in parts {
        let sums = BatchNormalisation.backward(
          x.value, cut: cut, images: images, statistics: statistics, gamma: gamma, outputGradient: gradient, input: dx,
          residual: residualGradient, team: team)
        layer.gamma.accumulate(Tensor(shape: gamma.shape, sums.gamma), team)
        layer.beta.accumulate(Tensor(shape: gamma.shape, sums.beta), team)
      }
      return [dx, residualGradient]
    }
  }

  /// x [N, D] · weightᵀ + bias, weight [K, D], bias [K] → [N, K].
  public func linear(_ x: Variable, weight: Parameter, bias: Parameter) -> Variable {
    let (weights, team, needsInput) = (weight.value, team, x.node != nil)
    return record(Linear.forward(x.value, weights: weights, bias: bias.value, team: team), [x], depends: true) { gradient in
      let gradients = Linear.backward(
        x.value, weights: weights, outputGradient: gradient, needsInputGradient: needsInput, team: team)
      weight.accumulate(gradients.weights, team)
      bias.accumulate(gradients.bias, team)
      return [gradients.input]
    }
  }

  /// Row-wise softmax of [N, K], the row maximum subtracted first.
  public func softmax(_ x: Variable) -> Variable {
    let (n, k) = (x.value.shape[0], x.value.shape[1])
    var y = x.value
    y.withUnsafeMutableBufferPointer { y in
      for row in 0..<n {
        let slice = y[row * k..<(row + 1) * k]
        let top = slice.max() ?? 0
        var sum: Float = 0
        for at in slice.indices {
          y[at] = Float(Elementary.exp(Double(y[at] - top)))
          sum += y[at]
        }
        for at in slice.indices { y[at] /= sum }
      }
    }
    let p = y
    return custom(value: p, inputs: [x]) { gradient in
      var dx = gradient
      dx.withUnsafeMutableBufferPointer { dx in
        p.withUnsafeBufferPointer { p in
          for row in 0..<n {
            let range = row * k..<(row + 1) * k
            let dot = range.reduce(Float(0)) { $0 + dx[$1] * p[$1] }
            for at in range { dx[at] = p[at] * (dx[at] - dot) }
          }
        }
      }
      return [dx]
    }
  }

  // MARK: Backward

  /// Sends gradients back from the given outputs; parameters gather theirs in `gradient`. The tape is empty afterwards.
  public func backward(_ outputs: [(variable: Variable, gradient: Tensor)]) {
    precondition(training, "an inference tape keeps no records")
    var gradients = [Tensor?](repeating: nil, count: records.count)
    for (variable, gradient) in outputs {
      precondition(gradient.shape == variable.value.shape, "gradient \(gradient.shape) for a value of shape \(variable.value.shape)")
      if let node = variable.node { Self.add(gradient, to: &gradients[node], team) }
    }
    while let record = records.popLast() {
      guard let gradient = gradients.removeLast() else { continue }
      for (node, inputGradient) in zip(record.inputs, record.backward(gradient)) {
        if let node, let inputGradient { Self.add(inputGradient, to: &gradients[node], team) }
      }
    }
  }

  func record(_ value: Tensor, _ inputs: [Variable], depends: Bool, _ backward: @escaping (Tensor) -> [Tensor?]) -> Variable {
    guard training, depends else { return Variable(value: value, node: nil) }
    records.append(Record(inputs: inputs.map(\.node), backward: backward))
    return Variable(value: value, node: records.count - 1)
  }

  static func add(_ gradient: Tensor, to sum: inout Tensor?, _ team: ThreadTeam) {
    guard var total = sum else {
      sum = gradient
      return
    }
    sum = nil
    total.add(gradient, team: team)
    sum = total
  }
}

extension Parameter {
  func accumulate(_ more: Tensor, _ team: ThreadTeam) { Tape.add(more, to: &gradient, team) }
}
