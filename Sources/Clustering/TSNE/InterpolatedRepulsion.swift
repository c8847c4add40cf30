import Tensors

/// The repulsion of t-SNE in O(n + g² log g) for a grid of g² nodes: points put their charge on nodes, the nodes push each other by
/// Fourier transforms, the points read their force off the nodes. The idea is that of Linderman et al. (2019), "Fast
/// interpolation-based t-SNE"; the means are those of particle-mesh Ewald sums (Essmann et al. 1995).
///
/// Where FIt-SNE interpolates each of its four sums by polynomials over intervals, cubic B-splines spread and read here, and the
/// transforms divide their smoothing out: more accurate at a wider spacing. The components of the force are convolved themselves,
/// so that no large sums cancel, and Z comes from the spectrum by Parseval's theorem: one transform forth and one back in all.
package struct InterpolatedRepulsion {
  /// Kept while the map's size asks for the same one: its kernels cost as much as several iterations.
  private var grid: RepulsionGrid?
  private static let pointsPerPiece = 1024

  package init() {}

  /// As `ExactRepulsion.evaluate`.
  package mutating func evaluate(_ positions: SharedArray<SIMD2<Float>>, into forces: SharedArray<SIMD2<Float>>, team: ThreadTeam) -> Double
  {
    let n = positions.count
    var (low, high) = (positions[0], positions[0])
    for i in 1..<n {
      let p = positions[i]
      low.replace(with: p, where: p .< low)
      high.replace(with: p, where: p .> high)
    }
    let span = max(high.x - low.x, high.y - low.y)
    // Some point has strayed so far that a grid would be too coarse for the others.
    guard span <= RepulsionGrid.widestSpan else { return ExactRepulsion.evaluate(positions, into: forces, team: team) }
    let grid = grid(for: span, team)
    let stencils = Stencils(low: low, spacing: grid.spacing)
    let nodes = grid.nodes
    let charges = SharedArray<Float>(repeating: 0, count: nodes * nodes)
    for i in 0..<n {
      let (corner, wx, wy) = stencils.at(positions[i], nodes)
      for row in 0..<4 {
        let place = UnsafeMutableRawPointer(charges.base + corner + row * nodes)
        let sum = place.loadUnaligned(as: SIMD4<Float>.self).addingProduct(wy, SIMD4(repeating: wx[row]))
        place.storeBytes(of: sum, as: SIMD4<Float>.self)
      }
    }
    let field = grid.convolve(charges, team: team)
    let pieces = Pieces(n, most: (n + Self.pointsPerPiece - 1) / Self.pointsPerPiece)
    let ownShares = team.map(pieces.count) { piece in
      var own = 0.0
      for i in pieces[piece] {
        let (corner, wx, wy) = stencils.at(positions[i], nodes)
        own += Self.pushOnItself(wx, wy, grid.near)
        var (x, y) = (SIMD4<Float>(), SIMD4<Float>())
        for row in 0..<4 {
          let weight = wy * wx[row]
          x.addProduct(weight, UnsafeRawPointer(field.x.base + corner + row * nodes).loadUnaligned(as: SIMD4<Float>.self))
          y.addProduct(weight, UnsafeRawPointer(field.y.base + corner + row * nodes).loadUnaligned(as: SIMD4<Float>.self))
        }
        forces[i] = SIMD2((x[0] + x[2]) + (x[1] + x[3]), (y[0] + y[2]) + (y[1] + y[3]))
      }
      return own
    }
    return field.total - ownShares.reduce(0, +)
  }

  /// What a point's charge adds to the field's total by meeting itself: 1 but for the interpolation, and in a wide map, where points
  /// hardly meet each other, the interpolation's share would otherwise be most of Z.
  @inline(__always) private static func pushOnItself(_ wx: SIMD4<Float>, _ wy: SIMD4<Float>, _ near: [Double]) -> Double {
    func meetings(_ w: SIMD4<Float>) -> SIMD4<Double> {
      let v = SIMD4<Double>(w)
      return SIMD4(
        (v * v).sum(), 2 * (v[0] * v[1] + v[1] * v[2] + v[2] * v[3]), 2 * (v[0] * v[2] + v[1] * v[3]), 2 * v[0] * v[3])
    }
    let (x, y) = (meetings(wx), meetings(wy))
    var sum = 0.0
    for dx in 0..<4 { for dy in 0..<4 { sum += x[dx] * y[dy] * near[dx * 4 + dy] } }
    return sum
  }

  private mutating func grid(for span: Float, _ team: ThreadTeam) -> RepulsionGrid {
    let (spacing, nodes) = RepulsionGrid.measures(span: span)
    if let grid, grid.spacing == spacing, grid.nodes == nodes { return grid }
    let new = RepulsionGrid(spacing: spacing, nodes: nodes, team: team)
    grid = new
    return new
  }
}

/// Which nodes a point touches, and how much.
private struct Stencils {
  let low: SIMD2<Float>
  let spacing: Float

  /// The lowest of 4 × 4 nodes around a point, and the weights of the cubic B-spline along x and y.
  @inline(__always) func at(_ point: SIMD2<Float>, _ nodes: Int) -> (corner: Int, wx: SIMD4<Float>, wy: SIMD4<Float>) {
    let place = (point - low) / spacing
    let (x, y) = (Int(place.x), Int(place.y))
    return (x * nodes + y, Self.weights(place.x - Float(x)), Self.weights(place.y - Float(y)))
  }

  @inline(__always) private static func weights(_ t: Float) -> SIMD4<Float> {
    let (s, third) = (1 - t, Float(1) / 3)
    let (s3, t3) = (s * s * s * third / 2, t * t * t * third / 2)
    return SIMD4(s3, 2 * third - t * t * (1 - t / 2), 2 * third - s * s * (1 - s / 2), t3)
  }
}
