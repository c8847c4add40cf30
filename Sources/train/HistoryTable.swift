import DeepClustering
import Foundation

/// `history.csv`: a line for each pass, loss terms as means over its batches; no times, which are no results.
enum HistoryTable {
  static func csv(_ history: [PassSummary], loss: StructuralContrast) -> String {
    let header = "epoch,head,outputs,total,instance,cluster,relation,balance,relation_share,largest_cluster_share,mean_confidence\n"
    return header
      + history.map { line in
        let t = line.terms
        let share = t.total == 0 ? 0 : loss.relationWeight * t.relation / t.total
        let numbers = [t.total, t.instance, t.cluster, t.relation, t.balance, share, line.largestShare, line.confidence]
        return "\(line.epoch),\(line.head),\(line.outputs)," + numbers.map { six($0) }.joined(separator: ",") + "\n"
      }.joined()
  }

  /// Six digits behind the point, or `nan`.
  private static func six(_ value: Double) -> String { value.isFinite ? String(format: "%.6f", value) : "nan" }
}
