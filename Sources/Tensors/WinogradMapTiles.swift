/// A whole 3 × 3 map between zeros: 16 products for 9 outputs instead of 81 (F(3, 3) takes 25).
///
/// The outputs are y₀ = g₁x₀ + g₂x₁, y₁ = g₀x₀ + g₁x₁ + g₂x₂, y₂ = g₀x₁ + g₁x₂: three bilinear forms, whose tensor has rank 4. With
/// P± = (g₀ + g₂ ± αg₁)(x₀ + x₂ ± αx₁), Q± = (g₀ − g₂ ± βg₁)(x₂ − x₀ ± βx₁) and α² − β² = 2:
///   y₀ + y₂ = (P₊ − P₋) / 2α,   y₂ − y₀ = (Q₊ − Q₋) / 2β,   y₁ = (P₊ + P₋ − Q₊ − Q₋) / 4,
/// as the terms in x₀g₀ and x₂g₂ cancel. α = 3/2 and β = 1/2 are exact in binary. Relative error 2e-7, that of a direct sum and a half.
enum WinogradMap3: WinogradTile {
  static var stride: Int { 1 }
  static var inputs: Int { 3 }
  static var margin: Int { 0 }
  static var outputs: Int { 3 }
  static var points: Int { 4 }
  static var filterRows: Int { 4 }
  static let filter: [[Float]] = [[1 / 4, 3 / 8, 1 / 4], [1 / 4, -3 / 8, 1 / 4], [1 / 4, 1 / 8, -1 / 4], [1 / 4, -1 / 8, -1 / 4]]
  static let filterOfPoint = [0, 1, 2, 3]

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d0, d1, d2) = (d[0], d[step], d[2 &* step])
    let (sum, difference) = (d2 + d0, d2 - d0)
    v[0] = sum + 1.5 * d1
    v[stepOut] = sum - 1.5 * d1
    v[2 &* stepOut] = difference + 0.5 * d1
    v[3 &* stepOut] = difference - 0.5 * d1
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (v0, v1, v2, v3) = (v[0], v[step], v[2 &* step], v[3 &* step])
    let (p, q) = (v0 + v1, v2 + v3)
    d[0] = p - q
    d[stepOut] = 1.5 * (v0 - v1) + 0.5 * (v2 - v3)
    d[2 &* stepOut] = p + q
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m0, m1, m2, m3) = (m[0], m[step], m[2 &* step], m[3 &* step])
    let (sum, difference) = ((2.0 / 3) * (m0 - m1), 2 * (m2 - m3))
    y[0] = sum - difference
    y[stepOut] = (m0 + m1) - (m2 + m3)
    y[2 &* stepOut] = sum + difference
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2) = (y[0], y[step], y[2 &* step])
    let (sum, difference) = ((2.0 / 3) * (y2 + y0), 2 * (y2 - y0))
    m[0] = y1 + sum
    m[stepOut] = y1 - sum
    m[2 &* stepOut] = difference - y1
    m[3 &* stepOut] = -difference - y1
  }
}

/// Stride 2, three outputs: the middle tap multiplies the odd inputs as they are, with one set of filters for all; the outer taps are F(3, 2) over the even
/// inputs, points 0, 1, −1, ∞. 49 products for 9 outputs instead of 81.
enum WinogradStrided3: WinogradTile {
  static var stride: Int { 2 }
  static var inputs: Int { 7 }
  static var margin: Int { 1 }
  static var outputs: Int { 3 }
  static var points: Int { 7 }
  static var filterRows: Int { 5 }
  static let filter: [[Float]] = [[0, 1, 0], [1, 0, 0], [1 / 2, 0, 1 / 2], [1 / 2, 0, -1 / 2], [0, 0, 1]]
  static let filterOfPoint = [0, 0, 0, 1, 2, 3, 4]

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d0, d2, d4, d6) = (d[0], d[2 &* step], d[4 &* step], d[6 &* step])
    v[0] = d[step]
    v[stepOut] = d[3 &* step]
    v[2 &* stepOut] = d[5 &* step]
    v[3 &* stepOut] = d0 - d4
    v[4 &* stepOut] = d4 + d2
    v[5 &* stepOut] = d4 - d2
    v[6 &* stepOut] = d6 - d2
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (v3, v4, v5, v6) = (v[3 &* step], v[4 &* step], v[5 &* step], v[6 &* step])
    d[0] = v3
    d[stepOut] = v[0]
    d[2 &* stepOut] = v4 - v5 - v6
    d[3 &* stepOut] = v[step]
    d[4 &* stepOut] = v4 + v5 - v3
    d[5 &* stepOut] = v[2 &* step]
    d[6 &* stepOut] = v6
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m3, m4, m5, m6) = (m[3 &* step], m[4 &* step], m[5 &* step], m[6 &* step])
    let sum = m4 + m5
    y[0] = m[0] + m3 + sum
    y[stepOut] = m[step] + (m4 - m5)
    y[2 &* stepOut] = m[2 &* step] + sum + m6
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2) = (y[0], y[step], y[2 &* step])
    let even = y0 + y2
    m[0] = y0
    m[stepOut] = y1
    m[2 &* stepOut] = y2
    m[3 &* stepOut] = y0
    m[4 &* stepOut] = even + y1
    m[5 &* stepOut] = even - y1
    m[6 &* stepOut] = y2
  }
}

/// A whole 5 × 5 map between zeros at stride 2: the middle tap multiplies x₀, x₂, x₄; the outer taps with x₁, x₃ are a product of two linear
/// polynomials, points 0, 1, ∞. 36 products for 9 outputs instead of 81.
enum WinogradStridedMap5: WinogradTile {
  static var stride: Int { 2 }
  static var inputs: Int { 5 }
  static var margin: Int { 0 }
  static var outputs: Int { 3 }
  static var points: Int { 6 }
  static var filterRows: Int { 4 }
  static let filter: [[Float]] = [[0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 0, 0]]
  static let filterOfPoint = [0, 0, 0, 1, 2, 3]

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d1, d3) = (d[step], d[3 &* step])
    v[0] = d[0]
    v[stepOut] = d[2 &* step]
    v[2 &* stepOut] = d[4 &* step]
    v[3 &* stepOut] = d1
    v[4 &* stepOut] = d1 + d3
    v[5 &* stepOut] = d3
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let v4 = v[4 &* step]
    d[0] = v[0]
    d[stepOut] = v[3 &* step] + v4
    d[2 &* stepOut] = v[step]
    d[3 &* stepOut] = v[5 &* step] + v4
    d[4 &* stepOut] = v[2 &* step]
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m3, m5) = (m[3 &* step], m[5 &* step])
    y[0] = m[0] + m3
    y[stepOut] = (m[step] + m[4 &* step]) - (m3 + m5)
    y[2 &* stepOut] = m[2 &* step] + m5
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2) = (y[0], y[step], y[2 &* step])
    m[0] = y0
    m[stepOut] = y1
    m[2 &* stepOut] = y2
    m[3 &* stepOut] = y0 - y1
    m[4 &* stepOut] = y1
    m[5 &* stepOut] = y2 - y1
  }
}

/// A whole 9 × 9 map between zeros at stride 2: the middle tap multiplies x₀, x₂ … x₈; the outer taps with x₁, x₃, x₅, x₇ are a cubic times a linear
/// polynomial, points 0, 1, −1, 2, ∞. 100 products for 25 outputs instead of 225.
enum WinogradStridedMap9: WinogradTile {
  static var stride: Int { 2 }
  static var inputs: Int { 9 }
  static var margin: Int { 0 }
  static var outputs: Int { 5 }
  static var points: Int { 10 }
  static var filterRows: Int { 6 }
  static let filter: [[Float]] = [[0, 1, 0], [0, 0, 1 / 2], [-1 / 2, 0, -1 / 2], [1 / 6, 0, -1 / 6], [1 / 3, 0, 1 / 6], [1, 0, 0]]
  static let filterOfPoint = [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    for i in 0..<5 { v[i &* stepOut] = d[2 &* i &* step] }
    let (d1, d3, d5, d7) = (d[step], d[3 &* step], d[5 &* step], d[7 &* step])
    let (even, odd) = (d1 + d5, d3 + d7)
    v[5 &* stepOut] = d1
    v[6 &* stepOut] = even + odd
    v[7 &* stepOut] = even - odd
    v[8 &* stepOut] = (d1 + 4 * d5) + 2 * (d3 + 4 * d7)
    v[9 &* stepOut] = d7
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    for i in 0..<5 { d[2 &* i &* stepOut] = v[i &* step] }
    let (v6, v7, v8) = (v[6 &* step], v[7 &* step], v[8 &* step])
    let (sum, difference) = (v6 + v7, v6 - v7)
    d[stepOut] = v[5 &* step] + sum + v8
    d[3 &* stepOut] = difference + 2 * v8
    d[5 &* stepOut] = sum + 4 * v8
    d[7 &* stepOut] = v[9 &* step] + difference + 8 * v8
  }

  /// Coefficients of Π_{l≠j}(z − a_l) of the points 0, 1, −1, 2, and of all four for ∞.
  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (m5, m6, m7) = (m[5 &* step], m[6 &* step], m[7 &* step])
    let (m8, m9) = (m[8 &* step], m[9 &* step])
    y[0] = m[0] + 2 * m5
    y[stepOut] = m[step] + 2 * (m7 - m6 + m9) - m5 - m8
    y[2 &* stepOut] = m[2 &* step] - 2 * m5 - m6 - 3 * m7 - m9
    y[3 &* stepOut] = m[3 &* step] + m5 + m6 + m7 + m8 - 2 * m9
    y[4 &* stepOut] = m[4 &* step] + m9
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2, y3, y4) = (y[0], y[step], y[2 &* step], y[3 &* step], y[4 &* step])
    m[0] = y0
    m[stepOut] = y1
    m[2 &* stepOut] = y2
    m[3 &* stepOut] = y3
    m[4 &* stepOut] = y4
    let difference = y3 - y1
    m[5 &* stepOut] = 2 * (y0 - y2) + difference
    m[6 &* stepOut] = (y3 - y2) - 2 * y1
    m[7 &* stepOut] = (y3 + 2 * y1) - 3 * y2
    m[8 &* stepOut] = difference
    m[9 &* stepOut] = (y4 - y2) - 2 * difference
  }
}
