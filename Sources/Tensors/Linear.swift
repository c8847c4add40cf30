/// The linear layer y = x · Wᵀ + b over rows: x [N, D], W [K, D], b [K] → [N, K].
///
/// By `BlockedProduct`, whose sums run in the same order on every machine; a library's depend on its kernels for the processor. The layer is small
/// beside the convolutions before it: 2·N·D·K flop, on one thread.
public enum Linear {
  public static func forward(_ x: Tensor, weights: Tensor, bias: Tensor) -> Tensor {
    let (n, d, k) = sizes(x, weights)
    precondition(bias.shape == [k], "bias \(bias.shape) for weights \(weights.shape)")
    let y = product(x, rows: n, depth: d, BlockedMatrix(transposing: weights, rows: k, columns: d), columns: k)
    for row in 0..<n { for column in 0..<k { y.base[row * k + column] += bias.base[column] } }
    return y
  }

  /// The gradients of a loss with respect to x, W and b, from that with respect to y [N, K].
  public static func backward(_ x: Tensor, weights: Tensor, outputGradient dy: Tensor) -> (input: Tensor, weights: Tensor, bias: Tensor) {
    let (n, d, k) = sizes(x, weights)
    precondition(dy.shape == [n, k], "gradient \(dy.shape) for output \([n, k])")
    let dx = product(dy, rows: n, depth: k, BlockedMatrix(weights, rows: k, columns: d), columns: d)
    let (sums, dw, db) = (AdjointSums(rows: k, columns: d), Tensor(uninitialized: [k, d]), Tensor(zeros: [k]))
    let partial = VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1)
    let (left, right) = (BlockedMatrix(dy, rows: n, columns: k), BlockedMatrix(x, rows: n, columns: d))
    withExtendedLifetime((left, right)) {
      sums.add(left.base, right.base, rows: n, pitch: n, adding: false, into: partial.base)
    }
    sums.merge([partial], into: dw, team: ThreadTeam(threads: 1))
    for row in 0..<n { for column in 0..<k { db.base[column] += dy.base[row * k + column] } }
    return (dx, dw, db)
  }

  private static func sizes(_ x: Tensor, _ weights: Tensor) -> (n: Int, d: Int, k: Int) {
    precondition(
      x.shape.count == 2 && weights.shape.count == 2 && x.shape[1] == weights.shape[1], "weights \(weights.shape) do not fit \(x.shape)")
    return (x.shape[0], x.shape[1], weights.shape[0])
  }

  private static func product(_ a: Tensor, rows: Int, depth: Int, _ u: BlockedMatrix, columns: Int) -> Tensor {
    let pitch = BlockedProduct.pitch(rows: rows)
    let v = VectorBuffer(rows: (depth + 15) / 16 * pitch, vectorsPerRow: 1)
    let m = VectorBuffer(uninitializedRows: (columns + 15) / 16 * pitch, vectorsPerRow: 1)
    let y = Tensor(uninitialized: [rows, columns])
    withExtendedLifetime((a, u, v, m, y)) {
      BlockedMatrix.block(a.base, rows: rows, columns: depth, pitch: pitch, into: v.base)
      BlockedProduct.multiply(
        v.base, rows: rows, pitch: pitch, depth: depth, u.base, uRows: depth, columns: 0..<(columns + 15) / 16, into: m.base)
      BlockedMatrix.unblock(m.base, rows: rows, pitch: pitch, columns: columns, into: y.base)
    }
    return y
  }
}

// MARK: - Plain twin

extension Linear {
  /// The definition, in Double: what `forward` must agree with.
  package static func plainForward(_ x: Tensor, weights: Tensor, bias: Tensor) -> Tensor {
    let (n, d, k) = sizes(x, weights)
    return Tensor(
      shape: [n, k],
      (0..<n * k).map { at in
        Float((0..<d).reduce(Double(bias.base[at % k])) { $0 + Double(x.base[at / k * d + $1]) * Double(weights.base[at % k * d + $1]) })
      })
  }
}
