import Tensors

/// The balance loss L_ne: how far the clusters' total probabilities are from equal, ln C + Σ_c p_c ln p_c with p the column sums of P over
/// their total; 0 where all clusters are equally full, ln C where one has everything.
///
/// The paper's equation (8) leaves it out; the code line it extends (PICA, DCDC) has it, and without it a run can lose clusters.
/// The argument of the logarithm is kept at 10⁻¹² or above, so that an empty cluster gives 0 and no NaN.
/// - Parameter originals: P [N, C], rows sum to 1.
/// - Returns: the value, and its gradient on P [N, C].
public func balanceLoss(_ originals: DoubleMatrix) -> (value: Double, gradient: DoubleMatrix) {
  let smallest = 1e-12
  let c = originals.columns
  var sums = [Double](repeating: 0, count: c)
  for row in 0..<originals.rows { for cluster in 0..<c { sums[cluster] += originals[row, cluster] } }
  let total = sums.reduce(0, +)
  var value = Elementary.log(Double(c))
  var slopes: [Double] = []
  var mean = 0.0
  for sum in sums {
    let p = sum / total
    let logarithm = Elementary.log(max(p, smallest))
    let slope = logarithm + (p > smallest ? 1 : 0)
    value += p * logarithm
    mean += p * slope
    slopes.append(slope)
  }
  // Every row adds to the same column sums, so all rows have the same gradient.
  let row = slopes.map { ($0 - mean) / total }
  return (value, DoubleMatrix(rows: originals.rows, columns: c, (0..<originals.rows).flatMap { _ in row }))
}
