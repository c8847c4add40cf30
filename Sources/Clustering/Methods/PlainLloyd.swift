import Tensors

/// Lloyd's iterations as they are written in books, in Double: what `LloydIterations` is checked against.
package enum PlainLloyd {
  /// - Parameters: x is [n, D], centres [K, D]; every cluster must keep a row.
  /// - Returns: the clusters and centres when no row changes its cluster, or after `most` iterations.
  package static func run(_ x: Tensor, centres: Tensor, most: Int) -> (assignments: [Int32], centres: [Double], inertia: Double) {
    let (n, d, k) = (x.shape[0], x.shape[1], centres.shape[0])
    let values = x.scalars.map { Double($0) }
    var means = centres.scalars.map { Double($0) }
    func square(_ row: Int, _ centre: Int) -> Double {
      (0..<d).reduce(0) { $0 + (values[row * d + $1] - means[centre * d + $1]) * (values[row * d + $1] - means[centre * d + $1]) }
    }
    func nearest(_ row: Int) -> Int { (1..<k).reduce(0) { square(row, $1) < square(row, $0) ? $1 : $0 } }
    var clusters = (0..<n).map(nearest)
    for _ in 0..<most {
      for c in 0..<k {
        let members = (0..<n).filter { clusters[$0] == c }
        precondition(!members.isEmpty, "cluster \(c) lost all its rows")
        for j in 0..<d { means[c * d + j] = members.reduce(0) { $0 + values[$1 * d + j] } / Double(members.count) }
      }
      let next = (0..<n).map(nearest)
      if next == clusters { break }
      clusters = next
    }
    return (clusters.map { Int32($0) }, means, (0..<n).reduce(0) { $0 + square($1, clusters[$1]) })
  }
}
