import COpenBLAS

/// Matrix products by OpenBLAS, one thread each: parallelism is the caller's, in pieces of fixed size.
public enum MatrixProduct {
  static let singleThreaded: Void = openblas_set_num_threads(1)

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
}
