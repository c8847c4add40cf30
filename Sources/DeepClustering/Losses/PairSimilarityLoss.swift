import Tensors

/// Whether pairs of images belong together, as far as that is known: row after row of [N, N], 1, 0, or nil for pairs that do not count.
public struct PairTargets: Equatable, Sendable {
  public let images: Int
  public let values: [Double?]

  /// - Parameter belong: of a similarity in 0…1.
  public init(_ similarities: DoubleMatrix, belong: (Double) -> Double?) {
    precondition(similarities.rows == similarities.columns, "similarities of \(similarities.rows) × \(similarities.columns)")
    images = similarities.rows
    values = similarities.values.map(belong)
  }

  /// How many pairs count.
  public var count: Int { values.reduce(0) { $0 + ($1 == nil ? 0 : 1) } }

  subscript(row: Int, column: Int) -> Double? { values[row * images + column] }
}

/// Cosines of all pairs of rows of P [N, K]: [N, N].
public func pairCosines(_ p: DoubleMatrix) -> DoubleMatrix {
  let f = NormalisedRows(p).matrix
  return f * f.transposed
}

/// The loss of DAC (Chang et al. 2017, equation 6) and of DCCM's graph: the binary cross entropy of the similarities g_ij = f_i · f_j, f the rows of P
/// divided by their lengths, with what is known of the pairs, mean over those that count,
///
///     E = −1/|V| Σ_(i,j)∈V ( r_ij ln g_ij + (1 − r_ij) ln (1 − g_ij) ).
///
/// g is kept within 10⁻⁷ … 1 − 10⁻⁷, as in Keras, with no gradient outside. Pairs (i, i) count, as in the authors' code: their g is 1, they add nothing but
/// to |V|. 4N²K flop.
/// - Parameter p: not negative [N, K].
/// - Returns: the value, 0 where no pair counts, and its gradient on P.
public func pairSimilarityLoss(_ p: DoubleMatrix, _ targets: PairTargets) -> (value: Double, gradient: DoubleMatrix) {
  precondition(p.rows == targets.images, "targets of \(targets.images) images for \(p.rows)")
  let count = targets.count
  guard count > 0 else { return (0, DoubleMatrix(zeros: p.rows, p.columns)) }
  let smallest = 1e-7
  let rows = NormalisedRows(p)
  let g = rows.matrix * rows.matrix.transposed
  var slopes = DoubleMatrix(zeros: p.rows, p.rows)
  var value = 0.0
  for (at, target) in targets.values.enumerated() {
    guard let target else { continue }
    let similarity = min(max(g.values[at], smallest), 1 - smallest)
    value -= target * Elementary.log(similarity) + (1 - target) * Elementary.log(1 - similarity)
    if similarity == g.values[at] { slopes.values[at] = (similarity - target) / (similarity * (1 - similarity)) / Double(count) }
  }
  slopes.add(slopes.transposed, times: 1)
  return (value / Double(count), rows.gradient(of: slopes * rows.matrix))
}

/// The binary cross entropy of every single probability with its target: mean over clusters, weighted sum over images over their number,
///
///     L = −1/N Σ_i w_i 1/K Σ_k ( t_ik ln p_ik + (1 − t_ik) ln (1 − p_ik) ).
///
/// DCCM's label loss has one-hot targets and weights 0 or 1; the auxiliary term of DAC's released scripts the label features of before. 2NK flop.
/// - Parameters:
///   - p: probabilities [N, K].
///   - targets: in 0…1 [N, K].
///   - weights: of the images, N.
///   - smallest: arguments of logarithms are kept at this or above, with no gradient below.
/// - Returns: the value, and its gradient on p.
public func labelLoss(
  _ p: DoubleMatrix, targets: DoubleMatrix, weights: [Double], smallest: Double
) -> (value: Double, gradient: DoubleMatrix) {
  precondition(p.rows == targets.rows && p.columns == targets.columns && weights.count == p.rows, "targets of other images")
  let share = 1 / Double(p.rows * p.columns)
  var (value, gradient) = (0.0, DoubleMatrix(zeros: p.rows, p.columns))
  for at in p.values.indices {
    let (probability, target, weight) = (p.values[at], targets.values[at], weights[at / p.columns] * share)
    let (yes, no) = (max(probability, smallest), max(1 - probability, smallest))
    value -= weight * (target * Elementary.log(yes) + (1 - target) * Elementary.log(no))
    gradient.values[at] = weight * ((no > smallest ? (1 - target) / no : 0) - (yes > smallest ? target / yes : 0))
  }
  return (value, gradient)
}
