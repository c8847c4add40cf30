extension Tensor {
  /// Images [N, H, W, C] as rows [N, C·H·W], channel by channel as PyTorch flattens its [N, C, H, W].
  public func flattenedByChannel(team: ThreadTeam) -> Tensor {
    precondition(shape.count == 4, "images [N, H, W, C] expected, not \(shape)")
    return transposedWithin(rows: shape[1] * shape[2], columns: shape[3], shape: [shape[0], count / max(1, shape[0])], team: team)
  }

  /// The inverse of `flattenedByChannel`: rows [N, C·H·W] as images [N, H, W, C].
  public func imagesByChannel(height: Int, width: Int, team: ThreadTeam) -> Tensor {
    precondition(shape.count == 2 && shape[1] % (height * width) == 0, "\(shape) holds no images of \(height) × \(width)")
    let channels = shape[1] / (height * width)
    return transposedWithin(rows: channels, columns: height * width, shape: [shape[0], height, width, channels], team: team)
  }

  /// Every element of the first axis, a matrix [rows, columns], transposed.
  private func transposedWithin(rows: Int, columns: Int, shape: [Int], team: ThreadTeam) -> Tensor {
    let result = Tensor(uninitialized: shape)
    team.forEach(shape[0]) { number in
      let (from, to) = (base + number * rows * columns, result.base + number * rows * columns)
      for row in 0..<rows { for column in 0..<columns { to[column &* rows &+ row] = from[row &* columns &+ column] } }
    }
    return result
  }

  /// The tensors side by side along the last axis; their other axes are equal.
  public init(concatenating parts: [Tensor], team: ThreadTeam) {
    precondition(
      !parts.isEmpty && parts.allSatisfy { !$0.shape.isEmpty && $0.shape.dropLast() == parts[0].shape.dropLast() },
      "cannot concatenate \(parts.map(\.shape))")
    let widths = parts.map { $0.shape[$0.shape.count - 1] }
    let width = widths.reduce(0, +)
    self.init(uninitialized: parts[0].shape.dropLast() + [width])
    let whole = self
    var start = 0
    for (part, columns) in zip(parts, widths) {
      let first = start
      Self.eachRow(part.count / max(1, columns), team: team) { row in
        (whole.base + row * width + first).update(from: part.base + row * columns, count: columns)
      }
      start += columns
    }
  }

  /// A copy of a range of the last axis.
  public func columns(_ range: Range<Int>, team: ThreadTeam) -> Tensor {
    let width = shape.last ?? 0
    precondition(range.lowerBound >= 0 && range.upperBound <= width, "columns \(range) of \(shape)")
    let part = Tensor(uninitialized: shape.dropLast() + [range.count])
    Self.eachRow(count / max(1, width), team: team) { row in
      (part.base + row * range.count).update(from: base + row * width + range.lowerBound, count: range.count)
    }
    return part
  }

  private static func eachRow(_ rows: Int, team: ThreadTeam, _ body: @escaping @Sendable (_ row: Int) -> Void) {
    let rowsPerPiece = 1 << 10
    team.forEach((rows + rowsPerPiece - 1) / rowsPerPiece) { piece in
      for row in piece * rowsPerPiece..<min(rows, (piece + 1) * rowsPerPiece) { body(row) }
    }
  }
}
