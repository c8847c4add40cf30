/// Filters between their taps and the points of a fast convolution: U = G g Gᵀ of filters [r, r, C, K], or Uᵀ, as the input gradient wants it.
///
/// A "set" is U of one point, or of several that share it; the sets are numbered in lines of one row of G each. U of a deep layer has more bytes than the
/// last-level cache, so a line at a time can be asked for, which is used up before the next overwrites it.
struct WinogradFilters<Tile: WinogradTile>: Sendable {
  /// The shape of a set: C, K, or K, C of Uᵀ.
  private let rows, columns: Int
  /// Vectors from a set to the next: a blocked matrix [columns / 16][rows][16] and one more, which keeps the sets out of each other's cache sets.
  let step: Int
  private let weights: Tensor
  /// The taps of Uᵀ, [r²][columns / 16][rows][16].
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
    let taps = VectorBuffer(uninitializedRows: Self.taps * c / 16 * k, vectorsPerRow: 1)
    team.forEach(Self.taps * c / 16) { block in
      for first in stride(from: 0, to: k, by: 16) {
        let (from, to) = (weights.base + (block * 16 * k + first), taps.floats + (block * k + first) * 16)
        for lane in 0..<16 { for row in 0..<16 { to[row &* 16 &+ lane] = from[lane &* k &+ row] } }
      }
    }
    self.transposed = taps
  }

  /// Scratch memory for some sets.
  func buffer(sets: Int) -> VectorBuffer { VectorBuffer(uninitializedRows: sets * step, vectorsPerRow: 1) }

  /// All lines.
  func all(_ team: ThreadTeam) -> VectorBuffer {
    let filters = buffer(sets: Tile.lines.last?.upperBound ?? 0)
    transform(lines: 0..<Tile.lines.count, into: filters, team: team)
    return filters
  }

  /// Writes some lines of sets, the first of them to the start of `filters`.
  func transform(lines: Range<Int>, into filters: VectorBuffer, team: ThreadTeam) {
    let matrix = Tile.filter.flatMap { $0 }
    let starts = Tile.lines[lines].map { ($0.lowerBound - Tile.lines[lines.lowerBound].lowerBound) * self.step }
    // Vectors of a tap lie [row][vector] in the weights and [vector][row] in the transposed taps.
    let (rowStride, vectorStride) = transposed == nil ? (self.columns, 16) : (16, self.rows * 16)
    let (across, step, rows, columns) = (self.rows / 16, self.step, self.rows, self.columns)
    team.forEach(across * (columns / 16)) { square in
      let (firstRow, vector) = (square % across * 16, square / across)
      let (taps, filters) = (transposed?.floats ?? weights.base, filters.base)
      matrix.withUnsafeBufferPointer { matrix in
        starts.withUnsafeBufferPointer { starts in
          withUnsafeTemporaryAllocation(of: Lanes.self, capacity: Self.taps) { g in
            guard let matrix = matrix.baseAddress, let g = g.baseAddress else { return }
            for row in firstRow..<firstRow + 16 {
              let from = taps + (row &* rowStride &+ vector &* vectorStride)
              for lane in stride(from: 0, to: 16, by: Lanes.scalarCount) {
                for number in 0..<Self.taps { g[number] = Lanes(loading: from + (number &* rows &* columns &+ lane)) }
                let out = Self.lanes(filters + (vector &* rows &+ row), from: lane)
                for line in lines {
                  Tile.filterLine(
                    line, g, matrix, into: out + starts[line &- lines.lowerBound] &* Self.lanesPerVector, step &* Self.lanesPerVector)
                }
              }
            }
          }
        }
      }
    }
  }

  /// dg = Gᵀ dU G for 8 channels and up to 2 blocks of 16 filters.
  /// - Parameters:
  ///   - parts: pointers to [sets][8][2] vectors each, whose sum in this order is dU.
  ///   - gradient: [r, r, C, K].
  static func gatherGradient(_ parts: [UnsafeMutablePointer<Vector>], channel: Int, vectors: Range<Int>, into gradient: Tensor) {
    let (c, k) = (gradient.shape[2], gradient.shape[3])
    let sets = Tile.lines.last?.upperBound ?? 0
    let tile = 2 * BlockedProduct.adjointChannels
    let matrix = Tile.filter.flatMap { $0 }
    let base = gradient.base
    matrix.withUnsafeBufferPointer { matrix in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: sets + taps) { work in
        guard let u = work.baseAddress, let matrix = matrix.baseAddress else { return }
        let g = u + sets
        for number in 0..<tile where vectors.contains(vectors.lowerBound + number % 2) {
          for lane in stride(from: 0, to: 16, by: Lanes.scalarCount) {
            for set in 0..<sets {
              let place = set &* tile &+ number
              var sum = Self.lanes(parts[0] + place, from: lane).pointee
              for part in 1..<parts.count { sum += Self.lanes(parts[part] + place, from: lane).pointee }
              u[set] = sum
            }
            Tile.filterAdjoint(u, matrix, into: g)
            let to = base + ((channel + number / 2) * k + (vectors.lowerBound + number % 2) * 16 + lane)
            for tap in 0..<taps { g[tap].store(to: to + tap &* c &* k) }
          }
        }
      }
    }
  }

  /// r²
  private static var taps: Int { Tile.taps * Tile.taps }
  private static var lanesPerVector: Int { 16 / Lanes.scalarCount }

  /// The lanes of a vector from one of them on.
  @inline(__always)
  private static func lanes(_ vector: UnsafeMutablePointer<Vector>, from lane: Int) -> UnsafeMutablePointer<Lanes> {
    UnsafeMutableRawPointer(vector).assumingMemoryBound(to: Lanes.self) + lane / Lanes.scalarCount
  }
}
