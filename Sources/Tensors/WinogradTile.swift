/// The one-dimensional transforms of a fast convolution with two or three taps: m outputs from n inputs with t products.
///
/// Winograd ("Arithmetic complexity of computations", 1980): y = Aᵀ [(G g) ⊙ (Bᵀ d)]. The tiles F(m, r) of stride 1 come from interpolation at points
/// a₀…a_{t−2} and ∞ (Lavin, Gray, CVPR 2016), t = n = m + r − 1:
///   Aᵀ[i][j] = a_jⁱ,   G[j][k] = a_jᵏ / Π_{l≠j}(a_j − a_l),   Bᵀ[j] = coefficients of Π_{l≠j}(z − a_l),
/// the point ∞ giving the leading coefficient. Rows of Bᵀ and G may be scaled against each other. The others are derived where they stand.
/// Two dimensions are one transform down the columns and one along the rows: t² products for m² outputs.
/// Every function handles as many channels at once as a register holds and reads and writes with a step, so that the same code serves rows and columns.
protocol WinogradTile: SendableMetatype {
  /// r, and the zeros around the map that this tile counts on: 3 and 1, or 2 and 0.
  static var taps: Int { get }
  static var padding: Int { get }
  /// Inputs from one output to the next, 1 or 2.
  static var stride: Int { get }
  /// n
  static var inputs: Int { get }
  /// How many of the inputs lie before stride · (the first output): the padding, or 0 where a tile is the whole map, whose zeros around it cost nothing.
  static var margin: Int { get }
  /// m
  static var outputs: Int { get }
  /// t
  static var points: Int { get }
  /// G, [filterRows][taps]. Loops take the number of rows as a constant, and a pointer: reading a static array counts references.
  static var filter: [[Float]] { get }
  static var filterRows: Int { get }
  /// The row of G of each point; points of one stride's phase share filters.
  static var filterOfPoint: [Int] { get }
  /// Bᵀ d: n → t.
  static func input(_ d: UnsafePointer<Lanes>, _ step: Int, into v: UnsafeMutablePointer<Lanes>, _ stepOut: Int)
  /// B v: t → n, the adjoint of `input`.
  static func inputAdjoint(_ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, _ stepOut: Int)
  /// Aᵀ m: t → m.
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, _ stepOut: Int)
  /// A y: m → t, the adjoint of `output`.
  static func outputAdjoint(_ y: UnsafePointer<Lanes>, _ step: Int, into m: UnsafeMutablePointer<Lanes>, _ stepOut: Int)

  // In two dimensions, [rows][columns] of each; all but one tile leave these to the one-dimensional transforms.

  /// Products of a tile: t².
  static var products: Int { get }
  /// The sets of filters, numbered in lines that can be computed one by one.
  static var lines: [Range<Int>] { get }
  /// The set of filters of a product.
  static func set(of product: Int) -> Int
  /// One line of G g Gᵀ, a step apart. `g` has the taps row by row, `matrix` G, here and below.
  static func filterLine(
    _ line: Int, _ g: UnsafePointer<Lanes>, _ matrix: UnsafePointer<Float>, into u: UnsafeMutablePointer<Lanes>, _ step: Int)
  /// g = Gᵀ u G of all sets, in place of which other values are left.
  static func filterAdjoint(_ u: UnsafeMutablePointer<Lanes>, _ matrix: UnsafePointer<Float>, into g: UnsafeMutablePointer<Lanes>)
  /// Bᵀ d B of n × n inputs, the products a step apart. `scratch` has `scratchVectors` vectors, here and below.
  static func input(_ d: UnsafePointer<Lanes>, into v: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>)
  static func inputAdjoint(
    _ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>)
  /// Aᵀ m A, to m × m outputs.
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>)
  static func outputAdjoint(
    _ y: UnsafePointer<Lanes>, into m: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>)

  /// y of a shape that these tiles suit. Like `backward` a requirement, so that every tile has kernels compiled for it.
  static func forward(_ s: ConvolutionShape, _ x: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor
  /// dx alone.
  static func adjoint(_ s: ConvolutionShape, _ outputGradient: Tensor, weights: Tensor, team: ThreadTeam) -> Tensor
  /// dx, where asked, and dw.
  static func backward(
    _ s: ConvolutionShape, _ x: Tensor, weights: Tensor, outputGradient: Tensor, needsInputGradient: Bool, team: ThreadTeam
  ) -> (input: Tensor?, weights: Tensor)
}

extension WinogradTile {
  static var taps: Int { 3 }
  static var padding: Int { 1 }
  static var products: Int { points * points }
  static var lines: [Range<Int>] { (0..<filterRows).map { $0 * filterRows..<($0 + 1) * filterRows } }
  static func set(of product: Int) -> Int { filterOfPoint[product / points] * filterRows + filterOfPoint[product % points] }
  static var scratchVectors: Int { 2 * points * max(points, inputs) }

  @inline(__always)
  static func filterLine(
    _ line: Int, _ g: UnsafePointer<Lanes>, _ matrix: UnsafePointer<Float>, into u: UnsafeMutablePointer<Lanes>, _ step: Int
  ) {
    filterRow(matrix + taps &* line, g, matrix, into: u, step)
  }

  /// The values of all rows of G in the second dimension for one row in the first.
  @inline(__always)
  static func filterRow(
    _ row: UnsafePointer<Float>, _ g: UnsafePointer<Lanes>, _ matrix: UnsafePointer<Float>, into u: UnsafeMutablePointer<Lanes>, _ step: Int
  ) {
    if taps == 2 {
      let (left, right) = (g[0] * row[0] + g[2] * row[1], g[1] * row[0] + g[3] * row[1])
      for j in 0..<filterRows { u[j &* step] = left * matrix[2 &* j] + right * matrix[2 &* j &+ 1] }
    } else {
      let (a, b, c) = (row[0], row[1], row[2])
      let (left, middle, right) = (g[0] * a + g[3] * b + g[6] * c, g[1] * a + g[4] * b + g[7] * c, g[2] * a + g[5] * b + g[8] * c)
      for j in 0..<filterRows { u[j &* step] = left * matrix[3 &* j] + middle * matrix[3 &* j &+ 1] + right * matrix[3 &* j &+ 2] }
    }
  }

  @inline(__always)
  static func filterAdjoint(_ u: UnsafeMutablePointer<Lanes>, _ matrix: UnsafePointer<Float>, into g: UnsafeMutablePointer<Lanes>) {
    separableAdjoint(u, matrix, into: g)
  }

  @inline(__always)
  static func separableAdjoint(_ u: UnsafeMutablePointer<Lanes>, _ matrix: UnsafePointer<Float>, into g: UnsafeMutablePointer<Lanes>) {
    let (count, taps) = (filterRows, taps)
    /// Σ_i G[i][tap] u[i], down a column or along a row.
    @inline(__always)
    func sum(_ u: UnsafeMutablePointer<Lanes>, _ step: Int, into out: UnsafeMutablePointer<Lanes>, _ stepOut: Int) {
      var (a, b, c) = (Lanes(), Lanes(), Lanes())
      for i in 0..<count {
        let value = u[i &* step]
        a.addProduct(value, matrix[taps &* i])
        b.addProduct(value, matrix[taps &* i &+ 1])
        if taps == 3 { c.addProduct(value, matrix[taps &* i &+ 2]) }
      }
      (out[0], out[stepOut]) = (a, b)
      if taps == 3 { out[2 &* stepOut] = c }
    }
    for column in 0..<count { sum(u + column, count, into: u + column, count) }
    for row in 0..<taps { sum(u + row &* count, 1, into: g + row &* taps, 1) }
  }

  @inline(__always)
  static func input(_ d: UnsafePointer<Lanes>, into v: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>) {
    for j in 0..<inputs { input(d + j, inputs, into: scratch + j, inputs) }
    for i in 0..<points { input(scratch + i &* inputs, 1, into: v + i &* points &* step, step) }
  }

  @inline(__always)
  static func inputAdjoint(
    _ v: UnsafePointer<Lanes>, _ step: Int, into d: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>
  ) {
    for j in 0..<points { inputAdjoint(v + j &* step, points &* step, into: scratch + j, points) }
    for i in 0..<inputs { inputAdjoint(scratch + i &* points, 1, into: d + i &* inputs, 1) }
  }

  @inline(__always)
  static func output(_ m: UnsafePointer<Lanes>, _ step: Int, into y: UnsafeMutablePointer<Lanes>, scratch: UnsafeMutablePointer<Lanes>) {
    for j in 0..<points { output(m + j &* step, points &* step, into: scratch + j, points) }
    for i in 0..<outputs { output(scratch + i &* points, 1, into: y + i &* outputs, 1) }
  }

  @inline(__always)
  static func outputAdjoint(
    _ y: UnsafePointer<Lanes>, into m: UnsafeMutablePointer<Lanes>, _ step: Int, scratch: UnsafeMutablePointer<Lanes>
  ) {
    for j in 0..<outputs { outputAdjoint(y + j, outputs, into: scratch + j, outputs) }
    for i in 0..<points { outputAdjoint(scratch + i &* outputs, 1, into: m + i &* points &* step, step) }
  }
}
