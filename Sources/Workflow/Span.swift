/// An expected amount: the likely one between a least and a most.
public struct Span: Sendable, Hashable {
  public let low, likely, high: Double

  static let zero = Span(low: 0, likely: 0, high: 0)

  init(low: Double, likely: Double, high: Double) { (self.low, self.likely, self.high) = (low, likely, high) }

  /// An amount that may be so many times less or more.
  init(_ likely: Double, within factor: Double) { self.init(low: likely / factor, likely: likely, high: likely * factor) }

  /// Amounts that were seen, each of which may be so many times less or more.
  /// - Parameter amounts: at least one.
  init(seen amounts: [Double], within factor: Double) {
    let sorted = amounts.sorted()
    self.init(low: sorted[0] / factor, likely: sorted[sorted.count / 2], high: sorted[sorted.count - 1] * factor)
  }

  /// Errors of the same kind add up: what makes one instance slower makes all of them slower.
  static func + (a: Span, b: Span) -> Span { Span(low: a.low + b.low, likely: a.likely + b.likely, high: a.high + b.high) }
  static func += (a: inout Span, b: Span) { a = a + b }
  static func * (a: Span, factor: Double) -> Span { Span(low: a.low * factor, likely: a.likely * factor, high: a.high * factor) }
}
