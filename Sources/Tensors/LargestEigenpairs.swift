import CARPACK
import COpenBLAS
import Synchronization

/// Why the eigenvectors of an operator were not found.
public enum EigenError: Error, Equatable {
  /// So many of the pairs asked for had converged when the iterations ran out.
  case notConverged(Int, of: Int)
}

/// The eigenpairs of largest eigenvalue of symmetric matrices, in descending order; each vector has unit length and its largest entry positive.
public enum LargestEigenpairs {
  public typealias Pairs = (values: [Double], vectors: [[Double]])

  /// Below this order ARPACK has no room for its basis, and LAPACK is faster anyway.
  private static let densest = 256
  /// Relative to the eigenvalue, of the residual's length.
  private static let tolerance = 1e-8
  private static let mostRestarts = 3000
  /// ARPACK keeps what it knows of a computation, from one call to the next, in variables of the process.
  private static let arpack = Mutex(())

  /// By LAPACK's dsyevr: 4/3 n³ flop on one thread.
  /// - Parameter matrix: [n, n], symmetric; it is overwritten.
  public static func dense(_ matrix: inout [Double], n: Int, count: Int) -> Pairs {
    precondition(matrix.count == n * n && (0...n).contains(count), "\(count) pairs of \(matrix.count) numbers as \(n) × \(n) matrix")
    guard count > 0 else { return ([], []) }
    _ = MatrixProduct.singleThreaded
    var (order, first, last, found, info) = (Int32(n), Int32(n - count + 1), Int32(n), Int32(0), Int32(0))
    var (low, high, tolerance) = (0.0, 0.0, 0.0)
    var values = [Double](repeating: 0, count: n)
    var z = [Double](repeating: 0, count: n * count)
    var support = [Int32](repeating: 0, count: 2 * n)
    var (lwork, liwork) = (Int32(n * 40), Int32(n * 10))
    var work = [Double](repeating: 0, count: Int(lwork))
    var iwork = [Int32](repeating: 0, count: Int(liwork))
    dsyevr_(
      "V", "I", "U", &order, &matrix, &order, &low, &high, &first, &last, &tolerance, &found, &values, &z, &order, &support, &work, &lwork,
      &iwork, &liwork, &info)
    precondition(info == 0 && Int(found) == count, "dsyevr failed with \(info), \(found) of \(count) pairs")
    return ordered(values, z, n: n, count: count)
  }

  /// By ARPACK's implicitly restarted Lanczos iterations, from a fixed start; one computation at a time, others wait.
  /// - Parameters:
  ///   - n: the order of the matrix.
  ///   - apply: writes the matrix times a vector; what it throws ends the work. It must not ask for eigenpairs.
  /// - Throws: `EigenError`, and what `apply` throws.
  public static func of(
    order n: Int, count: Int, apply: (_ x: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>) throws -> Void
  ) throws -> Pairs {
    guard count > 0 else { return ([], []) }
    guard n > max(densest, 2 * count + 20) else { return try densely(n, count, apply) }
    return try arpack.withLock { _ in try byLanczos(n, count, apply) }
  }

  private static func byLanczos(
    _ n: Int, _ count: Int, _ apply: (UnsafePointer<Double>, UnsafeMutablePointer<Double>) throws -> Void
  ) throws -> Pairs {
    _ = MatrixProduct.singleThreaded
    let basis = min(n, 2 * count + 20)
    let (order, pairs, width) = (Int32(n), Int32(count), Int32(basis))
    var stream = RandomStream(seed: 0, purpose: .eigenvectors)
    var start = (0..<n).map { _ in Double(stream.uniform(-1, 1)) }
    var v = [Double](repeating: 0, count: n * basis)
    let room = basis * (basis + 8)
    var (work, inner) = ([Double](repeating: 0, count: 3 * n), [Double](repeating: 0, count: room))
    // Exact shifts, most restarts, block size 1, mode 1: the plain symmetric problem.
    var parameters: [Int32] = [1, 0, Int32(mostRestarts), 1, 0, 0, 1, 0, 0, 0, 0]
    var pointers = [Int32](repeating: 0, count: 14)
    // A start is given, rather than ARPACK's own, whose state the process shares.
    var (task, info) = (Int32(0), Int32(1))
    while true {
      dsaupd_c(
        &task, "I", order, "LA", pairs, tolerance, &start, width, &v, order, &parameters, &pointers, &work, &inner, Int32(room), &info)
      guard task == 1 || task == -1 else { break }
      try work.withUnsafeMutableBufferPointer { work in
        guard let base = work.baseAddress else { return }
        try apply(UnsafePointer(base + Int(pointers[0]) - 1), base + Int(pointers[1]) - 1)
      }
    }
    guard info == 0, Int(parameters[4]) >= count else { throw EigenError.notConverged(Int(parameters[4]), of: count) }
    let chosen = [Int32](repeating: 0, count: basis)
    var (values, z) = ([Double](repeating: 0, count: basis), [Double](repeating: 0, count: n * count))
    dseupd_c(
      1, "A", chosen, &values, &z, order, 0, "I", order, "LA", pairs, tolerance, &start, width, &v, order, &parameters, &pointers, &work,
      &inner, Int32(room), &info)
    precondition(info == 0, "dseupd failed with \(info)")
    return ordered(values, z, n: n, count: count)
  }

  /// The operator as a matrix, column by column.
  private static func densely(
    _ n: Int, _ count: Int, _ apply: (UnsafePointer<Double>, UnsafeMutablePointer<Double>) throws -> Void
  ) throws -> Pairs {
    var matrix = [Double](repeating: 0, count: n * n)
    try matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return }
      for column in 0..<n {
        let unit = (0..<n).map { $0 == column ? 1.0 : 0 }
        try apply(unit, base + column * n)
      }
    }
    return dense(&matrix, n: n, count: min(n, count))
  }

  /// Ascending pairs in descending order, with signs.
  private static func ordered(_ values: [Double], _ z: [Double], n: Int, count: Int) -> Pairs {
    let vectors = (0..<count).reversed().map { SymmetricEigen.signed(Array(z[$0 * n..<($0 + 1) * n])) }
    return (values.prefix(count).reversed(), vectors)
  }
}
