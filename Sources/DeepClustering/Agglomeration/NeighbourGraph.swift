import Clustering
import Tensors

/// The nearest rows of every row, itself left out, with the same bits on every machine: products run by `Linear`, not by a library whose kernels
/// depend on the processor (`Clustering.NearestNeighbours`).
///
/// Products of blocks of rows give x_i·x_j − ‖x_j‖²/2, which is largest where the distance is least; the best of a row, and some more, are measured
/// again by explicit differences. 2·n²·D flop, memory n·k. Rows should not be far from the origin for their distances, as unit vectors are not.
package struct NeighbourGraph: Sendable {
  package let rows: Int
  /// Neighbours of each row: those asked for, or all other rows where they are fewer.
  package let count: Int
  /// [rows, count], in the order of distance; ties by number.
  package let neighbours: [Int32]
  /// [rows, count] squared Euclidean distances.
  package let squares: [Double]

  private static let rowsPerPiece = 256
  private static let columnsPerBlock = 1024

  /// - Parameter x: [n, D]
  package init(_ x: Tensor, neighbours wanted: Int, team: ThreadTeam) {
    let (n, d) = (x.shape[0], x.shape[1])
    let count = min(wanted, n - 1)
    (rows, self.count) = (n, count)
    guard count > 0 else {
      (neighbours, squares) = ([], [])
      return
    }
    let blocks = Self.blocks(of: x)
    let pieces = Pieces(n, most: (n + Self.rowsPerPiece - 1) / Self.rowsPerPiece)
    let found = SharedArray<Int32>(repeating: 0, count: n * count)
    let distances = SharedArray<Double>(repeating: 0, count: n * count)
    team.forEach(pieces.count) { piece in
      let range = pieces[piece]
      let some = x.rows(range)
      var best = range.map { NearestRows(of: $0, count: count + count / 4 + 4) }
      for block in blocks {
        let products = Linear.forward(some, weights: block.rows, bias: block.bias, team: ThreadTeam(threads: 1))
        let width = block.rows.shape[0]
        for row in best.indices { best[row].take(products.base + row * width, width, from: block.first) }
        withExtendedLifetime(products) {}
      }
      for row in best.indices {
        let nearest = best[row].measured(x.base, d).prefix(count)
        for (place, neighbour) in nearest.enumerated() {
          found[(range.lowerBound + row) * count + place] = neighbour.row
          distances[(range.lowerBound + row) * count + place] = neighbour.square
        }
      }
      withExtendedLifetime(x) {}
    }
    (neighbours, squares) = (found.elements, distances.elements)
  }

  /// Some rows as the weights of a linear layer, −‖row‖²/2 its bias.
  private struct Block: Sendable {
    let first: Int
    let rows, bias: Tensor
  }

  private static func blocks(of x: Tensor) -> [Block] {
    let (n, d) = (x.shape[0], x.shape[1])
    return stride(from: 0, to: n, by: columnsPerBlock).map { first in
      let rows = x.rows(first..<min(first + columnsPerBlock, n))
      var bias = Tensor(zeros: [rows.shape[0]])
      rows.withUnsafeBufferPointer { rows in
        bias.withUnsafeMutableBufferPointer { bias in
          for row in bias.indices {
            var square = 0.0
            for at in row * d..<(row + 1) * d { square += Double(rows[at]) * Double(rows[at]) }
            bias[row] = Float(-square / 2)
          }
        }
      }
      return Block(first: first, rows: rows, bias: bias)
    }
  }

  /// Rows joined by following each to its nearest until one is met that has a cluster, or after `longest` rows (Yang et al.'s code).
  /// - Returns: clusters 0, 1, … of all rows.
  package func chains(longest: Int = 50) -> [Int32] {
    guard count > 0 else { return [Int32](repeating: 0, count: rows) }
    let (unseen, underway) = (Int32(-1), Int32(-2))
    var labels = [Int32](repeating: unseen, count: rows)
    var clusters: Int32 = 0
    for first in 0..<rows {
      var (row, chain) = (first, [Int]())
      while labels[row] == unseen {
        chain.append(row)
        labels[row] = underway
        row = Int(neighbours[row * count])
        if chain.count > longest { break }
      }
      if labels[row] < 0 {
        labels[row] = clusters
        clusters += 1
      }
      for member in chain { labels[member] = labels[row] }
    }
    return labels
  }

  /// exp(−d²/s²) of each row to its neighbours, s² the mean of all squared distances here; 1 where they are all 0. [rows, count]
  package var affinities: [Double] {
    let mean = squares.reduce(0, +) / Double(max(1, squares.count))
    return squares.map { mean > 0 ? Elementary.exp(-$0 / mean) : 1 }
  }
}

/// The rows of largest scores of a stream that comes in the order of rows.
private struct NearestRows {
  private let own: Int
  private let count: Int
  private var kept: [(score: Float, row: Int32)] = []
  /// What a score must beat.
  private var bar = -Float.infinity

  init(of row: Int, count: Int) {
    (own, self.count) = (row, count)
    kept.reserveCapacity(4 * count)
  }

  mutating func take(_ scores: UnsafePointer<Float>, _ width: Int, from first: Int) {
    for at in 0..<width where scores[at] > bar && first + at != own {
      kept.append((scores[at], Int32(first + at)))
      if kept.count == 4 * count { shrink() }
    }
  }

  private mutating func shrink() {
    kept.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
    kept.removeLast(max(0, kept.count - count))
    if kept.count == count { bar = kept[count - 1].score }
  }

  /// Those kept by their distance, measured; ties by number.
  mutating func measured(_ x: UnsafePointer<Float>, _ d: Int) -> [(square: Double, row: Int32)] {
    shrink()
    let point = x + own * d
    return kept.map { neighbour in
      let other = x + Int(neighbour.row) * d
      var square = 0.0
      for at in 0..<d {
        let difference = Double(point[at]) - Double(other[at])
        square += difference * difference
      }
      return (square, neighbour.row)
    }.sorted { $0.square != $1.square ? $0.square < $1.square : $0.row < $1.row }
  }
}
