import Tensors

/// Ward's method as it is written in books, in Double: what `WardTree` is checked against.
enum PlainWard {
  /// Heights in the order of the joins, and the clusters that are left, numbered in the order of their first points.
  static func run(_ x: Tensor, clusters: Int) -> (heights: [Double], assignments: [Int32]) {
    let (n, d) = (x.shape[0], x.shape[1])
    var members = (0..<n).map { [$0] }
    let values = x.scalars.map { Double($0) }
    var centres = (0..<n).map { Array(values[$0 * d..<($0 + 1) * d]) }
    func height(_ a: Int, _ b: Int) -> Double {
      let (m, n) = (Double(members[a].count), Double(members[b].count))
      let square = zip(centres[a], centres[b]).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return (2 * m * n / (m + n) * square).squareRoot()
    }
    var heights: [Double] = []
    while members.count > clusters {
      var best = (a: 0, b: 1, height: Double.infinity)
      for a in members.indices {
        for b in members.indices.dropFirst(a + 1) where height(a, b) < best.height { best = (a, b, height(a, b)) }
      }
      let (m, n) = (Double(members[best.a].count), Double(members[best.b].count))
      heights.append(best.height)
      centres[best.a] = zip(centres[best.a], centres[best.b]).map { (m * $0 + n * $1) / (m + n) }
      members[best.a] += members[best.b]
      members.remove(at: best.b)
      centres.remove(at: best.b)
    }
    let order = members.map { $0.min() ?? 0 }
    let numbers = order.sorted()
    var assignments = [Int32](repeating: 0, count: n)
    for (cluster, points) in members.enumerated() {
      for point in points { assignments[point] = Int32(numbers.firstIndex(of: order[cluster]) ?? 0) }
    }
    return (heights, assignments)
  }
}
