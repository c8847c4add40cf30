import Tensors

/// Equations (weight · L + s_c) v_c = b_c for all columns of V, L = D − W a graph's Laplacian: by conjugate gradients with the diagonal as
/// preconditioner, all columns side by side, from where V is.
package struct GraphSmoothing: Sendable {
  private typealias Vector = SIMD4<Double>

  private let graph: NeighbourGraph
  private let degrees: [Double]
  private let weight: Double
  private let r: Int
  /// Vectors that hold the numbers of a row.
  private let width: Int

  /// Of the length of what is left, relative to b's.
  private static let tolerance = 1e-4
  private static let most = 1000
  /// No coefficient is less, so that all have logarithms.
  private static let least: Float = 1e-12

  package init(_ graph: NeighbourGraph, weight: Double, columns: Int) {
    (self.graph, degrees, self.weight, r) = (graph, graph.degrees, weight, columns)
    width = (columns + Vector.scalarCount - 1) / Vector.scalarCount
  }

  /// - Parameters:
  ///   - shifts: s, [r].
  ///   - targets: b, [n, r].
  ///   - solution: V, [n, r]: the start, then the result.
  package func solve(_ shifts: [Double], _ targets: SharedArray<Float>, into solution: SharedArray<Float>, team: ThreadTeam) {
    let (r, width, places) = (r, width, graph.count * width)
    func vectors() -> SharedArray<Vector> { SharedArray(repeating: .zero, count: places) }
    let (v, b, rest, step, product, inverses) = (vectors(), vectors(), vectors(), vectors(), vectors(), vectors())
    // Columns behind the last: nothing is asked of them, and nothing is divided by zero.
    let shifts = (0..<width).map { vector in
      Vector(
        (0..<Vector.scalarCount).map { lane in (vector * Vector.scalarCount + lane < r) ? shifts[vector * Vector.scalarCount + lane] : 1 })
    }
    for row in 0..<graph.count {
      for c in 0..<r {
        v[row * width + c / Vector.scalarCount][c % Vector.scalarCount] = Double(solution[row * r + c])
        b[row * width + c / Vector.scalarCount][c % Vector.scalarCount] = Double(targets[row * r + c])
      }
    }
    _ = apply(v, shifts, into: product, team)
    // Of each column: b², what is left of it, and that by the preconditioner.
    let start = sums(team, 3) { [weight, degrees] row, sums in
      for k in 0..<width {
        let place = row * width + k
        inverses[place] = 1 / (weight * degrees[row] + shifts[k])
        rest[place] = b[place] - product[place]
        step[place] = rest[place] * inverses[place]
        sums[k] += b[place] * b[place]
        sums[width + k] += rest[place] * rest[place]
        sums[2 * width + k] += rest[place] * step[place]
      }
    }
    let bounds = start.prefix(width).map { sum in
      let bound = sum * (Self.tolerance * Self.tolerance)
      return bound.replacing(with: Vector(repeating: .leastNormalMagnitude), where: bound .< .leastNormalMagnitude)
    }
    var (lengths, energies) = (Array(start[width..<2 * width]), Array(start[2 * width..<3 * width]))
    for _ in 0..<Self.most {
      let active = (0..<width).map { (lengths[$0] .> bounds[$0]) .& (energies[$0] .> 0) }
      guard active.contains(where: { $0 != SIMDMask(repeating: false) }) else { break }
      let (known, curvatures) = (energies, apply(step, shifts, into: product, team))
      let factors = (0..<width).map { (known[$0] / curvatures[$0]).replacing(with: 0, where: .!active[$0]) }
      let next = sums(team, 2) { row, sums in
        for k in 0..<width {
          let place = row * width + k
          v[place] += factors[k] * step[place]
          rest[place] -= factors[k] * product[place]
          sums[k] += rest[place] * rest[place]
          sums[width + k] += rest[place] * rest[place] * inverses[place]
        }
      }
      (lengths, energies) = (Array(next[..<width]), Array(next[width...]))
      let turns = (0..<width).map { (next[width + $0] / known[$0]).replacing(with: 0, where: .!active[$0]) }
      _ = sums(team, 0) { row, _ in
        for k in 0..<width {
          let place = row * width + k
          step[place] = rest[place] * inverses[place] + turns[k] * step[place]
        }
      }
    }
    for row in 0..<graph.count {
      for c in 0..<r {
        solution[row * r + c] = max(Self.least, Float(v[row * width + c / Vector.scalarCount][c % Vector.scalarCount]))
      }
    }
  }

  /// weight · Σ_c v_cᵀ L ln v_c
  package func term(_ v: SharedArray<Float>) -> Double {
    var total = 0.0
    for i in 0..<graph.count {
      for place in graph.starts[i]..<graph.starts[i + 1] where graph.partners[place] > i {
        let j = Int(graph.partners[place])
        for c in 0..<r {
          let (a, b) = (Double(v[i * r + c]), Double(v[j * r + c]))
          total += graph.weights[place] * (a - b) * (Elementary.log(a) - Elementary.log(b))
        }
      }
    }
    return weight * total
  }

  /// result = (weight · L + s) x
  /// - Returns: xᵀ result of each column.
  private func apply(
    _ x: SharedArray<Vector>, _ shifts: [Vector], into result: SharedArray<Vector>, _ team: ThreadTeam
  ) -> [Vector] {
    sums(team, 1) { [graph, degrees, weight, width] i, sums in
      for k in 0..<width {
        let own = x.base[i * width + k]
        var sum = (weight * degrees[i] + shifts[k]) * own
        for place in graph.starts[i]..<graph.starts[i + 1] {
          sum -= (weight * graph.weights[place]) * x.base[Int(graph.partners[place]) * width + k]
        }
        result.base[i * width + k] = sum
        sums[k] += own * sum
      }
    }
  }

  /// So many sums of each column over all rows, those of pieces merged in order: [count][width].
  private func sums(
    _ team: ThreadTeam, _ count: Int, _ body: @escaping @Sendable (_ row: Int, _ sums: UnsafeMutablePointer<Vector>) -> Void
  ) -> [Vector] {
    let pieces = Pieces(graph.count, most: (graph.count + 1023) / 1024)
    let parts = team.map(pieces.count) { [width] piece in
      let sums = SharedArray<Vector>(repeating: .zero, count: max(1, count * width))
      for row in pieces[piece] { body(row, sums.base) }
      return sums
    }
    return (0..<count * width).map { place in parts.reduce(Vector.zero) { $0 + $1[place] } }
  }
}
