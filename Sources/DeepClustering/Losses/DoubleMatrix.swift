import Tensors

/// A dense matrix of Double in row-major order: what the losses compute with.
///
/// Probabilities arrive as Float32 and leave as Float32 gradients; between them the losses work in Double, because near the
/// uniform start distances between rows are differences of almost equal numbers.
public struct DoubleMatrix: Equatable, Sendable {
  public let rows: Int
  public let columns: Int
  /// rows · columns numbers, row after row.
  public var values: [Double]

  public init(rows: Int, columns: Int, _ values: [Double]) {
    precondition(values.count == rows * columns, "\(values.count) values do not fill \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  public init(zeros rows: Int, _ columns: Int) {
    self.init(rows: rows, columns: columns, [Double](repeating: 0, count: rows * columns))
  }

  /// - Parameter tensor: [rows, columns].
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.count == 2, "a matrix has two axes, not shape \(tensor.shape)")
    self.init(rows: tensor.shape[0], columns: tensor.shape[1], tensor.withUnsafeBufferPointer { $0.map(Double.init) })
  }

  /// The same numbers rounded to Float32, [rows, columns].
  public var tensor: Tensor { Tensor(shape: [rows, columns], values.map(Float.init)) }

  public subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  public var transposed: DoubleMatrix {
    var result = DoubleMatrix(zeros: columns, rows)
    for row in 0..<rows {
      for column in 0..<columns { result.values[column * rows + row] = values[row * columns + column] }
    }
    return result
  }

  /// Rows `range` as a matrix of their own.
  func rows(_ range: Range<Int>) -> DoubleMatrix {
    DoubleMatrix(rows: range.count, columns: columns, Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// Adds `factor` times another matrix of the same shape.
  mutating func add(_ other: DoubleMatrix, times factor: Double) {
    precondition(rows == other.rows && columns == other.columns, "\(other.rows) × \(other.columns) added to \(rows) × \(columns)")
    for at in values.indices { values[at] += factor * other.values[at] }
  }

  mutating func scale(by factor: Double) { for at in values.indices { values[at] *= factor } }
}

// MARK: - Product

extension DoubleMatrix {
  /// The matrix product [m, k] · [k, n] = [m, n]; every sum runs over k in ascending order.
  ///
  /// 2mkn flop. Four rows by sixteen columns at a time stay in registers; the right factor is padded with zero columns to a multiple
  /// of 16, and the last rows are computed again where fewer than four are left, so that the inner loop has no edge.
  static func * (left: DoubleMatrix, right: DoubleMatrix) -> DoubleMatrix {
    precondition(left.columns == right.rows, "\(left.rows) × \(left.columns) times \(right.rows) × \(right.columns)")
    let (m, k, n) = (left.rows, left.columns, right.columns)
    let blocks = (n + 15) / 16
    var packed = [SIMD8<Double>](repeating: .zero, count: blocks * k * 2)
    for row in 0..<k {
      for column in 0..<n { packed[((column / 16) * k + row) * 2 + column % 16 / 8][column % 8] = right.values[row * n + column] }
    }
    var result = DoubleMatrix(zeros: m, n)
    left.values.withUnsafeBufferPointer { a in
      packed.withUnsafeBufferPointer { b in
        result.values.withUnsafeMutableBufferPointer { c in
          for block in 0..<blocks {
            let panel = UnsafeBufferPointer(rebasing: b[block * k * 2..<(block + 1) * k * 2])
            for first in stride(from: 0, to: m, by: 4) {
              multiply(a, rows: (first, min(first + 1, m - 1), min(first + 2, m - 1), min(first + 3, m - 1)), panel, k, c, n, block * 16)
            }
          }
        }
      }
    }
    return result
  }

  /// Rows `rows` of `a` [·, k] times one panel [k, 16] of the right factor, stored at column `column` of `c` [·, n].
  @inline(__always)
  private static func multiply(
    _ a: UnsafeBufferPointer<Double>, rows: (Int, Int, Int, Int), _ panel: UnsafeBufferPointer<SIMD8<Double>>, _ k: Int,
    _ c: UnsafeMutableBufferPointer<Double>, _ n: Int, _ column: Int
  ) {
    var (s00, s01, s10, s11) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    var (s20, s21, s30, s31) = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)
    for step in 0..<k {
      let (b0, b1) = (panel[step * 2], panel[step * 2 + 1])
      let (a0, a1, a2, a3) = (a[rows.0 * k + step], a[rows.1 * k + step], a[rows.2 * k + step], a[rows.3 * k + step])
      s00.addProduct(a0, b0)
      s01.addProduct(a0, b1)
      s10.addProduct(a1, b0)
      s11.addProduct(a1, b1)
      s20.addProduct(a2, b0)
      s21.addProduct(a2, b1)
      s30.addProduct(a3, b0)
      s31.addProduct(a3, b1)
    }
    let width = min(16, n - column)
    for (row, low, high) in [(rows.0, s00, s01), (rows.1, s10, s11), (rows.2, s20, s21), (rows.3, s30, s31)] {
      for lane in 0..<width { c[row * n + column + lane] = lane < 8 ? low[lane] : high[lane - 8] }
    }
  }
}
