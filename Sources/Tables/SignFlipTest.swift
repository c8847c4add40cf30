/// The exact test of the hypothesis that paired differences are symmetric about zero, as they are where two methods do equally well on every
/// seed: under it each difference could as well have had the other sign.
public enum SignFlipTest {
  /// So many pairs are tested; more would take too long, and need no exact test.
  public static let mostPairs = 40

  /// The share of the 2ⁿ ways to choose signs whose sum lies at least as far from zero as the sum observed. Two-sided; at least 2/2ⁿ, 1 for
  /// differences that are all zero.
  /// - Parameter differences: finite, at least one.
  /// - Returns: nil for more than `mostPairs`.
  public static func pValue(_ differences: [Double]) -> Double? {
    precondition(!differences.isEmpty && differences.allSatisfy(\.isFinite), "nothing to test in \(differences)")
    guard differences.count <= mostPairs else { return nil }
    // Sums that are equal but for rounding count as equal.
    let tolerance = 1e-12 * differences.reduce(0) { $0 + abs($1) }
    let limit = abs(differences.reduce(0, +)) - tolerance
    // The sums of either half, sorted, meet in the middle: 2·2^(n/2) of them instead of 2ⁿ.
    let half = differences.count / 2
    let (left, right) = (sums(differences[..<half]).sorted(), sums(differences[half...]).sorted())
    if limit <= 0 { return 1 }
    var (extreme, below, above) = (0, 0, right.count)
    // As the left sum grows, fewer right ones keep the total below, and more lift it above.
    var low = right.count
    for sum in left {
      while low > 0, sum + right[low - 1] > -limit { low -= 1 }
      while above > 0, sum + right[above - 1] >= limit { above -= 1 }
      below = low
      extreme += below + right.count - above
    }
    return Double(extreme) / Double(left.count * right.count)
  }

  private static func sums(_ values: ArraySlice<Double>) -> [Double] {
    values.reduce([0]) { sums, value in sums.map { $0 + value } + sums.map { $0 - value } }
  }
}

/// Holm's step-down correction, which keeps the chance of any false finding among several tests below their common level.
public enum Holm {
  /// Corrected p values in the order of the given ones.
  public static func corrected(_ values: [Double]) -> [Double] {
    var result = values
    var highest = 0.0
    for (rank, place) in values.indices.sorted(by: { (values[$0], $0) < (values[$1], $1) }).enumerated() {
      highest = max(highest, min(1, Double(values.count - rank) * values[place]))
      result[place] = highest
    }
    return result
  }
}
