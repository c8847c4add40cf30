/// Training whose numbers are finite no longer: what comes after means nothing.
public struct TrainingDiverged: Error, Hashable {
  /// 1, 2, …
  public let epoch: Int
  /// Of the pass.
  public let phase: String
  /// The loss term that is not finite, or the weight of the network, or "features".
  public let term: String

  /// - Returns: nil where all terms, and their sum, are finite.
  init?(_ terms: [Term], in pass: Pass) {
    guard !terms.reduce(0, { $0 + $1.weight * $1.value }).isFinite else { return nil }
    self.init(
      epoch: pass.epoch, phase: pass.phase, term: terms.first { !$0.value.isFinite }.map { "\($0.name) loss" } ?? "sum of the losses")
  }

  init(epoch: Int, phase: String, term: String) {
    (self.epoch, self.phase, self.term) = (epoch, phase, term)
  }
}
