import Tensors

/// The instance representation loss L_sam (§3.1, equations 1 and 2): every image against the augmented copies of all images,
/// by the cosine of their assignment probabilities.
public enum InstanceLoss {
  /// - Parameters:
  ///   - p: assignment probabilities of the originals [N, C].
  ///   - q: those of R augmented copies [R·N, C], copy by copy.
  ///   - scale: 1/τ.
  /// - Returns: a value in [ln(1 + (RN − 1)e^(−1/τ)), ln(RN)] for non-negative rows, near the upper end when all rows are alike.
  public static func evaluate(_ p: Tensor, _ q: Tensor, scale: Double) -> LossTerm { ContrastiveTerm.overRows(p, q, scale: scale) }
}
