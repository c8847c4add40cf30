/// Training whose numbers are finite no longer: what comes after means nothing.
public struct TrainingDiverged: Error, Hashable {
  /// 1, 2, …
  public let epoch: Int
  /// The clusters of the head at work.
  public let outputs: Int
  /// The loss term that is not finite, or the weight of the network.
  public let term: String

  /// - Returns: nil where all terms are finite.
  init?(_ terms: StructuralContrast.Terms, epoch: Int, outputs: Int) {
    guard !terms.total.isFinite else { return nil }
    let named = [
      ("instance loss", terms.instance), ("cluster loss", terms.cluster), ("relation loss", terms.relation),
      ("balance loss", terms.balance),
    ]
    self.init(epoch: epoch, outputs: outputs, term: named.first { !$0.1.isFinite }?.0 ?? "sum of the losses")
  }

  init(epoch: Int, outputs: Int, term: String) {
    self.epoch = epoch
    self.outputs = outputs
    self.term = term
  }
}
