/// Filters between the nine taps and the points of a fast convolution: U = G g Gᵀ of filters [3, 3, C, K], or Uᵀ, as the input gradient wants it.
///
/// A "set" is U of one point, or of several that share it; the sets are numbered in lines of one row of G each. U of a deep layer has more bytes than the
/// last-level cache, so a line at a time can be asked for, which is used up before the next overwrites it.
struct WinogradFilters<Tile: WinogradTile>: Sendable {
  typealias Vector = SIMD16<Float>
  /// The shape of a set: C, K, or K, C of Uᵀ.
  private let rows, columns: Int
  /// Vectors from a set to the next: a blocked matrix [columns / 16][rows][16] and one more, which keeps the sets out of each other's cache sets.
  let step: Int
  private let weights: Tensor
  /// The taps of Uᵀ, [9][columns / 16][rows][16].
  private let transposed: VectorBuffer?

  init(_ weights: Tensor, transposed: Bool, team: ThreadTeam) {
    let (c, k) = (weights.shape[2], weights.shape[3])
    (rows, columns) = transposed ? (k, c) : (c, k)
    step = rows * columns / 16 + 1
    self.weights = weights
    guard transposed else {
      self.transposed = nil
      return
    }
    let taps = VectorBuffer(uninitializedRows: 9 * c / 16 * k, vectorsPerRow: 1)
    team.forEach(9 * c / 16) { block in
      for first in stride(from: 0, to: k, by: 16) {
        let (from, to) = (weights.base + (block * 16 * k + first), taps.floats + (block * k + first) * 16)
        for lane in 0..<16 { for row in 0..<16 { to[row &* 16 &+ lane] = from[lane &* k &+ row] } }
      }
    }
    self.transposed = taps
  }

  /// Scratch memory for some lines.
  func buffer(lines: Int) -> VectorBuffer { VectorBuffer(uninitializedRows: lines * Tile.filter.count * step, vectorsPerRow: 1) }

  /// All lines.
  func all(_ team: ThreadTeam) -> VectorBuffer {
    let filters = buffer(lines: Tile.filter.count)
    transform(lines: 0..<Tile.filter.count, into: filters, team: team)
    return filters
  }

  /// Writes some lines of sets, the first of them to the start of `filters`.
  func transform(lines: Range<Int>, into filters: VectorBuffer, team: ThreadTeam) {
    let (t, g) = (Tile.filter.count, Tile.filter.flatMap { $0 })
    // Vectors of a tap lie [row][vector] in the weights and [vector][row] in the transposed taps.
    let (rowStride, vectorStride) = transposed == nil ? (columns, 16) : (16, rows * 16)
    let across = rows / 16
    team.forEach(across * (columns / 16)) { square in
      let (firstRow, vector) = (square % across * 16, square / across)
      let taps = transposed?.floats ?? weights.base
      for row in firstRow..<firstRow + 16 {
        let from = taps + (row &* rowStride &+ vector &* vectorStride)
        func tap(_ number: Int) -> Vector { Self.load(from + number &* rows &* columns) }
        let (t0, t1, t2, t3, t4, t5, t6, t7, t8) = (tap(0), tap(1), tap(2), tap(3), tap(4), tap(5), tap(6), tap(7), tap(8))
        var out = filters.base + (vector &* rows &+ row)
        for i in lines {
          let (g0, g1, g2) = (g[i &* 3], g[i &* 3 &+ 1], g[i &* 3 &+ 2])
          let a = t0 * g0 + t3 * g1 + t6 * g2
          let b = t1 * g0 + t4 * g1 + t7 * g2
          let d = t2 * g0 + t5 * g1 + t8 * g2
          for j in 0..<t {
            out.pointee = a * g[j &* 3] + b * g[j &* 3 &+ 1] + d * g[j &* 3 &+ 2]
            out += step
          }
        }
      }
    }
  }

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
