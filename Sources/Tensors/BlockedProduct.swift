/// Matrix products over matrices kept in blocks of 16 columns, as the fast convolutions write them: [columns / 16][rows][16].
///
/// Goals, in order: exact sums in a fixed order; the FMA units busy; every stream of loads contiguous, so that no packing pass is needed and
/// rows a power of two apart do not fall into the same cache lines.
/// Legend: V [rows, C], U [C, K], M [rows, K]; C and K multiples of 16; `pitch` rows of V and M are in memory, a multiple of 6.
/// M = V · U keeps 12 × 2 vectors in registers: 2 loads and 12 broadcasts for 24 FMAs. dU = Vᵀ · M keeps 8 × 2: 2 loads and 8 broadcasts for 16.
/// Sums run over C, or over rows, in index order: 16 products in a register, such sums added up in memory. One chain of some hundred additions
/// would lose more digits than the transforms around it (at C = 256: 1.2e-5 of the largest element against 5e-6), for some 5 % of the time.
enum BlockedProduct {
  typealias Vector = SIMD16<Float>
  /// Rows of a register tile of M; the last tile may have half of them.
  static let tileRows = 12
  /// Channels of a register tile of dU.
  static let adjointChannels = 8
  /// Products that are summed in a register before the sum is added to memory.
  private static let productsPerSum = 16

  /// The least number of rows in memory for this many rows of values.
  static func pitch(rows: Int) -> Int { (rows + tileRows / 2 - 1) / (tileRows / 2) * (tileRows / 2) }

  /// M = V · U for some blocks of 16 columns of U; rows of M up to the next multiple of 6 get meaningless values.
  static func multiply(
    _ v: UnsafePointer<Vector>, rows: Int, pitch: Int, vectors: Int, _ u: UnsafePointer<Vector>, columns: Range<Int>,
    into m: UnsafeMutablePointer<Vector>
  ) {
    let vectorsPerSum = productsPerSum / 16
    for column in stride(from: columns.lowerBound, to: columns.upperBound, by: 2) {
      let alone = column + 1 == columns.upperBound
      var row = 0
      while row < rows {
        let tall = !alone && row + tileRows / 2 < rows
        for first in stride(from: 0, to: vectors, by: vectorsPerSum) {
          let x = v + (first * pitch + row)
          let count = min(vectorsPerSum, vectors - first)
          let u0 = u + (column * vectors + first) * 16
          let (m0, m1) = (m + (column * pitch + row), m + ((column + 1) * pitch + row))
          if tall {
            tile12x2(x, pitch: pitch, vectors: count, u0, u0 + vectors * 16, adding: first > 0, m0, m1)
          } else if alone {
            tile6x1(x, pitch: pitch, vectors: count, u0, adding: first > 0, m0)
          } else {
            tile6x2(x, pitch: pitch, vectors: count, u0, u0 + vectors * 16, adding: first > 0, m0, m1)
          }
        }
        row += tall ? tileRows : tileRows / 2
      }
    }
  }

  /// dU of 8 channels and two blocks of 16 columns, [8][2] vectors: Vᵀ · M, added to what is there where `adding`.
  /// - Parameters:
  ///   - v: the block of 16 channels in which the 8 lie, and `half`, 0 or 1, which of its halves.
  ///   - m0, m1: the blocks of columns; without `m1` the second vectors are left alone.
  static func adjoint(
    _ v: UnsafePointer<Vector>, half: Int, _ m0: UnsafePointer<Vector>, _ m1: UnsafePointer<Vector>?, rows: Int, adding: Bool,
    into sums: UnsafeMutablePointer<Vector>
  ) {
    let x = UnsafeRawPointer(v).assumingMemoryBound(to: Float.self) + adjointChannels * half
    for row in stride(from: 0, to: rows, by: productsPerSum) {
      let count = min(productsPerSum, rows - row)
      if let m1 {
        adjoint8x2(x + row * 16, m0 + row, m1 + row, rows: count, adding: adding || row > 0, sums)
      } else {
        adjoint8x1(x + row * 16, m0 + row, rows: count, adding: adding || row > 0, sums)
      }
    }
  }

  // MARK: Register tiles

  @inline(__always)
  private static func tile12x2(
    _ v: UnsafePointer<Vector>, pitch: Int, vectors: Int, _ u0: UnsafePointer<Vector>, _ u1: UnsafePointer<Vector>, adding: Bool,
    _ m0: UnsafeMutablePointer<Vector>, _ m1: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3, a4, a5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (a6, a7, a8, a9, a10, a11) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (b0, b1, b2, b3, b4, b5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (b6, b7, b8, b9, b10, b11) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (s, t) = (u0, u1)
    for block in 0..<vectors {
      let x = UnsafeRawPointer(v + block &* pitch).assumingMemoryBound(to: Float.self)
      for channel in 0..<16 {
        let (f, g) = (s[channel], t[channel])
        var e = Vector(repeating: x[channel])
        a0.addProduct(f, e)
        b0.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 16])
        a1.addProduct(f, e)
        b1.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 32])
        a2.addProduct(f, e)
        b2.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 48])
        a3.addProduct(f, e)
        b3.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 64])
        a4.addProduct(f, e)
        b4.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 80])
        a5.addProduct(f, e)
        b5.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 96])
        a6.addProduct(f, e)
        b6.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 112])
        a7.addProduct(f, e)
        b7.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 128])
        a8.addProduct(f, e)
        b8.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 144])
        a9.addProduct(f, e)
        b9.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 160])
        a10.addProduct(f, e)
        b10.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 176])
        a11.addProduct(f, e)
        b11.addProduct(g, e)
      }
      s += 16
      t += 16
    }
    if adding {
      a0 += m0[0]
      a1 += m0[1]
      a2 += m0[2]
      a3 += m0[3]
      a4 += m0[4]
      a5 += m0[5]
      a6 += m0[6]
      a7 += m0[7]
      a8 += m0[8]
      a9 += m0[9]
      a10 += m0[10]
      a11 += m0[11]
      b0 += m1[0]
      b1 += m1[1]
      b2 += m1[2]
      b3 += m1[3]
      b4 += m1[4]
      b5 += m1[5]
      b6 += m1[6]
      b7 += m1[7]
      b8 += m1[8]
      b9 += m1[9]
      b10 += m1[10]
      b11 += m1[11]
    }
    (m0[0], m0[1], m0[2], m0[3], m0[4], m0[5]) = (a0, a1, a2, a3, a4, a5)
    (m0[6], m0[7], m0[8], m0[9], m0[10], m0[11]) = (a6, a7, a8, a9, a10, a11)
    (m1[0], m1[1], m1[2], m1[3], m1[4], m1[5]) = (b0, b1, b2, b3, b4, b5)
    (m1[6], m1[7], m1[8], m1[9], m1[10], m1[11]) = (b6, b7, b8, b9, b10, b11)
  }

  @inline(__always)
  private static func tile6x2(
    _ v: UnsafePointer<Vector>, pitch: Int, vectors: Int, _ u0: UnsafePointer<Vector>, _ u1: UnsafePointer<Vector>, adding: Bool,
    _ m0: UnsafeMutablePointer<Vector>, _ m1: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3, a4, a5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (b0, b1, b2, b3, b4, b5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (s, t) = (u0, u1)
    for block in 0..<vectors {
      let x = UnsafeRawPointer(v + block &* pitch).assumingMemoryBound(to: Float.self)
      for channel in 0..<16 {
        let (f, g) = (s[channel], t[channel])
        var e = Vector(repeating: x[channel])
        a0.addProduct(f, e)
        b0.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 16])
        a1.addProduct(f, e)
        b1.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 32])
        a2.addProduct(f, e)
        b2.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 48])
        a3.addProduct(f, e)
        b3.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 64])
        a4.addProduct(f, e)
        b4.addProduct(g, e)
        e = Vector(repeating: x[channel &+ 80])
        a5.addProduct(f, e)
        b5.addProduct(g, e)
      }
      s += 16
      t += 16
    }
    if adding {
      a0 += m0[0]
      a1 += m0[1]
      a2 += m0[2]
      a3 += m0[3]
      a4 += m0[4]
      a5 += m0[5]
      b0 += m1[0]
      b1 += m1[1]
      b2 += m1[2]
      b3 += m1[3]
      b4 += m1[4]
      b5 += m1[5]
    }
    (m0[0], m0[1], m0[2], m0[3], m0[4], m0[5]) = (a0, a1, a2, a3, a4, a5)
    (m1[0], m1[1], m1[2], m1[3], m1[4], m1[5]) = (b0, b1, b2, b3, b4, b5)
  }

  @inline(__always)
  private static func tile6x1(
    _ v: UnsafePointer<Vector>, pitch: Int, vectors: Int, _ u0: UnsafePointer<Vector>, adding: Bool,
    _ m0: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3, a4, a5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var s = u0
    for block in 0..<vectors {
      let x = UnsafeRawPointer(v + block &* pitch).assumingMemoryBound(to: Float.self)
      for channel in 0..<16 {
        let f = s[channel]
        a0.addProduct(f, Vector(repeating: x[channel]))
        a1.addProduct(f, Vector(repeating: x[channel &+ 16]))
        a2.addProduct(f, Vector(repeating: x[channel &+ 32]))
        a3.addProduct(f, Vector(repeating: x[channel &+ 48]))
        a4.addProduct(f, Vector(repeating: x[channel &+ 64]))
        a5.addProduct(f, Vector(repeating: x[channel &+ 80]))
      }
      s += 16
    }
    if adding {
      a0 += m0[0]
      a1 += m0[1]
      a2 += m0[2]
      a3 += m0[3]
      a4 += m0[4]
      a5 += m0[5]
    }
    (m0[0], m0[1], m0[2], m0[3], m0[4], m0[5]) = (a0, a1, a2, a3, a4, a5)
  }

  @inline(__always)
  private static func adjoint8x2(
    _ x: UnsafePointer<Float>, _ m0: UnsafePointer<Vector>, _ m1: UnsafePointer<Vector>, rows: Int, adding: Bool,
    _ sums: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3) = (Vector(), Vector(), Vector(), Vector())
    var (a4, a5, a6, a7) = (Vector(), Vector(), Vector(), Vector())
    var (b0, b1, b2, b3) = (Vector(), Vector(), Vector(), Vector())
    var (b4, b5, b6, b7) = (Vector(), Vector(), Vector(), Vector())
    var p = x
    for row in 0..<rows {
      let (f, g) = (m0[row], m1[row])
      var e = Vector(repeating: p[0])
      a0.addProduct(f, e)
      b0.addProduct(g, e)
      e = Vector(repeating: p[1])
      a1.addProduct(f, e)
      b1.addProduct(g, e)
      e = Vector(repeating: p[2])
      a2.addProduct(f, e)
      b2.addProduct(g, e)
      e = Vector(repeating: p[3])
      a3.addProduct(f, e)
      b3.addProduct(g, e)
      e = Vector(repeating: p[4])
      a4.addProduct(f, e)
      b4.addProduct(g, e)
      e = Vector(repeating: p[5])
      a5.addProduct(f, e)
      b5.addProduct(g, e)
      e = Vector(repeating: p[6])
      a6.addProduct(f, e)
      b6.addProduct(g, e)
      e = Vector(repeating: p[7])
      a7.addProduct(f, e)
      b7.addProduct(g, e)
      p += 16
    }
    if adding {
      a0 += sums[0]
      a1 += sums[2]
      a2 += sums[4]
      a3 += sums[6]
      a4 += sums[8]
      a5 += sums[10]
      a6 += sums[12]
      a7 += sums[14]
      b0 += sums[1]
      b1 += sums[3]
      b2 += sums[5]
      b3 += sums[7]
      b4 += sums[9]
      b5 += sums[11]
      b6 += sums[13]
      b7 += sums[15]
    }
    (sums[0], sums[2], sums[4], sums[6]) = (a0, a1, a2, a3)
    (sums[1], sums[3], sums[5], sums[7]) = (b0, b1, b2, b3)
    (sums[8], sums[10], sums[12], sums[14]) = (a4, a5, a6, a7)
    (sums[9], sums[11], sums[13], sums[15]) = (b4, b5, b6, b7)
  }

  @inline(__always)
  private static func adjoint8x1(
    _ x: UnsafePointer<Float>, _ m0: UnsafePointer<Vector>, rows: Int, adding: Bool, _ sums: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3) = (Vector(), Vector(), Vector(), Vector())
    var (a4, a5, a6, a7) = (Vector(), Vector(), Vector(), Vector())
    var p = x
    for row in 0..<rows {
      let f = m0[row]
      a0.addProduct(f, Vector(repeating: p[0]))
      a1.addProduct(f, Vector(repeating: p[1]))
      a2.addProduct(f, Vector(repeating: p[2]))
      a3.addProduct(f, Vector(repeating: p[3]))
      a4.addProduct(f, Vector(repeating: p[4]))
      a5.addProduct(f, Vector(repeating: p[5]))
      a6.addProduct(f, Vector(repeating: p[6]))
      a7.addProduct(f, Vector(repeating: p[7]))
      p += 16
    }
    if adding {
      a0 += sums[0]
      a1 += sums[2]
      a2 += sums[4]
      a3 += sums[6]
      a4 += sums[8]
      a5 += sums[10]
      a6 += sums[12]
      a7 += sums[14]
    }
    (sums[0], sums[2], sums[4], sums[6]) = (a0, a1, a2, a3)
    (sums[8], sums[10], sums[12], sums[14]) = (a4, a5, a6, a7)
  }
}
