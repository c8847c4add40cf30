import Tensors

/// The affinities of self-tuning spectral clustering.
package enum SelfTuningAffinity {
  /// All pairs, [n, n].
  package struct Exact {
    let count: Int
    package fileprivate(set) var values: [Double]

    /// Of the largest eigenvalues of D^−½ A D^−½; the matrix is used up.
    package consuming func eigenvectors(_ count: Int) -> [[Double]] { eigenpairs(count).vectors }

    package consuming func eigenpairs(_ pairs: Int) -> LargestEigenpairs.Pairs {
      let factors = (0..<count).map { inverseRoot(values[$0 * count..<($0 + 1) * count].reduce(0, +)) }
      for i in 0..<count { for j in 0..<count { values[i * count + j] *= factors[i] * factors[j] } }
      return LargestEigenpairs.dense(&values, n: count, count: pairs)
    }
  }

  private static let rowsPerPiece = 32

  package static func exact(_ x: Tensor, _ scaleNeighbour: Int, team: ThreadTeam) -> Exact {
    let (n, d) = (x.shape[0], x.shape[1])
    let squares = SharedArray<Float>(repeating: 0, count: n * n)
    let pieces = Pieces(n, most: (n + rowsPerPiece - 1) / rowsPerPiece)
    let rank = min(scaleNeighbour, n - 1)
    let found = team.map(pieces.count) { piece -> [Double] in
      let rows = pieces[piece]
      SquaredDistances.table(
        rows: x.base + rows.lowerBound * d, rows.count, points: x.base, n, dimensions: d, into: squares.base + rows.lowerBound * n,
        rowStride: n, pointStride: 1)
      return rows.map { i in
        var own = (0..<n).filter { $0 != i }.map { Double(squares[i * n + $0]) }
        own.sort()
        return scale(own, rank)
      }
    }
    let scales = completed(found.flatMap { $0 })
    let values = SharedArray<Double>(repeating: 0, count: n * n)
    team.forEach(pieces.count) { piece in
      for i in pieces[piece] {
        for j in 0..<n where j != i {
          // The sum of a pair's differences may round differently from either side.
          let square = Double(min(squares[i * n + j], squares[j * n + i]))
          values[i * n + j] = Elementary.exp(-square / (scales[i] * scales[j]))
        }
      }
    }
    return Exact(count: n, values: values.elements)
  }

  /// Pairs of neighbours alone.
  package static func graph(_ lists: NearestNeighbours, _ scaleNeighbour: Int) -> NeighbourGraph {
    let k = lists.count
    let scales = completed(
      (0..<lists.indices.count / k).map { scale(lists.squares[$0 * k..<($0 + 1) * k].map { Double($0) }, min(scaleNeighbour, k)) })
    return NeighbourGraph(joining: lists) { Elementary.exp(-Double($2) / (scales[$0] * scales[$1])) }
  }

  /// The squared distance of a row to its neighbour of a rank. Where that is zero, since so many are copies of the row, the one to the nearest that is
  /// none; zero where no end of the copies is known.
  /// - Parameter squares: to others, ascending.
  private static func scale(_ squares: [Double], _ rank: Int) -> Double {
    squares[rank - 1] > 0 ? squares[rank - 1] : squares.first { $0 > 0 } ?? 0
  }

  /// Roots, with the median in the place of zeros.
  private static func completed(_ squares: [Double]) -> [Double] {
    let positive = squares.filter { $0 > 0 }.sorted()
    let median = positive.isEmpty ? 1 : positive[positive.count / 2]
    return squares.map { ($0 > 0 ? $0 : median).squareRoot() }
  }

  /// 1/√x, 0 of 0.
  static func inverseRoot(_ x: Double) -> Double { x > 0 ? 1 / x.squareRoot() : 0 }
}

/// D^−½ A D^−½ of a sparse affinity A, and its largest eigenvectors.
///
/// Each connected part of the graph has an eigenvector of eigenvalue 1 that is known, √D on its rows. Lanczos iterations from one start find but one
/// vector of a repeated eigenvalue, or what rounding makes of it; so these are taken out, and iterations look for the rest alone.
package struct NormalisedAffinity: Sendable {
  private let graph: NeighbourGraph
  private let component: [Int32]
  /// The known eigenvectors side by side: each row belongs to one of them.
  private let known: [Double]
  /// Connected parts of the graph.
  package let parts: Int
  /// Those of some weight, in the order of size. A row whose affinities are all too small for a number is a part of its own, of eigenvalue 0.
  private let order: [Int]

  package init(_ affinity: NeighbourGraph) {
    let degrees = affinity.degrees
    graph = affinity.scaled(by: degrees.map(SelfTuningAffinity.inverseRoot))
    component = affinity.components
    parts = Int(component.max() ?? -1) + 1
    var totals = [Double](repeating: 0, count: parts)
    for (i, degree) in degrees.enumerated() { totals[Int(component[i])] += degree }
    known = zip(degrees, component).map { degree, part in
      totals[Int(part)] > 0 ? (degree / totals[Int(part)]).squareRoot() : 0
    }
    var sizes = [Int](repeating: 0, count: parts)
    for part in component { sizes[Int(part)] += 1 }
    order = sizes.indices.filter { totals[$0] > 0 }.sorted { sizes[$0] > sizes[$1] || (sizes[$0] == sizes[$1] && $0 < $1) }
  }

  /// Of more parts than vectors are asked for, those of the largest parts are given.
  /// - Parameter progress: called after every product with its number; what it throws ends the work.
  /// - Throws: `EigenError`, and what `progress` throws.
  package func eigenvectors(_ count: Int, team: ThreadTeam, progress: (Int) throws -> Void) throws -> [[Double]] {
    let n = graph.count
    var vectors = order.prefix(count).map { part in (0..<n).map { component[$0] == part ? known[$0] : 0 } }
    var products = 0
    vectors += try LargestEigenpairs.of(order: n, count: count - vectors.count) { x, result in
      graph.multiply(x, into: result, team: team)
      var shares = [Double](repeating: 0, count: parts)
      for i in 0..<n { shares[Int(component[i])] += known[i] * x[i] }
      // The known eigenvalues become −1, the least there can be.
      for i in 0..<n { result[i] -= 2 * shares[Int(component[i])] * known[i] }
      products += 1
      try progress(products)
    }.vectors
    return vectors
  }
}
