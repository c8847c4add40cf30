/// Filters between the nine taps and the points of a fast convolution; "set" is U of one point, or of several that share it.
enum WinogradFilters<Tile: WinogradTile> {
  typealias Vector = SIMD16<Float>

  /// U = G g Gᵀ of filters [3, 3, C, K]: for every set of filters a blocked matrix [K / 16][C][16] and one vector more, which keeps the sets out of
  /// each other's cache sets. With C and K exchanged, Uᵀ, where asked, as the input gradient wants it.
  static func transformed(_ weights: Tensor, transposed: Bool, team: ThreadTeam) -> VectorBuffer {
    let (c, k, t) = (weights.shape[2], weights.shape[3], Tile.filter.count)
    let (rows, columns) = transposed ? (k, c) : (c, k)
    let pointStep = step(rows: rows, columns: columns)
    let filters = VectorBuffer(uninitializedRows: t * t * pointStep, vectorsPerRow: 1)
    let g = Tile.filter.flatMap { $0 }
    // Squares of 16 rows by 16 columns: Uᵀ is transposed in the first-level cache.
    let across = rows / 16
    team.forEach(across * (columns / 16)) { square in
      let (firstRow, vector) = (square % across * 16, square / across)
      let taps = VectorBuffer(uninitializedRows: 9 * 16, vectorsPerRow: 1)
      let half = VectorBuffer(uninitializedRows: 3 * t, vectorsPerRow: 1)
      if transposed {
        for tap in 0..<9 {
          let from = weights.base + (tap * c + vector * 16) * k + firstRow
          let to = taps.floats + tap * 256
          for lane in 0..<16 { for row in 0..<16 { to[row &* 16 &+ lane] = from[lane &* k &+ row] } }
        }
      } else {
        for tap in 0..<9 {
          for row in 0..<16 { taps.base[tap * 16 + row] = load(weights.base + (tap * c + firstRow + row) * k + vector * 16) }
        }
      }
      for row in 0..<16 {
        for column in 0..<3 {
          let (a, b, d) = (taps.base[column * 16 + row], taps.base[(3 + column) * 16 + row], taps.base[(6 + column) * 16 + row])
          for i in 0..<t { half.base[i * 3 + column] = a * g[i * 3] + b * g[i * 3 + 1] + d * g[i * 3 + 2] }
        }
        let out = filters.base + (vector * rows + firstRow + row)
        for i in 0..<t {
          let (a, b, d) = (half.base[i * 3], half.base[i * 3 + 1], half.base[i * 3 + 2])
          for j in 0..<t { out[(i * t + j) * pointStep] = a * g[j * 3] + b * g[j * 3 + 1] + d * g[j * 3 + 2] }
        }
      }
    }
    return filters
  }

  /// Vectors from a set of U to the next.
  static func step(rows: Int, columns: Int) -> Int { rows * columns / 16 + 1 }

  /// dg = Gᵀ dU G for 8 channels and up to 2 blocks of 16 filters.
  /// - Parameters:
  ///   - parts: pointers to [sets][8][2] vectors each, whose sum in this order is dU.
  ///   - gradient: [3, 3, C, K].
  static func gatherGradient(_ parts: [UnsafeMutablePointer<Vector>], channel: Int, vectors: Range<Int>, into gradient: Tensor) {
    let (c, k, t) = (gradient.shape[2], gradient.shape[3], Tile.filter.count)
    let g = Tile.filter.flatMap { $0 }
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: 3 * t) { half in
      for number in 0..<2 * BlockedProduct.adjointChannels {
        let vector = vectors.lowerBound + number % 2
        guard vector < vectors.upperBound else { continue }
        for column in 0..<t {
          var (a, b, d) = (Vector(), Vector(), Vector())
          for row in 0..<t {
            let at = (row * t + column) * 2 * BlockedProduct.adjointChannels + number
            var u = parts[0][at]
            for part in parts.dropFirst() { u += part[at] }
            a.addProduct(u, g[row * 3])
            b.addProduct(u, g[row * 3 + 1])
            d.addProduct(u, g[row * 3 + 2])
          }
          (half[column], half[t + column], half[2 * t + column]) = (a, b, d)
        }
        for i in 0..<3 {
          var (a, b, d) = (Vector(), Vector(), Vector())
          for column in 0..<t {
            let u = half[i * t + column]
            a.addProduct(u, g[column * 3])
            b.addProduct(u, g[column * 3 + 1])
            d.addProduct(u, g[column * 3 + 2])
          }
          let at = gradient.base + (i * 3 * c + channel + number / 2) * k + vector * 16
          store(a, at)
          store(b, at + c * k)
          store(d, at + 2 * c * k)
        }
      }
    }
  }

  @inline(__always)
  private static func load(_ p: UnsafeMutablePointer<Float>) -> Vector { UnsafeRawPointer(p).loadUnaligned(as: Vector.self) }

  @inline(__always)
  private static func store(_ v: Vector, _ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: v, as: Vector.self) }
}
