import Tensors

/// The symmetric affinities of t-SNE over nearest neighbours: p_ij = (p_j|i + p_i|j)/2n with p_j|i ∝ exp(−β_i d_ij²), β_i such that
/// the entropy of p_·|i is ln(perplexity). They sum to 1.
package struct Affinities: Sendable {
  /// Where each point's partners start in `partners` and `weights`, and where the last one's end: multiples of 8.
  package let starts: [Int]
  /// In the order of their numbers; each run is filled up to a multiple of 8 with the point itself at weight 0.
  package let partners: SharedArray<Int32>
  package let weights: SharedArray<Float>

  /// How near the entropies come to ln(perplexity).
  package static let entropyTolerance = 1e-5

  /// - Parameters: the 3·perplexity nearest neighbours of the points.
  package init(_ neighbours: NearestNeighbours, perplexity: Double, team: ThreadTeam) {
    let k = neighbours.count
    let n = neighbours.indices.count / k
    let runs = Pieces(n, most: 256)
    let conditional = team.map(runs.count) { run in
      runs[run].flatMap { Self.conditional(neighbours.squares[$0 * k..<($0 + 1) * k].map { Double($0) }, perplexity: perplexity) }
    }.flatMap { $0 }
    // The points that count a point among their neighbours, in their order, and how much.
    var ends = [Int](repeating: 0, count: n + 1)
    for partner in neighbours.indices { ends[Int(partner) + 1] += 1 }
    for i in 0..<n { ends[i + 1] += ends[i] }
    let firsts = ends
    var sources = [(point: Int32, share: Double)](repeating: (0, 0), count: n * k)
    for (place, partner) in neighbours.indices.enumerated() {
      sources[ends[Int(partner)]] = (Int32(place / k), conditional[place])
      ends[Int(partner)] += 1
    }
    let incoming = sources
    let rows = team.map(runs.count) { run in
      runs[run].map { i -> [(partner: Int32, weight: Float)] in
        let outgoing = (i * k..<(i + 1) * k).sorted { neighbours.indices[$0] < neighbours.indices[$1] }
          .map { (point: neighbours.indices[$0], share: conditional[$0]) }
        return Self.merge(outgoing[...], incoming[firsts[i]..<firsts[i + 1]]).map { ($0.point, Float($0.share / (2 * Double(n)))) }
      }
    }.flatMap { $0 }
    var starts = [0]
    for row in rows { starts.append(starts[starts.count - 1] + (row.count + 7) / 8 * 8) }
    self.starts = starts
    partners = SharedArray(repeating: 0, count: starts[n])
    weights = SharedArray(repeating: 0, count: starts[n])
    for (i, row) in rows.enumerated() {
      for place in starts[i]..<starts[i + 1] { partners[place] = Int32(i) }
      for (offset, entry) in row.enumerated() { (partners[starts[i] + offset], weights[starts[i] + offset]) = entry }
    }
  }

  /// The sums of two lists sorted by point.
  private static func merge(
    _ a: ArraySlice<(point: Int32, share: Double)>, _ b: ArraySlice<(point: Int32, share: Double)>
  ) -> [(point: Int32, share: Double)] {
    var (a, b) = (a, b)
    var result: [(point: Int32, share: Double)] = []
    while let x = a.first, let y = b.first {
      if x.point == y.point {
        result.append((x.point, x.share + y.share))
      } else {
        result.append(x.point < y.point ? x : y)
      }
      if x.point <= y.point { a.removeFirst() }
      if y.point <= x.point { b.removeFirst() }
    }
    return result + a + b
  }

  /// p_j ∝ exp(−β d_j²) with entropy ln(perplexity), by Newton's method on ln β inside an interval that bisection keeps.
  ///
  /// More equal nearest distances than the perplexity leave no such β; the result is then their even share.
  package static func conditional(_ squares: [Double], perplexity: Double) -> [Double] {
    let (target, least) = (Elementary.log(perplexity), squares.min() ?? 0)
    let excess = squares.map { $0 - least }
    let mean = excess.reduce(0, +) / Double(excess.count)
    var p = [Double](repeating: 1 / Double(squares.count), count: squares.count)
    guard mean > 0, Elementary.log(Double(squares.count)) > target else { return p }
    var (logBeta, low, high) = (-Elementary.log(mean), -Double.infinity, Double.infinity)
    for _ in 0..<100 {
      let beta = Elementary.exp(logBeta)
      var (sum, first, second) = (0.0, 0.0, 0.0)
      for j in excess.indices {
        p[j] = Elementary.exp(-beta * excess[j])
        sum += p[j]
        first += p[j] * excess[j]
        second += p[j] * excess[j] * excess[j]
      }
      for j in p.indices { p[j] /= sum }
      (first, second) = (first / sum, second / sum)
      let entropy = Elementary.log(sum) + beta * first
      if abs(entropy - target) < entropyTolerance { break }
      if entropy > target { low = logBeta } else { high = logBeta }
      // d entropy / d ln β
      let slope = -beta * beta * (second - first * first)
      let newton = logBeta - (entropy - target) / slope
      if newton > low, newton < high, abs(newton - logBeta) < 5 {
        logBeta = newton
      } else {
        logBeta = low.isInfinite ? high - 1 : high.isInfinite ? low + 1 : (low + high) / 2
      }
    }
    return p
  }

}
