extension TableNotes {
  /// What can be said of the differences between rows that the paper compares, in the first metric; the others are in the JSON file.
  var differences: [String] {
    layout.columns.compactMap { column in
      let here = comparisons.filter { $0.dataset == column.dataset && $0.metric == published.metrics.first }
      guard let first = here.first else { return nil }
      let seeds = Set(here.map(\.seeds))
      guard let most = seeds.map(\.count).max(), most > 1 else { return nil }
      let parts = here.map { comparison in
        let mean = (comparison.spread.mean < 0 ? "−" : "+") + fixed(abs(comparison.spread.mean))
        let interval = comparison.spread.interval.map { " (\(ends($0))\(comparison.bootstrap.map { "; \(ends($0))" } ?? ""))" } ?? ""
        let verdict = comparison.corrected.map { p in
          (p < 0.0005 ? "p < 0.001" : "p \(fixed(p))") + ", " + (comparison.isApart ? "differ" : "cannot be told apart")
        }
        return "\(comparison.row) − \(comparison.against) \(mean)\(interval), \(verdict ?? "not tested")"
      }
      let tested = here.count { $0.corrected != nil }
      let least = RowComparison.leastSeeds(comparisons: max(tested, 1))
      let shared = seeds.count == 1 ? list(first.seeds) : "each pair's own"
      var text =
        "Differences in \(first.metric) on \(column.label), row by row over the same seeds (\(shared)): mean"
        + (here.contains { $0.spread.interval != nil }
          ? " (95 % interval by Student's t\(here.contains { $0.bootstrap != nil } ? "; by the bootstrap" : ""))" : "")
        + ", two-sided p of the exact sign-flip test after Holm's correction for \(tested) comparison\(tested == 1 ? "" : "s"): "
        + parts.joined(separator: "; ") + "."
      if most < least { text += " With so few seeds no difference could reach p \(RowComparison.level); it takes \(least)." }
      return text
    }
  }

  private func ends(_ interval: ClosedRange<Double>) -> String { "\(signed(interval.lowerBound)) to \(signed(interval.upperBound))" }

  private func signed(_ value: Double) -> String { (value < 0 ? "−" : "+") + fixed(abs(value)) }
}
