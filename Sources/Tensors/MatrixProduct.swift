import COpenBLAS

/// Matrix products by OpenBLAS, one thread each: parallelism is the caller's, in pieces of fixed size.
public enum MatrixProduct {
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// C = A·B, A [m, k] or its transpose, B [k, n] or its transpose, all row-major.
  public static func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int,
    into c: UnsafeMutablePointer<Float>
  ) {
    _ = singleThreaded
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a,
      Int32(transposeA ? m : k), b, Int32(transposeB ? k : n), 0, c, Int32(n))
  }

  /// The product of two matrices, either taken transposed.
  public static func multiply(_ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false) -> Tensor {
    let (m, k) = transposeA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
    let (k2, n) = transposeB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
    precondition(k == k2, "cannot multiply \(a.shape)\(transposeA ? "ᵀ" : "") by \(b.shape)\(transposeB ? "ᵀ" : "")")
    let c = Tensor(uninitialized: [m, n])
    multiply(a.base, b.base, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, into: c.base)
    return c
  }
}
