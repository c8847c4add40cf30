import Tensors

/// The positions of a t-SNE map on their way down.
package struct TSNEDescent {
  private let affinities: Affinities
  private let method: TSNE
  private let n: Int
  private var positions: SharedArray<SIMD2<Float>>
  private var next: SharedArray<SIMD2<Float>>
  private let velocities: SharedArray<SIMD2<Float>>
  private let gains: SharedArray<SIMD2<Float>>
  private let repulsions: SharedArray<SIMD2<Float>>
  private var interpolation = InterpolatedRepulsion()
  private var steps = 0

  /// Standard deviation of the start's first coordinate.
  private static let startDeviation = 1e-4
  /// Below this number of points all pairs are faster than the grid.
  private static let pointsOnGrid = 2000
  private static let pointsPerPiece = 128

  /// - Parameter start: [n, 1 or 2]; scaled to a standard deviation of 1e-4 along its first coordinate.
  init(_ affinities: Affinities, start: Tensor, of method: TSNE) {
    (self.affinities, self.method) = (affinities, method)
    n = start.shape[0]
    let columns = start.shape[1]
    let variance = (0..<n).reduce(0.0) { $0 + Double(start.base[$1 * columns]) * Double(start.base[$1 * columns]) } / Double(n)
    let scale = Float(Self.startDeviation / max(variance.squareRoot(), 1e-30))
    positions = SharedArray(repeating: SIMD2(), count: n)
    for i in 0..<n { positions[i] = SIMD2(start.base[i * columns], columns > 1 ? start.base[i * columns + 1] : 0) * scale }
    next = SharedArray(repeating: SIMD2(), count: n)
    velocities = SharedArray(repeating: SIMD2(), count: n)
    gains = SharedArray(repeating: SIMD2(repeating: 1), count: n)
    repulsions = SharedArray(repeating: SIMD2(), count: n)
  }

  /// [n, 2]
  package var map: Tensor { Tensor(shape: [n, 2], (0..<n).flatMap { [positions[$0].x, positions[$0].y] }) }

  /// Moves all points once: v ← momentum·v − rate·gain·gradient, y ← y + v. The rate is n over the exaggeration in force
  /// (Belkina et al. 2019), the gradient Σ_j (p_ij − q_ij)(y_i − y_j)/(1 + d²).
  package mutating func step(team: ThreadTeam) {
    let early = steps < method.exaggerationIterations
    let exaggeration = early ? Float(method.exaggeration) : 1
    let momentum: Float = early ? 0.5 : 0.8
    let rate = Float(n) / exaggeration
    let inverse = Float(1 / repulsion(team: team))
    let pieces = Pieces(n, most: (n + Self.pointsPerPiece - 1) / Self.pointsPerPiece)
    let sums = team.map(pieces.count) { [affinities, positions, next, velocities, gains, repulsions] piece in
      var sum = SIMD2<Double>()
      for i in pieces[piece] {
        let gradient = Self.attraction(i, affinities, positions) * exaggeration - repulsions[i] * inverse
        let velocity = velocities[i]
        let turned = (gradient .> 0) .!= (velocity .> 0)
        let gain = (gains[i] * 0.8).replacing(with: gains[i] + 0.2, where: turned)
        gains[i] = gain.replacing(with: 0.01, where: gain .< 0.01)
        velocities[i] = velocity * momentum - gains[i] * gradient * rate
        next[i] = positions[i] + velocities[i]
        sum += SIMD2<Double>(next[i])
      }
      return sum
    }
    let mean = SIMD2<Float>(sums.reduce(SIMD2<Double>()) { $0 + $1 } / Double(n))
    for i in 0..<n { next[i] -= mean }
    swap(&positions, &next)
    steps += 1
  }

  /// Fills `repulsions` and returns their normaliser Z.
  private mutating func repulsion(team: ThreadTeam) -> Double {
    n < Self.pointsOnGrid
      ? ExactRepulsion.evaluate(positions, into: repulsions, team: team)
      : interpolation.evaluate(positions, into: repulsions, team: team)
  }

  /// Σ_j p_ij (y_i − y_j)/(1 + d²), eight partners at a time.
  @inline(__always) private static func attraction(
    _ i: Int, _ affinities: Affinities, _ positions: SharedArray<SIMD2<Float>>
  ) -> SIMD2<Float> {
    let own = positions[i]
    var centre = SIMD16<Float>(repeating: own.x)
    centre.oddHalf = SIMD8(repeating: own.y)
    var force = SIMD16<Float>()
    let pairs = UnsafeRawPointer(positions.base).assumingMemoryBound(to: UInt64.self)
    for place in stride(from: affinities.starts[i], to: affinities.starts[i + 1], by: 8) {
      let p = affinities.partners.base + place
      let partners = SIMD8<UInt64>(
        pairs[Int(p[0])], pairs[Int(p[1])], pairs[Int(p[2])], pairs[Int(p[3])], pairs[Int(p[4])], pairs[Int(p[5])], pairs[Int(p[6])],
        pairs[Int(p[7])])
      let difference = centre - unsafeBitCast(partners, to: SIMD16<Float>.self)
      let square = difference * difference
      let weights = UnsafeRawPointer(affinities.weights.base + place).loadUnaligned(as: SIMD8<Float>.self)
      let pull = weights / (1 + square.evenHalf + square.oddHalf)
      var both = SIMD16<Float>()
      both.evenHalf = pull
      both.oddHalf = pull
      force.addProduct(both, difference)
    }
    let four = (force.lowHalf + force.highHalf)
    let two = four.lowHalf + four.highHalf
    return SIMD2(two[0] + two[2], two[1] + two[3])
  }

  /// Σ p ln(p/q) over the pairs with p > 0; q = 1/((1 + d²)·Z).
  package mutating func divergence(team: ThreadTeam) -> Double {
    let z =
      n <= TSNE.pointsWithExactDivergence
      ? ExactRepulsion.evaluate(positions, into: repulsions, team: team) : interpolation.evaluate(positions, into: repulsions, team: team)
    let pieces = Pieces(n, most: 256)
    let sums = team.map(pieces.count) { [affinities, positions] piece in
      var sum = 0.0
      for i in pieces[piece] {
        for place in affinities.starts[i]..<affinities.starts[i + 1] where affinities.weights[place] > 0 {
          let weight = Double(affinities.weights[place])
          let difference = SIMD2<Double>(positions[i]) - SIMD2<Double>(positions[Int(affinities.partners[place])])
          sum += weight * Elementary.log(weight * (1 + (difference * difference).sum()) * z)
        }
      }
      return sum
    }
    return sums.reduce(0, +)
  }
}
