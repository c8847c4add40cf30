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
    let vectors = (0..<n).reversed().map { column -> [Double] in
      let vector = Array(a[column * n..<(column + 1) * n])
      let largest = vector.indices.max { abs(vector[$0]) < abs(vector[$1]) || (abs(vector[$0]) == abs(vector[$1]) && $0 > $1) } ?? 0
      return n > 0 && vector[largest] < 0 ? vector.map { -$0 } : vector
    }
    return (values.reversed(), vectors)
  }
}
