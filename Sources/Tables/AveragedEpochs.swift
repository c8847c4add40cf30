import Artifacts

extension ScoredRun {
  /// The last kept epochs, at most so many; the untrained network, epoch 0, is none, unless it is all there is.
  func lastEpochs(_ count: Int) -> ArraySlice<Scores.Metrics> {
    let trained = scores.epochs.filter { $0.epoch > 0 }
    return (trained.isEmpty ? scores.epochs : trained).suffix(count)
  }

  /// The run with the means over its last kept epochs in place of the scores of the last; unchanged for 1.
  ///
  /// Methods without epochs have one set of scores, which is its own mean.
  /// - Parameter count: epochs, at least 1; all that are kept where there are fewer.
  func averaged(overEpochs count: Int) -> ScoredRun {
    guard count > 1 else { return self }
    let kept = lastEpochs(count)
    func mean(_ metric: (Scores.Metrics) -> Double?) -> Double? {
      let values = kept.compactMap(metric)
      return values.count == kept.count && !values.isEmpty ? values.reduce(0, +) / Double(values.count) : nil
    }
    var run = self
    run.scores.last = Scores.Metrics(
      epoch: scores.last.epoch, accuracy: mean(\.accuracy), nmi: mean(\.nmi), nmiArithmetic: mean(\.nmiArithmetic), ari: mean(\.ari))
    return run
  }
}
