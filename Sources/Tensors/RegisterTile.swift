/// Some rows of a block of a matrix product, vectors of 16 sums, while they are in registers.
///
/// The loops over rows have constant ends and are unrolled, so every sum becomes a register as long as there is room for the factors (`ProductTile`);
/// rows are even. Each sum adds its products in the order of the steps, whatever the tile.
struct RegisterTile<let rows: Int> {
  private var sums: InlineArray<rows, Vector>

  /// Zeros.
  @inline(__always)
  init() { sums = InlineArray(repeating: Vector()) }

  /// sums[row] += Σ_{step < count} factors[step · factorStep + row · rowStep] · vectors[step].
  @inline(__always)
  mutating func add(
    _ count: Int, _ factors: UnsafePointer<Float>, step factorStep: Int, rowStep: Int, _ vectors: UnsafePointer<Vector>
  ) {
    var (factor, vector, left) = (factors, vectors, count)
    // Four steps to a test of the loop, written out: of a loop over four steps the compiler makes four tests (docs/kernels.md has what that costs).
    while left >= 4 {
      addStep(factor, rowStep, vector[0])
      addStep(factor + factorStep, rowStep, vector[1])
      addStep(factor + 2 &* factorStep, rowStep, vector[2])
      addStep(factor + 3 &* factorStep, rowStep, vector[3])
      (factor, vector) = (factor + 4 &* factorStep, vector + 4)
      left &-= 4
    }
    while left > 0 {
      addStep(factor, rowStep, vector[0])
      (factor, vector) = (factor + factorStep, vector + 1)
      left &-= 1
    }
  }

  @inline(__always)
  private mutating func addStep(_ factor: UnsafePointer<Float>, _ rowStep: Int, _ vector: Vector) {
    // Two rows to a turn: where a turn holds one, the compiler may leave the loop, and the sums in memory.
    for row in stride(from: 0, to: rows, by: 2) {
      sums[row].addProduct(vector, Vector(repeating: factor[row &* rowStep]))
      sums[row &+ 1].addProduct(vector, Vector(repeating: factor[(row &+ 1) &* rowStep]))
    }
  }

  /// Writes the sums, `step` vectors from a row to the next, added to what is there where `adding`.
  @inline(__always)
  func store(to place: UnsafeMutablePointer<Vector>, step: Int, adding: Bool) {
    if adding {
      for row in 0..<rows { place[row &* step] += sums[row] }
    } else {
      for row in 0..<rows { place[row &* step] = sums[row] }
    }
  }
}
