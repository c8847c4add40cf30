/// Elementary functions in Double whose bits are the same on every machine.
///
/// Goals, in order: the same bits everywhere; errors of about one unit in the last place; speed. The C library has several versions of each, chosen by
/// the processor and changed between releases, which differ in the last place. These are sums and products in a written order, with fused
/// multiply-adds where written. `ElementaryFunctionTests` holds them against the C library's.
public enum Elementary {
  /// ln 2 in two parts, the first with zeros at its end, so that its multiples by an exponent are exact.
  private static let ln2High = 0x1.62e42fee00000p-1
  private static let ln2Low = 0x1.a39ef35793c76p-33

  /// eˣ: x = k ln 2 + r with |r| ≤ (ln 2)/2, and eʳ by its series up to r¹³/13!, whose rest is below 2⁻⁵⁷.
  public static func exp(_ x: Double) -> Double {
    guard x.isFinite else { return x.isNaN ? x : x > 0 ? x : 0 }
    if x > 709.79 { return .infinity }
    if x < -745.14 { return 0 }
    let k = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - k * ln2High) - k * ln2Low
    var sum = 1.0 / 6_227_020_800
    sum = (1.0 / 479_001_600).addingProduct(sum, r)
    sum = (1.0 / 39_916_800).addingProduct(sum, r)
    sum = (1.0 / 3_628_800).addingProduct(sum, r)
    sum = (1.0 / 362_880).addingProduct(sum, r)
    sum = (1.0 / 40_320).addingProduct(sum, r)
    sum = (1.0 / 5_040).addingProduct(sum, r)
    sum = (1.0 / 720).addingProduct(sum, r)
    sum = (1.0 / 120).addingProduct(sum, r)
    sum = (1.0 / 24).addingProduct(sum, r)
    sum = (1.0 / 6).addingProduct(sum, r)
    sum = 0.5.addingProduct(sum, r)
    let power = 1 + r.addingProduct(sum, r * r)
    // In two steps: the smallest results are below 2⁻¹⁰²².
    let half = (k / 2).rounded(.down)
    return power * exponent(half) * exponent(k - half)
  }

  /// 2ᵏ of a whole number −1022 … 1023.
  private static func exponent(_ k: Double) -> Double { Double(bitPattern: UInt64(Int64(k) + 1023) << 52) }

  /// ln x: x = m 2ᵏ with m in [√½, √2), and ln m = 2 artanh((m − 1)/(m + 1)) by its series, whose rest is below 2⁻⁵⁷. Not a number below zero.
  public static func log(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    var (k, m) = (Double(x.exponent), x.significand)
    if m > 1.4142135623730951 {
      m /= 2
      k += 1
    }
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    var sum = 1.0 / 25
    for n in stride(from: 23, through: 3, by: -2) { sum = (1 / Double(n)).addingProduct(sum, z) }
    // 2 artanh s = f − s (f − 2 z Σ): the larger term exact.
    let rest = s * (f - 2 * z * sum)
    return k * ln2High + (f - (rest - k * ln2Low))
  }

  /// cos and sin of an angle in turns of 2π, by their series on an eighth of the circle, to which the angle comes exactly.
  public static func circle(turns: Double) -> (cos: Double, sin: Double) {
    precondition(turns.isFinite, "an angle of \(turns) turns")
    let eighths = (turns - turns.rounded(.down)) * 8
    let octant = eighths.rounded(.down)
    let reversed = octant.truncatingRemainder(dividingBy: 2) == 1
    let (c, s) = series((reversed ? 1 - (eighths - octant) : eighths - octant) * (.pi / 4))
    let (x, y) = reversed ? (s, c) : (c, s)
    return switch octant {
    case 0, 1, 8: (x, y)
    case 2, 3: (-y, x)
    case 4, 5: (-x, -y)
    default: (y, -x)
    }
  }

  /// cos and sin of 0 … π/4 by their series up to the seventeenth power.
  private static func series(_ angle: Double) -> (cos: Double, sin: Double) {
    let z = angle * angle
    var (c, s) = (1.0, 1.0)
    for n in stride(from: 16, through: 2, by: -2) {
      c = 1 - c * z / Double(n * (n - 1))
      s = 1 - s * z / Double(n * (n + 1))
    }
    return (c, s * angle)
  }

  /// baseⁿ by repeated squaring, n ≥ 0.
  public static func power(_ base: Double, _ n: Int) -> Double {
    precondition(n >= 0, "exponent \(n)")
    var (result, square, rest) = (1.0, base, n)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
