import Tensors

/// Lloyd's iterations from one start, with the bounds of Elkan (2003): "Using the triangle inequality to accelerate k-means".
///
/// For each row an upper bound on the distance to its centre and a lower bound on the distance to every other centre are kept; when
/// centres move, the bounds move by as much. A row whose upper bound is below all its lower bounds keeps its centre without being
/// read from memory, and of the others most need one or two distances. Sums of rows are kept in Double and changed by the rows that
/// move. The outcome is Lloyd's: the bounds are kept wide enough for rounding, and a tie goes to the lower centre.
///
/// Memory n·K numbers. Threads share it, each writing the bounds and clusters of its own rows.
package final class LloydIterations: @unchecked Sendable {
  private let x: Tensor
  private let n, d, k: Int
  package private(set) var centres: Tensor
  /// Iterations done.
  package private(set) var iterations = 0
  private let assignment: SharedArray<Int32>
  private let upper: SharedArray<Float>
  /// [n, `width`]; the row's own centre and the columns behind K hold infinity.
  private let lower: SharedArray<Float>
  /// K rounded up to vectors.
  private let width: Int
  private let sums: SharedArray<Double>
  private var sizes: [Int]
  /// How far each centre moved last, rounded up; 0 behind K.
  private let shifts: SharedArray<Float>
  /// Half the distances between centres, [K, K] with infinity on the diagonal: a centre at least twice as far from a row's own centre
  /// as the row is cannot be nearer to the row.
  private var halfDistances: [Float] = []
  private var leastHalfDistance: [Float] = []

  /// Relative width left for rounding, far above that of a distance (1e-6) and far below the gaps between distances.
  private static let slack: Float = 1 + 1e-5
  /// Rows that meet all runs while they are in a core's cache.
  private static let rowsPerPiece = 64

  /// A row that changes its centre; `from` is −1 in the beginning.
  private struct Move {
    let row, from, to: Int32
  }

  /// - Parameters: x is [n, D], centres [K, D].
  package init(_ x: Tensor, centres: Tensor) {
    (self.x, self.centres) = (x, centres)
    (n, d, k) = (x.shape[0], x.shape[1], centres.shape[0])
    width = (k + 15) / 16 * 16
    assignment = SharedArray(repeating: -1, count: n)
    upper = SharedArray(repeating: 0, count: n)
    lower = SharedArray(repeating: .infinity, count: n * width)
    sums = SharedArray(repeating: 0, count: k * d)
    sizes = [Int](repeating: 0, count: k)
    shifts = SharedArray(repeating: 0, count: width)
  }

  package var assignments: [Int32] { assignment.elements }

  /// Iterates several runs on the same rows side by side, so that a row is fetched from memory once for all of them; each run ends
  /// when none of its rows changes its centre, or the squared shift of all its centres falls to `threshold`.
  /// - Parameter progress: is told after every iteration how many runs have ended and the iteration's number.
  package static func iterate(
    _ runs: [LloydIterations], most: Int, until threshold: Double, team: ThreadTeam, progress: (Int, Int) throws -> Void
  ) rethrows {
    var active = runs
    var iteration = 0
    var moves = overRows(active, team) { $0.start($1) }
    while !active.isEmpty {
      let shifts = zip(active, moves).map { run, moves in run.moveCentres(after: moves, team) }
      moves = overRows(active, team) { $0.reassign($1) }
      let goesOn = active.indices.filter { !moves[$0].isEmpty && shifts[$0] > threshold && active[$0].iterations < most }
      (active, moves) = (goesOn.map { active[$0] }, goesOn.map { moves[$0] })
      iteration += 1
      try progress(runs.count - active.count, iteration)
    }
  }

  /// For each run what `body` gives for all its rows, in their order.
  private static func overRows(
    _ runs: [LloydIterations], _ team: ThreadTeam, _ body: @escaping @Sendable (LloydIterations, Range<Int>) -> [Move]
  ) -> [[Move]] {
    guard let n = runs.first?.n else { return [] }
    let pieces = Pieces(n, most: (n + rowsPerPiece - 1) / rowsPerPiece)
    let results = team.map(pieces.count) { piece in runs.map { body($0, pieces[piece]) } }
    return runs.indices.map { run in results.flatMap { $0[run] } }
  }

  /// Σ_i ‖x_i − its centre‖².
  package func inertia(_ team: ThreadTeam) -> Double { ownDistances(team).reduce(0.0) { $0 + Double($1) } }

  private func ownDistances(_ team: ThreadTeam) -> [Float] {
    let pieces = Pieces(n, most: 256)
    let distances = team.map(pieces.count) { [self] piece in
      pieces[piece].map { SquaredDistances.between(x.base + $0 * d, centres.base + Int(assignment[$0]) * d, d) }
    }
    return Array(distances.joined())
  }

  /// Measures all distances and gives every row its nearest centre.
  private func start(_ rows: Range<Int>) -> [Move] {
    let first = lower.base + rows.lowerBound * width
    SquaredDistances.table(
      rows: x.base + rows.lowerBound * d, rows.count, points: centres.base, k, dimensions: d, into: first, rowStride: width,
      pointStride: 1)
    return rows.map { row in
      let bounds = lower.base + row * width
      var nearest = 0
      for j in 0..<k {
        bounds[j] = bounds[j].squareRoot()
        if bounds[j] < bounds[nearest] { nearest = j }
      }
      upper[row] = bounds[nearest]
      bounds[nearest] = .infinity
      assignment[row] = Int32(nearest)
      return Move(row: Int32(row), from: -1, to: Int32(nearest))
    }
  }

  /// Moves the bounds with the centres, and the rows whose bounds leave a choice to the nearest centre.
  private func reassign(_ rows: Range<Int>) -> [Move] {
    var moves: [Move] = []
    for row in rows {
      let own = Int(assignment[row])
      let bounds = lower.base + row * width
      var least = SIMD16<Float>(repeating: .infinity)
      for j in stride(from: 0, to: width, by: 16) {
        let moved = bounds.vector(j) - shifts.base.vector(j)
        bounds.store(moved, at: j)
        least = least.lower(moved)
      }
      // Another centre can only be nearer if it passes both tests; for most rows the closest other centre already fails one.
      let reach = max(least.least, leastHalfDistance[own])
      upper[row] += shifts[own]
      if upper[row] * Self.slack <= reach { continue }
      let point = x.base + row * d
      upper[row] = SquaredDistances.between(point, centres.base + own * d, d).squareRoot()
      if upper[row] * Self.slack <= reach { continue }

      var (nearest, distance) = (own, upper[row])
      for j in 0..<k where bounds[j] < distance * Self.slack && halfDistances[nearest * k + j] < distance * Self.slack {
        let other = SquaredDistances.between(point, centres.base + j * d, d).squareRoot()
        bounds[j] = other
        if other < distance || (other == distance && j < nearest) { (nearest, distance) = (j, other) }
      }
      guard nearest != own else { continue }
      bounds[own] = upper[row]
      bounds[nearest] = .infinity
      upper[row] = distance
      assignment[row] = Int32(nearest)
      moves.append(Move(row: Int32(row), from: Int32(own), to: Int32(nearest)))
    }
    return moves
  }

  /// Takes rows out of the sums of the clusters they leave and adds them to those they join; a cluster's rows come in their order.
  private func add(_ moves: [Move], _ team: ThreadTeam) {
    for move in moves {
      sizes[Int(move.to)] += 1
      if move.from >= 0 { sizes[Int(move.from)] -= 1 }
    }
    team.forEach(k) { [self] cluster in
      let sum = sums.base + cluster * d
      for move in moves where move.to == cluster || move.from == cluster {
        let row = x.base + Int(move.row) * d
        if move.to == cluster {
          for j in 0..<d { sum[j] += Double(row[j]) }
        } else {
          for j in 0..<d { sum[j] -= Double(row[j]) }
        }
      }
    }
  }

  /// Gives each empty cluster the row that is farthest from its centre, of those not alone and not at its centre.
  private func fillEmptyClusters(_ team: ThreadTeam) {
    let empty = sizes.indices.filter { sizes[$0] == 0 }
    guard !empty.isEmpty else { return }
    let distances = ownDistances(team)
    var farthest = distances.indices.sorted { distances[$0] > distances[$1] || (distances[$0] == distances[$1] && $0 < $1) }[...]
    for cluster in empty {
      farthest = farthest.drop { sizes[Int(assignment[$0])] == 1 }
      guard let row = farthest.popFirst(), distances[row] > 0 else { return }
      let own = Int(assignment[row])
      // The bounds follow from the next shift of the centres: the row's own cluster stays as far as it is known to be at least.
      lower[row * width + own] = 0
      lower[row * width + cluster] = .infinity
      upper[row] = .infinity
      assignment[row] = Int32(cluster)
      add([Move(row: Int32(row), from: Int32(own), to: Int32(cluster))], team)
    }
  }

  /// Moves each centre to the mean of its rows; that of a cluster without rows stays.
  /// - Returns: the squared shift of all centres.
  private func moveCentres(after moves: [Move], _ team: ThreadTeam) -> Double {
    iterations += 1
    add(moves, team)
    fillEmptyClusters(team)
    let new = Tensor(uninitialized: centres.shape)
    let squares = team.map(k) { [self] cluster -> Double in
      var square = 0.0
      for j in cluster * d..<(cluster + 1) * d {
        new.base[j] = sizes[cluster] == 0 ? centres.base[j] : Float(sums[j] / Double(sizes[cluster]))
        let difference = Double(new.base[j]) - Double(centres.base[j])
        square += difference * difference
      }
      return square
    }
    for (cluster, square) in squares.enumerated() { shifts[cluster] = Float(square.squareRoot()) * Self.slack }
    centres = new
    let rows = team.map(k) { [k, d] i in
      (0..<k).map { i == $0 ? .infinity : SquaredDistances.between(new.base + i * d, new.base + $0 * d, d).squareRoot() / 2 }
    }
    halfDistances = Array(rows.joined())
    leastHalfDistance = rows.map { $0.min() ?? .infinity }
    return squares.reduce(0, +)
  }
}
