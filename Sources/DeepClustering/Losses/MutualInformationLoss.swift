import Tensors

/// The loss of IIC (Ji et al. 2019, equations 1 to 3): minus the mutual information between the cluster of an image and that of its copy.
///
/// With J = 1/RN Σ_r Pᵀ P′_r, made symmetric and of sum 1, and its marginals m,
///
///     L = − Σ_ab J_ab ( ln J_ab − λ ln m_a − λ ln m_b ).
///
/// Arguments of logarithms are kept at 2.2·10⁻¹⁶ or above, so that an empty cluster gives 0 and no NaN. 2NC² flop each way.
/// - Parameters:
///   - originals: P [N, C], rows sum to 1.
///   - augmented: P′ [R·N, C], copy by copy.
///   - lambda: above 1 favours equally full clusters; 1 is the mutual information.
/// - Returns: −ln C where clusters are certain, equal and equally full, 0 where assignments say nothing or are all the same; and gradients.
public func mutualInformationLoss(_ originals: DoubleMatrix, _ augmented: DoubleMatrix, lambda: Double = 1) -> PairLoss {
  let smallest = 2.2e-16
  let (n, c, copies) = (originals.rows, originals.columns, repeats(of: augmented, over: originals))
  var summed = DoubleMatrix(zeros: n, c)
  for copy in 0..<copies { for at in summed.values.indices { summed.values[at] += augmented.values[copy * n * c + at] } }
  var raw = originals.transposed * summed
  raw.scale(by: 1 / Double(n * copies))
  var joint = raw
  joint.add(raw.transposed, times: 1)
  let total = joint.values.reduce(0, +)
  joint.scale(by: 1 / total)

  func logarithm(_ value: Double) -> (value: Double, slope: Double) {
    let logarithm = Elementary.log(max(value, smallest))
    return (logarithm, logarithm + (value > smallest ? 1 : 0))
  }
  let marginals = (0..<c).map { row in logarithm(joint.values[row * c..<(row + 1) * c].reduce(0, +)) }
  var slopes = joint
  var value = 0.0
  var mean = 0.0
  for a in 0..<c {
    for b in 0..<c {
      let entry = joint[a, b]
      let own = logarithm(entry)
      value -= entry * (own.value - lambda * (marginals[a].value + marginals[b].value))
      slopes[a, b] = lambda * (marginals[a].slope + marginals[b].slope) - own.slope
      mean += slopes[a, b] * entry
    }
  }
  // Through the sum to 1, and through J + Jᵀ, which has every entry of the raw matrix twice.
  for at in slopes.values.indices { slopes.values[at] = 2 * (slopes.values[at] - mean) / (total * Double(n * copies)) }
  let one = originals * slopes
  return PairLoss(
    value: value, originals: summed * slopes,
    augmented: DoubleMatrix(rows: n * copies, columns: c, (0..<copies).flatMap { _ in one.values }))
}
