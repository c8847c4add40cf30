import Tensors

/// The mutual-information term of DCCM (Wu et al. 2019, equation 9, with the sign as corrected in the authors' code): a discriminator's scores of pairs that
/// belong together are to be high, of pairs that do not, low,
///
///     L = mean softplus(−T(real)) + mean softplus(T(fake)),  softplus(x) = ln(1 + eˣ);
///
/// 2 ln 2 at T = 0. Of fake pairs there may be none, which then add nothing.
/// - Parameters:
///   - scores: T of the real pairs, then of the fake ones [pairs, …].
///   - real: how many pairs are real, at least one.
/// - Returns: the value, and its gradient on the scores.
public func jensenShannonLoss(_ scores: Tensor, real: Int) -> (value: Double, gradient: Tensor) {
  let pairs = scores.shape[0]
  precondition((1...max(1, pairs)).contains(real), "\(real) of \(pairs) pairs are real")
  let perPair = scores.count / pairs
  var gradient = scores
  var (realSum, fakeSum) = (0.0, 0.0)
  gradient.withUnsafeMutableBufferPointer { scores in
    for at in scores.indices {
      let isReal = at < real * perPair
      let score = isReal ? -Double(scores[at]) : Double(scores[at])
      let e = Elementary.exp(-abs(score))
      let softplus = max(score, 0) + Elementary.log(1 + e)
      let slope = (score >= 0 ? 1 : e) / (1 + e)
      if isReal { realSum += softplus } else { fakeSum += softplus }
      scores[at] = Float((isReal ? -slope : slope) / Double((isReal ? real : pairs - real) * perPair))
    }
  }
  return (realSum / Double(real * perPair) + fakeSum / Double(max(1, (pairs - real) * perPair)), gradient)
}
