/// Two rows of a table held against each other, seed by seed, in one metric on one data set.
public struct RowComparison: Sendable {
  public let row, against: String
  public let dataset, metric: String
  /// The seeds that both rows have.
  public let seeds: [Int]
  /// The row's value minus the other's, by seed.
  public let differences: [Double]
  /// Mean, deviation and, of 5 seeds and more, interval of the differences.
  public let spread: Spread
  /// The bootstrap's interval of the mean difference; nil for fewer seeds than an interval takes, or more than the bootstrap does.
  public let bootstrap: ClosedRange<Double>?
  /// Of the exact sign-flip test; nil for more seeds than it takes.
  public let pValue: Double?
  /// After Holm's correction over all comparisons of the table in this metric on this data set.
  public internal(set) var corrected: Double?

  /// Rows whose difference has a chance above this to be one of seeds cannot be told apart.
  public static let level = 0.05

  public var isApart: Bool { corrected.map { $0 <= Self.level } ?? false }

  /// The fewest seeds with which the smallest of so many corrected p values can reach the level.
  static func leastSeeds(comparisons: Int) -> Int {
    var (seeds, least) = (1, 1.0)
    while Double(comparisons) * least > level { (seeds, least) = (seeds + 1, least / 2) }
    return seeds
  }
}

extension TableLayout {
  /// The comparisons that the layout asks for, of the rows that have runs; in their order, by data set and metric.
  func comparisons(_ metrics: [String], _ runs: [ScoredRun]) -> [RowComparison] {
    columns.flatMap { column in
      metrics.flatMap { metric -> [RowComparison] in
        func values(_ method: String) -> [Int: Double] {
          let own = runs.filter { $0.method == method && $0.dataset == column.dataset }
          return Dictionary(own.compactMap { run in run.scores.last[metric].map { (run.seed, $0) } }) { first, _ in first }
        }
        func label(_ method: String) -> String { rows.first { $0.method == method }?.label ?? method }
        var found = comparisons.compactMap { pair -> RowComparison? in
          let (own, other) = (values(pair.method), values(pair.against))
          let seeds = own.keys.filter { other[$0] != nil }.sorted()
          let differences = seeds.compactMap { seed in own[seed].flatMap { value in other[seed].map { value - $0 } } }
          guard let spread = Spread(differences) else { return nil }
          return RowComparison(
            row: label(pair.method), against: label(pair.against), dataset: column.dataset, metric: metric, seeds: seeds,
            differences: differences, spread: spread, bootstrap: Bootstrap.interval(differences), pValue: SignFlipTest.pValue(differences),
            corrected: nil)
        }
        // One seed is no sample of seeds.
        let tested = found.indices.filter { found[$0].pValue != nil && found[$0].seeds.count > 1 }
        for (place, value) in zip(tested, Holm.corrected(tested.compactMap { found[$0].pValue })) { found[place].corrected = value }
        return found
      }
    }
  }
}
