import Tensors

/// Short vectors whose distances never exceed those of the long rows they stand for: what is far apart by them need not be measured.
///
/// z = (Vᵀ(x − m), ρ) with an orthonormal V, the principal directions of a sample, and ρ² = ‖x − m‖² − ‖Vᵀ(x − m)‖² what V leaves of the row. So
/// ‖z_i‖ = ‖x_i − m‖ and ‖z_i − z_j‖ ≤ ‖x_i − x_j‖: the triangle inequality in what is left. Images put most of their variance into few directions,
/// and the bound is close. Rows of at most 256 numbers are taken as they are.
struct ReducedVectors: Sendable {
  /// Numbers of a short vector.
  let width: Int
  /// Whether they are shorter than the rows.
  let isReduced: Bool
  /// [n, width]
  let z: SharedArray<Float>
  /// ‖x − m‖² of each row.
  let squares: SharedArray<Float>

  static let longest = 256
  private static let sampleRows = 1024
  private static let rowsPerPiece = 256
  /// Of ‖z_i‖² + ‖z_j‖²: more than Float products, sums and directions lose.
  static let slack: Float = 1e-5

  /// - Parameter centred: [n, D] rows less some m near their mean.
  init(_ centred: Tensor, team: ThreadTeam) {
    let (n, d) = (centred.shape[0], centred.shape[1])
    isReduced = d > Self.longest
    width = isReduced ? Self.longest : d
    let (z, squares) = (SharedArray<Float>(repeating: 0, count: n * width), SharedArray<Float>(repeating: 0, count: n))
    let directions = isReduced ? Self.directions(centred, count: Self.longest - 1, team: team) : []
    let pieces = Pieces(n, most: (n + Self.rowsPerPiece - 1) / Self.rowsPerPiece)
    let (width, isReduced, kept) = (width, isReduced, Self.longest - 1)
    team.forEach(pieces.count) { piece in
      let rows = pieces[piece]
      let products = Tensor(uninitialized: [rows.count, kept])
      if isReduced {
        MatrixProduct.multiply(
          centred.base + rows.lowerBound * d, directions, transposeB: true, m: rows.count, n: kept, k: d, into: products.base)
      }
      for row in rows {
        let (x, to) = (centred.base + row * d, z.base + row * width)
        squares[row] = Float(Self.square(x, d))
        guard isReduced else {
          to.update(from: x, count: d)
          continue
        }
        to.update(from: products.base + (row - rows.lowerBound) * kept, count: kept)
        to[kept] = Self.rest(squares[row], to, kept)
      }
    }
    (self.z, self.squares) = (z, squares)
  }

  /// ρ of a row, given ‖x − m‖² and its first `count` coordinates.
  static func rest(_ square: Float, _ coordinates: UnsafePointer<Float>, _ count: Int) -> Float {
    Float(max(0, Double(square) - Self.square(coordinates, count)).squareRoot())
  }

  /// ‖x‖², in Double.
  static func square(_ x: UnsafePointer<Float>, _ d: Int) -> Double {
    var (even, odd) = (SIMD8<Double>(), SIMD8<Double>())
    var k = 0
    while k + 16 <= d {
      let v = x.vector(k)
      let (a, b) = (SIMD8<Double>(v.lowHalf), SIMD8<Double>(v.highHalf))
      even.addProduct(a, a)
      odd.addProduct(b, b)
      k += 16
    }
    let eight = even + odd
    let four = eight.lowHalf + eight.highHalf
    var total = (four[0] + four[2]) + (four[1] + four[3])
    for k in k..<d { total += Double(x[k]) * Double(x[k]) }
    return total
  }

  /// Orthonormal directions [count, D] that hold most of the variance: principal directions of rows at equal distances in their order.
  private static func directions(_ centred: Tensor, count: Int, team: ThreadTeam) -> [Float] {
    let (n, d) = (centred.shape[0], centred.shape[1])
    let m = min(n, sampleRows)
    let sample = (0..<m).map { centred.base + $0 * n / m * d }.map { Tensor(shape: [d], Array(UnsafeBufferPointer(start: $0, count: d))) }
    let rows = Tensor(joining: sample.map { $0.reshaped(to: [1, d]) })
    let gram = Tensor(uninitialized: [m, m])
    MatrixProduct.multiply(rows.base, rows.base, transposeB: true, m: m, n: m, k: d, into: gram.base)
    var matrix = gram.scalars.map { Double($0) }
    let vectors = LargestEigenpairs.dense(&matrix, n: m, count: min(m, count)).vectors
    // In Double, twice each: small eigenvalues leave vectors far from orthogonal, and a direction of rounding alone becomes zero, which bounds too.
    var basis: [[Double]] = []
    let blocks = Pieces(d, most: 64)
    for vector in vectors {
      let parts = team.map(blocks.count) { block in
        var sum = [Double](repeating: 0, count: blocks[block].count)
        for i in 0..<m {
          let (weight, row) = (vector[i], rows.base + i * d + blocks[block].lowerBound)
          for j in sum.indices { sum[j] += weight * Double(row[j]) }
        }
        return sum
      }
      basis.append(orthonormal(Array(parts.joined()), to: basis, team))
    }
    let zeros = [Float](repeating: 0, count: (count - basis.count) * d)
    return basis.flatMap { $0.map { Float($0) } } + zeros
  }

  /// What the basis leaves of a vector, with unit length, or zero where it leaves but rounding.
  private static func orthonormal(_ vector: [Double], to basis: [[Double]], _ team: ThreadTeam) -> [Double] {
    var rest = vector
    let before = dot(rest, rest)
    for _ in 0..<2 {
      let current = rest
      let shares = team.map(basis.count) { dot(basis[$0], current) }
      for (share, direction) in zip(shares, basis) { for j in rest.indices { rest[j] -= share * direction[j] } }
    }
    let after = dot(rest, rest)
    guard after > 1e-12 * before, after > 0 else { return [Double](repeating: 0, count: rest.count) }
    let length = after.squareRoot()
    return rest.map { $0 / length }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        var sums = SIMD8<Double>()
        var k = 0
        while k + 8 <= a.count {
          for lane in 0..<8 { sums[lane] += a[k + lane] * b[k + lane] }
          k += 8
        }
        var total = (sums[0] + sums[4]) + (sums[2] + sums[6]) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
        for k in k..<a.count { total += a[k] * b[k] }
        return total
      }
    }
  }
}
