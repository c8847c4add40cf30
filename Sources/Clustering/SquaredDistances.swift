/// Squared Euclidean distances, summed over explicit differences: no cancellation, however far the points are from the origin.
///
/// D is the number of dimensions; rows are contiguous. The order of summation depends on D alone.
enum SquaredDistances {
  /// Dimensions a table takes at a time, so that some hundred points stay in a core's cache while the rows pass by.
  private static let dimensionsPerPass = 1024

  /// ‖a − b‖² of two rows.
  static func between(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ d: Int) -> Float {
    var (s0, s1, s2, s3) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
    var k = 0
    while k + 64 <= d {
      let (d0, d1) = (a.vector(k) - b.vector(k), a.vector(k + 16) - b.vector(k + 16))
      let (d2, d3) = (a.vector(k + 32) - b.vector(k + 32), a.vector(k + 48) - b.vector(k + 48))
      s0.addProduct(d0, d0)
      s1.addProduct(d1, d1)
      s2.addProduct(d2, d2)
      s3.addProduct(d3, d3)
      k += 64
    }
    while k + 16 <= d {
      let difference = a.vector(k) - b.vector(k)
      s0.addProduct(difference, difference)
      k += 16
    }
    return ((s0 + s1) + (s2 + s3)).total + rest(a, b, k, d)
  }

  /// The distances of all rows to all points: `result[row * rowStride + point * pointStride]`.
  ///
  /// Two rows meet four points at a time, so that each number loaded serves several pairs.
  static func table(
    rows: UnsafePointer<Float>, _ n: Int, points: UnsafePointer<Float>, _ m: Int, dimensions d: Int,
    into result: UnsafeMutablePointer<Float>, rowStride: Int, pointStride: Int
  ) {
    for start in stride(from: 0, to: d, by: dimensionsPerPass) {
      let width = min(dimensionsPerPass, d - start)
      for i in stride(from: 0, to: n, by: 2) {
        // A single last row is paired with itself.
        let (a, b) = (rows + i * d + start, rows + min(i + 1, n - 1) * d + start)
        for j in stride(from: 0, to: m, by: 4) {
          let (p0, p1) = (points + j * d + start, points + min(j + 1, m - 1) * d + start)
          let (p2, p3) = (points + min(j + 2, m - 1) * d + start, points + min(j + 3, m - 1) * d + start)
          let (of, og) = tile(a, b, p0, p1, p2, p3, width)
          for lane in 0..<min(4, m - j) {
            let place = i * rowStride + (j + lane) * pointStride
            result[place] = start == 0 ? of[lane] : result[place] + of[lane]
            if i + 1 < n { result[place + rowStride] = start == 0 ? og[lane] : result[place + rowStride] + og[lane] }
          }
        }
      }
    }
  }

  @inline(__always) private static func tile(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ p0: UnsafePointer<Float>, _ p1: UnsafePointer<Float>,
    _ p2: UnsafePointer<Float>, _ p3: UnsafePointer<Float>, _ d: Int
  ) -> (SIMD4<Float>, SIMD4<Float>) {
    var (a0, a1, a2, a3) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
    var (b0, b1, b2, b3) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
    var k = 0
    while k + 16 <= d {
      let (va, vb) = (a.vector(k), b.vector(k))
      let (v0, v1, v2, v3) = (p0.vector(k), p1.vector(k), p2.vector(k), p3.vector(k))
      a0.addProduct(va - v0, va - v0)
      a1.addProduct(va - v1, va - v1)
      a2.addProduct(va - v2, va - v2)
      a3.addProduct(va - v3, va - v3)
      b0.addProduct(vb - v0, vb - v0)
      b1.addProduct(vb - v1, vb - v1)
      b2.addProduct(vb - v2, vb - v2)
      b3.addProduct(vb - v3, vb - v3)
      k += 16
    }
    let ofA = SIMD4(a0.total, a1.total, a2.total, a3.total)
    let ofB = SIMD4(b0.total, b1.total, b2.total, b3.total)
    guard k < d else { return (ofA, ofB) }
    return (
      ofA + SIMD4(rest(a, p0, k, d), rest(a, p1, k, d), rest(a, p2, k, d), rest(a, p3, k, d)),
      ofB + SIMD4(rest(b, p0, k, d), rest(b, p1, k, d), rest(b, p2, k, d), rest(b, p3, k, d))
    )
  }

  @inline(__always) private static func rest(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ from: Int, _ d: Int) -> Float {
    var sum: Float = 0
    for k in from..<d { sum += (a[k] - b[k]) * (a[k] - b[k]) }
    return sum
  }
}
