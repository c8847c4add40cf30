/// Scratch memory of one piece of work, 64-byte aligned, zeroed.
final class FloatBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>

  init(zeros count: Int) {
    base = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
    base.update(repeating: 0, count: count)
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }
}

/// Rows of vectors of 16 floats, zeroed: a matrix whose columns are rounded up to a multiple of 16.
final class VectorBuffer: @unchecked Sendable {
  let base: UnsafeMutablePointer<SIMD16<Float>>
  let vectorsPerRow: Int
  /// The same memory, float by float.
  var floats: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self) }

  init(rows: Int, vectorsPerRow: Int) {
    self.vectorsPerRow = vectorsPerRow
    base = .allocate(capacity: max(1, rows * vectorsPerRow))
    base.update(repeating: SIMD16<Float>(), count: rows * vectorsPerRow)
  }

  /// A row-major matrix with its columns rounded up.
  convenience init(matrix: Tensor, rows: Int, columns: Int) {
    self.init(rows: rows, vectorsPerRow: (columns + 15) / 16)
    for row in 0..<rows { (floats + row * vectorsPerRow * 16).update(from: matrix.base + row * columns, count: columns) }
  }

  deinit { base.deallocate() }
}

/// A range cut into consecutive runs whose borders depend on its length alone.
public struct Pieces: Sendable {
  /// Runs of images a layer is cut into: enough to share among cores, few enough that scratch memory is reused.
  public static let imageRuns = 16

  public let total: Int
  public let count: Int

  /// - Parameter most: how many runs at most; fewer where there is less than one element for each.
  public init(_ total: Int, most: Int) {
    self.total = total
    count = max(1, min(total, most))
  }

  public subscript(_ piece: Int) -> Range<Int> { total * piece / count..<total * (piece + 1) / count }
}
