import Tensors

/// The cluster representation loss L_clu (§3.2, equations 3 and 4): every column of the tiled P against all columns of P′.
public enum ClusterLoss {
  /// Shapes and `scale` as in `InstanceLoss`; columns have length R·N. Value ln C when all columns are alike.
  public static func evaluate(_ p: Tensor, _ q: Tensor, scale: Double) -> LossTerm {
    let (n, c, m) = (p.shape[0], p.shape[1], q.shape[0])
    precondition(m % n == 0 && q.shape[1] == c, "\(q.shape) holds no copies of \(p.shape)")
    let tiled = Tensor(shape: [m, c], Array(repeatElement(p.scalars, count: m / n).joined()))
    let term = ContrastiveTerm.overRows(transposed(tiled), transposed(q), scale: scale)
    // The gradient of the tiled P is gathered back, copy after copy.
    let wide = transposed(term.originals).scalars
    var gradient = [Float](repeating: 0, count: n * c)
    for block in 0..<m / n { for at in 0..<n * c { gradient[at] += wide[block * n * c + at] } }
    return LossTerm(value: term.value, originals: Tensor(shape: [n, c], gradient), augmented: transposed(term.augmented))
  }

  private static func transposed(_ x: Tensor) -> Tensor {
    let (rows, columns) = (x.shape[0], x.shape[1])
    var y = Tensor(uninitialized: [columns, rows])
    y.withUnsafeMutableBufferPointer { y in
      x.withUnsafeBufferPointer { x in for i in 0..<rows { for j in 0..<columns { y[j * rows + i] = x[i * columns + j] } } }
    }
    return y
  }
}
