import COpenBLAS

/// Eigenvalues and eigenvectors of symmetric matrices, by LAPACK's dsyev.
public enum SymmetricEigen {
  /// - Parameter matrix: [n, n], symmetric, row-major.
  /// - Returns: eigenvalues in descending order and, row by row, their unit eigenvectors, each with its largest entry positive.
  public static func decompose(_ matrix: [Double], n: Int) -> (values: [Double], vectors: [[Double]]) {
    precondition(matrix.count == n * n, "\(matrix.count) numbers are no \(n) × \(n) matrix")
    var (a, values) = (matrix, [Double](repeating: 0, count: n))
    var (order, lwork, info) = (Int32(n), Int32(max(1, n * 34)), Int32(0))
    var work = [Double](repeating: 0, count: Int(lwork))
    dsyev_("V", "U", &order, &a, &order, &values, &work, &lwork, &info)
    precondition(info == 0, "dsyev failed with \(info)")
    return (values.reversed(), (0..<n).reversed().map { signed(Array(a[$0 * n..<($0 + 1) * n])) })
  }

  /// The vector or its opposite: the first of its largest entries is positive.
  static func signed(_ vector: [Double]) -> [Double] {
    let largest = vector.indices.max { abs(vector[$0]) < abs(vector[$1]) || (abs(vector[$0]) == abs(vector[$1]) && $0 > $1) }
    return largest.map { vector[$0] < 0 } ?? false ? vector.map { -$0 } : vector
  }
}
