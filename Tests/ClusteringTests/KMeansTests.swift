import Clustering
import Tensors
import Testing

/// Float against Double over some hundred terms, relative.
private let floatTolerance = 1e-5

struct KMeansTests {
  private let one = ThreadTeam(threads: 1)

  @Test func solvesTheWorkedCase() throws {
    let x = Tensor(shape: [4, 1], [0, 1, 10, 11])
    let result = try KMeans(clusters: 2, restarts: 3, iterations: 100, tolerance: 0).fit(x, seed: 1, team: one)
    #expect(result.centres.scalars.sorted() == [0.5, 10.5])
    #expect(result.inertia == 1)
  }

  @Test func findsTheInertiaOfScikitLearn() throws {
    let result = try KMeans(clusters: 3, restarts: 30, iterations: 100, tolerance: 0).fit(oraclePoints, seed: 0, team: one)
    #expect(abs(result.inertia - 61.70045555555555) < 61.7 * floatTolerance)
  }

  /// The bounds spare distances but change nothing: the clusters are those of Lloyd's iterations in Double.
  @Test(arguments: [(1, 3), (2, 7), (16, 20), (37, 5), (80, 17), (1030, 4)])
  func agreesWithPlainLloyd(dimensions: Int, clusters: Int) {
    let x = TestPoints.cube(400, dimensions: dimensions, seed: UInt64(dimensions))
    let start = Tensor(shape: [clusters, dimensions], Array(x.scalars.prefix(clusters * dimensions)))
    for iterations in [1, 3, 100] {
      let plain = PlainLloyd.run(x, centres: start, most: iterations)
      let run = LloydIterations(x, centres: start)
      LloydIterations.iterate([run], most: iterations, until: 0, team: one) { _, _ in }
      #expect(run.assignments == plain.assignments)
      #expect(abs(run.inertia(one) - plain.inertia) < plain.inertia * floatTolerance)
      #expect(zip(run.centres.scalars, plain.centres).allSatisfy { abs(Double($0) - $1) < floatTolerance })
    }
  }

  @Test func farFromTheOriginTheClustersAreTheSame() throws {
    // The shifted coordinates are exact, and their means keep 2⁻¹⁶: farther away centres in Float would be others.
    let x = TestPoints.cube(200, dimensions: 5, seed: 8).scalars.map { ($0 * 64).rounded() / 64 }
    let method = KMeans(clusters: 4, restarts: 2, iterations: 100, tolerance: 0)
    let near = try method.fit(Tensor(shape: [200, 5], x), seed: 1, team: one)
    let far = try method.fit(Tensor(shape: [200, 5], x.map { $0 + 256 }), seed: 1, team: one)
    #expect(near.assignments == far.assignments)
  }

  @Test func inertiaNeverIncreases() {
    let x = TestPoints.cube(500, dimensions: 6, seed: 3)
    let start = Tensor(shape: [12, 6], Array(x.scalars.prefix(72)))
    let inertias = (1...12).map { most in
      let run = LloydIterations(x, centres: start)
      LloydIterations.iterate([run], most: most, until: 0, team: one) { _, _ in }
      return run.inertia(one)
    }
    #expect(zip(inertias, inertias.dropFirst()).allSatisfy { $1 <= $0 * (1 + floatTolerance) })
    #expect(inertias[11] < inertias[0])
  }

  @Test func emptyClustersStartAgainAtTheFarthestRow() {
    let (x, _) = TestPoints.blobs(3, of: 20, dimensions: 4, seed: 2)
    // Two centres that no row is near to.
    let start = Tensor(shape: [4, 4], Array(x.scalars.prefix(8)) + [900, 900, 900, 900, -900, 900, -900, 900])
    let run = LloydIterations(x, centres: start)
    LloydIterations.iterate([run], most: 50, until: 0, team: one) { _, _ in }
    #expect(Set(run.assignments) == [0, 1, 2, 3])
    let plain = PlainLloyd.run(x, centres: run.centres, most: 5)
    #expect(plain.assignments == run.assignments)
  }

  @Test func fewerDistinctRowsThanClusters() throws {
    let x = Tensor(shape: [6, 2], [1, 2, 1, 2, 1, 2, 5, 6, 5, 6, 5, 6])
    let result = try KMeans(clusters: 4, restarts: 2, iterations: 10, tolerance: 0).fit(x, seed: 0, team: one)
    #expect(result.inertia == 0)
    #expect(Set(result.assignments.prefix(3)).isDisjoint(with: result.assignments.suffix(3)))
  }

  @Test func moreRestartsAreNeverWorse() throws {
    let x = TestPoints.cube(300, dimensions: 3, seed: 6)
    let inertias = try [1, 2, 5, 20].map {
      try KMeans(clusters: 15, restarts: $0, iterations: 100, tolerance: 0).fit(x, seed: 4, team: one).inertia
    }
    #expect(inertias == inertias.sorted(by: >))
    #expect(inertias[3] < inertias[0])
  }

  @Test func threadsDoNotMatter() throws {
    let x = TestPoints.cube(3000, dimensions: 21, seed: 1)
    let method = KMeans(clusters: 18, restarts: 3, iterations: 100, tolerance: 1e-4)
    let results = try [1, 2, 5].map { try method.fit(x, seed: 2, team: ThreadTeam(threads: $0)) }
    for other in results.dropFirst() {
      #expect(other.assignments == results[0].assignments && other.centres.scalars == results[0].centres.scalars)
      #expect(other.inertia == results[0].inertia && other.iterations == results[0].iterations)
    }
  }

  @Test func whatProgressThrowsEndsTheWork() {
    struct Stop: Error {}
    var calls = 0
    #expect(throws: Stop.self) {
      try KMeans(clusters: 3, restarts: 2, iterations: 100, tolerance: 0).fit(oraclePoints, seed: 0, team: one) { progress in
        calls += 1
        #expect(progress.total == 2)
        throw Stop()
      }
    }
    #expect(calls == 1)
  }
}
