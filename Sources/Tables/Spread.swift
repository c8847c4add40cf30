/// Mean and spread of one number over independent runs.
public struct Spread: Hashable, Sendable {
  public let mean: Double
  /// Sample standard deviation (n − 1); nil for a single run, whose spread is unknown.
  public let deviation: Double?
  /// How many runs.
  public let count: Int

  /// From so many runs on, an interval is given: of fewer it would say more of its assumption, the normal distribution, than of them.
  public static let leastForInterval = 5

  /// Nil for no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    count = values.count
    deviation =
      values.count > 1 ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot() : nil
  }

  /// The 95 % interval of Student's t for the mean of all runs there could be; nil for fewer than `leastForInterval` runs.
  public var interval: ClosedRange<Double>? {
    guard count >= Self.leastForInterval, let deviation else { return nil }
    let half = StudentT.critical(share: 0.95, degrees: count - 1) * deviation / Double(count).squareRoot()
    return mean - half...mean + half
  }
}
