import Gradients
import Tensors

/// Everything training needs to go on as if it had never stopped.
public struct TrainingState: Sendable {
  /// Passes done, over all heads.
  public var passes = 0
  public var history: [PassSummary] = []
  /// The pass under way.
  public var progress: PassProgress
  /// State dictionaries at the asked epochs reached so far.
  public var snapshots: [(epoch: Int, state: [(name: String, tensor: Tensor)])] = []
  /// The network's state, by name.
  public var network: [(name: String, tensor: Tensor)] = []
  /// Adam's, in the order of the parameters.
  public var moments: [Adam.Moments] = []

  /// Before training.
  /// - Parameter heads: outputs of each head.
  public init(heads: [Int]) { progress = PassProgress(outputs: heads.first ?? 0) }

  /// Whether this is a state of such a network: the same names and shapes.
  public func fits(_ other: ResidualNetwork) -> Bool {
    let expected = other.stateDictionary()
    return network.map(\.name) == expected.map(\.name) && network.map(\.tensor.shape) == expected.map(\.tensor.shape)
      && moments.map(\.first.shape) == other.parameters.map(\.value.shape)
      && moments.map(\.second.shape) == moments.map(\.first.shape)
      && progress.sizes.count == other.heads[passes % other.heads.count]
  }

  // MARK: Bytes

  /// Raised when the layout changes; a file of another version is not read.
  private static let version: UInt64 = 1

  public func encoded() -> [UInt8] {
    var out = ByteWriter()
    let tensors = network.map(\.tensor) + snapshots.flatMap { $0.state.map(\.tensor) } + moments.flatMap { [$0.first, $0.second] }
    // Names, shapes and numbers are small beside the tensors; growing by doubling would hold them twice.
    out.bytes.reserveCapacity(tensors.reduce(1 << 16) { $0 + 4 * $1.count + 128 })
    out.put(Self.version)
    out.put(UInt64(passes))
    out.put(UInt64(history.count))
    for line in history {
      for value in [line.epoch, line.head, line.outputs] { out.put(UInt64(value)) }
      out.put(line.terms)
      for value in [line.largestShare, line.confidence] { out.put(value.bitPattern) }
    }
    out.put(UInt64(progress.steps))
    out.put(progress.sums)
    out.put(UInt64(progress.sizes.count))
    for size in progress.sizes { out.put(UInt64(size)) }
    out.put(progress.confidence.bitPattern)
    out.put(UInt64(snapshots.count))
    for snapshot in snapshots {
      out.put(UInt64(snapshot.epoch))
      out.put(snapshot.state)
    }
    out.put(network)
    out.put(UInt64(moments.count))
    for moment in moments {
      out.put(UInt64(moment.steps))
      out.put(moment.first)
      out.put(moment.second)
    }
    return out.bytes
  }

  /// - Returns: nil where the bytes are none of `encoded()`.
  public init?(decoding bytes: [UInt8]) {
    var input = ByteReader(bytes)
    guard input.number() == Self.version, let passes = input.count(), let lines = input.count() else { return nil }
    self.init(heads: [])
    self.passes = passes
    for _ in 0..<lines {
      guard let epoch = input.count(), let head = input.count(), let outputs = input.count() else { return nil }
      guard let terms = input.terms(), let share = input.double(), let confidence = input.double() else { return nil }
      history.append(PassSummary(epoch: epoch, head: head, outputs: outputs, terms: terms, largestShare: share, confidence: confidence))
    }
    guard let steps = input.count(), let sums = input.terms(), let clusters = input.count() else { return nil }
    progress = PassProgress(outputs: clusters)
    (progress.steps, progress.sums) = (steps, sums)
    for cluster in 0..<clusters {
      guard let size = input.number() else { return nil }
      progress.sizes[cluster] = Int(truncatingIfNeeded: size)
    }
    guard let confidence = input.double() else { return nil }
    progress.confidence = confidence
    guard let snapshotCount = input.count() else { return nil }
    for _ in 0..<snapshotCount {
      guard let epoch = input.count(), let state = input.dictionary() else { return nil }
      snapshots.append((epoch, state))
    }
    guard let network = input.dictionary(), let momentCount = input.count() else { return nil }
    self.network = network
    for _ in 0..<momentCount {
      guard let steps = input.count(), let first = input.tensor(), let second = input.tensor() else { return nil }
      moments.append(Adam.Moments(steps: steps, first: first, second: second))
    }
    guard input.isAtEnd else { return nil }
  }
}

/// Little-endian bytes of numbers, names and tensors.
private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

  mutating func put(_ terms: StructuralContrast.Terms) {
    for value in [terms.instance, terms.cluster, terms.relation, terms.balance, terms.total] { put(value.bitPattern) }
  }

  mutating func put(_ tensor: Tensor) {
    put(UInt64(tensor.shape.count))
    for length in tensor.shape { put(UInt64(length)) }
    tensor.withUnsafeBufferPointer { bytes.append(contentsOf: UnsafeRawBufferPointer($0)) }
  }

  mutating func put(_ dictionary: [(name: String, tensor: Tensor)]) {
    put(UInt64(dictionary.count))
    for entry in dictionary {
      put(UInt64(entry.name.utf8.count))
      bytes.append(contentsOf: entry.name.utf8)
      put(entry.tensor)
    }
  }
}

private struct ByteReader {
  let bytes: [UInt8]
  var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func number() -> UInt64? {
    guard at + 8 <= bytes.count else { return nil }
    defer { at += 8 }
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }
  }

  /// A number of things that the rest of the bytes could hold.
  mutating func count() -> Int? { number().flatMap { $0 <= UInt64(bytes.count) ? Int($0) : nil } }

  mutating func double() -> Double? { number().map(Double.init(bitPattern:)) }

  mutating func terms() -> StructuralContrast.Terms? {
    var terms = StructuralContrast.Terms()
    guard let instance = double(), let cluster = double(), let relation = double(), let balance = double(), let total = double() else {
      return nil
    }
    (terms.instance, terms.cluster, terms.relation, terms.balance, terms.total) = (instance, cluster, relation, balance, total)
    return terms
  }

  mutating func tensor() -> Tensor? {
    guard let axes = count(), axes <= 8 else { return nil }
    var shape: [Int] = []
    var size = 1
    for _ in 0..<axes {
      guard let length = count() else { return nil }
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow, product <= bytes.count else { return nil }
      size = product
      shape.append(length)
    }
    guard at + size * 4 <= bytes.count else { return nil }
    defer { at += size * 4 }
    var tensor = Tensor(uninitialized: shape)
    tensor.withUnsafeMutableBufferPointer { values in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(values).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[at..<at + size * 4]))
      }
    }
    return tensor
  }

  mutating func dictionary() -> [(name: String, tensor: Tensor)]? {
    guard let entries = count() else { return nil }
    var dictionary: [(name: String, tensor: Tensor)] = []
    for _ in 0..<entries {
      guard let length = count(), at + length <= bytes.count else { return nil }
      let name = String(decoding: bytes[at..<at + length], as: UTF8.self)
      at += length
      guard let tensor = tensor() else { return nil }
      dictionary.append((name, tensor))
    }
    return dictionary
  }
}
