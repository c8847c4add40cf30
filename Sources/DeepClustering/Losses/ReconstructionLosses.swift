import Tensors

/// The squared error of reconstructions, (1/N) Σᵢ Σ (x̂ − x)² over the elements of N images or rows.
/// - Parameter reconstructions, targets: [N, …] of equal shape.
/// - Returns: the value, and its gradient on the reconstructions.
public func squaredErrorLoss(_ reconstructions: Tensor, targets: Tensor, team: ThreadTeam) -> (value: Double, gradient: Tensor) {
  elementwiseLoss(reconstructions, targets, team: team) { value, target in
    let difference = value - target
    return (difference * difference, 2 * difference)
  }
}

/// The binary cross entropy of sigmoid(l) with targets x in 0…1, (1/N) Σᵢ Σ (max(l, 0) − l x + ln(1 + e^−|l|)) over the elements of N images or rows:
/// no logarithm of a rounded probability is ever taken.
/// - Parameter logits, targets: [N, …] of equal shape.
/// - Returns: the value, and its gradient on the logits, (sigmoid(l) − x)/N.
public func binaryCrossEntropyLoss(logits: Tensor, targets: Tensor, team: ThreadTeam) -> (value: Double, gradient: Tensor) {
  elementwiseLoss(logits, targets, team: team) { l, target in
    let e = Elementary.exp(-abs(l))
    // ln(1 + e) by Elementary.log is exact to 10⁻¹⁶ absolutely, which is what the sum can tell.
    return (max(l, 0) - l * target + Elementary.log(1 + e), (l >= 0 ? 1 : e) / (1 + e) - target)
  }
}

/// The sum over all elements of a term of a value and its target, over N; sums are of Double, in pieces merged in their order.
private func elementwiseLoss(
  _ values: Tensor, _ targets: Tensor, team: ThreadTeam, _ term: @escaping @Sendable (_ value: Double, _ target: Double) -> (Double, Double)
) -> (value: Double, gradient: Tensor) {
  precondition(values.shape == targets.shape && !values.shape.isEmpty, "targets \(targets.shape) for values \(values.shape)")
  let elementsPerPiece = 1 << 13
  let pieces = (values.count + elementsPerPiece - 1) / elementsPerPiece
  let gradient = Tensor(uninitialized: values.shape)
  let share = 1 / Double(max(1, values.shape[0]))
  let sums = PartialSums(count: pieces)
  team.forEach(pieces) { piece in
    let (value, target, slope) = (values.base, targets.base, gradient.base)
    var sum = 0.0
    for at in piece * elementsPerPiece..<min(values.count, (piece + 1) * elementsPerPiece) {
      let (part, derivative) = term(Double(value[at]), Double(target[at]))
      sum += part
      slope[at] = Float(derivative * share)
    }
    sums.base[piece] = sum
  }
  return (share * (0..<pieces).reduce(0) { $0 + sums.base[$1] }, gradient)
}

/// A Double for each piece of a team's work.
private final class PartialSums: @unchecked Sendable {
  let base: UnsafeMutablePointer<Double>
  init(count: Int) { base = .allocate(capacity: max(1, count)) }
  deinit { base.deallocate() }
}
