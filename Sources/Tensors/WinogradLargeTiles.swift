/// F(5, 3): points 0, 1, −1, 2, −2, 1/2, ∞. 49 products for 25 outputs instead of 225.
enum WinogradTile5: WinogradTile {
  static var stride: Int { 1 }
  static var inputs: Int { 7 }
  static var margin: Int { 1 }
  static var outputs: Int { 5 }
  static var points: Int { 7 }
  static var filterRows: Int { 7 }
  static let filter: [[Float]] = [
    [-1 / 2, 0, 0], [-1 / 3, -1 / 3, -1 / 3], [1 / 9, -1 / 9, 1 / 9], [1 / 36, 1 / 18, 1 / 9], [-1 / 60, 1 / 30, -1 / 15],
    [32 / 45, 16 / 45, 8 / 45], [0, 0, 1],
  ]
  static let filterOfPoint = [0, 1, 2, 3, 4, 5, 6]

  /// Every polynomial but that of 1/2 has the factor z − 1/2: e = (z − 1/2) d first, then F(4, 3)'s five of e.
  @inline(__always)
  static func input(_ d: UnsafePointer<Vector>, _ step: Int, into v: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (d0, d1, d2, d3) = (d[0], d[step], d[2 &* step], d[3 &* step])
    let (d4, d5, d6) = (d[4 &* step], d[5 &* step], d[6 &* step])
    let (e0, e1, e2) = (d1 - 0.5 * d0, d2 - 0.5 * d1, d3 - 0.5 * d2)
    let (e3, e4, e5) = (d4 - 0.5 * d3, d5 - 0.5 * d4, d6 - 0.5 * d5)
    let (a, b) = (e4 - 4 * e2, e3 - 4 * e1)
    let (c, f) = (e4 - e2, 2 * (e3 - e1))
    v[0] = 4 * e0 - 5 * e2 + e4
    v[stepOut] = a + b
    v[2 &* stepOut] = a - b
    v[3 &* stepOut] = c + f
    v[4 &* stepOut] = c - f
    v[5 &* stepOut] = 4 * d1 - 5 * d3 + d5
    v[6 &* stepOut] = 4 * e1 - 5 * e3 + e5
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Vector>, _ step: Int, into d: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (v0, v1, v2, v3) = (v[0], v[step], v[2 &* step], v[3 &* step])
    let (v4, v5, v6) = (v[4 &* step], v[5 &* step], v[6 &* step])
    let (a, b) = (v1 + v2, v1 - v2)
    let (c, f) = (v3 + v4, v3 - v4)
    let (e0, e1, e2) = (4 * v0, 4 * (v6 - b) - 2 * f, -4 * a - c - 5 * v0)
    let (e3, e4) = (b + 2 * f - 5 * v6, a + c + v0)
    d[0] = -0.5 * e0
    d[stepOut] = e0 - 0.5 * e1 + 4 * v5
    d[2 &* stepOut] = e1 - 0.5 * e2
    d[3 &* stepOut] = e2 - 0.5 * e3 - 5 * v5
    d[4 &* stepOut] = e3 - 0.5 * e4
    d[5 &* stepOut] = e4 - 0.5 * v6 + v5
    d[6 &* stepOut] = v6
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Vector>, _ step: Int, into y: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (m0, m1, m2, m3) = (m[0], m[step], m[2 &* step], m[3 &* step])
    let (m4, m5, m6) = (m[4 &* step], m[5 &* step], m[6 &* step])
    let (s, d) = (m1 + m2, m1 - m2)
    let (u, w) = (m3 + m4, m3 - m4)
    y[0] = m0 + s + u + m5
    y[stepOut] = d + 2 * w + 0.5 * m5
    y[2 &* stepOut] = s + 4 * u + 0.25 * m5
    y[3 &* stepOut] = d + 8 * w + 0.125 * m5
    y[4 &* stepOut] = s + 16 * u + 0.0625 * m5 + m6
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Vector>, _ step: Int, into m: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (y0, y1, y2, y3, y4) = (y[0], y[step], y[2 &* step], y[3 &* step], y[4 &* step])
    let (even, odd) = (y0 + y2 + y4, y1 + y3)
    let (even2, odd2) = (y0 + 4 * y2 + 16 * y4, 2 * y1 + 8 * y3)
    m[0] = y0
    m[stepOut] = even + odd
    m[2 &* stepOut] = even - odd
    m[3 &* stepOut] = even2 + odd2
    m[4 &* stepOut] = even2 - odd2
    m[5 &* stepOut] = y0 + 0.5 * y1 + 0.25 * y2 + 0.125 * y3 + 0.0625 * y4
    m[6 &* stepOut] = y4
  }
}

/// F(6, 3): points 0, 1, −1, 2, −2, 1/2, −1/2, ∞. 64 products for 36 outputs instead of 324.
enum WinogradTile6: WinogradTile {
  static var stride: Int { 1 }
  static var inputs: Int { 8 }
  static var margin: Int { 1 }
  static var outputs: Int { 6 }
  static var points: Int { 8 }
  static var filterRows: Int { 8 }
  static let filter: [[Float]] = [
    [-1, 0, 0], [-2 / 9, -2 / 9, -2 / 9], [-2 / 9, 2 / 9, -2 / 9], [1 / 90, 1 / 45, 2 / 45], [1 / 90, -1 / 45, 2 / 45],
    [32 / 45, 16 / 45, 8 / 45], [32 / 45, -16 / 45, 8 / 45], [0, 0, 1],
  ]
  static let filterOfPoint = [0, 1, 2, 3, 4, 5, 6, 7]

  @inline(__always)
  static func input(_ d: UnsafePointer<Vector>, _ step: Int, into v: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (d0, d1, d2, d3) = (d[0], d[step], d[2 &* step], d[3 &* step])
    let (d4, d5, d6, d7) = (d[4 &* step], d[5 &* step], d[6 &* step], d[7 &* step])
    let (a, b) = (d2 + d6 - 4.25 * d4, d1 + d5 - 4.25 * d3)
    let (c, e) = (d6 + 0.25 * d2 - 1.25 * d4, 0.5 * d1 - 2.5 * d3 + 2 * d5)
    let (f, g) = (d6 + 4 * d2 - 5 * d4, 2 * d1 - 2.5 * d3 + 0.5 * d5)
    v[0] = (d6 - d0) + 5.25 * (d2 - d4)
    v[stepOut] = a + b
    v[2 &* stepOut] = a - b
    v[3 &* stepOut] = c + e
    v[4 &* stepOut] = c - e
    v[5 &* stepOut] = f + g
    v[6 &* stepOut] = f - g
    v[7 &* stepOut] = (d7 - d1) + 5.25 * (d3 - d5)
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Vector>, _ step: Int, into d: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (v0, v1, v2, v3) = (v[0], v[step], v[2 &* step], v[3 &* step])
    let (v4, v5, v6, v7) = (v[4 &* step], v[5 &* step], v[6 &* step], v[7 &* step])
    let (a, b) = (v1 + v2, v1 - v2)
    let (c, e) = (v3 + v4, v3 - v4)
    let (f, g) = (v5 + v6, v5 - v6)
    d[0] = -v0
    d[stepOut] = b + 0.5 * e + 2 * g - v7
    d[2 &* stepOut] = a + 0.25 * c + 4 * f + 5.25 * v0
    d[3 &* stepOut] = 5.25 * v7 - 4.25 * b - 2.5 * (e + g)
    d[4 &* stepOut] = -4.25 * a - 1.25 * c - 5 * f - 5.25 * v0
    d[5 &* stepOut] = b + 2 * e + 0.5 * g - 5.25 * v7
    d[6 &* stepOut] = a + c + f + v0
    d[7 &* stepOut] = v7
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Vector>, _ step: Int, into y: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (m0, m1, m2, m3) = (m[0], m[step], m[2 &* step], m[3 &* step])
    let (m4, m5, m6, m7) = (m[4 &* step], m[5 &* step], m[6 &* step], m[7 &* step])
    let (s, d) = (m1 + m2, m1 - m2)
    let (u, w) = (m3 + m4, m3 - m4)
    let (p, q) = (m5 + m6, m5 - m6)
    y[0] = m0 + s + u + p
    y[stepOut] = d + 2 * w + 0.5 * q
    y[2 &* stepOut] = s + 4 * u + 0.25 * p
    y[3 &* stepOut] = d + 8 * w + 0.125 * q
    y[4 &* stepOut] = s + 16 * u + 0.0625 * p
    y[5 &* stepOut] = d + 32 * w + 0.03125 * q + m7
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Vector>, _ step: Int, into m: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (y0, y1, y2) = (y[0], y[step], y[2 &* step])
    let (y3, y4, y5) = (y[3 &* step], y[4 &* step], y[5 &* step])
    let (even, odd) = (y0 + y2 + y4, y1 + y3 + y5)
    let (even2, odd2) = (y0 + 4 * y2 + 16 * y4, 2 * y1 + 8 * y3 + 32 * y5)
    let (evenHalf, oddHalf) = (y0 + 0.25 * y2 + 0.0625 * y4, 0.5 * y1 + 0.125 * y3 + 0.03125 * y5)
    m[0] = y0
    m[stepOut] = even + odd
    m[2 &* stepOut] = even - odd
    m[3 &* stepOut] = even2 + odd2
    m[4 &* stepOut] = even2 - odd2
    m[5 &* stepOut] = evenHalf + oddHalf
    m[6 &* stepOut] = evenHalf - oddHalf
    m[7 &* stepOut] = y5
  }
}
