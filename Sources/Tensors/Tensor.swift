/// A dense array of Float32 in row-major order, the last axis contiguous; images are N H W C (channels last).
///
/// A value: copies share memory until one of them is written. The memory is 64-byte aligned.
public struct Tensor: Sendable {
  /// The length of every axis; an empty shape is a scalar.
  public let shape: [Int]
  @usableFromInline var storage: TensorStorage

  /// A tensor whose contents are whatever the memory held: for kernels that write every element.
  public init(uninitialized shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative axis in shape \(shape)")
    self.shape = shape
    storage = TensorStorage(count: shape.reduce(1, *))
  }

  public init(zeros shape: [Int]) {
    self.init(uninitialized: shape)
    storage.base.update(repeating: 0, count: storage.count)
  }

  public init(shape: [Int], _ values: [Float]) {
    self.init(uninitialized: shape)
    precondition(values.count == count, "\(values.count) values do not fill shape \(shape)")
    values.withUnsafeBufferPointer { storage.base.update(from: $0.baseAddress!, count: $0.count) }
  }

  /// The number of elements.
  public var count: Int { storage.count }

  /// All elements in row-major order.
  public var scalars: [Float] { withUnsafeBufferPointer { Array($0) } }

  /// The same elements under another shape of equal count.
  public func reshaped(to shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
    return Tensor(shape: shape, storage: storage)
  }

  /// The tensors one after the other along the first axis; their other axes are equal.
  public init(joining parts: [Tensor]) {
    precondition(
      !parts.isEmpty && parts.allSatisfy { !$0.shape.isEmpty && $0.shape.dropFirst() == parts[0].shape.dropFirst() },
      "cannot join \(parts.map(\.shape))")
    self.init(uninitialized: [parts.reduce(0) { $0 + $1.shape[0] }] + parts[0].shape.dropFirst())
    var start = 0
    for part in parts {
      (storage.base + start).update(from: part.storage.base, count: part.count)
      start += part.count
    }
  }

  /// A copy of a range of the first axis.
  public func rows(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape[0], "rows \(range) of \(shape)")
    let row = count / max(1, shape[0])
    let result = Tensor(uninitialized: [range.count] + shape.dropFirst())
    result.storage.base.update(from: storage.base + range.lowerBound * row, count: result.count)
    return result
  }

  /// Some elements of the first axis, in the order of `numbers`, which may repeat.
  public func rows(_ numbers: [Int]) -> Tensor {
    let row = count / max(1, shape[0])
    let result = Tensor(uninitialized: [numbers.count] + shape.dropFirst())
    for (place, number) in numbers.enumerated() {
      precondition((0..<shape[0]).contains(number), "row \(number) of \(shape)")
      (result.storage.base + place * row).update(from: storage.base + number * row, count: row)
    }
    return result
  }

  /// Zeros of a shape, to whose elements of the first axis named by `numbers` those of `parts` are added in their order.
  public init(addingRows parts: Tensor, at numbers: [Int], shape: [Int]) {
    precondition(parts.shape == [numbers.count] + shape.dropFirst(), "\(parts.shape) does not fit \(numbers.count) rows of \(shape)")
    self.init(zeros: shape)
    let row = count / max(1, shape[0])
    for (place, number) in numbers.enumerated() {
      precondition((0..<shape[0]).contains(number), "row \(number) of \(shape)")
      for at in 0..<row { storage.base[number * row + at] += parts.storage.base[place * row + at] }
    }
  }

  @inlinable
  public func withUnsafeBufferPointer<R, E>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
    try body(UnsafeBufferPointer(start: storage.base, count: storage.count))
  }

  @inlinable
  public mutating func withUnsafeMutableBufferPointer<R, E>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    return try body(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
  }

  /// The first element, for kernels: valid while this tensor lives; written only by the kernel that made the tensor, before anyone shares it.
  @inlinable package var base: UnsafeMutablePointer<Float> { storage.base }

  /// Moves the elements to memory of this tensor's own, if another shares it; kernels that write in place through `base` call it first.
  package mutating func makeUnique() {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
  }

  private init(shape: [Int], storage: TensorStorage) {
    self.shape = shape
    self.storage = storage
  }
}

/// The memory behind tensors. Written only while uniquely referenced, hence safe to share between threads.
@usableFromInline
final class TensorStorage: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Float>
  @usableFromInline let count: Int
  private let bytes: Int

  init(count: Int) {
    self.count = count
    let buffer = BufferPool.take(bytes: count * MemoryLayout<Float>.stride)
    bytes = buffer.bytes
    base = buffer.base.bindMemory(to: Float.self, capacity: count)
  }

  @usableFromInline func copy() -> TensorStorage {
    let other = TensorStorage(count: count)
    other.base.update(from: base, count: count)
    return other
  }

  deinit { BufferPool.giveBack(UnsafeMutableRawPointer(base), bytes: bytes) }
}
