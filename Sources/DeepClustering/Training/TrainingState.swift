import Tensors

/// Everything training needs to go on as if it had never stopped.
public struct TrainingState: Sendable {
  /// A summary for each pass done.
  public var history: [PassSummary] = []
  /// Steps of all passes done.
  var stepsBefore = 0
  /// The pass under way.
  public var progress: PassProgress
  /// Weights at the asked epochs reached so far.
  public var snapshots: [(epoch: Int, state: NamedTensors)] = []
  /// The model's.
  public var weights: NamedTensors = []
  /// The method's.
  public var memory: NamedTensors = []

  /// Before training.
  /// - Parameter outputs: clusters that the first pass assigns images to.
  public init(outputs: Int?) { progress = PassProgress(outputs: outputs) }

  /// Whether this is a state of such a model: the same names and shapes.
  public func fits(_ model: any DeepModel) -> Bool {
    let expected = model.weights
    return weights.map(\.name) == expected.map(\.name) && weights.map(\.tensor.shape) == expected.map(\.tensor.shape)
  }

  // MARK: Bytes

  /// Raised when the layout changes; a file of another version is not read.
  private static let version: UInt64 = 2

  public func encoded() -> [UInt8] {
    var out = ByteWriter()
    let tensors = (weights + memory + snapshots.flatMap(\.state)).map(\.tensor)
    // Names, shapes and numbers are small beside the tensors; growing by doubling would hold them twice.
    out.bytes.reserveCapacity(tensors.reduce(1 << 16) { $0 + 4 * $1.count + 128 })
    out.put(Self.version)
    out.put(history.count)
    for line in history {
      out.put(line.epoch)
      out.put(line.phase)
      out.put(line.outputs ?? 0)
      out.put(line.terms)
      for value in [line.largestShare, line.confidence] { out.put(value ?? .nan) }
    }
    out.put(stepsBefore)
    out.put(progress.steps)
    out.put(progress.sums)
    out.put(progress.sizes.count)
    for size in progress.sizes { out.put(size) }
    out.put(progress.confidence)
    out.put(snapshots.count)
    for snapshot in snapshots {
      out.put(snapshot.epoch)
      out.put(snapshot.state)
    }
    out.put(weights)
    out.put(memory)
    return out.bytes
  }

  /// - Returns: nil where the bytes are none of `encoded()`.
  public init?(decoding bytes: [UInt8]) {
    var input = ByteReader(bytes)
    guard input.number() == Self.version, let lines = input.count() else { return nil }
    self.init(outputs: nil)
    for _ in 0..<lines {
      guard let epoch = input.integer(), let phase = input.text(), let outputs = input.integer(), let terms = input.terms() else {
        return nil
      }
      guard let share = input.double(), let confidence = input.double() else { return nil }
      history.append(
        PassSummary(
          epoch: epoch, phase: phase, outputs: outputs > 0 ? outputs : nil, terms: terms, largestShare: share.isNaN ? nil : share,
          confidence: confidence.isNaN ? nil : confidence))
    }
    guard let before = input.integer(), let steps = input.integer(), let sums = input.terms(), let clusters = input.count() else {
      return nil
    }
    stepsBefore = before
    progress = PassProgress(outputs: clusters)
    (progress.steps, progress.sums) = (steps, sums)
    for cluster in 0..<clusters {
      guard let size = input.integer() else { return nil }
      progress.sizes[cluster] = size
    }
    guard let confidence = input.double(), let snapshotCount = input.count() else { return nil }
    progress.confidence = confidence
    for _ in 0..<snapshotCount {
      guard let epoch = input.integer(), let state = input.tensors() else { return nil }
      snapshots.append((epoch, state))
    }
    guard let weights = input.tensors(), let memory = input.tensors(), input.isAtEnd else { return nil }
    (self.weights, self.memory) = (weights, memory)
  }
}
