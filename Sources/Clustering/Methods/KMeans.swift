import Glibc
import Tensors

/// k-means (MacQueen 1967): k-means++ seeding with 2 + ln K candidates, Lloyd's iterations, the best of several restarts.
///
/// Distances come as ‖c‖² − 2 x·c from matrix products over blocks of rows; sums are per block, merged in order.
/// Cost of one iteration 2·n·D·K flop.
public struct KMeans: Sendable {
  public let clusters: Int
  public let restarts: Int
  /// Most iterations of one restart.
  public let iterations: Int
  /// A restart ends when the centres' squared shift falls to this share of the mean variance of a feature.
  public let tolerance: Double

  public init(clusters: Int, restarts: Int, iterations: Int, tolerance: Double) {
    self.clusters = clusters
    self.restarts = restarts
    self.iterations = iterations
    self.tolerance = tolerance
  }

  public struct Result: Sendable {
    /// The cluster of each row.
    public let assignments: [Int32]
    /// [K, D]
    public let centres: Tensor
    /// Sum of squared distances to the centres.
    public let inertia: Double
    public let iterations: Int
  }

  private static let rowsPerBlock = 1000

  /// - Parameter x: [n, D] with n ≥ K.
  /// - Returns: the restart of least inertia, the first of equals.
  public func fit(_ x: Tensor, seed: UInt64, team: ThreadTeam) -> Result {
    precondition(x.shape.count == 2 && x.shape[0] >= clusters && clusters >= 1, "\(clusters) clusters of points \(x.shape)")
    let squares = Self.squaredNorms(x)
    var best: Result?
    for restart in 0..<restarts {
      var stream = RandomStream(seed: seed, purpose: .kMeans, item: restart)
      let result = lloyd(x, squares, from: plusPlus(x, squares, &stream, team), team)
      if result.inertia < best?.inertia ?? .infinity { best = result }
    }
    guard let best else { preconditionFailure("at least one restart") }
    return best
  }

  private static func squaredNorms(_ x: Tensor) -> [Float] {
    let (n, d) = (x.shape[0], x.shape[1])
    return x.withUnsafeBufferPointer { x in
      (0..<n).map { i in Float((i * d..<(i + 1) * d).reduce(0.0) { $0 + Double(x[$1]) * Double(x[$1]) }) }
    }
  }

  /// The squared distances of every row to some points [m, D] → [n, m].
  private func distances(_ x: Tensor, _ squares: [Float], to points: Tensor, _ team: ThreadTeam) -> Tensor {
    let (n, d, m) = (x.shape[0], x.shape[1], points.shape[0])
    let norms = Self.squaredNorms(points)
    let result = Tensor(uninitialized: [n, m])
    let blocks = Pieces(n, most: (n + Self.rowsPerBlock - 1) / Self.rowsPerBlock)
    team.forEach(blocks.count) { block in
      let rows = blocks[block]
      let out = result.base + rows.lowerBound * m
      MatrixProduct.multiply(x.base + rows.lowerBound * d, points.base, transposeB: true, m: rows.count, n: m, k: d, into: out)
      for i in rows { for j in 0..<m { result.base[i * m + j] = max(0, squares[i] + norms[j] - 2 * result.base[i * m + j]) } }
    }
    return result
  }

  private func rows(_ x: Tensor, _ numbers: [Int]) -> Tensor {
    let d = x.shape[1]
    return x.withUnsafeBufferPointer { x in Tensor(shape: [numbers.count, d], numbers.flatMap { x[$0 * d..<($0 + 1) * d] }) }
  }

  private func plusPlus(_ x: Tensor, _ squares: [Float], _ stream: inout RandomStream, _ team: ThreadTeam) -> Tensor {
    let n = x.shape[0]
    let candidates = 2 + Int(log(Double(clusters)))
    var chosen = [stream.integer(below: n)]
    var nearest = distances(x, squares, to: rows(x, chosen), team).scalars
    while chosen.count < clusters {
      let total = nearest.reduce(0.0) { $0 + Double($1) }
      let drawn = (0..<candidates).map { _ -> Int in
        var left = Double(stream.uniform()) * total
        for (i, distance) in nearest.enumerated() {
          left -= Double(distance)
          if left < 0 { return i }
        }
        return n - 1
      }
      let toDrawn = distances(x, squares, to: rows(x, drawn), team).scalars
      var best: (potential: Double, candidate: Int) = (.infinity, 0)
      for candidate in 0..<candidates {
        let potential = (0..<n).reduce(0.0) { $0 + Double(min(nearest[$1], toDrawn[$1 * candidates + candidate])) }
        if potential < best.potential { best = (potential, candidate) }
      }
      chosen.append(drawn[best.candidate])
      for i in 0..<n { nearest[i] = min(nearest[i], toDrawn[i * candidates + best.candidate]) }
    }
    return rows(x, chosen)
  }

  private func lloyd(_ x: Tensor, _ squares: [Float], from start: Tensor, _ team: ThreadTeam) -> Result {
    let (n, d) = (x.shape[0], x.shape[1])
    let threshold = tolerance * Self.meanVariance(x)
    var (centres, assignments) = (start, [Int32](repeating: -1, count: n))
    var done = 0
    while done < iterations {
      done += 1
      let (next, nearest) = assign(x, squares, centres, team)
      let settled = next == assignments
      assignments = next
      let updated = means(x, assignments, nearest, team)
      let shift = zip(updated.scalars, centres.scalars).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
      centres = updated
      if settled || shift <= threshold { break }
    }
    assignments = assign(x, squares, centres, team).0
    let centre = centres.scalars
    let inertia = x.withUnsafeBufferPointer { x in
      (0..<n).reduce(0.0) { sum, i in
        let c = Int(assignments[i]) * d
        var distance = 0.0
        for j in 0..<d {
          let difference = Double(x[i * d + j] - centre[c + j])
          distance += difference * difference
        }
        return sum + distance
      }
    }
    return Result(assignments: assignments, centres: centres, inertia: inertia, iterations: done)
  }

  /// The nearest centre of each row, the first of equals, and its squared distance.
  private func assign(_ x: Tensor, _ squares: [Float], _ centres: Tensor, _ team: ThreadTeam) -> ([Int32], [Float]) {
    let distance = distances(x, squares, to: centres, team).scalars
    var (assignments, nearest) = ([Int32](), [Float]())
    for i in 0..<x.shape[0] {
      var best = 0
      for j in 1..<max(1, clusters) where distance[i * clusters + j] < distance[i * clusters + best] { best = j }
      assignments.append(Int32(best))
      nearest.append(distance[i * clusters + best])
    }
    return (assignments, nearest)
  }

  /// The mean of each cluster's rows; an empty cluster restarts at the row farthest from its centre.
  private func means(_ x: Tensor, _ assignments: [Int32], _ nearest: [Float], _ team: ThreadTeam) -> Tensor {
    let (n, d, k) = (x.shape[0], x.shape[1], clusters)
    let blocks = Pieces(n, most: Pieces.imageRuns)
    let partial = Tensor(zeros: [blocks.count, k, d])
    team.forEach(blocks.count) { block in
      for i in blocks[block] {
        let (sum, row) = (partial.base + (block * k + Int(assignments[i])) * d, x.base + i * d)
        for j in 0..<d { sum[j] += row[j] }
      }
    }
    var sizes = [Int](repeating: 0, count: k)
    for cluster in assignments { sizes[Int(cluster)] += 1 }
    var farthest = nearest.indices.sorted { nearest[$0] > nearest[$1] || (nearest[$0] == nearest[$1] && $0 < $1) }.prefix(k).makeIterator()
    var values: [Float] = []
    for cluster in 0..<k {
      if sizes[cluster] == 0, let row = farthest.next() {
        values += (0..<d).map { x.base[row * d + $0] }
        continue
      }
      for j in 0..<d {
        let sum = (0..<blocks.count).reduce(0.0) { $0 + Double(partial.base[($1 * k + cluster) * d + j]) }
        values.append(Float(sum / Double(max(1, sizes[cluster]))))
      }
    }
    return Tensor(shape: [k, d], values)
  }

  private static func meanVariance(_ x: Tensor) -> Double {
    let (n, d) = (x.shape[0], x.shape[1])
    return x.withUnsafeBufferPointer { x in
      var (sums, squares) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
      for i in 0..<n {
        for j in 0..<d {
          let value = Double(x[i * d + j])
          sums[j] += value
          squares[j] += value * value
        }
      }
      return (0..<d).reduce(0.0) { $0 + squares[$1] / Double(n) - sums[$1] / Double(n) * (sums[$1] / Double(n)) } / Double(d)
    }
  }
}
