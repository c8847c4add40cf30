import Tensors

/// Mean squared distance to the group's mean (§4.5.2, Figure 5): for group c of n_c points (1/n_c) Σ_i ‖p_i − mean_c‖², in
/// [0, 1 − 1/K] for probabilities over K clusters.
public enum IntraClassVariance {
  /// - Parameters:
  ///   - points: [n, D]
  ///   - groups: the group of each point, below `count`; −1 leaves the point out.
  /// - Returns: one number for each group; 0 for empty ones.
  public static func of(_ points: Tensor, groups: [Int], count: Int) -> [Double] {
    let (n, d) = (points.shape[0], points.shape[1])
    precondition(groups.count == n, "\(groups.count) groups of \(n) points")
    return points.withUnsafeBufferPointer { p in
      var sizes = [Double](repeating: 0, count: count)
      var means = [Double](repeating: 0, count: count * d)
      for (i, group) in groups.enumerated() where group >= 0 {
        sizes[group] += 1
        for k in 0..<d { means[group * d + k] += Double(p[i * d + k]) }
      }
      for group in 0..<count where sizes[group] > 0 { for k in 0..<d { means[group * d + k] /= sizes[group] } }
      var variances = [Double](repeating: 0, count: count)
      for (i, group) in groups.enumerated() where group >= 0 {
        for k in 0..<d {
          let difference = Double(p[i * d + k]) - means[group * d + k]
          variances[group] += difference * difference / sizes[group]
        }
      }
      return variances
    }
  }
}
