import Tensors

/// Principal component analysis by the eigenvectors of the covariance: n·D² flop, then D³.
public enum PrincipalComponents {
  /// - Parameter x: [n, D].
  /// - Returns: the first `count` (at most D) coordinates of the centred rows, in order of falling variance: [n, count].
  ///   The sign of a component makes the largest entry of its direction positive.
  public static func project(_ x: Tensor, to count: Int, team: ThreadTeam) -> Tensor {
    let (n, d) = (x.shape[0], x.shape[1])
    let count = min(count, d)
    let centred = centred(x)
    let runs = Pieces(n, most: Pieces.imageRuns)
    let parts = team.map(runs.count) { run in
      let product = Tensor(uninitialized: [d, d])
      let rows = centred.base + runs[run].lowerBound * d
      MatrixProduct.multiply(rows, rows, transposeA: true, m: d, n: d, k: runs[run].count, into: product.base)
      return product
    }
    var covariance = [Double](repeating: 0, count: d * d)
    for part in parts { for j in 0..<d * d { covariance[j] += Double(part.base[j]) / Double(n) } }
    let vectors = SymmetricEigen.decompose(covariance, n: d).vectors
    let directions = Tensor(shape: [count, d], vectors.prefix(count).joined().map { Float($0) })
    let result = Tensor(uninitialized: [n, count])
    team.forEach(runs.count) { run in
      let first = runs[run].lowerBound
      MatrixProduct.multiply(
        centred.base + first * d, directions.base, transposeB: true, m: runs[run].count, n: count, k: d, into: result.base + first * count)
    }
    return result
  }

  /// The rows less their mean.
  static func centred(_ x: Tensor) -> Tensor {
    let (n, d) = (x.shape[0], x.shape[1])
    var mean = [Double](repeating: 0, count: d)
    for i in 0..<n { for j in 0..<d { mean[j] += Double(x.base[i * d + j]) } }
    let result = Tensor(uninitialized: [n, d])
    for j in 0..<d { mean[j] /= Double(n) }
    for i in 0..<n { for j in 0..<d { result.base[i * d + j] = Float(Double(x.base[i * d + j]) - mean[j]) } }
    return result
  }
}
