import Tensors

/// Principal component analysis by the eigenvectors of the covariance.
public enum PrincipalComponents {
  /// - Parameter x: [n, D].
  /// - Returns: the first `count` (at most D) coordinates of the centred rows, in order of falling variance: [n, count].
  ///   The sign of a component makes the largest entry of its direction positive.
  public static func project(_ x: Tensor, to count: Int) -> Tensor {
    let (n, d) = (x.shape[0], x.shape[1])
    let count = min(count, d)
    var mean = [Double](repeating: 0, count: d)
    x.withUnsafeBufferPointer { x in for i in 0..<n { for j in 0..<d { mean[j] += Double(x[i * d + j]) / Double(n) } } }
    var centred = x
    centred.withUnsafeMutableBufferPointer { c in for i in 0..<n { for j in 0..<d { c[i * d + j] -= Float(mean[j]) } } }
    let covariance = MatrixProduct.multiply(centred, centred, transposeA: true).scalars.map { Double($0) / Double(n) }
    let (_, vectors) = SymmetricEigen.decompose(covariance, n: d)
    return MatrixProduct.multiply(centred, Tensor(shape: [count, d], vectors.prefix(count).joined().map { Float($0) }), transposeB: true)
  }
}
