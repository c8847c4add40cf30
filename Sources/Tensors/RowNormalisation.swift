/// Rows of x [N, D] divided by their Euclidean length, as PyTorch's `normalize`: a row shorter than `least` is divided by `least`.
public enum RowNormalisation {
  public static let least = 1e-12

  /// y = x / max(‖x‖, least), row by row; lengths are summed in Double.
  public static func forward(_ x: Tensor, team: ThreadTeam) -> (output: Tensor, lengths: [Double]) {
    let (n, d) = sizes(x)
    let y = Tensor(uninitialized: x.shape)
    let lengths = DoubleBuffer(count: n)
    eachRow(n, team: team) { row in
      let (from, to) = (x.base + row * d, y.base + row * d)
      var sum = 0.0
      for column in 0..<d { sum += Double(from[column]) * Double(from[column]) }
      let length = sum.squareRoot()
      lengths.base[row] = length
      let divisor = length < least ? least : length
      for column in 0..<d { to[column] = Float(Double(from[column]) / divisor) }
    }
    return (y, (0..<n).map { lengths.base[$0] })
  }

  /// The gradient on x: (g − y (g · y)) / ‖x‖, and g / least for rows shorter than `least`.
  public static func backward(output y: Tensor, lengths: [Double], outputGradient: Tensor, team: ThreadTeam) -> Tensor {
    let (n, d) = sizes(y)
    precondition(outputGradient.shape == y.shape && lengths.count == n, "gradient \(outputGradient.shape) for output \(y.shape)")
    let dx = Tensor(uninitialized: y.shape)
    eachRow(n, team: team) { row in
      let (out, gradient, to) = (y.base + row * d, outputGradient.base + row * d, dx.base + row * d)
      var dot = 0.0
      for column in 0..<d { dot += Double(out[column]) * Double(gradient[column]) }
      if lengths[row] < least { dot = 0 }
      let divisor = lengths[row] < least ? least : lengths[row]
      for column in 0..<d { to[column] = Float((Double(gradient[column]) - Double(out[column]) * dot) / divisor) }
    }
    return dx
  }

  private static func sizes(_ x: Tensor) -> (n: Int, d: Int) {
    precondition(x.shape.count == 2, "rows [N, D] expected, not \(x.shape)")
    return (x.shape[0], x.shape[1])
  }

  private static func eachRow(_ rows: Int, team: ThreadTeam, _ body: @escaping @Sendable (_ row: Int) -> Void) {
    let rowsPerPiece = 64
    team.forEach((rows + rowsPerPiece - 1) / rowsPerPiece) { piece in
      for row in piece * rowsPerPiece..<min(rows, (piece + 1) * rowsPerPiece) { body(row) }
    }
  }
}
