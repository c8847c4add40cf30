import Tensors

/// Stochastic gradient descent with momentum as PyTorch computes it: v ← momentum · v + (g + weightDecay · p); p ← p − learningRate · v.
public final class SGD: Optimiser, @unchecked Sendable {
  public let parameters: [Parameter]
  public var learningRate: Double
  public let momentum, weightDecay: Double
  private var velocities: [Tensor]

  /// - Parameters:
  ///   - momentum: 0 for none, below 1.
  ///   - weightDecay: L2 penalty, added to the gradient.
  public init(parameters: [Parameter], learningRate: Double, momentum: Double = 0, weightDecay: Double = 0) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    velocities = parameters.map { Tensor(zeros: $0.value.shape) }
  }

  public func step(team: ThreadTeam) {
    let update = MomentumUpdate(learningRate: Float(learningRate), momentum: Float(momentum), weightDecay: Float(weightDecay))
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      parameter.gradient = nil
      update.apply(to: &parameter.value, gradient: gradient, velocity: &velocities[index], team: team)
    }
  }

  public var memory: [(name: String, tensor: Tensor)] {
    get { entries(velocities, "velocity") }
    set { velocities = tensors(newValue, "velocity") }
  }
}
