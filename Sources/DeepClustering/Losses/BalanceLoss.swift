import Glibc
import Tensors

/// The balance term L_ne of PICA and DCDC, which equation (8) leaves out (docs/paper-decisions.md, A2):
/// ln C + Σ_c p_c ln p_c with p_c the share of cluster c in the originals. 0 when balanced, ln C when one cluster has everything.
public enum BalanceLoss {
  /// Shares below this count as this inside the logarithm.
  static let leastShare = 1e-12

  /// - Parameter p: assignment probabilities of the originals [N, C].
  public static func evaluate(_ p: Tensor) -> (value: Double, gradient: Tensor) {
    let (n, c) = (p.shape[0], p.shape[1])
    var sums = [Double](repeating: 0, count: c)
    p.withUnsafeBufferPointer { p in for i in 0..<n { for j in 0..<c { sums[j] += Double(p[i * c + j]) } } }
    let total = sums.reduce(0, +)
    let shares = sums.map { $0 / total }
    let logs = shares.map { log(max($0, leastShare)) }
    let entropy = zip(shares, logs).reduce(0) { $0 + $1.0 * $1.1 }
    // d/ds_k Σ (s/t) ln(s/t) = (ln p_k − Σ p ln p) / t; the +1 of x ln x cancels against the total's.
    let slopes = logs.map { Float(($0 - entropy) / total) }
    return (log(Double(c)) + entropy, Tensor(shape: p.shape, (0..<n).flatMap { _ in slopes }))
  }
}
