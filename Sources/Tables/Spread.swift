/// Mean and spread of one number over independent runs.
public struct Spread: Hashable, Sendable {
  public let mean: Double
  /// Sample standard deviation (n − 1); nil for a single run, whose spread is unknown.
  public let deviation: Double?

  /// Nil for no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    deviation =
      values.count > 1 ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot() : nil
  }
}
