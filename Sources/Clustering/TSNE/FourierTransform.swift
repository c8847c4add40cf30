import Tensors

/// 16 complex numbers, one of each of 16 sequences.
package struct ComplexVector: BitwiseCopyable {
  package var re, im: SIMD16<Float>

  @inline(__always) package init(_ re: SIMD16<Float>, _ im: SIMD16<Float>) { (self.re, self.im) = (re, im) }

  @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
  @inline(__always) static func * (a: Self, b: Float) -> Self { Self(a.re * b, a.im * b) }
  /// By the complex number (re, im).
  @inline(__always) func times(_ w: SIMD2<Float>) -> Self {
    let (c, s) = (SIMD16(repeating: w.x), SIMD16(repeating: w.y))
    return Self((re * c).addingProduct(-im, s), (im * c).addingProduct(re, s))
  }
  /// By i.
  @inline(__always) var turned: Self { Self(-im, re) }
}

/// Discrete Fourier transforms of length n = 2^a·3^b·5^c, of 16 sequences at once: X_k = Σ_j x_j e^(−2πi·jk/n), unnormalised.
///
/// Stockham's autosort algorithm: passes of radix 4, 2, 3 and 5 that read one buffer and write the other, hence no bit reversal.
/// 5·n·log₂n flop for each sequence.
package struct FourierTransform: Sendable {
  package let length: Int
  private let passes: [Pass]

  private struct Pass: Sendable {
    let radix: Int
    /// Length of the sequences this pass splits, and how many of them lie interleaved.
    let length, stride: Int
    /// e^(−2πi·kp/length) for p in 0..<length/radix, k in 1..<radix.
    let twiddles: [SIMD2<Float>]
  }

  /// - Parameter length: a product of 2s, 3s and 5s.
  package init(length: Int) {
    self.length = length
    var (left, stride, passes): (Int, Int, [Pass]) = (length, 1, [])
    while left > 1 {
      guard let radix = [4, 2, 3, 5].first(where: { left % $0 == 0 }) else { preconditionFailure("\(length) has a prime factor above 5") }
      let twiddles = (0..<left / radix).flatMap { p in
        (1..<radix).map { k -> SIMD2<Float> in
          let angle = Elementary.circle(turns: -Double(k * p % left) / Double(left))
          return SIMD2(Float(angle.cos), Float(angle.sin))
        }
      }
      passes.append(Pass(radix: radix, length: left, stride: stride, twiddles: twiddles))
      left /= radix
      stride *= radix
    }
    self.passes = passes
  }

  /// Transforms the sequences in `buffer`, whose second half of 2·length elements is scratch.
  ///
  /// The inverse is the same with real and imaginary parts exchanged before and after, which callers do while they load and store.
  /// - Returns: where in `buffer` the result starts: 0 or `length`.
  package func transform(_ buffer: UnsafeMutablePointer<ComplexVector>) -> Int {
    var (from, to) = (buffer, buffer + length)
    for pass in passes {
      pass.twiddles.withUnsafeBufferPointer { w in
        switch pass.radix {
        case 2: Self.radix2(from, to, pass.length, pass.stride, w)
        case 3: Self.radix3(from, to, pass.length, pass.stride, w)
        case 4: Self.radix4(from, to, pass.length, pass.stride, w)
        default: Self.radix5(from, to, pass.length, pass.stride, w)
        }
      }
      swap(&from, &to)
    }
    return from - buffer
  }

  private typealias Numbers = UnsafeMutablePointer<ComplexVector>
  private typealias Twiddles = UnsafeBufferPointer<SIMD2<Float>>

  private static func radix2(_ x: Numbers, _ y: Numbers, _ n: Int, _ s: Int, _ w: Twiddles) {
    let m = n / 2
    for p in 0..<m {
      let w1 = w[p]
      for q in 0..<s {
        let (a, b) = (x[q + s * p], x[q + s * (p + m)])
        let out = y + q + s * 2 * p
        out[0] = a + b
        out[s] = (a - b).times(w1)
      }
    }
  }

  private static func radix3(_ x: Numbers, _ y: Numbers, _ n: Int, _ s: Int, _ w: Twiddles) {
    let m = n / 3
    let half3: Float = 0.866_025_403_784
    for p in 0..<m {
      let (w1, w2) = (w[2 * p], w[2 * p + 1])
      for q in 0..<s {
        let (a, b, c) = (x[q + s * p], x[q + s * (p + m)], x[q + s * (p + 2 * m)])
        let sum = b + c
        let centre = a - sum * 0.5
        let turn = ((b - c) * half3).turned
        let out = y + q + s * 3 * p
        out[0] = a + sum
        out[s] = (centre - turn).times(w1)
        out[2 * s] = (centre + turn).times(w2)
      }
    }
  }

  private static func radix4(_ x: Numbers, _ y: Numbers, _ n: Int, _ s: Int, _ w: Twiddles) {
    let m = n / 4
    for p in 0..<m {
      let (w1, w2, w3) = (w[3 * p], w[3 * p + 1], w[3 * p + 2])
      for q in 0..<s {
        let (a, b) = (x[q + s * p], x[q + s * (p + m)])
        let (c, d) = (x[q + s * (p + 2 * m)], x[q + s * (p + 3 * m)])
        let (ac, bd) = (a + c, b + d)
        let (difference, turn) = (a - c, (b - d).turned)
        let out = y + q + s * 4 * p
        out[0] = ac + bd
        out[s] = (difference - turn).times(w1)
        out[2 * s] = (ac - bd).times(w2)
        out[3 * s] = (difference + turn).times(w3)
      }
    }
  }

  private static func radix5(_ x: Numbers, _ y: Numbers, _ n: Int, _ s: Int, _ w: Twiddles) {
    let m = n / 5
    // Cosines and sines of 72 and 144 degrees.
    let (c1, c2): (Float, Float) = (0.309_016_994_375, -0.809_016_994_375)
    let (s1, s2): (Float, Float) = (0.951_056_516_295, 0.587_785_252_292)
    for p in 0..<m {
      let (w1, w2, w3, w4) = (w[4 * p], w[4 * p + 1], w[4 * p + 2], w[4 * p + 3])
      for q in 0..<s {
        let a = x[q + s * p]
        let (b, e) = (x[q + s * (p + m)], x[q + s * (p + 4 * m)])
        let (c, d) = (x[q + s * (p + 2 * m)], x[q + s * (p + 3 * m)])
        let (be, cd) = (b + e, c + d)
        let (near, far) = (a + be * c1 + cd * c2, a + be * c2 + cd * c1)
        let nearTurn = ((b - e) * s1 + (c - d) * s2).turned
        let farTurn = ((b - e) * s2 - (c - d) * s1).turned
        let out = y + q + s * 5 * p
        out[0] = a + be + cd
        out[s] = (near - nearTurn).times(w1)
        out[2 * s] = (far - farTurn).times(w2)
        out[3 * s] = (far + farTurn).times(w3)
        out[4 * s] = (near + nearTurn).times(w4)
      }
    }
  }
}
