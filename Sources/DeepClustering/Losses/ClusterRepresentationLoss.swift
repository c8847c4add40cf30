/// The cluster representation loss L_clu (§3.2, equations 3 and 4): every cluster, seen as the column of its probabilities over the batch,
/// is to resemble itself among the augmented images more than other clusters.
///
/// P is tiled to the R·N rows of P′. With v_c the unit columns of P, v′_d those of P′ and S = v vʼᵀ/τ [C, C],
///
///     L = 1/C Σ_c ( ln Σ_d exp S_cd − S_cc ),    ∂L/∂S = 1/C ( softmax − 1 ).
///
/// A column of the tiled P is R times the same N numbers, hence √R as long, so its cosines need only the sum of v′ over the copies.
/// 6NC² flop. A column of zeros has cosine 0 with everything.
/// - Parameters:
///   - originals: P [N, C], rows sum to 1.
///   - augmented: P′ [R·N, C].
public func clusterRepresentationLoss(
  _ originals: DoubleMatrix, _ augmented: DoubleMatrix, temperature: ContrastTemperature
) -> PairLoss {
  let copies = repeats(of: augmented, over: originals)
  let (n, c) = (originals.rows, originals.columns)
  let unit = NormalisedRows(originals.transposed)
  let unitAugmented = NormalisedRows(augmented.transposed)
  let perCopy = 1 / Double(copies).squareRoot()

  // v′ summed over the copies, [C, N].
  var summed = DoubleMatrix(zeros: c, n)
  for cluster in 0..<c {
    for copy in 0..<copies {
      for image in 0..<n { summed[cluster, image] += unitAugmented.matrix[cluster, copy * n + image] }
    }
  }
  var logits = unit.matrix * summed.transposed
  logits.scale(by: perCopy / temperature.divisor)
  let (logSumExp, softmax) = softmaxRows(logits)

  var value = 0.0
  var slope = softmax
  for cluster in 0..<c {
    value += logSumExp[cluster] - logits[cluster, cluster]
    slope[cluster, cluster] -= 1
  }
  slope.scale(by: perCopy / (Double(c) * temperature.divisor))
  let onSummed = slope.transposed * unit.matrix
  var onAugmented = DoubleMatrix(zeros: c, augmented.rows)
  for cluster in 0..<c {
    for copy in 0..<copies {
      for image in 0..<n { onAugmented[cluster, copy * n + image] = onSummed[cluster, image] }
    }
  }
  return PairLoss(
    value: value / Double(c),
    originals: unit.gradient(of: slope * summed).transposed,
    augmented: unitAugmented.gradient(of: onAugmented).transposed)
}
