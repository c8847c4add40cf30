/// One step of Adam (Kingma & Ba 2015, algorithm 1) on one parameter, in one pass over memory.
package struct AdamUpdate: Sendable {
  private static let elementsPerPiece = 1 << 15

  /// Decay of the mean of the gradient (β₁) and of its square (β₂).
  private let firstDecay, secondDecay: Float
  /// learning rate / (1 − β₁ᵗ)
  private let size: Float
  /// √(1 − β₂ᵗ)
  private let correction: Float
  private let epsilon: Float

  package init(firstDecay: Float, secondDecay: Float, size: Float, correction: Float, epsilon: Float) {
    (self.firstDecay, self.secondDecay) = (firstDecay, secondDecay)
    (self.size, self.correction, self.epsilon) = (size, correction, epsilon)
  }

  /// m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − size · m / (√v / correction + ε).
  package func apply(to value: inout Tensor, gradient: Tensor, first: inout Tensor, second: inout Tensor, team: ThreadTeam) {
    precondition(
      value.shape == gradient.shape && value.shape == first.shape && value.shape == second.shape,
      "gradient \(gradient.shape), moments \(first.shape) and \(second.shape) for a parameter of shape \(value.shape)")
    value.makeUnique()
    first.makeUnique()
    second.makeUnique()
    let (p, m, v, count) = (value, first, second, value.count)
    team.forEach((count + Self.elementsPerPiece - 1) / Self.elementsPerPiece) { piece in
      let start = piece * Self.elementsPerPiece
      update(
        min(Self.elementsPerPiece, count - start), p.base + start, UnsafePointer(gradient.base + start), m.base + start, v.base + start)
    }
  }

  private func update(
    _ count: Int, _ p: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    _ v: UnsafeMutablePointer<Float>
  ) {
    let (firstGain, secondGain) = (1 - firstDecay, 1 - secondDecay)
    for i in 0..<count {
      let mean = firstDecay * m[i] + firstGain * g[i]
      let square = secondDecay * v[i] + secondGain * g[i] * g[i]
      m[i] = mean
      v[i] = square
      p[i] -= size * mean / (square.squareRoot() / correction + epsilon)
    }
  }
}
