import Tensors

/// The clustering loss of DEC (Xie et al. 2016): soft assignments by Student's t distribution of one degree of freedom,
///
///     q_ik = (1 + ‖z_i − m_k‖²)⁻¹ / Σ_k′ (1 + ‖z_i − m_k′‖²)⁻¹,
///
/// are drawn towards targets p, which are their own squares, freed of the clusters' sizes:
///
///     p_ik = (q_ik² / f_k) / Σ_k′ (q_ik′² / f_k′),  f_k = Σ_i q_ik over the whole data set.
///
/// With f of a batch the targets would change with what happens to be in it.
public enum TargetDistribution {
  /// q. NKD flop.
  /// - Parameters:
  ///   - codes: z [N, D].
  ///   - centres: m [K, D].
  /// - Returns: [N, K], rows sum to 1.
  public static func assignments(_ codes: DoubleMatrix, centres: DoubleMatrix) -> DoubleMatrix { similarities(codes, centres).q }

  /// p of all images' q.
  /// - Parameter assignments: q of the whole data set [N, K]. A cluster that takes nothing of any image has no part in the targets.
  /// - Returns: [N, K], rows sum to 1.
  public static func targets(_ assignments: DoubleMatrix) -> DoubleMatrix {
    let (n, k) = (assignments.rows, assignments.columns)
    var frequencies = [Double](repeating: 0, count: k)
    for i in 0..<n { for c in 0..<k { frequencies[c] += assignments[i, c] } }
    var targets = assignments
    for i in 0..<n {
      var sum = 0.0
      for c in 0..<k {
        let q = assignments[i, c]
        targets[i, c] = frequencies[c] > 0 ? q * q / frequencies[c] : 0
        sum += targets[i, c]
      }
      for c in 0..<k { targets[i, c] /= sum }
    }
    return targets
  }

  /// A value with its gradients.
  public struct Loss: Sendable {
    public let value: Double
    /// [N, D]
    public let codes: DoubleMatrix
    /// [K, D]
    public let centres: DoubleMatrix
    /// q [N, K]
    public let assignments: DoubleMatrix
  }

  /// KL(P‖Q)/N = 1/N Σ_ik p_ik ln(p_ik / q_ik), P constant; gradients
  ///
  ///     ∂/∂z_i = 2/N Σ_k (p_ik − q_ik) (z_i − m_k) / (1 + ‖z_i − m_k‖²),  ∂/∂m_k = − 2/N Σ_i of the same.
  ///
  /// ln q is a difference of logarithms of sums, never the logarithm of a rounded q. 5NKD flop.
  /// - Parameter targets: p [N, K].
  public static func divergence(_ codes: DoubleMatrix, centres: DoubleMatrix, targets: DoubleMatrix) -> Loss {
    let (n, k, d) = (codes.rows, centres.rows, codes.columns)
    precondition(targets.rows == n && targets.columns == k, "targets \(targets.rows) × \(targets.columns) for \(n) × \(k)")
    let (q, inverse, logs) = similarities(codes, centres)
    var (zGradient, mGradient) = (DoubleMatrix(zeros: n, d), DoubleMatrix(zeros: k, d))
    let share = 1 / Double(n)
    var value = 0.0
    for i in 0..<n {
      for c in 0..<k {
        let p = targets[i, c]
        if p > 0 { value += p * (Elementary.log(p) - logs[i, c]) }
        let factor = 2 * share * (p - q[i, c]) * inverse[i, c]
        for at in 0..<d {
          let slope = factor * (codes[i, at] - centres[c, at])
          zGradient[i, at] += slope
          mGradient[c, at] -= slope
        }
      }
    }
    return Loss(value: value * share, codes: zGradient, centres: mGradient, assignments: q)
  }

  /// q, 1/(1 + ‖z − m‖²) and ln q, each [N, K].
  private static func similarities(_ z: DoubleMatrix, _ m: DoubleMatrix) -> (q: DoubleMatrix, inverse: DoubleMatrix, logs: DoubleMatrix) {
    let (n, k, d) = (z.rows, m.rows, z.columns)
    precondition(m.columns == d, "centres of \(m.columns) numbers for codes of \(d)")
    var (q, inverse, logs) = (DoubleMatrix(zeros: n, k), DoubleMatrix(zeros: n, k), DoubleMatrix(zeros: n, k))
    for i in 0..<n {
      var nearest = Double.infinity
      for c in 0..<k {
        var square = 0.0
        for at in 0..<d { square += (z[i, at] - m[c, at]) * (z[i, at] - m[c, at]) }
        nearest = min(nearest, square)
        inverse[i, c] = 1 / (1 + square)
      }
      // In units of the largest, so that codes far from all centres keep their q.
      var sum = 0.0
      for c in 0..<k {
        q[i, c] = (1 + nearest) * inverse[i, c]
        sum += q[i, c]
      }
      let logSum = Elementary.log(sum)
      for c in 0..<k {
        logs[i, c] = Elementary.log(q[i, c]) - logSum
        q[i, c] /= sum
      }
    }
    return (q, inverse, logs)
  }
}
