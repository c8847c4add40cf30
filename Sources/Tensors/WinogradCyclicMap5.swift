/// A whole 5 × 5 map between zeros as a cyclic convolution of length 6: 52 products for 25 outputs instead of 225.
///
/// The sixth input is zero and the sixth output is not asked for, so nothing wraps round. Winograd's cyclic convolution takes residues modulo the factors of
/// z⁶ − 1 over the rationals, at z = 1, −1, ω and −ω with ω² + ω + 1 = 0: two numbers and two pairs p + qω. In two dimensions that makes
/// - number × number: one product, 4 of them;
/// - number × pair, 8 of them: (p + qω)(c + dω) = (pc − qd) + (pc − (p − q)(c − d))ω, three products;
/// - pair × pair, 4 of them: four numbers X₀₀ + X₀₁ω₂ + X₁₀ω₁ + X₁₁ω₁ω₂, which at ω₂ = ω₁ and ω₂ = ω₁² are two pairs, three products each.
/// Its three products more than F(5, 3) has buy a digit: all coefficients of Bᵀ and Aᵀ are small integers, the error is 2e-7 instead of 3e-6.
/// In one dimension the values are [number, number, pair, pair]; in two they come in lines of the first dimension: 8 products of each number, 18 of each pair.
enum WinogradCyclicMap5: WinogradTile {
  static var stride: Int { 1 }
  static var inputs: Int { 5 }
  static var margin: Int { 0 }
  static var outputs: Int { 5 }
  static var points: Int { 6 }
  static var filterRows: Int { 6 }
  /// z of g₀z + g₁ + g₂/z at 1, −1, ω and −ω, and the sixth of the inverse.
  static let filter: [[Float]] = [
    [1 / 6, 1 / 6, 1 / 6], [-1 / 6, 1 / 6, -1 / 6], [0, 1 / 6, -1 / 6], [1 / 6, 0, -1 / 6], [0, 1 / 6, 1 / 6], [-1 / 6, 0, 1 / 6],
  ]
  static let filterOfPoint = [0, 1, 2, 3, 4, 5]
  static var products: Int { 52 }
  static let lines = [0..<8, 8..<16, 16..<34, 34..<52]
  static func set(of product: Int) -> Int { product }

  // MARK: One dimension

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (d0, d1, d2, d3, d4) = (d[0], d[step], d[2 &* step], d[3 &* step], d[4 &* step])
    let (p, q) = (d0 + d3, d1 + d4)
    let (r, s) = (d0 - d3, d1 - d4)
    v[0] = p + q + d2
    v[stepOut] = r - s + d2
    v[2 &* stepOut] = p - d2
    v[3 &* stepOut] = q - d2
    v[4 &* stepOut] = r - d2
    v[5 &* stepOut] = -s - d2
  }

  @inline(__always)
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (a, b, c0, c1) = (v[0], v[step], v[2 &* step], v[3 &* step])
    let (d0, d1) = (v[4 &* step], v[5 &* step])
    let (p, q) = (a + c0, a + c1)
    let (r, s) = (b + d0, b + d1)
    d[0] = p + r
    d[stepOut] = q - s
    d[2 &* stepOut] = (a - c0 - c1) + (b - d0 - d1)
    d[3 &* stepOut] = p - r
    d[4 &* stepOut] = q + s
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (a, b, c0, c1) = (m[0], m[step], m[2 &* step], m[3 &* step])
    let (d0, d1) = (m[4 &* step], m[5 &* step])
    let (s0, s1) = (a + 2 * c0 - c1, a - c0 + 2 * c1)
    let (t0, t1) = (b + 2 * d0 - d1, d0 - 2 * d1 - b)
    y[0] = s0 + t0
    y[stepOut] = s1 + t1
    y[2 &* stepOut] = (a - c0 - c1) + (b - d0 - d1)
    y[3 &* stepOut] = s0 - t0
    y[4 &* stepOut] = s1 - t1
  }

  @inline(__always)
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
    let (y0, y1, y2, y3, y4) = (y[0], y[step], y[2 &* step], y[3 &* step], y[4 &* step])
    let (s0, s1) = (y0 + y3, y1 + y4)
    let (t0, t1) = (y0 - y3, y1 - y4)
    m[0] = s0 + s1 + y2
    m[stepOut] = t0 - t1 + y2
    m[2 &* stepOut] = 2 * s0 - s1 - y2
    m[3 &* stepOut] = 2 * s1 - s0 - y2
    m[4 &* stepOut] = 2 * t0 + t1 - y2
    m[5 &* stepOut] = -t0 - 2 * t1 - y2
  }

  // MARK: Two dimensions

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, into v: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>) {
    let square = scratch + 30
    for j in 0..<5 { input(d + j, 5, into: scratch + j, 5) }
    for i in 0..<6 { input(scratch + i &* 5, 1, into: square + i &* 6, 1) }
    for line in 0..<2 { spreadNumber(square + line &* 6, into: v + line &* 8 &* step, step) }
    for line in 0..<2 { spreadPair(square + (2 &+ 2 &* line) &* 6, into: v + (16 &+ 18 &* line) &* step, step, scale: 1) }
  }

  @inline(__always)
  static func inputAdjoint(
    _ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>
  ) {
    let square = scratch + 30
    collect(v, step, into: square, scale: 1)
    for j in 0..<6 { inputAdjoint(square + j, 6, into: scratch + j, 6) }
    for i in 0..<5 { inputAdjoint(scratch + i &* 6, 1, into: d + i &* 5, 1) }
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>) {
    let square = scratch + 30
    for line in 0..<2 {
      let (m, row) = (m + line &* 8 &* step, square + line &* 6)
      (row[0], row[1]) = (m[0], m[step])
      (row[2], row[3]) = pair(m + 2 &* step, step)
      (row[4], row[5]) = pair(m + 5 &* step, step)
    }
    for line in 0..<2 {
      let (m, row) = (m + (16 &+ 18 &* line) &* step, square + (2 &+ 2 &* line) &* 6)
      (row[0], row[6]) = pair(m, step)
      (row[1], row[7]) = pair(m + 3 &* step, step)
      for column in 0..<2 {
        let (m, row) = (m + (6 &+ 6 &* column) &* step, row + (2 &+ 2 &* column))
        let ((u, v), (s, t)) = (pair(m, step), pair(m + 3 &* step, step))
        let (e, f) = (v - t, s - u)
        let (x11, x01) = (e + 2 * f, 2 * e + f)
        (row[0], row[1], row[6], row[7]) = (3 * u + x11, x01, 3 * t + x01, x11)
      }
    }
    for j in 0..<6 { output(square + j, 6, into: scratch + j, 6) }
    for i in 0..<5 { output(scratch + i &* 6, 1, into: y + i &* 5, 1) }
  }

  @inline(__always)
  static func outputAdjoint(
    _ y: UnsafePointer<Lanes>, into m: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>
  ) {
    let square = scratch + 30
    for j in 0..<5 { outputAdjoint(y + j, 5, into: scratch + j, 5) }
    for i in 0..<6 { outputAdjoint(scratch + i &* 5, 1, into: square + i &* 6, 1) }
    for line in 0..<2 {
      let (m, row) = (m + line &* 8 &* step, square + line &* 6)
      (m[0], m[step]) = (row[0], row[1])
      pairAdjoint(row[2], row[3], into: m + 2 &* step, step)
      pairAdjoint(row[4], row[5], into: m + 5 &* step, step)
    }
    for line in 0..<2 {
      let (m, row) = (m + (16 &+ 18 &* line) &* step, square + (2 &+ 2 &* line) &* 6)
      pairAdjoint(row[0], row[6], into: m, step)
      pairAdjoint(row[1], row[7], into: m + 3 &* step, step)
      for column in 0..<2 {
        let (m, row) = (m + (6 &+ 6 &* column) &* step, row + (2 &+ 2 &* column))
        let (x11, x01) = (row[7] + row[0], row[1] + row[6])
        let (e, f) = (x11 + 2 * x01, 2 * x11 + x01)
        pairAdjoint(3 * row[0] - f, e, into: m, step)
        pairAdjoint(f, 3 * row[6] - e, into: m + 3 &* step, step)
      }
    }
  }

  // MARK: Filters; the third of pair × pair's inverse is taken here

  @inline(__always)
  static func filterLine(
    _ line: Int, _ g: UnsafePointer<Lanes>, _ matrix: UnsafePointer<Float>, into u: UnsafeMutablePointer<Lanes>, _ step: Int
  ) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 12) { rows in
      guard let square = rows.baseAddress else { return }
      if line < 2 {
        filterRow(matrix + 3 &* line, g, matrix, into: square, 1)
        spreadNumber(square, into: u, step)
      } else {
        filterRow(matrix + 3 &* (2 &* line &- 2), g, matrix, into: square, 1)
        filterRow(matrix + 3 &* (2 &* line &- 1), g, matrix, into: square + 6, 1)
        spreadPair(square, into: u, step, scale: 1 / 3)
      }
    }
  }

  @inline(__always)
  static func filterAdjoint(_ u: UnsafeMutablePointer<Lanes>, _ matrix: UnsafePointer<Float>, into g: UnsafeMutablePointer<Lanes>) {
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 36) { work in
      guard let square = work.baseAddress else { return }
      collect(u, 1, into: square, scale: 1 / 3)
      separableAdjoint(square, matrix, into: g)
    }
  }

  // MARK: Between residues and products

  /// p, q and p − q of a pair.
  @inline(__always)
  private static func spread(_ p: Lanes, _ q: Lanes, into v: UnsafeMutablePointer<Lanes>, _ step: Int) {
    v[0] = p
    v[step] = q
    v[2 &* step] = p - q
  }

  @inline(__always)
  private static func spreadAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int) -> (p: Lanes, q: Lanes) {
    (v[0] + v[2 &* step], v[step] - v[2 &* step])
  }

  /// The pair that three products make.
  @inline(__always)
  private static func pair(_ m: UnsafePointer<Lanes>, _ step: Int) -> (Lanes, Lanes) { (m[0] - m[step], m[0] - m[2 &* step]) }

  @inline(__always)
  private static func pairAdjoint(_ p: Lanes, _ q: Lanes, into m: UnsafeMutablePointer<Lanes>, _ step: Int) {
    m[0] = p + q
    m[step] = -p
    m[2 &* step] = -q
  }

  /// The 8 values of a number's row of residues.
  @inline(__always)
  private static func spreadNumber(_ row: UnsafePointer<Lanes>, into v: UnsafeMutablePointer<Lanes>, _ step: Int) {
    v[0] = row[0]
    v[step] = row[1]
    spread(row[2], row[3], into: v + 2 &* step, step)
    spread(row[4], row[5], into: v + 5 &* step, step)
  }

  /// The 18 values of a pair's two rows, those of pair × pair scaled.
  @inline(__always)
  private static func spreadPair(_ rows: UnsafePointer<Lanes>, into v: UnsafeMutablePointer<Lanes>, _ step: Int, scale: Float) {
    spread(rows[0], rows[6], into: v, step)
    spread(rows[1], rows[7], into: v + 3 &* step, step)
    for column in 0..<2 {
      let (v, x) = (v + (6 &+ 6 &* column) &* step, rows + (2 &+ 2 &* column))
      let (x00, x01, x10, x11) = (scale * x[0], scale * x[1], scale * x[6], scale * x[7])
      spread(x00 - x11, x10 + x01 - x11, into: v, step)
      spread(x00 + x11 - x01, x10 - x01, into: v + 3 &* step, step)
    }
  }

  /// The adjoint of `spreadNumber` and `spreadPair`: 52 values to 6 × 6 residues.
  @inline(__always)
  private static func collect(_ v: UnsafePointer<Lanes>, _ step: Int, into square: UnsafeMutablePointer<Lanes>, scale: Float) {
    for line in 0..<2 {
      let (v, row) = (v + line &* 8 &* step, square + line &* 6)
      (row[0], row[1]) = (v[0], v[step])
      (row[2], row[3]) = spreadAdjoint(v + 2 &* step, step)
      (row[4], row[5]) = spreadAdjoint(v + 5 &* step, step)
    }
    for line in 0..<2 {
      let (v, row) = (v + (16 &+ 18 &* line) &* step, square + (2 &+ 2 &* line) &* 6)
      (row[0], row[6]) = spreadAdjoint(v, step)
      (row[1], row[7]) = spreadAdjoint(v + 3 &* step, step)
      for column in 0..<2 {
        let (v, x) = (v + (6 &+ 6 &* column) &* step, row + (2 &+ 2 &* column))
        let (u, w) = spreadAdjoint(v, step)
        let (s, t) = spreadAdjoint(v + 3 &* step, step)
        (x[0], x[1]) = (scale * (u + s), scale * (w - s - t))
        (x[6], x[7]) = (scale * (w + t), scale * (s - u - w))
      }
    }
  }
}
