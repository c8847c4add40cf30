import Tensors

/// k-means++ (Arthur & Vassilvitskii 2007): each centre is a row drawn with probability proportional to its squared distance to the
/// centres so far; of 2 + ln K rows drawn the one that lowers the sum of distances most.
enum KMeansPlusPlus {
  private static let rowsPerPiece = 256

  /// The starts of some restarts, each from a random stream of its own, made side by side: one pass over the rows serves all.
  /// - Returns: centres [K, D] for each restart.
  static func starts(_ x: Tensor, clusters: Int, restarts: Range<Int>, seed: UInt64, team: ThreadTeam) -> [Tensor] {
    let (n, d) = (x.shape[0], x.shape[1])
    let candidates = 2 + Int(Elementary.log(Double(clusters)))
    var streams = restarts.map { RandomStream(seed: seed, purpose: .kMeans, item: $0) }
    var chosen = streams.indices.map { [streams[$0].integer(below: n)] }
    let nearest = SharedArray<Float>(repeating: .infinity, count: restarts.count * n)
    lower(nearest, distances(x, chosen.map { $0[0] }, team), columns: Array(0..<restarts.count), n, team)
    for _ in 1..<max(1, clusters) {
      let states = streams
      let drawn = team.map(restarts.count) { draw(candidates, nearest.base + $0 * n, n, states[$0]) }
      streams = drawn.map(\.stream)
      let table = distances(x, drawn.flatMap(\.rows), team)
      let best = team.map(restarts.count) { restart in
        let columns = restart * candidates..<(restart + 1) * candidates
        let potentials = columns.map { column -> Double in
          (0..<n).reduce(0.0) { $0 + Double(min(nearest[restart * n + $1], table[column * n + $1])) }
        }
        return potentials.indices.reduce(0) { potentials[$1] < potentials[$0] ? $1 : $0 }
      }
      for restart in best.indices { chosen[restart].append(drawn[restart].rows[best[restart]]) }
      lower(nearest, table, columns: best.indices.map { $0 * candidates + best[$0] }, n, team)
    }
    return chosen.map { rows in gather(x, rows, d) }
  }

  private static func gather(_ x: Tensor, _ rows: [Int], _ d: Int) -> Tensor {
    let result = Tensor(uninitialized: [rows.count, d])
    for (i, row) in rows.enumerated() { (result.base + i * d).update(from: x.base + row * d, count: d) }
    return result
  }

  /// The squared distances of all rows to some of them: [count of `points`][n].
  private static func distances(_ x: Tensor, _ points: [Int], _ team: ThreadTeam) -> SharedArray<Float> {
    let (n, d, m) = (x.shape[0], x.shape[1], points.count)
    let result = SharedArray<Float>(repeating: 0, count: m * n)
    let targets = gather(x, points, d)
    let pieces = Pieces(n, most: (n + rowsPerPiece - 1) / rowsPerPiece)
    team.forEach(pieces.count) { piece in
      let rows = pieces[piece]
      SquaredDistances.table(
        rows: x.base + rows.lowerBound * d, rows.count, points: targets.base, m, dimensions: d, into: result.base + rows.lowerBound,
        rowStride: 1, pointStride: n)
    }
    return result
  }

  /// nearest = min(nearest, the column chosen for the restart).
  private static func lower(_ nearest: SharedArray<Float>, _ table: SharedArray<Float>, columns: [Int], _ n: Int, _ team: ThreadTeam) {
    team.forEach(columns.count) { restart in
      let (own, column) = (nearest.base + restart * n, table.base + columns[restart] * n)
      for i in 0..<n { own[i] = min(own[i], column[i]) }
    }
  }

  /// Rows drawn with probability proportional to `weights`, and the stream after that.
  private static func draw(
    _ count: Int, _ weights: UnsafeMutablePointer<Float>, _ n: Int, _ stream: RandomStream
  ) -> (rows: [Int], stream: RandomStream) {
    var stream = stream
    let total = (0..<n).reduce(0.0) { $0 + Double(weights[$1]) }
    let rows = (0..<count).map { _ -> Int in
      let target = Double(stream.uniform()) * total
      var sum = 0.0
      for i in 0..<n {
        sum += Double(weights[i])
        if sum > target { return i }
      }
      return n - 1
    }
    return (rows, stream)
  }
}
