/// The linear layer y = x · Wᵀ + b over rows: x [N, D], W [K, D], b [K] → [N, K].
///
/// By `BlockedProduct`, whose sums run in the same order on every machine; a library's depend on its kernels for the processor. 2·N·D·K flop, blocks of
/// columns side by side: each element is one sum, so bits do not depend on threads.
public enum Linear {
  public static func forward(_ x: Tensor, weights: Tensor, bias: Tensor, team: ThreadTeam) -> Tensor {
    let (n, d, k) = sizes(x, weights)
    let team = Self.team(team, n, d, k)
    precondition(bias.shape == [k], "bias \(bias.shape) for weights \(weights.shape)")
    let (x, turned) = (
      Factor(x, rows: n, columns: d, team: team), BlockedMatrix(transposing: weights, rows: k, columns: d, team: team)
    )
    return product(x, turned, columns: k, bias: bias, team: team)
  }

  /// The gradients of a loss with respect to x, W and b, from that with respect to y [N, K].
  /// - Parameter needsInputGradient: false for the first layer, whose input nobody asks about.
  public static func backward(
    _ x: Tensor, weights: Tensor, outputGradient dy: Tensor, needsInputGradient: Bool = true, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor, bias: Tensor) {
    let (n, d, k) = sizes(x, weights)
    let team = Self.team(team, n, d, k)
    precondition(dy.shape == [n, k], "gradient \(dy.shape) for output \([n, k])")
    let (x, dy) = (Factor(x, rows: n, columns: d, team: team), Factor(dy, rows: n, columns: k, team: team))
    let dx = needsInputGradient ? product(dy, BlockedMatrix(weights, rows: k, columns: d, team: team), columns: d, team: team) : nil
    let (sums, dw, db) = (AdjointSums(rows: k, columns: d), Tensor(uninitialized: [k, d]), Tensor(zeros: [k]))
    let partial = VectorBuffer(uninitializedRows: sums.count, vectorsPerRow: 1)
    team.forEach(sums.pairs) { pair in
      sums.add(dy.base, x.base, rows: n, pitch: x.pitch, adding: false, pairs: pair..<pair + 1, into: partial.base)
    }
    sums.merge([partial], into: dw, team: team)
    team.forEach(dy.blocks) { block in
      var sum = Vector()
      for row in 0..<n { sum += dy.base[block &* dy.pitch &+ row] }
      for lane in 0..<min(16, k - 16 * block) { db.base[16 * block + lane] = sum[lane] }
    }
    withExtendedLifetime((x, dy, db, partial)) {}
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

  /// A matrix [rows, columns] as a product's left side: blocks of 16 columns, filled up with zeros, and rows up to whole tiles, which are read and not used.
  private struct Factor: Sendable {
    let rows, columns, pitch, blocks: Int
    private let buffer: VectorBuffer
    var base: UnsafeMutablePointer<Vector> { buffer.base }

    init(_ matrix: Tensor, rows: Int, columns: Int, team: ThreadTeam) {
      (self.rows, self.columns, pitch, blocks) = (rows, columns, BlockedProduct.pitch(rows: rows), (columns + 15) / 16)
      let (buffer, pitch) = (VectorBuffer(uninitializedRows: blocks * pitch, vectorsPerRow: 1), pitch)
      self.buffer = buffer
      team.forEach(blocks) { block in
        BlockedMatrix.block(matrix.base, rows: rows, columns: columns, pitch: pitch, blocks: block..<block + 1, into: buffer.base)
        (buffer.base + block * pitch + rows).update(repeating: Vector(), count: pitch - rows)
      }
    }
  }

  /// a · u, and the bias added to every row.
  private static func product(_ a: Factor, _ u: BlockedMatrix, columns: Int, bias: Tensor? = nil, team: ThreadTeam) -> Tensor {
    let blocks = (columns + 15) / 16
    let m = VectorBuffer(uninitializedRows: blocks * a.pitch, vectorsPerRow: 1)
    let y = Tensor(uninitialized: [a.rows, columns])
    team.forEach((blocks + blocksPerPiece - 1) / blocksPerPiece) { piece in
      let chosen = piece * blocksPerPiece..<min(blocks, (piece + 1) * blocksPerPiece)
      BlockedProduct.multiply(
        a.base, rows: a.rows, pitch: a.pitch, depth: a.columns, u.base, uRows: u.rows, columns: chosen, into: m.base)
      if let bias {
        for block in chosen {
          let shift = BlockedMatrix.vector(bias.base, block: block, columns: columns)
          for row in 0..<a.rows { m.base[block &* a.pitch &+ row] += shift }
        }
      }
      BlockedMatrix.unblock(m.base, rows: a.rows, pitch: a.pitch, columns: columns, blocks: chosen, into: y.base)
    }
    withExtendedLifetime((a, u, bias, m, y)) {}
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
