/// The linear layer y = x · Wᵀ + b over rows: x [N, D], W [K, D], b [K] → [N, K].
///
/// By `BlockedProduct`, whose sums run in the same order on every machine; a library's depend on its kernels for the processor. 2·N·D·K flop, blocks of
/// columns side by side: each element is one sum, so bits do not depend on threads.
public enum Linear {
  public static func forward(_ x: Tensor, weights: Tensor, bias: Tensor, team: ThreadTeam) -> Tensor {
    let (n, d, k) = sizes(x, weights)
    let team = Self.team(team, n, d, k)
    precondition(bias.shape == [k], "bias \(bias.shape) for weights \(weights.shape)")
    let y = product(x, rows: n, depth: d, BlockedMatrix(transposing: weights, rows: k, columns: d, team: team), columns: k, team: team)
    withExtendedLifetime((y, bias)) {
      let (out, shift) = (y.base, bias.base)
      for row in 0..<n { for column in 0..<k { out[row &* k &+ column] += shift[column] } }
    }
    return y
  }

  /// The gradients of a loss with respect to x, W and b, from that with respect to y [N, K].
  /// - Parameter needsInputGradient: false for the first layer, whose input nobody asks about.
  public static func backward(
    _ x: Tensor, weights: Tensor, outputGradient dy: Tensor, needsInputGradient: Bool = true, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor, bias: Tensor) {
    let (n, d, k) = sizes(x, weights)
    let team = Self.team(team, n, d, k)
    precondition(dy.shape == [n, k], "gradient \(dy.shape) for output \([n, k])")
    let dx =
      needsInputGradient
      ? product(dy, rows: n, depth: k, BlockedMatrix(weights, rows: k, columns: d, team: team), columns: d, team: team) : nil
    let (sums, dw, db) = (AdjointSums(rows: k, columns: d), Tensor(uninitialized: [k, d]), Tensor(zeros: [k]))
    let partial = VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1)
    let (left, right) = (
      BlockedMatrix(dy, rows: n, columns: k, team: team), BlockedMatrix(x, rows: n, columns: d, team: team)
    )
    withExtendedLifetime((left, right)) {
      team.forEach(sums.pairs) { pair in
        sums.add(left.base, right.base, rows: n, pitch: n, adding: false, pairs: pair..<pair + 1, into: partial.base)
      }
    }
    sums.merge([partial], into: dw, team: team)
    withExtendedLifetime((db, dy)) {
      let (sum, gradient) = (db.base, dy.base)
      for row in 0..<n { for column in 0..<k { sum[column] += gradient[row &* k &+ column] } }
    }
    return (dx, dw, db)
  }

  private static func sizes(_ x: Tensor, _ weights: Tensor) -> (n: Int, d: Int, k: Int) {
    precondition(
      x.shape.count == 2 && weights.shape.count == 2 && x.shape[1] == weights.shape[1], "weights \(weights.shape) do not fit \(x.shape)")
    return (x.shape[0], x.shape[1], weights.shape[0])
  }

  /// One thread for products that are done before another has woken up.
  private static func team(_ team: ThreadTeam, _ n: Int, _ d: Int, _ k: Int) -> ThreadTeam {
    n * d * k < 1 << 20 ? ThreadTeam(threads: 1) : team
  }

  /// Blocks of 16 columns that one piece of work computes.
  private static let blocksPerPiece = 4

  private static func product(_ a: Tensor, rows: Int, depth: Int, _ u: BlockedMatrix, columns: Int, team: ThreadTeam) -> Tensor {
    let pitch = BlockedProduct.pitch(rows: rows)
    let blocks = (columns + 15) / 16
    let v = VectorBuffer(uninitializedRows: (depth + 15) / 16 * pitch, vectorsPerRow: 1)
    let m = VectorBuffer(uninitializedRows: blocks * pitch, vectorsPerRow: 1)
    let y = Tensor(uninitialized: [rows, columns])
    withExtendedLifetime((a, u, v, m, y)) {
      team.forEach((depth + 15) / 16) { block in
        BlockedMatrix.block(a.base, rows: rows, columns: depth, pitch: pitch, blocks: block..<block + 1, into: v.base)
        // The product reads whole tiles of rows.
        (v.base + block * pitch + rows).update(repeating: Vector(), count: pitch - rows)
      }
      team.forEach((blocks + blocksPerPiece - 1) / blocksPerPiece) { piece in
        BlockedProduct.multiply(
          v.base, rows: rows, pitch: pitch, depth: depth, u.base, uRows: depth,
          columns: piece * blocksPerPiece..<min(blocks, (piece + 1) * blocksPerPiece), into: m.base)
      }
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
