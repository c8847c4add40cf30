/// The inner loops of convolution.
///
/// Goals, in order: exact sums in a fixed order; the FMA units busy; code that reads in one sitting.
/// Legend: q outputs of a flat run, c input channels, v vectors of 16 output channels.
/// Forward: a tile of 12 × 1 or 6 × 2 accumulators stays in registers over all taps and channels; per channel it loads 1 or 2 weight
/// vectors and broadcasts 12 or 6 pixels, so loads never outnumber FMAs. 2·taps·C·K flop per output, (taps·C + K)·4 bytes per tile row.
/// Weight gradient: 8 × 1 or 8 × 2 accumulators stay in registers over a run of outputs.
/// Tolerance of the twin test: 1e-5 of the largest element; sums run over at most k²·C products in another order than the plain twin.
enum ConvolutionKernel {
  typealias Vector = SIMD16<Float>
  /// The largest number of outputs a tile reaches beyond the last.
  static let tallest = 12

  /// y[q, 0..<16·vectors] = Σ_tap Σ_c x[(starts[tap] + q)·channels + c] · w[tap][c].
  /// - Parameters:
  ///   - weights: [tap, channels, vectors] vectors.
  ///   - y: [count rounded up to 12, vectors] vectors; rows past `count` get meaningless values.
  static func forward(
    _ x: UnsafePointer<Float>, starts: UnsafeBufferPointer<Int>, channels: Int, weights: UnsafePointer<Vector>, vectors: Int,
    count: Int, y: UnsafeMutablePointer<Vector>
  ) {
    var vector = 0
    while vector < vectors {
      let pair = vector + 1 < vectors
      var q = 0
      while q < count {
        if pair {
          tile6x2(x + q * channels, starts, channels, weights + vector, vectors, y + q * vectors + vector)
          q += 6
        } else {
          tile12x1(x + q * channels, starts, channels, weights + vector, vectors, y + q * vectors + vector)
          q += 12
        }
      }
      vector += pair ? 2 : 1
    }
  }

  @inline(__always)
  private static func tile12x1(
    _ x: UnsafePointer<Float>, _ starts: UnsafeBufferPointer<Int>, _ channels: Int, _ weights: UnsafePointer<Vector>, _ vectors: Int,
    _ y: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3, a4, a5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (a6, a7, a8, a9, a10, a11) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var w = weights
    for start in starts {
      let p = x + start * channels
      for c in 0..<channels {
        let v = w.pointee
        w += vectors
        a0 = a0.addingProduct(v, Vector(repeating: p[c]))
        a1 = a1.addingProduct(v, Vector(repeating: p[c &+ channels]))
        a2 = a2.addingProduct(v, Vector(repeating: p[c &+ 2 &* channels]))
        a3 = a3.addingProduct(v, Vector(repeating: p[c &+ 3 &* channels]))
        a4 = a4.addingProduct(v, Vector(repeating: p[c &+ 4 &* channels]))
        a5 = a5.addingProduct(v, Vector(repeating: p[c &+ 5 &* channels]))
        a6 = a6.addingProduct(v, Vector(repeating: p[c &+ 6 &* channels]))
        a7 = a7.addingProduct(v, Vector(repeating: p[c &+ 7 &* channels]))
        a8 = a8.addingProduct(v, Vector(repeating: p[c &+ 8 &* channels]))
        a9 = a9.addingProduct(v, Vector(repeating: p[c &+ 9 &* channels]))
        a10 = a10.addingProduct(v, Vector(repeating: p[c &+ 10 &* channels]))
        a11 = a11.addingProduct(v, Vector(repeating: p[c &+ 11 &* channels]))
      }
    }
    (y[0], y[vectors], y[2 * vectors], y[3 * vectors], y[4 * vectors], y[5 * vectors]) = (a0, a1, a2, a3, a4, a5)
    (y[6 * vectors], y[7 * vectors], y[8 * vectors], y[9 * vectors], y[10 * vectors], y[11 * vectors]) = (a6, a7, a8, a9, a10, a11)
  }

  @inline(__always)
  private static func tile6x2(
    _ x: UnsafePointer<Float>, _ starts: UnsafeBufferPointer<Int>, _ channels: Int, _ weights: UnsafePointer<Vector>, _ vectors: Int,
    _ y: UnsafeMutablePointer<Vector>
  ) {
    var (a0, a1, a2, a3, a4, a5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var (b0, b1, b2, b3, b4, b5) = (Vector(), Vector(), Vector(), Vector(), Vector(), Vector())
    var w = weights
    for start in starts {
      let p = x + start * channels
      for c in 0..<channels {
        let (u, v) = (w[0], w[1])
        w += vectors
        var t = Vector(repeating: p[c])
        a0 = a0.addingProduct(u, t)
        b0 = b0.addingProduct(v, t)
        t = Vector(repeating: p[c &+ channels])
        a1 = a1.addingProduct(u, t)
        b1 = b1.addingProduct(v, t)
        t = Vector(repeating: p[c &+ 2 &* channels])
        a2 = a2.addingProduct(u, t)
        b2 = b2.addingProduct(v, t)
        t = Vector(repeating: p[c &+ 3 &* channels])
        a3 = a3.addingProduct(u, t)
        b3 = b3.addingProduct(v, t)
        t = Vector(repeating: p[c &+ 4 &* channels])
        a4 = a4.addingProduct(u, t)
        b4 = b4.addingProduct(v, t)
        t = Vector(repeating: p[c &+ 5 &* channels])
        a5 = a5.addingProduct(u, t)
        b5 = b5.addingProduct(v, t)
      }
    }
    (y[0], y[vectors], y[2 * vectors], y[3 * vectors], y[4 * vectors], y[5 * vectors]) = (a0, a1, a2, a3, a4, a5)
    let z = y + 1
    (z[0], z[vectors], z[2 * vectors], z[3 * vectors], z[4 * vectors], z[5 * vectors]) = (b0, b1, b2, b3, b4, b5)
  }

  /// dw[row, 0..<16·vectors] += Σ_q x[offsets[row] + q·channels] · dy[q] for every row = (tap, input channel).
  static func weightGradient(
    _ x: UnsafePointer<Float>, offsets: UnsafeBufferPointer<Int>, channels: Int, dy: UnsafePointer<Vector>, vectors: Int, count: Int,
    dw: UnsafeMutablePointer<Vector>
  ) {
    for vector in 0..<vectors {
      let g = dy + vector
      var row = 0
      while row + 8 <= offsets.count {
        let (p0, p1, p2, p3) = (x + offsets[row], x + offsets[row + 1], x + offsets[row + 2], x + offsets[row + 3])
        let (p4, p5, p6, p7) = (x + offsets[row + 4], x + offsets[row + 5], x + offsets[row + 6], x + offsets[row + 7])
        let out = dw + row * vectors + vector
        var (a0, a1, a2, a3) = (out[0], out[vectors], out[2 * vectors], out[3 * vectors])
        var (a4, a5, a6, a7) = (out[4 * vectors], out[5 * vectors], out[6 * vectors], out[7 * vectors])
        var at = 0
        for q in 0..<count {
          let v = g[q &* vectors]
          a0 = a0.addingProduct(v, Vector(repeating: p0[at]))
          a1 = a1.addingProduct(v, Vector(repeating: p1[at]))
          a2 = a2.addingProduct(v, Vector(repeating: p2[at]))
          a3 = a3.addingProduct(v, Vector(repeating: p3[at]))
          a4 = a4.addingProduct(v, Vector(repeating: p4[at]))
          a5 = a5.addingProduct(v, Vector(repeating: p5[at]))
          a6 = a6.addingProduct(v, Vector(repeating: p6[at]))
          a7 = a7.addingProduct(v, Vector(repeating: p7[at]))
          at &+= channels
        }
        (out[0], out[vectors], out[2 * vectors], out[3 * vectors]) = (a0, a1, a2, a3)
        (out[4 * vectors], out[5 * vectors], out[6 * vectors], out[7 * vectors]) = (a4, a5, a6, a7)
        row += 8
      }
      while row < offsets.count {
        let p = x + offsets[row]
        var a = dw[row * vectors + vector]
        for q in 0..<count { a = a.addingProduct(g[q &* vectors], Vector(repeating: p[q &* channels])) }
        dw[row * vectors + vector] = a
        row += 1
      }
    }
  }
}
