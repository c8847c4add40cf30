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
  /// Channels of U that stay in a first-level cache of 32 KiB, beside V, while all rows pass by: 16 KiB.
  private static let channelsPerPass = 256 / ProductTile.columns

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
    var column = columns.lowerBound
    while column < columns.upperBound {
      let alone = column + ProductTile.columns > columns.upperBound
      let m = m + column * pitch
      for first in stride(from: 0, to: depth, by: channelsPerPass) {
        let (v, u) = (v + first / 16 * pitch, u + (column * uRows + first))
        let (channels, adding) = (min(channelsPerPass, depth - first), first > 0)
        var row = 0
        while row < rows {
          let tall = !alone && row + rowsAtLeast < rows
          if tall {
            product(ProductTile.self, v + row, pitch, channels, u, uRows, adding: adding, m + row)
          } else if alone {
            product(RegisterTile<6, 1>.self, v + row, pitch, channels, u, uRows, adding: adding, m + row)
          } else {
            product(ShortProductTile.self, v + row, pitch, channels, u, uRows, adding: adding, m + row)
          }
          row += tall ? ProductTile.rows : rowsAtLeast
        }
      }
      column += alone ? 1 : ProductTile.columns
    }
  }

  /// A tile of M, or what some channels add to it, 16 at a time.
  @inline(__always)
  private static func product<let rows: Int, let columns: Int>(
    _: RegisterTile<rows, columns>.Type, _ v: UnsafePointer<Vector>, _ pitch: Int, _ channels: Int, _ u: UnsafePointer<Vector>,
    _ uRows: Int, adding: Bool, _ m: UnsafeMutablePointer<Vector>
  ) {
    var v = v
    for first in stride(from: 0, to: channels, by: productsPerSum) {
      var tile = RegisterTile<rows, columns>()
      tile.add(min(productsPerSum, channels &- first), floats(v), step: 1, rowStep: 16, u + first, step: 1, columnStep: uRows)
      tile.store(to: m, rowStep: 1, columnStep: pitch, adding: adding || first > 0)
      v += pitch
    }
  }

  /// dU of 8 channels and one or two blocks of 16 columns, [8][2] vectors: Vᵀ · M, added to what is there where `adding`.
  /// - Parameters:
  ///   - v: the block of 16 channels in which the 8 lie, and `half`, 0 or 1, which of its halves.
  ///   - m: the blocks of columns, `pitch` vectors from the first to the second; of one, the second vectors of `sums` are left alone.
  static func adjoint(
    _ v: UnsafePointer<Vector>, half: Int, _ m: UnsafePointer<Vector>, columns: Int, pitch: Int, rows: Int, adding: Bool,
    into sums: UnsafeMutablePointer<Vector>
  ) {
    let channels = floats(v) + adjointChannels * half
    for row in stride(from: 0, to: rows, by: productsPerSum) {
      let count = min(productsPerSum, rows - row)
      for first in stride(from: 0, to: adjointChannels, by: AdjointTile.rows) {
        let (v, m, sums) = (channels + (row &* 16 &+ first), m + row, sums + 2 &* first)
        let adding = adding || row > 0
        if columns == AdjointTile.columns {
          adjoint(AdjointTile.self, v, m, pitch: pitch, count: count, adding: adding, sums)
        } else {
          for column in 0..<columns {
            adjoint(NarrowAdjointTile.self, v, m + column &* pitch, pitch: pitch, count: count, adding: adding, sums + column)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func adjoint<let rows: Int, let columns: Int>(
    _: RegisterTile<rows, columns>.Type, _ channels: UnsafePointer<Float>, _ m: UnsafePointer<Vector>, pitch: Int, count: Int, adding: Bool,
    _ sums: UnsafeMutablePointer<Vector>
  ) {
    var tile = RegisterTile<rows, columns>()
    tile.add(count, channels, step: 16, rowStep: 1, m, step: 1, columnStep: pitch)
    tile.store(to: sums, rowStep: 2, columnStep: 1, adding: adding)
  }

  @inline(__always)
  private static func floats(_ v: UnsafePointer<Vector>) -> UnsafePointer<Float> { UnsafeRawPointer(v).assumingMemoryBound(to: Float.self) }
}
