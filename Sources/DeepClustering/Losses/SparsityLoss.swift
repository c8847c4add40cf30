import Tensors

/// The mean absolute value of feature maps, (1/M) Σ |z| over all M elements, the L1 term of sparse coding; its gradient is sign(z)/M, 0 at 0.
///
/// Costs one pass over the elements; the sum is in Double, in their order.
public func sparsityLoss(_ maps: Tensor) -> (value: Double, gradient: Tensor) {
  var (sum, gradient) = (0.0, maps)
  let share = 1 / Float(max(1, maps.count))
  gradient.withUnsafeMutableBufferPointer { z in
    for at in z.indices {
      sum += Double(abs(z[at]))
      z[at] = z[at] > 0 ? share : z[at] < 0 ? -share : 0
    }
  }
  return (sum / Double(max(1, maps.count)), gradient)
}
