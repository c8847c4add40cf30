extension Tensor {
  /// self += other · factor, element by element.
  public mutating func add(_ other: Tensor, times factor: Float = 1) {
    precondition(shape == other.shape, "cannot add \(other.shape) to \(shape)")
    withUnsafeMutableBufferPointer { a in other.withUnsafeBufferPointer { b in for i in a.indices { a[i] += b[i] * factor } } }
  }
}

extension Tensor {
  private static let elementsPerPiece = 1 << 15

  /// self += other, element by element, in pieces side by side.
  public mutating func add(_ other: Tensor, team: ThreadTeam) {
    precondition(shape == other.shape, "cannot add \(other.shape) to \(shape)")
    makeUnique()
    let (sum, count) = (self, count)
    team.forEach((count + Self.elementsPerPiece - 1) / Self.elementsPerPiece) { piece in
      let start = piece * Self.elementsPerPiece
      let (a, b) = (sum.base + start, other.base + start)
      for i in 0..<min(Self.elementsPerPiece, count - start) { a[i] += b[i] }
    }
  }
}
