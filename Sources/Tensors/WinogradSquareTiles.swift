/// F(4, 3): points 0, 1, −1, ½, −2, ∞. 36 products for 16 outputs instead of 144.
enum WinogradTile4: WinogradTile {
  static var stride: Int { 1 }
  static var inputs: Int { 6 }
  static var margin: Int { 1 }
  static var outputs: Int { 4 }
  static var points: Int { 6 }
  static var filterRows: Int { 6 }
  static let filter: [[Float]] = [
    [1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [-1 / 3, 1 / 3, -1 / 3], [-16 / 15, -8 / 15, -4 / 15], [1 / 15, -2 / 15, 4 / 15], [0, 0, 1],
  ]
  static let filterOfPoint = [0, 1, 2, 3, 4, 5]

  /// r = (z² + 3z/2 − 1) d is what the polynomials of 0, ±1 and ∞ share, s = (z² − 1) z d those of ½ and −2.
  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d0, d1, d2, d3, d4, d5) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step], d[5 &* step])
    let (r0, r1) = (d2 + 1.5 * d1 - d0, d3 + 1.5 * d2 - d1)
    let (r2, r3) = (d4 + 1.5 * d3 - d2, d5 + 1.5 * d4 - d3)
    let (s0, s1) = (d3 - d1, d4 - d2)
    v[0] = r2 - r0
    v[stepOut] = r2 + r1
    v[2 &* stepOut] = r2 - r1
    v[3 &* stepOut] = s1 + 2 * s0
    v[4 &* stepOut] = s1 - 0.5 * s0
    v[5 &* stepOut] = r3 - r1
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (v0, v1, v2, v3, v4, v5) = (v[0], v[step], v[2 &* step], v[3 &* step], v[4 &* step], v[5 &* step])
    let (r1, r2) = (v1 - v2 - v5, v0 + v1 + v2)
    let (s0, s1) = (2 * v3 - 0.5 * v4, v3 + v4)
    d[0] = v0
    d[stepOut] = -1.5 * v0 - r1 - s0
    d[2 &* stepOut] = 1.5 * r1 - r2 - v0 - s1
    d[3 &* stepOut] = 1.5 * r2 - v5 + r1 + s0
    d[4 &* stepOut] = 1.5 * v5 + r2 + s1
    d[5 &* stepOut] = v5
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m0, m1, m2, m3, m4, m5) = (m[0], m[step], m[2 &* step], m[3 &* step], m[4 &* step], m[5 &* step])
    let (s, d) = (m1 + m2, m1 - m2)
    y[0] = m0 + s + m3 + m4
    y[stepOut] = d + 0.5 * m3 - 2 * m4
    y[2 &* stepOut] = s + 0.25 * m3 + 4 * m4
    y[3 &* stepOut] = d + 0.125 * m3 - 8 * m4 + m5
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2, y3) = (y[0], y[step], y[2 &* step], y[3 &* step])
    let (even, odd) = (y0 + y2, y1 + y3)
    m[0] = y0
    m[stepOut] = even + odd
    m[2 &* stepOut] = even - odd
    m[3 &* stepOut] = y0 + 0.5 * y1 + 0.25 * y2 + 0.125 * y3
    m[4 &* stepOut] = y0 - 2 * y1 + 4 * y2 - 8 * y3
    m[5 &* stepOut] = y3
  }
}

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
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
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
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
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
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
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
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
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

/// F(4, 2): points 0, 1, −1, 2, ∞. 25 products for 16 outputs instead of 64. For filters of 2 × 2, and for 4 × 4 at stride 2 (`SpaceToDepth`).
enum WinogradTwoTaps4: WinogradTile {
  static var taps: Int { 2 }
  static var padding: Int { 0 }
  static var stride: Int { 1 }
  static var inputs: Int { 5 }
  static var margin: Int { 0 }
  static var outputs: Int { 4 }
  static var points: Int { 5 }
  static var filterRows: Int { 5 }
  static let filter: [[Float]] = [[1 / 2, 0], [-1 / 2, -1 / 2], [-1 / 6, 1 / 6], [1 / 6, 1 / 3], [0, 1]]
  static let filterOfPoint = [0, 1, 2, 3, 4]

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d0, d1, d2, d3, d4) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step])
    let (p, q) = (d3 - d1, d2 - d1)
    v[0] = p + 2 * (d0 - d2)
    v[stepOut] = (d3 - d2) - 2 * d1
    v[2 &* stepOut] = (d3 - d2) - 2 * q
    v[3 &* stepOut] = p
    v[4 &* stepOut] = (d4 - d2) - 2 * p
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (v0, v1, v2, v3, v4) = (v[0], v[step], v[2 &* step], v[3 &* step], v[4 &* step])
    let odd = v0 + v3 - 2 * v4
    d[0] = 2 * v0
    d[stepOut] = 2 * (v2 - v1) - odd
    d[2 &* stepOut] = -2 * v0 - v1 - 3 * v2 - v4
    d[3 &* stepOut] = odd + v1 + v2
    d[4 &* stepOut] = v4
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m0, m1, m2, m3, m4) = (m[0], m[step], m[2 &* step], m[3 &* step], m[4 &* step])
    let (s, d) = (m1 + m2, m1 - m2)
    y[0] = m0 + s + m3
    y[stepOut] = d + 2 * m3
    y[2 &* stepOut] = s + 4 * m3
    y[3 &* stepOut] = d + 8 * m3 + m4
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2, y3) = (y[0], y[step], y[2 &* step], y[3 &* step])
    let (even, odd) = (y0 + y2, y1 + y3)
    m[0] = y0
    m[stepOut] = even + odd
    m[2 &* stepOut] = even - odd
    m[3 &* stepOut] = y0 + 2 * y1 + 4 * y2 + 8 * y3
    m[4 &* stepOut] = y3
  }
}
