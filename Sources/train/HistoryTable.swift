import DeepClustering

/// `history.csv`: a line for each pass, loss terms as means over its batches; no times, which are no results.
enum HistoryTable {
  static let columns = [
    "epoch", "head", "outputs", "total", "instance", "cluster", "relation", "balance", "relation_share", "largest_cluster_share",
    "mean_confidence",
  ]

  static func csv(_ history: [PassSummary], loss: StructuralContrast) -> String {
    let header = columns.joined(separator: ",") + "\n"
    return header
      + history.map { line in
        let t = line.terms
        let share = t.total == 0 ? 0 : loss.relationWeight * t.relation / t.total
        let numbers = [t.total, t.instance, t.cluster, t.relation, t.balance, share, line.largestShare, line.confidence]
        return "\(line.epoch),\(line.head),\(line.outputs)," + numbers.map(six).joined(separator: ",") + "\n"
      }.joined()
  }

  /// Rounded to six digits behind the point.
  private static func six(_ value: Double) -> String { ((value * 1e6).rounded() / 1e6).description }
}
