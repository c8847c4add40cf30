import Tensors

/// Adam (Kingma & Ba 2015) as PyTorch computes it: ε outside the root, bias corrected, no weight decay.
/// Parameters without a gradient are left alone, their moments too.
public final class Adam: Optimiser, @unchecked Sendable {
  public static let beta1 = 0.9
  public static let beta2 = 0.999
  public static let epsilon: Float = 1e-8

  /// What a checkpoint keeps of one parameter.
  public struct Moments: Sendable {
    public var steps: Int
    public var first: Tensor
    public var second: Tensor

    public init(steps: Int, first: Tensor, second: Tensor) {
      self.steps = steps
      self.first = first
      self.second = second
    }
  }

  public let parameters: [Parameter]
  public var learningRate: Double
  /// One for each parameter, in order.
  public var moments: [Moments]

  public init(parameters: [Parameter], learningRate: Double) {
    self.parameters = parameters
    self.learningRate = learningRate
    moments = parameters.map { Moments(steps: 0, first: Tensor(zeros: $0.value.shape), second: Tensor(zeros: $0.value.shape)) }
  }

  /// One step along the gathered gradients, which are cleared.
  public func step(team: ThreadTeam) {
    for (index, parameter) in parameters.enumerated() {
      guard let gradient = parameter.gradient else { continue }
      parameter.gradient = nil
      // Taken out of the array while they change, so that neither is copied.
      var state = moments[index]
      moments[index] = Moments(steps: 0, first: Tensor(zeros: [0]), second: Tensor(zeros: [0]))
      state.steps += 1
      let size = Float(learningRate / (1 - Elementary.power(Self.beta1, state.steps)))
      let correction = Float((1 - Elementary.power(Self.beta2, state.steps)).squareRoot())
      let update = AdamUpdate(
        firstDecay: Float(Self.beta1), secondDecay: Float(Self.beta2), size: size, correction: correction, epsilon: Self.epsilon)
      update.apply(to: &parameter.value, gradient: gradient, first: &state.first, second: &state.second, team: team)
      moments[index] = state
    }
  }

  /// Numbers of steps are kept as two, the lower 24 bits and the rest, so that Float holds them.
  public var memory: [(name: String, tensor: Tensor)] {
    get {
      entries(moments.map { Tensor(shape: [2], [Float($0.steps & 0xFF_FFFF), Float($0.steps >> 24)]) }, "steps")
        + entries(moments.map(\.first), "first") + entries(moments.map(\.second), "second")
    }
    set {
      let steps = tensors(newValue, "steps").map { Int($0.scalars[0]) | Int($0.scalars[1]) << 24 }
      let (first, second) = (tensors(newValue, "first"), tensors(newValue, "second"))
      moments = steps.indices.map { Moments(steps: steps[$0], first: first[$0], second: second[$0]) }
    }
  }
}
