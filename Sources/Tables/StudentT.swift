/// Student's t distribution, in additions, multiplications, divisions and square roots alone, which every machine rounds alike: what a table
/// prints of it has the same bytes everywhere (docs/statistics.md).
public enum StudentT {
  /// P(T ≤ t).
  /// - Parameter degrees: degrees of freedom, at least 1.
  public static func cumulative(_ t: Double, degrees: Int) -> Double {
    precondition(degrees >= 1, "\(degrees) degrees of freedom")
    let upper = (1 + central(abs(t), degrees: degrees)) / 2
    return t < 0 ? 1 - upper : upper
  }

  /// The t with P(−t ≤ T ≤ t) = `share`.
  /// - Parameters:
  ///   - share: 0.5 to 0.999.
  ///   - degrees: degrees of freedom, at least 1.
  public static func critical(share: Double, degrees: Int) -> Double {
    precondition(0.5...0.999 ~= share, "a share of \(share)")
    var (low, high) = (0.0, 1.0)
    while central(high, degrees: degrees) < share { high *= 2 }
    // As far as doubles between the two can be told apart.
    while true {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { return high }
      if central(middle, degrees: degrees) < share { low = middle } else { high = middle }
    }
  }

  /// P(−t ≤ T ≤ t) for t ≥ 0: Abramowitz and Stegun 26.7.3 and 26.7.4, finite sums in the cosine of θ = arctan(t/√ν).
  private static func central(_ t: Double, degrees: Int) -> Double {
    let freedom = Double(degrees)
    let root = (freedom + t * t).squareRoot()
    let (sine, cosine) = (t / root, freedom.squareRoot() / root)
    guard degrees > 1 else { return arctangent(t) * 2 / Double.pi }
    let isOdd = !degrees.isMultiple(of: 2)
    var term = isOdd ? cosine : 1
    var sum = term
    for index in stride(from: isOdd ? 3 : 2, to: degrees, by: 2) {
      term *= Double(index - 1) / Double(index) * cosine * cosine
      sum += term
    }
    return isOdd ? 2 / Double.pi * (arctangent(t / freedom.squareRoot()) + sine * sum) : sine * sum
  }

  /// For x ≥ 0; the C library's differs between versions in the last place.
  private static func arctangent(_ x: Double) -> Double {
    if x > 1 { return Double.pi / 2 - arctangent(1 / x) }
    // Half the angle three times: below 0.1, eleven terms of the series are enough.
    var small = x
    for _ in 0..<3 { small /= 1 + (1 + small * small).squareRoot() }
    var sum = 0.0
    for index in stride(from: 21, through: 1, by: -2) { sum = 1 / Double(index) - small * small * sum }
    return 8 * small * sum
  }
}
