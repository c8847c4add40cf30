import Tensors

/// Batch normalisation, pooling and Adam: kernels that memory holds back.
enum LayerKernels {
  /// Sums of some hundred terms in Float, against sums in Double.
  private static let tolerance: Float = 2e-5
  private static let bytesPerFloat = 4.0
  private static let checkedImages = 2

  /// The first stage's maps of ResNet-34 at 32 pixels, or of the quick profile's network.
  static func all(images: Int, quick: Bool, team: ThreadTeam) -> [Kernel] {
    let (size, channels) = quick ? (20, 16) : (32, 64)
    return normalisation([images, size / 2 + 1, size / 2 + 1, channels], team) + pooling([images, size, size, channels], team)
      + [adam(parameters: quick ? 100_000 : 21_000_000, team)]
  }

  /// With residual and ReLU, as at the end of a block.
  private static func normalisation(_ shape: [Int], _ team: ThreadTeam) -> [Kernel] {
    let channels = shape[3]
    let (gamma, beta) = (Noise.tensor([channels], item: 5), Noise.tensor([channels], item: 6))
    @Sendable func forward(_ x: Tensor, _ residual: Tensor) -> (y: Tensor, statistics: BatchNormalisation.Statistics) {
      let all = 0..<x.shape[0]
      let statistics = BatchNormalisation.statistics(x, images: all, team: team)
      let y = Tensor(uninitialized: x.shape)
      BatchNormalisation.apply(
        x, images: all, mean: statistics.mean, inverseDeviation: statistics.inverseDeviation, gamma: gamma, beta: beta,
        residual: residual, relu: true, into: y, team: team)
      return (y, statistics)
    }
    func backward(_ x: Tensor, _ y: Tensor, _ statistics: BatchNormalisation.Statistics, _ dy: Tensor) -> [Tensor?] {
      let (dx, residual) = (Tensor(uninitialized: x.shape), Tensor(uninitialized: x.shape))
      let sums = BatchNormalisation.backward(
        x, cut: .output(y), images: 0..<x.shape[0], statistics: statistics, gamma: gamma, outputGradient: dy, input: dx, residual: residual,
        team: team)
      return [dx, Tensor(shape: [channels], sums.gamma), Tensor(shape: [channels], sums.beta), residual]
    }
    let checked = [checkedImages] + shape[1...]
    let few = (0..<3).map { Noise.tensor(checked, item: 10 + $0) }
    let many = (0..<3).map { Noise.tensor(shape, item: 20 + $0) }
    let (y, statistics) = forward(many[0], many[1])
    let floats = Double(y.count)
    return [
      // Reads x twice and the residual, writes y.
      Kernel(
        name: "batch normalisation forward", shape: text(shape), work: .bytes(4 * bytesPerFloat * floats),
        error: {
          Kernel.error([(forward(few[0], few[1]).y, PlainLayers.normalised(few[0], gamma: gamma, beta: beta, residual: few[1]))])
        }, call: { _ = forward(many[0], many[1]) }, tolerance: tolerance),
      // Reads x, y and dy twice, writes dx and the residual's gradient.
      Kernel(
        name: "batch normalisation backward", shape: text(shape), work: .bytes(8 * bytesPerFloat * floats),
        error: {
          let (y, statistics) = forward(few[0], few[1])
          let plain = PlainLayers.normalisationGradients(few[0], y: y, gamma: gamma, outputGradient: few[2])
          return Kernel.error(Array(zip(backward(few[0], y, statistics, few[2]), plain)))
        }, call: { _ = backward(many[0], y, statistics, many[2]) }, tolerance: tolerance),
    ]
  }

  private static func pooling(_ shape: [Int], _ team: ThreadTeam) -> [Kernel] {
    let few = Noise.tensor([checkedImages] + shape[1...], item: 30)
    let fewGradients = Noise.tensor(Pooling.max(few, team: team).shape, item: 31)
    let many = Noise.tensor(shape, item: 32)
    let manyGradients = Noise.tensor(Pooling.max(many, team: team).shape, item: 33)
    let floats = Double(many.count + manyGradients.count)
    return [
      Kernel(
        name: "max pooling forward", shape: text(shape), work: .bytes(bytesPerFloat * floats),
        error: { Kernel.error([(Pooling.max(few, team: team), PlainLayers.pooled(few, outputGradient: fewGradients).output)]) },
        call: { _ = Pooling.max(many, team: team) }, tolerance: 0),
      // Reads x and dy, writes dx.
      Kernel(
        name: "max pooling backward", shape: text(shape), work: .bytes(bytesPerFloat * (floats + Double(many.count))),
        error: {
          Kernel.error([
            (
              Pooling.maxBackward(few, outputGradient: fewGradients, team: team),
              PlainLayers.pooled(few, outputGradient: fewGradients).gradient
            )
          ])
        }, call: { _ = Pooling.maxBackward(many, outputGradient: manyGradients, team: team) }, tolerance: 0),
    ]
  }

  private static func adam(parameters: Int, _ team: ThreadTeam) -> Kernel {
    // The third step at learning rate 0.003.
    let settings = (size: Float(0.003 / (1 - 0.729)), correction: Float((1 - 0.997_002_999).squareRoot()))
    let update = AdamUpdate(firstDecay: 0.9, secondDecay: 0.999, size: settings.size, correction: settings.correction, epsilon: 1e-8)
    func state(_ count: Int) -> (value: Tensor, gradient: Tensor, first: Tensor, second: Tensor) {
      let square = Tensor(shape: [count], Noise.tensor([count], item: 43).scalars.map { $0 * $0 })
      return (Noise.tensor([count], item: 40), Noise.tensor([count], item: 41), Noise.tensor([count], item: 42), square)
    }
    let large = state(parameters)
    var (value, first, second) = (large.value, large.first, large.second)
    return Kernel(
      // Reads value, gradient and both moments, writes all but the gradient.
      name: "Adam", shape: "\(parameters) parameters", work: .bytes(7 * bytesPerFloat * Double(parameters)),
      error: {
        let start = state(1009)
        var (value, first, second) = (start.value, start.first, start.second)
        update.apply(to: &value, gradient: start.gradient, first: &first, second: &second, team: team)
        let plain = PlainLayers.adam(
          start.value, gradient: start.gradient, first: start.first, second: start.second, size: settings.size,
          correction: settings.correction)
        return Kernel.error([(value, plain.value), (first, plain.first), (second, plain.second)])
      }, call: { update.apply(to: &value, gradient: large.gradient, first: &first, second: &second, team: team) }, tolerance: tolerance)
  }

  private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " × ") }
}
