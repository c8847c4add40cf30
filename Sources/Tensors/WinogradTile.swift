/// The one-dimensional transforms of a fast convolution F(m, 3): m outputs of a 3-tap filter from t = m + 2 inputs with t products.
///
/// Winograd ("Arithmetic complexity of computations", 1980) by interpolation at points a₀…a_{t−2} and ∞ (Lavin, Gray, CVPR 2016):
///   y = Aᵀ [(G g) ⊙ (Bᵀ d)],   Aᵀ[i][j] = a_jⁱ,   G[j][k] = a_jᵏ / Π_{l≠j}(a_j − a_l),   Bᵀ[j] = coefficients of Π_{l≠j}(z − a_l),
/// the point ∞ giving the leading coefficient. Rows of Bᵀ and G may be scaled against each other. Two dimensions are one transform down the columns and one along the rows.
/// Every function handles 16 channels at once and reads and writes with a step, so that the same code serves rows and columns.
protocol WinogradTile {
  typealias Vector = SIMD16<Float>
  /// m
  static var outputs: Int { get }
  /// t
  static var points: Int { get }
  /// G, [t][3].
  static var filter: [[Float]] { get }
  /// Bᵀ d: t → t.
  static func input(_ d: UnsafePointer<Vector>, _ step: Int, into v: UnsafeMutablePointer<Vector>, _ stepOut: Int)
  /// Aᵀ m: t → m.
  static func output(_ m: UnsafePointer<Vector>, _ step: Int, into y: UnsafeMutablePointer<Vector>, _ stepOut: Int)
  /// A y: m → t, the adjoint of `output`.
  static func spread(_ y: UnsafePointer<Vector>, _ step: Int, into m: UnsafeMutablePointer<Vector>, _ stepOut: Int)
}

/// F(3, 3): points 0, 1, −1, 2, ∞. 25 products for 9 outputs instead of 81.
enum WinogradTile3: WinogradTile {
  static let outputs = 3
  static let points = 5
  static let filter: [[Float]] = [
    [1 / 2, 0, 0], [-1 / 2, -1 / 2, -1 / 2], [-1 / 6, 1 / 6, -1 / 6], [1 / 6, 1 / 3, 2 / 3], [0, 0, 1],
  ]

  @inline(__always)
  static func input(_ d: UnsafePointer<Vector>, _ step: Int, into v: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (d0, d1, d2, d3, d4) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step])
    let difference = d3 - d1
    v[0] = 2 * (d0 - d2) + difference
    v[stepOut] = (difference - d1) - d2
    v[2 &* stepOut] = (d3 + 2 * d1) - 3 * d2
    v[3 &* stepOut] = difference
    v[4 &* stepOut] = (d4 - d2) - 2 * difference
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Vector>, _ step: Int, into y: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (m0, m1, m2, m3, m4) = (m[0], m[step], m[2 &* step], m[3 &* step], m[4 &* step])
    let sum = m1 + m2
    y[0] = m0 + sum + m3
    y[stepOut] = (m1 - m2) + 2 * m3
    y[2 &* stepOut] = sum + 4 * m3 + m4
  }

  @inline(__always)
  static func spread(_ y: UnsafePointer<Vector>, _ step: Int, into m: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (y0, y1, y2) = (y[0], y[step], y[2 &* step])
    let even = y0 + y2
    m[0] = y0
    m[stepOut] = even + y1
    m[2 &* stepOut] = even - y1
    m[3 &* stepOut] = y0 + 2 * y1 + 4 * y2
    m[4 &* stepOut] = y2
  }
}

/// F(4, 3): points 0, 1, −1, 2, −2, ∞. 36 products for 16 outputs instead of 144.
enum WinogradTile4: WinogradTile {
  static let outputs = 4
  static let points = 6
  static let filter: [[Float]] = [
    [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
  ]

  @inline(__always)
  static func input(_ d: UnsafePointer<Vector>, _ step: Int, into v: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (d0, d1, d2, d3, d4, d5) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step], d[5 &* step])
    let (a, b) = (d4 - 4 * d2, d3 - 4 * d1)
    let (c, e) = (d4 - d2, 2 * (d3 - d1))
    v[0] = 4 * d0 - 5 * d2 + d4
    v[stepOut] = a + b
    v[2 &* stepOut] = a - b
    v[3 &* stepOut] = c + e
    v[4 &* stepOut] = c - e
    v[5 &* stepOut] = 4 * d1 - 5 * d3 + d5
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Vector>, _ step: Int, into y: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (m0, m1, m2, m3, m4, m5) = (m[0], m[step], m[2 &* step], m[3 &* step], m[4 &* step], m[5 &* step])
    let (s, d) = (m1 + m2, m1 - m2)
    let (u, w) = (m3 + m4, m3 - m4)
    y[0] = m0 + s + u
    y[stepOut] = d + 2 * w
    y[2 &* stepOut] = s + 4 * u
    y[3 &* stepOut] = d + 8 * w + m5
  }

  @inline(__always)
  static func spread(_ y: UnsafePointer<Vector>, _ step: Int, into m: UnsafeMutablePointer<Vector>, _ stepOut: Int) {
    let (y0, y1, y2, y3) = (y[0], y[step], y[2 &* step], y[3 &* step])
    let (even, odd) = (y0 + y2, y1 + y3)
    let (even2, odd2) = (y0 + 4 * y2, 2 * y1 + 8 * y3)
    m[0] = y0
    m[stepOut] = even + odd
    m[2 &* stepOut] = even - odd
    m[3 &* stepOut] = even2 + odd2
    m[4 &* stepOut] = even2 - odd2
    m[5 &* stepOut] = y3
  }
}
