/// The instance representation loss L_sam (§3.1, equations 1 and 2): every original is to resemble its own augmented copies more than
/// the augmented copies of other images.
///
/// P is tiled to the R·N rows of P′; cosines of all row pairs are logits of a cross-entropy whose target is the row's own partner, so a
/// row's other copies count as negatives. With uₙ the unit rows of P, u′ₘ those of P′ and S = u u′ᵀ/τ [N, R·N],
///
///     L = 1/(R·N) Σₙ ( R ln Σₘ exp Sₙₘ − Σᵣ S₍ₙ, ᵣN₊ₙ₎ ),    ∂L/∂Sₙₘ = 1/(R·N) ( R softmaxₙₘ − [m mod N = n] ):
///
/// equal rows of the tiled P have equal logits, so each is computed once. 6RN²C flop.
/// - Parameters:
///   - originals: P [N, C], rows sum to 1.
///   - augmented: P′ [R·N, C].
public func instanceRepresentationLoss(
  _ originals: DoubleMatrix, _ augmented: DoubleMatrix, temperature: ContrastTemperature
) -> PairLoss {
  let copies = repeats(of: augmented, over: originals)
  let (n, tiled) = (originals.rows, augmented.rows)
  let unit = NormalisedRows(originals)
  let unitAugmented = NormalisedRows(augmented)
  var logits = unit.matrix * unitAugmented.matrix.transposed
  logits.scale(by: 1 / temperature.divisor)
  let (logSumExp, softmax) = softmaxRows(logits)

  var value = 0.0
  var slope = softmax
  slope.scale(by: Double(copies))
  for row in 0..<n {
    var positives = 0.0
    for copy in 0..<copies {
      positives += logits[row, copy * n + row]
      slope[row, copy * n + row] -= 1
    }
    value += Double(copies) * logSumExp[row] - positives
  }
  slope.scale(by: 1 / (Double(tiled) * temperature.divisor))
  return PairLoss(
    value: value / Double(tiled),
    originals: unit.gradient(of: slope * unitAugmented.matrix),
    augmented: unitAugmented.gradient(of: slope.transposed * unit.matrix))
}
