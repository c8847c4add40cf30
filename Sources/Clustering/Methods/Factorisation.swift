import Tensors

/// Two non-negative factors of a matrix and the updates that lower the objective of `MatrixFactorisation`, never raising it.
///
/// X [n, D], U kept transposed [r, D], V [n, r]. V Uᵀ is never in memory: four rows by sixteen columns of it at a time are made, compared with X, and
/// added to the sums of the update. Sums over rows are those of pieces cut by n alone, merged in order.
package final class Factorisation: @unchecked Sendable {
  private let x: Tensor
  private let n, d, r: Int
  /// D rounded up to vectors; numbers of U behind D are zero.
  private let width: Int
  /// Uᵀ [r, width], V [n, r]
  private let parts: SharedArray<Float>
  private let coefficients: SharedArray<Float>
  private let smoothing: GraphSmoothing?
  /// Σ x ln x − x, which no update changes.
  private let constant: Double
  package private(set) var iterations = 0
  /// As last measured.
  package private(set) var objective = Double.infinity

  /// Below this, products count as this.
  private static let least: Float = 1e-10
  /// No number of U or V that is not zero is less: it can grow again, which zero could not, and no product of two is denormal, which some
  /// processors take a hundred times as long for.
  private static let smallest = 1e-18
  private static let rowsAtATime = 4
  /// Added to what k-means says: no update could leave a zero.
  private static let share: Float = 0.2

  /// Starts at the centres of clusters, each row mostly its own cluster's.
  init(_ x: Tensor, centres: LloydIterations, graph: NeighbourGraph?, locality: Double) {
    self.x = x
    (n, d, r) = (x.shape[0], x.shape[1], centres.centres.shape[0])
    width = (d + 15) / 16 * 16
    parts = SharedArray(repeating: 0, count: r * width)
    for c in 0..<r { for j in 0..<d { parts[c * width + j] = centres.centres.base[c * d + j] + 1e-6 } }
    coefficients = SharedArray(repeating: Self.share / Float(r), count: n * r)
    for (row, cluster) in centres.assignments.enumerated() { coefficients[row * r + Int(cluster)] += 1 - Self.share }
    smoothing = graph.map { GraphSmoothing($0, weight: locality, columns: centres.centres.shape[0]) }
    var sum = 0.0
    for i in 0..<n {
      var own = 0.0
      for j in 0..<d { own += Self.entropyTerm(x.base[i * d + j]) }
      sum += own
    }
    constant = sum
  }

  private static func entropyTerm(_ x: Float) -> Double { x > 0 ? Double(x) * Elementary.log(Double(x)) - Double(x) : 0 }

  /// [r, D] and [n, r]
  package var factors: (parts: [Float], coefficients: [Float]) {
    ((0..<r).flatMap { c in (0..<d).map { parts[c * width + $0] } }, coefficients.elements)
  }

  /// V with the columns of U scaled to unit length, then each row to unit length; rows of zeros stay.
  package var unitCoefficients: Tensor {
    let lengths = (0..<r).map { ReducedVectors.square(parts.base + $0 * width, width).squareRoot() }
    return SpectralClustering.unitRows((0..<r).map { c in (0..<n).map { Double(coefficients[$0 * r + c]) * lengths[c] } }, n)
  }

  /// One update of V, one of U.
  package func update(_ team: ThreadTeam) {
    updateCoefficients(team)
    updateParts(team)
    iterations += 1
  }

  private var pieces: Pieces { Pieces(n, most: max(8, min(64, (1 << 28) / (r * width)))) }

  /// V: v_c = (locality · L + s_c)⁻¹ b_c with b = V ∘ ((X / V Uᵀ) U) and s_c the sum of part c.
  private func updateCoefficients(_ team: ThreadTeam) {
    let sums = partSums
    let targets = SharedArray<Float>(repeating: 0, count: n * r)
    let pieces = Pieces(n, most: (n + 63) / 64)
    team.forEach(pieces.count) { [self] piece in
      let sums = SharedArray<SIMD16<Float>>(repeating: SIMD16(), count: Self.rowsAtATime * r)
      forGroups(of: pieces[piece]) { rows in
        sums.base.update(repeating: SIMD16(), count: Self.rowsAtATime * r)
        for j in stride(from: 0, to: width, by: 16) {
          let ratios = ratios(rows, j)
          for c in 0..<r {
            let u = parts.base.vector(c * width + j)
            for k in 0..<Self.rowsAtATime { sums[k * r + c].addProduct(ratios[k], u) }
          }
        }
        for (k, row) in rows.enumerated() {
          for c in 0..<r { targets[row * r + c] = coefficients[row * r + c] * sums[k * r + c].total }
        }
      }
    }
    if let smoothing {
      smoothing.solve(sums, targets, into: coefficients, team: team)
    } else {
      for i in 0..<n { for c in 0..<r { coefficients[i * r + c] = Self.quotient(Double(targets[i * r + c]), sums[c]) } }
    }
  }

  /// U ← U ∘ ((X / V Uᵀ)ᵀ V) / the sums of V's columns.
  private func updateParts(_ team: ThreadTeam) {
    let pieces = pieces
    let merged = team.map(pieces.count) { [self] piece in
      let sums = SharedArray<Float>(repeating: 0, count: r * width)
      forGroups(of: pieces[piece]) { rows in
        for j in stride(from: 0, to: width, by: 16) {
          let ratios = ratios(rows, j)
          for c in 0..<r {
            var sum = sums.base.vector(c * width + j)
            for k in 0..<rows.count { sum.addProduct(ratios[k], SIMD16(repeating: coefficients[(rows.lowerBound + k) * r + c])) }
            sums.base.store(sum, at: c * width + j)
          }
        }
      }
      return sums
    }
    let totals = columnSums
    team.forEach(r) { [self] c in
      for j in c * width..<(c + 1) * width {
        let sum = merged.reduce(0.0) { $0 + Double($1[j]) }
        parts[j] = Self.quotient(Double(parts[j]) * sum, totals[c])
      }
    }
  }

  /// A new number of U or V.
  private static func quotient(_ number: Double, _ sum: Double) -> Float {
    number > 0 && sum > 0 ? Float(max(number / sum, smallest)) : 0
  }

  /// The groups of four rows of a piece, the last one shorter.
  private func forGroups(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsAtATime) {
      body(first..<min(first + Self.rowsAtATime, rows.upperBound))
    }
  }

  /// V Uᵀ of up to four rows and sixteen columns.
  @inline(__always) private func products(_ rows: Range<Int>, _ j: Int) -> InlineArray<4, SIMD16<Float>> {
    var y = InlineArray<4, SIMD16<Float>>(repeating: SIMD16())
    let last = n - 1
    let v = coefficients.base
    let (v0, v1) = (v + rows.lowerBound * r, v + min(rows.lowerBound + 1, last) * r)
    let (v2, v3) = (v + min(rows.lowerBound + 2, last) * r, v + min(rows.lowerBound + 3, last) * r)
    for c in 0..<r {
      let u = parts.base.vector(c * width + j)
      y[0].addProduct(u, SIMD16(repeating: v0[c]))
      y[1].addProduct(u, SIMD16(repeating: v1[c]))
      y[2].addProduct(u, SIMD16(repeating: v2[c]))
      y[3].addProduct(u, SIMD16(repeating: v3[c]))
    }
    return y
  }

  /// X / V Uᵀ of these.
  @inline(__always) private func ratios(_ rows: Range<Int>, _ j: Int) -> InlineArray<4, SIMD16<Float>> {
    var y = products(rows, j)
    for k in 0..<4 {
      let bounded = y[k].replacing(with: SIMD16(repeating: Self.least), where: y[k] .< Self.least)
      y[k] = pixels(min(rows.lowerBound + k, n - 1), j) / bounded
    }
    return y
  }

  /// Sixteen numbers of a row, zero behind its end.
  @inline(__always) private func pixels(_ row: Int, _ j: Int) -> SIMD16<Float> {
    let from = x.base + row * d
    if j + 16 <= d { return from.vector(j) }
    var result = SIMD16<Float>()
    for lane in 0..<d - j { result[lane] = from[j + lane] }
    return result
  }

  /// Of each part over the columns.
  private var partSums: [Double] { (0..<r).map { c in (0..<d).reduce(0.0) { $0 + Double(parts[c * width + $1]) } } }
  /// Of each part's coefficients over the rows.
  private var columnSums: [Double] {
    var sums = [Double](repeating: 0, count: r)
    for i in 0..<n { for c in 0..<r { sums[c] += Double(coefficients[i * r + c]) } }
    return sums
  }

  /// The objective of the factors as they are.
  package func measure(_ team: ThreadTeam) -> Double {
    let pieces = pieces
    let terms = team.map(pieces.count) { [self] piece -> Double in
      var total = 0.0
      forGroups(of: pieces[piece]) { rows in
        var sums = InlineArray<4, SIMD16<Float>>(repeating: SIMD16())
        for j in stride(from: 0, to: width, by: 16) {
          let y = products(rows, j)
          for k in 0..<4 {
            let bounded = y[k].replacing(with: SIMD16(repeating: Self.least), where: y[k] .< Self.least)
            sums[k].addProduct(pixels(min(rows.lowerBound + k, n - 1), j), bounded.naturalLogarithm)
          }
        }
        for k in 0..<rows.count { total += Double(sums[k].total) }
      }
      return total
    }
    let mass = zip(partSums, columnSums).reduce(0.0) { $0 + $1.0 * $1.1 }
    objective = constant - terms.reduce(0, +) + mass + (smoothing?.term(coefficients) ?? 0)
    return objective
  }
}

extension SIMD16<Float> {
  /// ln of positive normal numbers, within two units in the last place: x = m 2ᵏ with m in [√½, √2), ln m by the series of artanh((m − 1)/(m + 1)).
  @inline(__always) var naturalLogarithm: SIMD16<Float> {
    let bits = unsafeBitCast(self, to: SIMD16<Int32>.self)
    // The exponent of x/√½, so that m is centred about 1.
    let k = (bits &- 0x3F35_04F3) &>> 23
    let m = unsafeBitCast(bits &- (k &<< 23), to: SIMD16<Float>.self)
    let f = m - 1
    let s = f / (f + 2)
    let z = s * s
    var sum = SIMD16<Float>(repeating: 1.0 / 9)
    sum = SIMD16(repeating: 1.0 / 7).addingProduct(sum, z)
    sum = SIMD16(repeating: 1.0 / 5).addingProduct(sum, z)
    sum = SIMD16(repeating: 1.0 / 3).addingProduct(sum, z)
    let series = (2 * s).addingProduct(2 * s * z, sum)
    return series.addingProduct(SIMD16(k), SIMD16(repeating: 0.693147180559945))
  }
}
