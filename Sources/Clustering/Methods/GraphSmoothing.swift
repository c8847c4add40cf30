import Tensors

/// Equations (weight · L + s_c) v_c = b_c for all columns of V, L = D − W a graph's Laplacian: by conjugate gradients with the diagonal as
/// preconditioner, all columns side by side, from where V is.
package struct GraphSmoothing: Sendable {
  private let graph: NeighbourGraph
  private let degrees: [Double]
  private let weight: Double
  private let r: Int

  /// Of the length of what is left, relative to b's.
  private static let tolerance = 1e-6
  private static let most = 1000
  /// No coefficient is less, so that all have logarithms.
  private static let least: Float = 1e-12

  package init(_ graph: NeighbourGraph, weight: Double, columns: Int) {
    (self.graph, degrees, self.weight, r) = (graph, graph.degrees, weight, columns)
  }

  /// - Parameters:
  ///   - shifts: s, [r].
  ///   - targets: b, [n, r].
  ///   - solution: V, [n, r]: the start, then the result.
  package func solve(_ shifts: [Double], _ targets: SharedArray<Float>, into solution: SharedArray<Float>, team: ThreadTeam) {
    let (r, places) = (r, graph.count * r)
    let (v, rest) = (SharedArray<Double>(repeating: 0, count: places), SharedArray<Double>(repeating: 0, count: places))
    let (step, product) = (SharedArray<Double>(repeating: 0, count: places), SharedArray<Double>(repeating: 0, count: places))
    let inverses = SharedArray<Double>(repeating: 0, count: places)
    for place in 0..<places { v[place] = Double(solution[place]) }
    _ = apply(v, shifts, into: product, team)
    // Of each column: b², what is left of it, and that by the preconditioner.
    let start = sums(team, 3) { [weight, degrees] row, sums in
      for c in 0..<r {
        let (place, b) = (row * r + c, Double(targets[row * r + c]))
        inverses[place] = 1 / (weight * degrees[row] + shifts[c])
        rest[place] = b - product[place]
        step[place] = rest[place] * inverses[place]
        sums[c] += b * b
        sums[r + c] += rest[place] * rest[place]
        sums[2 * r + c] += rest[place] * step[place]
      }
    }
    let bounds = start.prefix(r).map { max($0 * Self.tolerance * Self.tolerance, .leastNormalMagnitude) }
    var (lengths, energies) = (Array(start[r..<2 * r]), Array(start[2 * r..<3 * r]))
    for _ in 0..<Self.most {
      let active = (0..<r).map { lengths[$0] > bounds[$0] && energies[$0] > 0 }
      guard active.contains(true) else { break }
      let (known, curvatures) = (energies, apply(step, shifts, into: product, team))
      let factors = (0..<r).map { active[$0] ? known[$0] / curvatures[$0] : 0 }
      let next = sums(team, 2) { row, sums in
        for c in 0..<r {
          let place = row * r + c
          v[place] += factors[c] * step[place]
          rest[place] -= factors[c] * product[place]
          sums[c] += rest[place] * rest[place]
          sums[r + c] += rest[place] * rest[place] * inverses[place]
        }
      }
      (lengths, energies) = (Array(next[..<r]), Array(next[r...]))
      let turns = (0..<r).map { active[$0] ? next[r + $0] / known[$0] : 0 }
      _ = sums(team, 0) { row, _ in
        for c in 0..<r {
          let place = row * r + c
          step[place] = rest[place] * inverses[place] + turns[c] * step[place]
        }
      }
    }
    for place in 0..<places { solution[place] = max(Self.least, Float(v[place])) }
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
  private func apply(_ x: SharedArray<Double>, _ shifts: [Double], into result: SharedArray<Double>, _ team: ThreadTeam) -> [Double] {
    sums(team, 1) { [graph, degrees, weight, r] i, sums in
      let (own, to) = (x.base + i * r, result.base + i * r)
      for c in 0..<r { to[c] = (weight * degrees[i] + shifts[c]) * own[c] }
      for place in graph.starts[i]..<graph.starts[i + 1] {
        let (other, share) = (x.base + Int(graph.partners[place]) * r, weight * graph.weights[place])
        for c in 0..<r { to[c] -= share * other[c] }
      }
      for c in 0..<r { sums[c] += own[c] * to[c] }
    }
  }

  /// So many sums of each column over all rows, those of pieces merged in order: [count][r].
  private func sums(
    _ team: ThreadTeam, _ count: Int, _ body: @Sendable (_ row: Int, _ sums: UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    let pieces = Pieces(graph.count, most: (graph.count + 1023) / 1024)
    let parts = team.map(pieces.count) { [r] piece in
      let sums = SharedArray<Double>(repeating: 0, count: count * r)
      for row in pieces[piece] { body(row, sums.base) }
      return sums
    }
    return (0..<count * r).map { place in parts.reduce(0.0) { $0 + $1[place] } }
  }
}
