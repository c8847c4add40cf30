import Clustering
import Glibc
import Tensors
import Testing

private let team = ThreadTeam(threads: 2)

/// What the map is for: neighbours stay neighbours.
struct TSNEMapTests {
  private static let method = TSNE(perplexity: 15, iterations: 400, exaggeration: 12, exaggerationIterations: 150)

  /// 300 points meet each other in all pairs, 2,100 on the grid. openTSNE's divergence of such clouds is 2.65 for 2,100 points
  /// (Tests/oracles/tsne_divergence.py); ours must not be higher.
  @Test(arguments: [(100, 2), (700, 2.65)])
  func keepsBlobsApart(perBlob: Int, most: Double) {
    let (x, classes) = TestPoints.blobs(3, of: perBlob, dimensions: 60, seed: 1)
    var calls: [Int] = []
    let (map, divergence) = Self.method.embed(x, team: team) { calls.append($0) }
    #expect(calls == Array(1...400))
    #expect(TestPoints.purity(map, classes, neighbours: 5) > 0.95)
    #expect(divergence > 0 && divergence <= most, "\(divergence)")
    let sums = (0..<2).map { c in (0..<3 * perBlob).reduce(0.0) { $0 + Double(map.scalars[2 * $1 + c]) } / Double(3 * perBlob) }
    #expect(sums.allSatisfy { abs($0) < 1e-3 })
  }

  @Test func theDivergenceFallsOnceTheExaggerationEnds() {
    let (x, _) = TestPoints.blobs(4, of: 100, dimensions: 10, seed: 3)
    var descent = TSNE(perplexity: 20, iterations: 500, exaggeration: 12, exaggerationIterations: 100).descent(x, team: team)
    for _ in 0..<100 { descent.step(team: team) }
    let divergences = (0..<8).map { _ in
      for _ in 0..<50 { descent.step(team: team) }
      return descent.divergence(team: team)
    }
    #expect(divergences == divergences.sorted(by: >))
  }

  @Test func threadsDoNotMatter() {
    for perBlob in [60, 800] {
      let (x, _) = TestPoints.blobs(3, of: perBlob, dimensions: 60, seed: 2)
      let method = TSNE(perplexity: 10, iterations: 60, exaggeration: 12, exaggerationIterations: 30)
      let results = [1, 2, 5].map { method.embed(x, team: ThreadTeam(threads: $0)) { _ in } }
      for other in results.dropFirst() {
        #expect(other.map.scalars == results[0].map.scalars && other.klDivergence == results[0].klDivergence)
      }
    }
  }

  @Test func equalPointsAndFewDimensionsAreMapped() {
    var values = TestPoints.cube(60, dimensions: 1, seed: 4).scalars
    for i in 0..<20 { values[i] = 0.25 }
    let (map, divergence) = TSNE(perplexity: 5, iterations: 100, exaggeration: 12, exaggerationIterations: 50)
      .embed(Tensor(shape: [60, 1], values), team: team) { _ in }
    #expect(map.scalars.allSatisfy { $0.isFinite } && divergence.isFinite)
  }

  @Test func whatProgressThrowsEndsTheWork() {
    struct Stop: Error {}
    let (x, _) = TestPoints.blobs(3, of: 20, dimensions: 5, seed: 2)
    #expect(throws: Stop.self) {
      _ = try Self.method.embed(x, team: team) { (iteration: Int) throws(Stop) in if iteration == 7 { throw Stop() } }
    }
  }
}

struct AffinitiesTests {
  @Test(arguments: [2.0, 5, 30])
  func theEntropyIsThatOfThePerplexity(perplexity: Double) {
    var stream = RandomStream(seed: 11, purpose: .test)
    for scale in [1e-6, 1, 1e6] {
      let squares = (0..<90).map { _ in Double(stream.uniform() * stream.uniform()) * scale }
      let p = Affinities.conditional(squares, perplexity: perplexity)
      #expect(abs(p.reduce(0, +) - 1) < 1e-12)
      let entropy = -p.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
      #expect(abs(entropy - log(perplexity)) < Affinities.entropyTolerance)
      // The nearer the likelier.
      let order = squares.indices.sorted { squares[$0] < squares[$1] }.map { p[$0] }
      #expect(order == order.sorted(by: >))
    }
  }

  @Test func equalDistancesShareEvenly() {
    #expect(Affinities.conditional([4, 4, 4, 4], perplexity: 2) == [0.25, 0.25, 0.25, 0.25])
    // 20 equal nearest ones cannot have perplexity 5: they come to share evenly, the others get nothing.
    let p = Affinities.conditional([Double](repeating: 0, count: 20) + [1, 2, 3], perplexity: 5)
    #expect(p.allSatisfy { $0.isFinite })
    #expect(p.prefix(20).allSatisfy { abs($0 - 0.05) < 1e-3 })
  }

  @Test func areSymmetricAndSumToOne() {
    let x = TestPoints.cube(200, dimensions: 3, seed: 9)
    let neighbours = NearestNeighbours(x, count: 15, team: team)
    let affinities = Affinities(neighbours, perplexity: 5, team: team)
    var matrix = [Float](repeating: 0, count: 200 * 200)
    for i in 0..<200 {
      for place in affinities.starts[i]..<affinities.starts[i + 1] {
        matrix[i * 200 + Int(affinities.partners[place])] += affinities.weights[place]
      }
    }
    for i in 0..<200 {
      #expect(matrix[i * 200 + i] == 0)
      for j in 0..<i { #expect(matrix[i * 200 + j] == matrix[j * 200 + i]) }
    }
    #expect(abs(matrix.reduce(0.0) { $0 + Double($1) } - 1) < 1e-6)
    // By the definition, for one pair of mutual neighbours.
    let (i, j) = (0, Int(neighbours.indices[0]))
    func share(_ a: Int, _ b: Int) -> Double {
      let own = a * 15..<(a + 1) * 15
      let p = Affinities.conditional(neighbours.squares[own].map { Double($0) }, perplexity: 5)
      return own.first { neighbours.indices[$0] == b }.map { p[$0 - own.lowerBound] } ?? 0
    }
    #expect(abs(Double(matrix[i * 200 + j]) - (share(i, j) + share(j, i)) / 400) < 1e-9)
  }
}

/// The fast repulsion against all pairs.
struct RepulsionTests {
  /// Points, their forces and Z by the definition, in Double.
  private func compare(_ points: [SIMD2<Float>]) -> (exact: Double, interpolated: Double, exactZ: Double, interpolatedZ: Double) {
    let n = points.count
    let positions = SharedArray(repeating: SIMD2<Float>(), count: n)
    for i in 0..<n { positions[i] = points[i] }
    var (z, plain) = (0.0, [SIMD2<Double>](repeating: SIMD2(), count: n))
    for i in 0..<n {
      for j in 0..<n where j != i {
        let difference = SIMD2<Double>(points[i]) - SIMD2<Double>(points[j])
        let q = 1 / (1 + (difference * difference).sum())
        z += q
        plain[i] += q * q * difference
      }
    }
    let size = plain.reduce(0) { $0 + ($1 * $1).sum() }
    func error(_ forces: SharedArray<SIMD2<Float>>) -> Double {
      let square = (0..<n).reduce(0.0) {
        let difference = SIMD2<Double>(forces[$1]) - plain[$1]
        return $0 + (difference * difference).sum()
      }
      return (square / size).squareRoot()
    }
    let forces = SharedArray(repeating: SIMD2<Float>(), count: n)
    let exactZ = ExactRepulsion.evaluate(positions, into: forces, team: team)
    let exact = error(forces)
    var interpolation = InterpolatedRepulsion()
    let interpolatedZ = interpolation.evaluate(positions, into: forces, team: team)
    return (exact, error(forces), abs(exactZ / z - 1), abs(interpolatedZ / z - 1))
  }

  private func cloud(_ n: Int, span: Float, seed: UInt64) -> [SIMD2<Float>] {
    var stream = RandomStream(seed: seed, purpose: .test)
    return (0..<n).map { _ in SIMD2(stream.uniform(0, span) + 3, stream.uniform(0, span) - 70) }
  }

  /// From the start of a map, where all points are within 1e-4, to the end of one: spans on every rung of the grid's ladder.
  @Test(arguments: [Float(1e-4), 0.3, 2, 11, 30, 60, 170])
  func agreesWithAllPairs(span: Float) {
    let errors = compare(cloud(900, span: span, seed: 5))
    #expect(errors.exact < 1e-4)
    #expect(errors.exactZ < 1e-6)
    // Interpolation; forces in an even cloud nearly cancel, which makes the share large. FIt-SNE's defaults reach 5e-2 here.
    #expect(errors.interpolated < 1.5e-2, "\(errors)")
    #expect(errors.interpolatedZ < 5e-4, "\(errors)")
  }

  @Test func clumpsAgreeBetter() {
    let centres = cloud(6, span: 50, seed: 1)
    let noise = cloud(1200, span: 8, seed: 2)
    let errors = compare(noise.indices.map { noise[$0] + centres[$0 % 6] })
    #expect(errors.interpolated < 5e-3, "\(errors)")
    #expect(errors.interpolatedZ < 1e-4, "\(errors)")
  }

  /// A map too wide for any grid of the needed spacing: all pairs are measured instead.
  @Test func aLoneWandererIsMeasuredExactly() {
    let errors = compare(cloud(300, span: 20, seed: 3) + [SIMD2(9000, -9000)])
    #expect(errors.interpolated < 1e-4 && errors.interpolatedZ < 1e-6, "\(errors)")
  }
}

struct FourierTransformTests {
  @Test(arguments: [2, 3, 4, 5, 8, 60, 64, 90, 128, 150, 320, 1000])
  func agreesWithTheDefinition(length: Int) {
    var stream = RandomStream(seed: UInt64(length), purpose: .test)
    let buffer = SharedArray(repeating: ComplexVector(SIMD16(), SIMD16()), count: 2 * length)
    for j in 0..<length {
      for lane in 0..<16 { (buffer[j].re[lane], buffer[j].im[lane]) = (stream.uniform(-1, 1), stream.uniform(-1, 1)) }
    }
    let values = (0..<length).map { buffer[$0] }
    let found = buffer.base + FourierTransform(length: length).transform(buffer.base)
    let circle = (0..<length).map { 2 * Double.pi * Double($0) / Double(length) }.map { (cos($0), -sin($0)) }
    for lane in [0, 7, 15] {
      for k in 0..<length {
        var (re, im) = (0.0, 0.0)
        for j in 0..<length {
          let (c, s) = circle[j * k % length]
          let (a, b) = (Double(values[j].re[lane]), Double(values[j].im[lane]))
          re += a * c - b * s
          im += a * s + b * c
        }
        // Sums of `length` Floats of size 1.
        let tolerance = 1e-6 * Double(length).squareRoot() * 2
        #expect(abs(Double(found[k].re[lane]) - re) < tolerance && abs(Double(found[k].im[lane]) - im) < tolerance)
      }
    }
  }
}
