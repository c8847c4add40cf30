import Tensors

/// The repulsion of t-SNE between all pairs of points, O(n²): what `InterpolatedRepulsion` is checked against, and the faster of the two
/// for few points.
package enum ExactRepulsion {
  private static let rowsPerPiece = 64

  /// - Parameters:
  ///   - positions: n points.
  ///   - forces: receives Σ_j (y_i − y_j)/(1 + d²)² for every point i.
  /// - Returns: Z = Σ over i ≠ j of 1/(1 + d²).
  package static func evaluate(_ positions: SharedArray<SIMD2<Float>>, into forces: SharedArray<SIMD2<Float>>, team: ThreadTeam) -> Double {
    let n = positions.count
    let width = (n + 15) / 16 * 16
    // Points behind the last stand so far away that they push nobody.
    let (x, y) = (SharedArray<Float>(repeating: 1e15, count: width), SharedArray<Float>(repeating: 1e15, count: width))
    for i in 0..<n { (x[i], y[i]) = (positions[i].x, positions[i].y) }
    let pieces = Pieces(n, most: (n + rowsPerPiece - 1) / rowsPerPiece)
    let totals = team.map(pieces.count) { piece in
      var total = 0.0
      for i in pieces[piece] {
        var (fx, fy, z) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
        let (xi, yi) = (SIMD16<Float>(repeating: x[i]), SIMD16<Float>(repeating: y[i]))
        for k in stride(from: 0, to: width, by: 16) {
          let (dx, dy) = (xi - x.base.vector(k), yi - y.base.vector(k))
          let q = 1 / (SIMD16<Float>(repeating: 1).addingProduct(dx, dx).addingProduct(dy, dy))
          z += q
          let square = q * q
          fx.addProduct(square, dx)
          fy.addProduct(square, dy)
        }
        forces[i] = SIMD2(fx.total, fy.total)
        total += Double(z.total) - 1
      }
      return total
    }
    return totals.reduce(0, +)
  }
}
