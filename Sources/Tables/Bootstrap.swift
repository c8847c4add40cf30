/// The percentile bootstrap of a mean (Efron 1979), exact: all nⁿ ways to draw n values with replacement, none of them by chance.
public enum Bootstrap {
  /// So many values are resampled: 12 can be drawn in 1.4 million ways that differ in more than their order.
  public static let mostValues = 12

  /// Where the middle 95 % of the means of all resamples lie; nil for fewer values than an interval takes, or more than `mostValues`.
  /// - Parameter values: finite.
  public static func interval(_ values: [Double]) -> ClosedRange<Double>? {
    let n = values.count
    guard (Spread.leastForInterval...mostValues).contains(n) else { return nil }
    var means: [(mean: Double, share: Double)] = []
    /// Takes the values from `index` on, `left` of n draws still to be made; share is n!/(c₁! c₂! …)/nⁿ of the counts so far.
    func draw(_ index: Int, _ left: Int, _ sum: Double, _ share: Double) {
      if index == n - 1 {
        let rest = (1...max(1, left)).reduce(1.0) { $0 * Double($1) }
        means.append(((sum + Double(left) * values[index]) / Double(n), share / rest))
        return
      }
      var factorial = 1.0
      for count in 0...left {
        if count > 1 { factorial *= Double(count) }
        draw(index + 1, left - count, sum + Double(count) * values[index], share / factorial)
      }
    }
    draw(0, n, 0, (1...n).reduce(1.0) { $0 * Double($1) / Double(n) })
    means.sort { $0.mean < $1.mean }
    func end(_ ordered: some Sequence<(mean: Double, share: Double)>) -> Double {
      var below = 0.0
      for (mean, share) in ordered {
        below += share
        if below >= 0.025 { return mean }
      }
      preconditionFailure("shares of resamples add up to \(below)")
    }
    return end(means)...end(means.reversed())
  }
}
