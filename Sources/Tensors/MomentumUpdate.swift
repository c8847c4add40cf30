/// One step of stochastic gradient descent with momentum on one parameter, as PyTorch's `SGD`, in one pass over memory.
package struct MomentumUpdate: Sendable {
  private let learningRate, momentum, weightDecay: Float

  package init(learningRate: Float, momentum: Float, weightDecay: Float) {
    (self.learningRate, self.momentum, self.weightDecay) = (learningRate, momentum, weightDecay)
  }

  /// v ← momentum · v + (g + weightDecay · p); p ← p − learningRate · v.
  package func apply(to value: inout Tensor, gradient: Tensor, velocity: inout Tensor, team: ThreadTeam) {
    let (rate, momentum, decay) = (learningRate, momentum, weightDecay)
    Tensor.update(&value, &velocity, gradient: gradient, team: team) { p, v, g in
      v = momentum * v + (g + decay * p)
      p -= rate * v
    }
  }
}

/// One step of RMSprop (Tieleman & Hinton 2012) on one parameter, in one pass over memory.
package struct RootMeanSquareUpdate: Sendable {
  private let learningRate, decay, epsilon, weightDecay: Float
  private let epsilonInsideRoot: Bool

  package init(learningRate: Float, decay: Float, epsilon: Float, epsilonInsideRoot: Bool, weightDecay: Float) {
    (self.learningRate, self.decay, self.epsilon, self.weightDecay) = (learningRate, decay, epsilon, weightDecay)
    self.epsilonInsideRoot = epsilonInsideRoot
  }

  /// With g ← g + weightDecay · p: s ← decay · s + (1 − decay) g²; p ← p − learningRate · g / (√s + ε), or / √(s + ε).
  package func apply(to value: inout Tensor, gradient: Tensor, squares: inout Tensor, team: ThreadTeam) {
    let (rate, decay, gain, epsilon, weightDecay) = (learningRate, decay, 1 - decay, epsilon, weightDecay)
    let (inside, outside) = epsilonInsideRoot ? (epsilon, 0) : (0, epsilon)
    Tensor.update(&value, &squares, gradient: gradient, team: team) { p, s, g in
      let g = g + weightDecay * p
      s = decay * s + gain * g * g
      p -= rate * g / ((s + inside).squareRoot() + outside)
    }
  }
}

extension Tensor {
  /// Updates a parameter and what an optimiser remembers of it, element by element, in pieces side by side.
  @inline(__always)
  fileprivate static func update(
    _ value: inout Tensor, _ memory: inout Tensor, gradient: Tensor, team: ThreadTeam,
    _ body: @escaping @Sendable (_ value: inout Float, _ memory: inout Float, _ gradient: Float) -> Void
  ) {
    precondition(
      value.shape == gradient.shape && value.shape == memory.shape,
      "gradient \(gradient.shape) and memory \(memory.shape) for a parameter of shape \(value.shape)")
    let elementsPerPiece = 1 << 15
    value.makeUnique()
    memory.makeUnique()
    let (p, m, count) = (value, memory, value.count)
    team.forEach((count + elementsPerPiece - 1) / elementsPerPiece) { piece in
      let start = piece * elementsPerPiece
      let (values, memories, gradients) = (p.base + start, m.base + start, gradient.base + start)
      for i in 0..<min(elementsPerPiece, count - start) { body(&values[i], &memories[i], gradients[i]) }
    }
  }
}
