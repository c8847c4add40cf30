import Clustering
import Tensors
import Testing

/// What every line of the catalogue of methods answers.
struct ClusteringMethodTests {
  /// Of each method one value, for three clusters; SC both ways.
  private static let methods: [any ClusteringMethod] = [
    KMeans(clusters: 3, restarts: 3, iterations: 100, tolerance: 1e-4),
    SpectralClustering(clusters: 3, scaleNeighbour: 7, neighbours: 10, exactUpTo: 1000, restarts: 3),
    SpectralClustering(clusters: 3, scaleNeighbour: 7, neighbours: 10, exactUpTo: 0, restarts: 3),
    WardClustering(clusters: 3),
    MutualNeighbourClustering(clusters: 3, neighbours: 20),
    MatrixFactorisation(clusters: 3, locality: 1, neighbours: 5, restarts: 3, iterations: 100, tolerance: 1e-4),
  ]

  private func cluster(_ method: any ClusteringMethod, _ x: Tensor, seed: UInt64 = 5, threads: Int = 2) throws -> [Int32] {
    try method.cluster(x, seed: seed, team: ThreadTeam(threads: threads)) { _ in }.assignments
  }

  /// Uniform in [0, 1)^D.
  private func cube(_ count: Int, seed: UInt64) -> Tensor {
    Tensor(shape: [count, 4], TestPoints.cube(count, dimensions: 4, seed: seed).scalars.map { ($0 + 1) / 2 })
  }

  @Test func allAreTried() {
    let tried = Set(Self.methods.map { type(of: $0).name })
    #expect(Set(ClusteringMethods.all.map { $0.name }) == tried && tried.count == ClusteringMethods.all.count)
  }

  @Test(arguments: methods.indices) func separatesBlobs(number: Int) throws {
    let (x, classes) = TestPoints.blobs(3, of: 50, dimensions: 9, seed: 1)
    let found = try cluster(Self.methods[number], Tensor(shape: x.shape, x.scalars.map { max(0, $0 + 3) }))
    #expect(found.count == 150 && found.allSatisfy { (0..<3).contains($0) })
    #expect(ClusteringScores(clusters: found.map { Int($0) }, classes: classes).accuracy == 1)
  }

  @Test(arguments: methods.indices) func equalSeedsGiveEqualClustersAtAnyNumberOfThreads(number: Int) throws {
    let x = cube(300, seed: 2)
    let first = try cluster(Self.methods[number], x)
    #expect(try cluster(Self.methods[number], x) == first)
    #expect(try cluster(Self.methods[number], x, threads: 1) == first)
    #expect(try cluster(Self.methods[number], x, threads: 5) == first)
  }

  @Test(arguments: methods.indices) func fewerRowsThanClustersAreRefused(number: Int) throws {
    let two = cube(2, seed: 2)
    #expect(throws: ClusteringError.tooFewPoints(2, clusters: 3)) { try cluster(Self.methods[number], two) }
    #expect(try Set(cluster(Self.methods[number], cube(3, seed: 2))) == [0, 1, 2])
  }

  /// Two kinds of rows for three clusters: no method may put a row of the one kind to the other, or end in an error.
  @Test(arguments: methods.indices) func fewerDistinctRowsThanClusters(number: Int) throws {
    let x = Tensor(shape: [60, 2], (0..<60).flatMap { $0 % 2 == 0 ? [Float(1), 0] : [0, 1] })
    let found = try cluster(Self.methods[number], x)
    let (even, odd) = (stride(from: 0, to: 60, by: 2).map { found[$0] }, stride(from: 1, to: 60, by: 2).map { found[$0] })
    #expect(Set(even).isDisjoint(with: odd))
  }

  @Test(arguments: methods.indices) func theInputStaysAsItWas(number: Int) throws {
    let x = cube(60, seed: 7)
    let before = x.scalars
    _ = try cluster(Self.methods[number], x)
    let isEqual = x.scalars == before
    #expect(isEqual)
  }
}
