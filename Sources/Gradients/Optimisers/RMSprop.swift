import Tensors

/// RMSprop (Tieleman & Hinton 2012): s ← decay · s + (1 − decay) g²; p ← p − learningRate · g / (√s + ε). s starts at 0; no momentum.
///
/// PyTorch's `RMSprop` (its alpha is `decay`; DCCM) and that of Keras 1 and 2.0 (rho; DAC) compute this. TensorFlow's own and later Keras put ε inside
/// the root.
public final class RMSprop: Optimiser, @unchecked Sendable {
  public let parameters: [Parameter]
  public var learningRate: Double
  public let decay, epsilon, weightDecay: Double
  public let epsilonInsideRoot: Bool
  private var squares: [Tensor]

  /// - Parameter weightDecay: L2 penalty, added to the gradient.
  public init(
    parameters: [Parameter], learningRate: Double, decay: Double = 0.9, epsilon: Double = 1e-8, epsilonInsideRoot: Bool = false,
    weightDecay: Double = 0
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.decay = decay
    self.epsilon = epsilon
    self.epsilonInsideRoot = epsilonInsideRoot
    self.weightDecay = weightDecay
    squares = parameters.map { Tensor(zeros: $0.value.shape) }
  }

  public func step(team: ThreadTeam) {
    let update = RootMeanSquareUpdate(
      learningRate: Float(learningRate), decay: Float(decay), epsilon: Float(epsilon), epsilonInsideRoot: epsilonInsideRoot,
      weightDecay: Float(weightDecay))
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      parameter.gradient = nil
      update.apply(to: &parameter.value, gradient: gradient, squares: &squares[index], team: team)
    }
  }

  public var memory: [(name: String, tensor: Tensor)] {
    get { entries(squares, "squares") }
    set { squares = tensors(newValue, "squares") }
  }
}
