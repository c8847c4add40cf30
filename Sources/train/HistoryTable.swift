import DeepClustering

/// `history.csv`: a line for each loss term of each pass, as mean over its batches, and for what else is known of a pass, which has no weight;
/// no times, which are no results.
enum HistoryTable {
  static func csv(_ history: [PassSummary]) -> String {
    var text = "epoch,phase,quantity,value,weight\n"
    for pass in history {
      func line(_ quantity: String, _ value: Double, _ weight: String) {
        text += "\(pass.epoch),\(pass.phase),\(quantity),\(six(value)),\(weight)\n"
      }
      for term in pass.terms { line(term.name, term.value, "\(term.weight)") }
      if let share = pass.largestShare { line("largest cluster share", share, "") }
      if let confidence = pass.confidence { line("mean confidence", confidence, "") }
    }
    return text
  }

  /// Rounded to six digits behind the point.
  private static func six(_ value: Double) -> String { ((value * 1e6).rounded() / 1e6).description }
}
