import Glibc
import Tensors

/// t-SNE (van der Maaten & Hinton 2008): PCA to 50 dimensions, affinities over the 3·perplexity nearest neighbours, early exaggeration,
/// gradient descent with momentum and gains, start from the first two principal components. The repulsion is exact, O(n²) an iteration.
public struct TSNE: Sendable {
  public let perplexity: Double
  /// All iterations, the exaggerated ones included.
  public let iterations: Int
  /// Factor on the affinities in the first `exaggerationIterations`.
  public let exaggeration: Double
  public let exaggerationIterations: Int

  /// Dimensions above this are reduced by PCA first.
  public static let dimensionsKept = 50
  /// Standard deviation of the start's first coordinate.
  public static let startDeviation = 1e-4

  public init(perplexity: Double, iterations: Int, exaggeration: Double, exaggerationIterations: Int) {
    self.perplexity = perplexity
    self.iterations = iterations
    self.exaggeration = exaggeration
    self.exaggerationIterations = exaggerationIterations
  }

  /// - Parameters:
  ///   - points: [n, D] with n > 3·perplexity.
  ///   - progress: called after every iteration with its number, from 1.
  /// - Returns: the map [n, 2], centred, and its Kullback–Leibler divergence over the kept neighbours.
  public func embed(_ points: Tensor, team: ThreadTeam, progress: (Int) -> Void) -> (map: Tensor, klDivergence: Double) {
    let n = points.shape[0]
    precondition(Double(n) > 3 * perplexity, "\(n) points are too few for perplexity \(perplexity)")
    let reduced = points.shape[1] > Self.dimensionsKept ? PrincipalComponents.project(points, to: Self.dimensionsKept) : points
    let affinities = Affinities(reduced, perplexity: perplexity, team: team)
    var (x, y) = start(reduced)
    var (velocityX, velocityY) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
    var (gainX, gainY) = ([Float](repeating: 1, count: n), [Float](repeating: 1, count: n))
    let rate = Float(max(Double(n) / exaggeration, 50))
    for iteration in 1...max(1, iterations) {
      let early = iteration <= exaggerationIterations
      let gradient = Repulsion(x, y, team).gradient(affinities, exaggeration: early ? Float(exaggeration) : 1, team)
      let momentum: Float = early ? 0.5 : 0.8
      Self.descend(&x, gradient.x, &velocityX, &gainX, momentum: momentum, rate: rate)
      Self.descend(&y, gradient.y, &velocityY, &gainY, momentum: momentum, rate: rate)
      progress(iteration)
    }
    let divergence = Repulsion(x, y, team).divergence(affinities)
    return (Tensor(shape: [n, 2], (0..<n).flatMap { [x[$0], y[$0]] }), divergence)
  }

  private func start(_ points: Tensor) -> ([Float], [Float]) {
    let components = PrincipalComponents.project(points, to: 2)
    let n = points.shape[0]
    let columns = components.shape[1]
    let values = components.scalars
    let first = (0..<n).map { Double(values[$0 * columns]) }
    let deviation = max((first.reduce(0) { $0 + $1 * $1 } / Double(n)).squareRoot(), 1e-12)
    let scale = Float(Self.startDeviation / deviation)
    return ((0..<n).map { values[$0 * columns] * scale }, (0..<n).map { columns > 1 ? values[$0 * columns + 1] * scale : 0 })
  }

  /// One step along −gradient with Jacobs' gains, then the mean is taken away.
  private static func descend(
    _ x: inout [Float], _ gradient: [Float], _ velocity: inout [Float], _ gain: inout [Float], momentum: Float, rate: Float
  ) {
    for i in x.indices {
      gain[i] = (gradient[i] > 0) != (velocity[i] > 0) ? gain[i] + 0.2 : max(0.01, gain[i] * 0.8)
      velocity[i] = momentum * velocity[i] - rate * gain[i] * gradient[i]
      x[i] += velocity[i]
    }
    let mean = Float(x.reduce(0.0) { $0 + Double($1) } / Double(x.count))
    for i in x.indices { x[i] -= mean }
  }
}

/// Symmetric affinities P over nearest neighbours: for each point its partners and their joint probabilities.
struct Affinities {
  var partners: [[Int32]]
  var weights: [[Float]]

  /// Entropy of each point's conditional affinities is ln(perplexity) to this.
  static let entropyTolerance = 1e-5

  init(_ points: Tensor, perplexity: Double, team: ThreadTeam) {
    let n = points.shape[0]
    let neighbours = min(n - 1, Int(3 * perplexity))
    let lists = Self.nearest(points, count: neighbours, team: team)
    var joint = [[Int32: Double]](repeating: [:], count: n)
    for i in 0..<n {
      for (j, p) in zip(lists[i].map(\.index), Self.conditional(lists[i].map(\.square), perplexity: perplexity)) {
        let share = p / (2 * Double(n))
        joint[i][j, default: 0] += share
        joint[Int(j)][Int32(i), default: 0] += share
      }
    }
    partners = joint.map { $0.keys.sorted() }
    weights = zip(joint, partners).map { row, keys in keys.map { Float(row[$0] ?? 0) } }
  }

  /// The nearest rows of each row, itself left out, by explicit differences; ties by index.
  static func nearest(_ points: Tensor, count: Int, team: ThreadTeam) -> [[(index: Int32, square: Double)]] {
    let (n, d) = (points.shape[0], points.shape[1])
    let width = (d + 15) / 16
    var rows = [SIMD16<Float>](repeating: SIMD16(), count: n * width)
    points.withUnsafeBufferPointer { p in for i in 0..<n { for j in 0..<d { rows[i * width + j / 16][j % 16] = p[i * d + j] } } }
    let vectors = rows
    let squares = Tensor(uninitialized: [n])
    return (0..<n).map { i -> [(index: Int32, square: Double)] in
      vectors.withUnsafeBufferPointer { v in
        for j in 0..<n {
          var sum = SIMD16<Float>()
          for k in 0..<width {
            let difference = v[i * width + k] - v[j * width + k]
            sum = sum.addingProduct(difference, difference)
          }
          squares.base[j] = sum.sum()
        }
      }
      let distance = squares.scalars
      var others = (0..<n).filter { $0 != i }
      others.sort { distance[$0] < distance[$1] || (distance[$0] == distance[$1] && $0 < $1) }
      return others.prefix(count).map { (index: Int32($0), square: Double(distance[$0])) }
    }
  }

  /// p_j ∝ exp(−β d_j²) with β found by bisection.
  static func conditional(_ squares: [Double], perplexity: Double) -> [Double] {
    let target = log(perplexity)
    let least = squares.min() ?? 0
    var (beta, low, high) = (1.0, 0.0, Double.infinity)
    var p: [Double] = []
    for _ in 0..<200 {
      p = squares.map { exp(-beta * ($0 - least)) }
      let sum = p.reduce(0, +)
      p = p.map { $0 / sum }
      let entropy = -p.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
      if abs(entropy - target) < entropyTolerance { break }
      if entropy > target { low = beta } else { high = beta }
      beta = high.isInfinite ? beta * 2 : (low + high) / 2
    }
    return p
  }
}

/// The Student-t kernel between all points of a map.
struct Repulsion {
  let x, y: [Float]
  /// Σ over i ≠ j of 1/(1 + d²).
  let total: Double
  private let forceX, forceY: [Float]

  init(_ x: [Float], _ y: [Float], _ team: ThreadTeam) {
    let n = x.count
    (self.x, self.y) = (x, y)
    let width = (n + 15) / 16
    // Points behind the last stand so far away that they push nobody.
    let far: Float = 1e15
    func vectors(_ values: [Float]) -> [SIMD16<Float>] {
      (0..<width).map { k in
        var v = SIMD16<Float>(repeating: far)
        for lane in 0..<min(16, n - k * 16) { v[lane] = values[k * 16 + lane] }
        return v
      }
    }
    let (vx, vy) = (vectors(x), vectors(y))
    let sums = Tensor(uninitialized: [3, n])
    let pieces = Pieces(n, most: 64)
    team.forEach(pieces.count) { piece in
      vx.withUnsafeBufferPointer { vx in
        vy.withUnsafeBufferPointer { vy in
          for i in pieces[piece] {
            var (fx, fy, z) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
            let (xi, yi) = (SIMD16<Float>(repeating: x[i]), SIMD16<Float>(repeating: y[i]))
            for k in 0..<width {
              let (dx, dy) = (xi - vx[k], yi - vy[k])
              let q = 1 / (SIMD16<Float>(repeating: 1).addingProduct(dx, dx).addingProduct(dy, dy))
              z += q
              let square = q * q
              fx = fx.addingProduct(square, dx)
              fy = fy.addingProduct(square, dy)
            }
            sums.base[i] = fx.sum()
            sums.base[n + i] = fy.sum()
            sums.base[2 * n + i] = z.sum() - 1
          }
        }
      }
    }
    let values = sums.scalars
    (forceX, forceY) = (Array(values[..<n]), Array(values[n..<2 * n]))
    total = values[(2 * n)...].reduce(0.0) { $0 + Double($1) }
  }

  /// 4 Σ_j (exaggeration · p_ij − q_ij) (y_i − y_j) / (1 + d²).
  func gradient(_ affinities: Affinities, exaggeration: Float, _ team: ThreadTeam) -> (x: [Float], y: [Float]) {
    let n = x.count
    let z = Float(total)
    let result = Tensor(uninitialized: [2, n])
    let pieces = Pieces(n, most: 64)
    team.forEach(pieces.count) { piece in
      for i in pieces[piece] {
        var (ax, ay): (Float, Float) = (0, 0)
        for (partner, weight) in zip(affinities.partners[i], affinities.weights[i]) {
          let (dx, dy) = (x[i] - x[Int(partner)], y[i] - y[Int(partner)])
          let pull = exaggeration * weight / (1 + dx * dx + dy * dy)
          ax += pull * dx
          ay += pull * dy
        }
        result.base[i] = 4 * (ax - forceX[i] / z)
        result.base[n + i] = 4 * (ay - forceY[i] / z)
      }
    }
    let values = result.scalars
    return (Array(values[..<n]), Array(values[n...]))
  }

  /// Σ p ln(p/q) over the kept neighbours.
  func divergence(_ affinities: Affinities) -> Double {
    var sum = 0.0
    for i in x.indices {
      // An affinity too small for Float is 0 and adds nothing: the limit of p ln p.
      for (partner, weight) in zip(affinities.partners[i], affinities.weights[i]) where weight > 0 {
        let (dx, dy) = (Double(x[i] - x[Int(partner)]), Double(y[i] - y[Int(partner)]))
        let q = 1 / (1 + dx * dx + dy * dy) / total
        sum += Double(weight) * log(Double(weight) / max(q, 1e-300))
      }
    }
    return sum
  }
}
