/// Scratch memory of one piece of work, 64-byte aligned, zeroed.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  private let bytes: Int

  init(zeros count: Int) {
    let buffer = BufferPool.take(bytes: count * MemoryLayout<Float>.stride)
    bytes = buffer.bytes
    base = buffer.base.bindMemory(to: Float.self, capacity: count)
    base.update(repeating: 0, count: count)
  }

  deinit { BufferPool.giveBack(UnsafeMutableRawPointer(base), bytes: bytes) }
}

/// Rows of vectors of 16 floats, zeroed unless asked otherwise: a matrix whose columns are rounded up to a multiple of 16.
final class VectorBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Vector>
  let vectorsPerRow: Int
  private let bytes: Int
  /// The same memory, float by float.
  var floats: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self) }

  /// With contents that are whatever the memory held: for kernels that write what they read.
  init(uninitializedRows rows: Int, vectorsPerRow: Int) {
    self.vectorsPerRow = vectorsPerRow
    let buffer = BufferPool.take(bytes: rows * vectorsPerRow * MemoryLayout<Vector>.stride)
    bytes = buffer.bytes
    base = buffer.base.bindMemory(to: Vector.self, capacity: rows * vectorsPerRow)
  }

  convenience init(rows: Int, vectorsPerRow: Int) {
    self.init(uninitializedRows: rows, vectorsPerRow: vectorsPerRow)
    base.update(repeating: Vector(), count: rows * vectorsPerRow)
  }

  deinit { BufferPool.giveBack(UnsafeMutableRawPointer(base), bytes: bytes) }
}

/// A range cut into consecutive runs whose borders depend on its length alone.
public struct Pieces: Sendable {
  /// Runs of images a layer is cut into: enough to share among cores, few enough that scratch memory is reused.
  public static let imageRuns = 16

  /// How many pieces may be summed apart, each into so many vectors of its own, and merged in order: enough for a node's cores, few enough that
  /// merging does not cost more than summing.
  static func most(sumsOf vectors: Int) -> Int { max(8, min(64, (8 << 20) / (64 * vectors))) }

  public let total: Int
  public let count: Int

  /// - Parameter most: how many runs at most; fewer where there is less than one element for each.
  public init(_ total: Int, most: Int) {
    self.total = total
    count = max(1, min(total, most))
  }

  public subscript(_ piece: Int) -> Range<Int> { total * piece / count..<total * (piece + 1) / count }
}
