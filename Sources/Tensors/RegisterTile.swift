/// The sums of a block of a matrix product while they are in registers: rows × columns vectors of 16 floats.
///
/// The loops over rows and columns have constant ends and are unrolled, so every sum becomes a register as long as rows · columns leave room for the
/// factors (`ProductTile`); rows are even. Each sum adds its products in the order of the steps, whatever the tile.
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
    // Four steps to a test of the loop, written out: of a loop over four steps the compiler makes four tests (docs/kernels.md has what that costs).
    while left >= 4 {
      addStep(factor, rowStep, vector, columnStep)
      addStep(factor + factorStep, rowStep, vector + vectorStep, columnStep)
      addStep(factor + 2 &* factorStep, rowStep, vector + 2 &* vectorStep, columnStep)
      addStep(factor + 3 &* factorStep, rowStep, vector + 3 &* vectorStep, columnStep)
      (factor, vector) = (factor + 4 &* factorStep, vector + 4 &* vectorStep)
      left &-= 4
    }
    while left > 0 {
      addStep(factor, rowStep, vector, columnStep)
      (factor, vector) = (factor + factorStep, vector + vectorStep)
      left &-= 1
    }
  }

  @inline(__always)
  private mutating func addStep(_ factor: UnsafePointer<Float>, _ rowStep: Int, _ vector: UnsafePointer<Vector>, _ columnStep: Int) {
    // Two rows to a turn: of 12 rows one by one the compiler unrolls two and leaves the sums in memory.
    for row in stride(from: 0, to: rows, by: 2) {
      addRow(row, factor, rowStep, vector, columnStep)
      addRow(row &+ 1, factor, rowStep, vector, columnStep)
    }
  }

  @inline(__always)
  private mutating func addRow(
    _ row: Int, _ factor: UnsafePointer<Float>, _ rowStep: Int, _ vector: UnsafePointer<Vector>, _ columnStep: Int
  ) {
    let f = Vector(repeating: factor[row &* rowStep])
    for column in 0..<columns { sums[column][row].addProduct(vector[column &* columnStep], f) }
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
