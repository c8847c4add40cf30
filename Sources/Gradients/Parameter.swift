import Tensors

/// A learned tensor with its place in the checkpoint.
public final class Parameter: @unchecked Sendable {
  /// The name of the equivalent PyTorch module's entry, such as `body.0.conv1.weight`.
  public let name: String
  public var value: Tensor
  /// What the last backward pass found; nil where the loss does not depend on this parameter.
  public var gradient: Tensor?

  public init(name: String, value: Tensor) {
    self.name = name
    self.value = value
  }
}

/// The parameters and running statistics of one batch normalisation over C channels.
public final class BatchNorm: @unchecked Sendable {
  /// Share of the batch in the running statistics (PyTorch's default).
  public static let momentum: Float = 0.1

  public let name: String
  public let gamma: Parameter
  public let beta: Parameter
  /// [C]
  public var runningMean: Tensor
  /// [C], of the unbiased batch variance.
  public var runningVariance: Tensor
  /// Whether inference uses running statistics; else it uses those of the batch, as training does, and the running ones stay as they are.
  public let tracksStatistics: Bool

  public init(name: String, channels: Int, tracksStatistics: Bool = true) {
    self.name = name
    self.tracksStatistics = tracksStatistics
    gamma = Parameter(name: "\(name).weight", value: Tensor(shape: [channels], Array(repeating: 1, count: channels)))
    beta = Parameter(name: "\(name).bias", value: Tensor(zeros: [channels]))
    runningMean = Tensor(zeros: [channels])
    runningVariance = Tensor(shape: [channels], Array(repeating: 1, count: channels))
  }

  /// running ← 0.9 running + 0.1 batch, with the variance divided by M − 1.
  func track(_ statistics: BatchNormalisation.Statistics) {
    let unbias = statistics.count > 1 ? Float(statistics.count) / Float(statistics.count - 1) : 1
    func blend(_ running: Tensor, _ batch: [Float]) -> Tensor {
      Tensor(shape: running.shape, zip(running.scalars, batch).map { (1 - Self.momentum) * $0 + Self.momentum * $1 })
    }
    runningMean = blend(runningMean, statistics.mean)
    runningVariance = blend(runningVariance, statistics.variance.map { $0 * unbias })
  }
}
