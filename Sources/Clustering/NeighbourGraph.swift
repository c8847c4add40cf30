import Tensors

/// An undirected graph with weights, as a symmetric sparse matrix by rows.
package struct NeighbourGraph: Sendable {
  /// Rows.
  package let count: Int
  /// The partners of row i stand at starts[i] ..< starts[i + 1], ascending.
  let starts: [Int]
  let partners: [Int32]
  let weights: [Double]

  static let rowsPerPiece = 1024

  /// Joins two rows where either has the other among its neighbours.
  /// - Parameter weight: of two rows and their squared distance; symmetric.
  package init(joining lists: NearestNeighbours, weight: (_ i: Int, _ j: Int, _ square: Float) -> Double) {
    let (k, n) = (lists.count, lists.indices.count / lists.count)
    var rows = [[(partner: Int32, weight: Double)]](repeating: [], count: n)
    for i in 0..<n {
      for place in i * k..<(i + 1) * k {
        let j = Int(lists.indices[place])
        // Of two that list each other the lower row counts.
        if j < i, (j * k..<(j + 1) * k).contains(where: { lists.indices[$0] == i }) { continue }
        let value = weight(i, j, lists.squares[place])
        rows[i].append((Int32(j), value))
        rows[j].append((Int32(i), value))
      }
    }
    for i in 0..<n { rows[i].sort { $0.partner < $1.partner } }
    self.init(rows)
  }

  /// - Parameter rows: for each row its partners, ascending, and their weights; symmetric.
  package init(_ rows: [[(partner: Int32, weight: Double)]]) {
    count = rows.count
    starts = rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    partners = rows.flatMap { $0.map(\.partner) }
    weights = rows.flatMap { $0.map(\.weight) }
  }

  private init(_ graph: NeighbourGraph, weights: [Double]) {
    (count, starts, partners) = (graph.count, graph.starts, graph.partners)
    self.weights = weights
  }

  /// The sum of weights of each row.
  package var degrees: [Double] { (0..<count).map { weights[starts[$0]..<starts[$0 + 1]].reduce(0, +) } }

  /// Every weight times the factors of its two rows.
  package func scaled(by factors: [Double]) -> NeighbourGraph {
    var scaled = weights
    for i in 0..<count { for place in starts[i]..<starts[i + 1] { scaled[place] *= factors[i] * factors[Int(partners[place])] } }
    return NeighbourGraph(self, weights: scaled)
  }

  /// The connected part of each row, numbered in the order of their first rows; weights of zero do not connect.
  package var components: [Int32] {
    var partition = Partition(points: count)
    for i in 0..<count { for place in starts[i]..<starts[i + 1] where weights[place] > 0 { partition.join(Int32(i), partners[place]) } }
    return partition.numbers()
  }

  /// Σ over clusters of the weight that leaves the cluster, as a share of all weight at its rows: what spectral clustering relaxes.
  package func normalisedCut(_ assignments: [Int32]) -> Double {
    let clusters = Int(assignments.max() ?? -1) + 1
    var (inside, all) = ([Double](repeating: 0, count: clusters), [Double](repeating: 0, count: clusters))
    for i in 0..<count {
      for place in starts[i]..<starts[i + 1] {
        all[Int(assignments[i])] += weights[place]
        if assignments[Int(partners[place])] == assignments[i] { inside[Int(assignments[i])] += weights[place] }
      }
    }
    return zip(inside, all).reduce(0.0) { $0 + ($1.1 > 0 ? 1 - $1.0 / $1.1 : 0) }
  }

  /// result = graph · x.
  package func multiply(_ x: UnsafePointer<Double>, into result: UnsafeMutablePointer<Double>, team: ThreadTeam) {
    let pieces = Pieces(count, most: (count + Self.rowsPerPiece - 1) / Self.rowsPerPiece)
    let (from, to) = (Addresses(x), Addresses(result))
    starts.withUnsafeBufferPointer { starts in
      partners.withUnsafeBufferPointer { partners in
        weights.withUnsafeBufferPointer { weights in
          let (starts, partners, weights) = (Addresses(starts.baseAddress), Addresses(partners.baseAddress), Addresses(weights.baseAddress))
          team.forEach(pieces.count) { piece in
            guard let x = from.base, let result = to.base, let starts = starts.base, let partners = partners.base,
              let weights = weights.base
            else { return }
            for i in pieces[piece] {
              var sum = 0.0
              for place in starts[i]..<starts[i + 1] { sum += weights[place] * x[Int(partners[place])] }
              result[i] = sum
            }
          }
        }
      }
    }
  }
}

/// An address that the pieces of one piece of work share, as `SharedArray` does.
struct Addresses<Pointer>: @unchecked Sendable {
  let base: Pointer?
  init(_ base: Pointer?) { self.base = base }
}
