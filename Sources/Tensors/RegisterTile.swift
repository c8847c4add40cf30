/// The sums of a block of a matrix product while they are in registers: rows × columns vectors of 16 floats.
///
/// The loops over rows and columns have constant ends and are unrolled, so every sum becomes a register as long as rows · columns leave room for the
/// factors (`ProductTile`). Each sum adds its products in the order of the steps, whatever the tile.
struct RegisterTile<let rows: Int, let columns: Int> {
  private var sums: InlineArray<columns, InlineArray<rows, Vector>>

  /// Zeros.
  @inline(__always)
  init() { sums = InlineArray(repeating: InlineArray(repeating: Vector())) }

  /// sums[row][column] += Σ_{step < count} factors[step · factorStep + row · rowStep] · vectors[step · vectorStep + column · columnStep].
  @inline(__always)
  mutating func add(
    _ count: Int, _ factors: UnsafePointer<Float>, step factorStep: Int, rowStep: Int, _ vectors: UnsafePointer<Vector>,
    step vectorStep: Int, columnStep: Int
  ) {
    var (factor, vector, left) = (factors, vectors, count)
    while left >= Self.unrolled {
      for _ in 0..<Self.unrolled { addStep(&factor, factorStep, rowStep, &vector, vectorStep, columnStep) }
      left &-= Self.unrolled
    }
    while left > 0 {
      addStep(&factor, factorStep, rowStep, &vector, vectorStep, columnStep)
      left &-= 1
    }
  }

  /// Steps between two tests of the loop (docs/kernels.md has what that gains).
  private static var unrolled: Int { 4 }

  @inline(__always)
  private mutating func addStep(
    _ factor: inout UnsafePointer<Float>, _ factorStep: Int, _ rowStep: Int, _ vector: inout UnsafePointer<Vector>, _ vectorStep: Int,
    _ columnStep: Int
  ) {
    for row in 0..<rows {
      let f = Vector(repeating: factor[row &* rowStep])
      for column in 0..<columns { sums[column][row].addProduct(vector[column &* columnStep], f) }
    }
    factor += factorStep
    vector += vectorStep
  }

  /// Writes the sums, `rowStep` vectors from a row to the next, added to what is there where `adding`.
  @inline(__always)
  func store(to place: UnsafeMutablePointer<Vector>, rowStep: Int, columnStep: Int, adding: Bool) {
    if adding {
      for column in 0..<columns {
        for row in 0..<rows { place[column &* columnStep &+ row &* rowStep] += sums[column][row] }
      }
    } else {
      for column in 0..<columns {
        for row in 0..<rows { place[column &* columnStep &+ row &* rowStep] = sums[column][row] }
      }
    }
  }
}
