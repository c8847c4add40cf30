/// Matrix products over matrices kept in blocks of 16 columns, as the fast convolutions write them: [columns / 16][rows][16].
///
/// Goals, in order: exact sums in a fixed order; the FMA units busy; every stream of loads contiguous, so that no packing pass is needed and
/// rows a power of two apart do not fall into the same cache lines.
/// Legend: V [rows, C], U [C, K], M [rows, K]; `pitch` rows of V and M are in memory, a multiple of 6.
/// Sums run over C, or over rows, in index order: 16 products in a register, such sums added up in memory. One chain of some hundred additions
/// would lose more digits than the transforms around it (at C = 256: 1.2e-5 of the largest element against 5e-6), for some 5 % of the time.
enum BlockedProduct {
  /// Rows of M that are computed together at least.
  private static let rowsAtLeast = 6
  /// Channels of a tile of dU in memory.
  static let adjointChannels = 8
  /// Products that are summed in a register before the sum is added to memory.
  private static let productsPerSum = 16
  // Passes over channels and rows: multiples of `productsPerSum` where they are summed, so that sums do not depend on them, and of `rowsAtLeast` where they
  // are not, so that no tile reaches into rows of the next pass, which would count twice.
  /// Channels of U that stay in a first-level cache of 32 KiB, beside V, while rows pass by: 16 KiB.
  private static let channelsPerPass = 256
  /// Rows of V that stay in a second-level cache of 512 KiB, with that many channels, while all columns pass by: 252 KiB at most.
  private static let rowsPerPass = 252
  /// Rows of two blocks of M that stay in a first-level cache while all channels of dU pass by: 16 KiB.
  private static let adjointRowsPerPass = 128

  /// The least number of rows in memory for this many rows of values.
  static func pitch(rows: Int) -> Int { (rows + rowsAtLeast - 1) / rowsAtLeast * rowsAtLeast }

  /// M = V · U for some blocks of 16 columns of U; rows of M up to the next multiple of 6 get meaningless values.
  /// - Parameters:
  ///   - depth: C, from here on any number; what V and U hold in the rest of their last block is not read.
  ///   - uRows: rows of U in memory, at least C.
  static func multiply(
    _ v: UnsafePointer<Vector>, rows: Int, pitch: Int, depth: Int, _ u: UnsafePointer<Vector>, uRows: Int, columns: Range<Int>,
    into m: UnsafeMutablePointer<Vector>
  ) {
    for first in stride(from: 0, to: depth, by: channelsPerPass) {
      let (v, channels, adding) = (v + first / 16 * pitch, min(channelsPerPass, depth - first), first > 0)
      for start in stride(from: 0, to: rows, by: rowsPerPass) {
        let end = min(rows, start + rowsPerPass)
        for column in columns {
          let (u, m) = (u + (column * uRows + first), m + column * pitch)
          var row = start
          while row < end {
            if row + rowsAtLeast < end {
              product(ProductTile.self, v + row, pitch, channels, u, adding: adding, m + row)
              row += ProductTile.rows
            } else {
              product(RegisterTile<6>.self, v + row, pitch, channels, u, adding: adding, m + row)
              row += rowsAtLeast
            }
          }
        }
      }
    }
  }

  /// A tile of M, or what some channels add to it, 16 at a time.
  @inline(__always)
  private static func product<let rows: Int>(
    _: RegisterTile<rows>.Type, _ v: UnsafePointer<Vector>, _ pitch: Int, _ channels: Int, _ u: UnsafePointer<Vector>, adding: Bool,
    _ m: UnsafeMutablePointer<Vector>
  ) {
    var v = v
    for first in stride(from: 0, to: channels, by: productsPerSum) {
      var tile = RegisterTile<rows>()
      tile.add(min(productsPerSum, channels &- first), floats(v), step: 1, rowStep: 16, u + first)
      tile.store(to: m, step: 1, adding: adding || first > 0)
      v += pitch
    }
  }

  /// dU = Vᵀ · M of some groups of 8 channels and one or two blocks of 16 columns, [8][2] vectors a group, added to what is there where `adding`.
  /// - Parameters:
  ///   - groups: of V's channels; two lie in a block of 16.
  ///   - m: the blocks of columns, `pitch` vectors from the first to the second; of one, the second vectors of `sums` are left alone.
  ///   - sums: those of the first group; `step` vectors from a group to the next.
  static func adjoint(
    _ v: UnsafePointer<Vector>, groups: Range<Int>, _ m: UnsafePointer<Vector>, columns: Int, pitch: Int, rows: Int, adding: Bool,
    into sums: UnsafeMutablePointer<Vector>, step: Int
  ) {
    for start in stride(from: 0, to: rows, by: adjointRowsPerPass) {
      let end = min(rows, start + adjointRowsPerPass)
      for group in groups {
        adjoint(
          floats(v + group / 2 * pitch) + adjointChannels * (group % 2), m, columns: columns, pitch: pitch, rows: start..<end,
          adding: adding || start > 0, into: sums + (group - groups.lowerBound) * step)
      }
    }
  }

  private static func adjoint(
    _ channels: UnsafePointer<Float>, _ m: UnsafePointer<Vector>, columns: Int, pitch: Int, rows: Range<Int>, adding: Bool,
    into sums: UnsafeMutablePointer<Vector>
  ) {
    for first in stride(from: 0, to: adjointChannels, by: AdjointTile.rows) {
      for column in 0..<columns {
        let m = m + column * pitch
        for row in stride(from: rows.lowerBound, to: rows.upperBound, by: productsPerSum) {
          var tile = AdjointTile()
          tile.add(min(productsPerSum, rows.upperBound &- row), channels + (row &* 16 &+ first), step: 16, rowStep: 1, m + row)
          tile.store(to: sums + (2 &* first &+ column), step: 2, adding: adding || row > rows.lowerBound)
        }
      }
    }
  }

  @inline(__always)
  private static func floats(_ v: UnsafePointer<Vector>) -> UnsafePointer<Float> { UnsafeRawPointer(v).assumingMemoryBound(to: Float.self) }
}
