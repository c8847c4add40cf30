import Clustering
import Foundation
import Synchronization
import Tensors
import Testing

private let team = ThreadTeam(threads: 2)

private func cluster(_ x: Tensor, clusters: Int, neighbours: Int = 10, exactUpTo: Int, threads: Int = 2) throws -> Clusters {
  try SpectralClustering(clusters: clusters, scaleNeighbour: 7, neighbours: neighbours, exactUpTo: exactUpTo, restarts: 3)
    .cluster(x, seed: 3, team: ThreadTeam(threads: threads)) { _ in }
}

/// A ring and a blob inside it: no mean separates them.
private func ring(_ count: Int) -> (points: Tensor, classes: [Int]) {
  var stream = RandomStream(seed: 4, purpose: .test)
  let values = (0..<count).flatMap { i -> [Float] in
    let angle = Elementary.circle(turns: Double(i) / Double(count))
    let noise = [stream.uniform(-0.3, 0.3), stream.uniform(-0.3, 0.3)]
    return i % 2 == 0 ? [Float(angle.cos) * 10 + noise[0], Float(angle.sin) * 10 + noise[1]] : [noise[0] * 3, noise[1] * 3]
  }
  return (Tensor(shape: [count, 2], values), (0..<count).map { $0 % 2 })
}

struct SpectralTests {
  @Test func solvesTheWorkedCase() throws {
    let x = Tensor(shape: [4, 2], [0, 0, 0, 1, 10, 0, 10, 1])
    let pairs = SelfTuningAffinity.exact(x, 1, team: team).eigenpairs(4)
    #expect(zip(pairs.values, [1, 1, -1, -1]).allSatisfy { abs($0 - $1) < 1e-6 })
    let found = try SpectralClustering(clusters: 2, scaleNeighbour: 1, neighbours: 1, exactUpTo: 10, restarts: 3)
      .cluster(x, seed: 0, team: team) { _ in }.assignments
    #expect(found[0] == found[1] && found[2] == found[3] && found[0] != found[2])
  }

  @Test func sizeDoesNotMatter() throws {
    let x = TestPoints.cube(80, dimensions: 5, seed: 2)
    let large = Tensor(shape: x.shape, x.scalars.map { $0 * 1024 })
    let (a, b) = (SelfTuningAffinity.exact(x, 7, team: team), SelfTuningAffinity.exact(large, 7, team: team))
    #expect(a.values == b.values)
  }

  @Test(arguments: [1000, 0]) func separatesWhatMeansCannot(exactUpTo: Int) throws {
    let (x, classes) = ring(600)
    let found = try cluster(x, clusters: 2, exactUpTo: exactUpTo)
    #expect(ClusteringScores(clusters: found.assignments.map { Int($0) }, classes: classes).accuracy == 1)
    #expect(found.remarks.count == 1 && found.remarks[0].hasPrefix(exactUpTo > 0 ? "affinities of all pairs" : "affinities of 10 nearest"))
  }

  /// With all rows as neighbours the sparse way is the exact one.
  @Test func allNeighboursGiveTheExactAffinity() throws {
    // Stretched, so that no two eigenvalues are close.
    let x = Tensor(shape: [400, 6], zip(TestPoints.cube(400, dimensions: 6, seed: 9).scalars, 0...).map { $0 * Float(1 + $1 % 6) })
    let exact = SelfTuningAffinity.exact(x, 7, team: team).eigenpairs(5).vectors
    let graph = SelfTuningAffinity.graph(NearestNeighbours(x, count: 399, team: team), 7)
    let sparse = try NormalisedAffinity(graph).eigenvectors(5, team: team) { _ in }
    for (a, b) in zip(exact, sparse) { #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 }) }
  }

  /// A row whose affinities are all too small for a number has eigenvalue 0, and no cluster's place.
  @Test(arguments: [1000, 0]) func aRowWithoutAffinityTakesNoPlace(exactUpTo: Int) throws {
    let line = (0..<30).map { Float($0) * 0.001 }
    let x = Tensor(shape: [61, 1], line + line.map { $0 + 0.06 } + [1000])
    let found = try cluster(x, clusters: 2, neighbours: 40, exactUpTo: exactUpTo).assignments
    #expect(Set(found[..<30]).count == 1 && Set(found[30..<60]).count == 1 && found[0] != found[30], "\(found)")
  }

  @Test func twoCopiesAreOneCluster() throws {
    #expect(try cluster(Tensor(shape: [2, 1], [5, 5]), clusters: 2, exactUpTo: 0).assignments == [0, 0])
    #expect(try cluster(Tensor(shape: [2, 1], [5, 6]), clusters: 2, exactUpTo: 0).assignments == [0, 1])
  }

  /// Three clouds far apart, the graph of each on its own: eigenvalue 1 is there three times, and scikit-learn's clusters change from run to run
  /// there (issue 14209).
  @Test func unconnectedPartsAreFoundAtAnyThreads() throws {
    let (x, classes) = TestPoints.blobs(3, of: 150, dimensions: 9, seed: 6)
    let far = Tensor(shape: x.shape, zip(x.scalars, 0...).map { $0 + 1000 * Float(classes[$1 / 9]) })
    for clusters in 2...5 {
      let found = try (1...3).map { try cluster(far, clusters: clusters, exactUpTo: 0, threads: $0) }
      #expect(found[0] == found[1] && found[0] == found[2])
      #expect(found[0].remarks[0].hasSuffix("3 unconnected parts"))
      #expect(Set(found[0].assignments).count == clusters)
      guard clusters >= 3 else { continue }
      // No cluster has rows of two clouds.
      let pairs = Set(zip(found[0].assignments, classes).map { [Int($0), $1] })
      #expect(pairs.count == clusters)
    }
  }

  @Test(arguments: [1000, 0]) func copiesHaveAScale(exactUpTo: Int) throws {
    // Forty copies of each of six rows: the seventh neighbour of each is at distance 0.
    let kinds = TestPoints.cube(6, dimensions: 3, seed: 1).scalars
    let x = Tensor(shape: [240, 3], (0..<240).flatMap { i in (0..<3).map { kinds[i % 6 * 3 + $0] } })
    let found = try cluster(x, clusters: 6, neighbours: 30, exactUpTo: exactUpTo).assignments
    #expect(Set(found).count == 6)
    #expect((6..<240).allSatisfy { found[$0] == found[$0 % 6] })
    let black = try cluster(Tensor(zeros: [300, 5]), clusters: 2, exactUpTo: exactUpTo)
    #expect(black.assignments.allSatisfy { (0..<2).contains($0) })
  }

  @Test(arguments: [1000, 0]) func asManyClustersAsRows(exactUpTo: Int) throws {
    let x = TestPoints.cube(12, dimensions: 4, seed: 5)
    #expect(try Set(cluster(x, clusters: 12, exactUpTo: exactUpTo).assignments).count == 12)
    #expect(throws: ClusteringError.tooFewPoints(12, clusters: 13)) { try cluster(x, clusters: 13, exactUpTo: exactUpTo) }
    for rows in 1...2 {
      #expect(try Set(cluster(x.rows(0..<rows), clusters: rows, exactUpTo: exactUpTo).assignments).count == rows)
    }
  }

  @Test func whatProgressThrowsEndsTheWork() {
    struct Stop: Error {}
    var calls = 0
    #expect(throws: Stop.self) {
      try SpectralClustering(clusters: 4, scaleNeighbour: 7, neighbours: 10, exactUpTo: 0, restarts: 1)
        .cluster(ring(700).points, seed: 0, team: team) { progress in
          calls += 1
          if progress.detail.hasPrefix("eigenvectors") { throw Stop() }
        }
    }
    #expect(calls > 1)
  }
}

struct LargestEigenpairsTests {
  /// Eigenvalues 1, 1/2, 1/3 … about axes that a reflection has turned.
  @Test(arguments: [6, 40, 900]) func ofAReflectedDiagonal(n: Int) throws {
    func reflected(_ x: [Double]) -> [Double] {
      let share = 2 * x.reduce(0, +) / Double(n)
      return x.map { $0 - share }
    }
    func product(_ x: [Double]) -> [Double] { reflected(zip(reflected(x), 1...).map { $0 / Double($1) }) }
    let pairs = try LargestEigenpairs.of(order: n, count: 6) { x, result in
      for (i, value) in product(Array(UnsafeBufferPointer(start: x, count: n))).enumerated() { result[i] = value }
    }
    for (k, value) in pairs.values.enumerated() { #expect(abs(value - 1 / Double(k + 1)) < 1e-9) }
    for (a, v) in pairs.vectors.enumerated() {
      let residual = zip(product(v), v).reduce(0.0) { $0 + ($1.0 - pairs.values[a] * $1.1) * ($1.0 - pairs.values[a] * $1.1) }
      #expect(residual.squareRoot() < 1e-6)
      for (b, w) in pairs.vectors.enumerated() {
        #expect(abs(zip(v, w).reduce(0) { $0 + $1.0 * $1.1 } - (a == b ? 1 : 0)) < 1e-8)
      }
    }
  }

  /// ARPACK itself has one computation in a process.
  @Test func severalThreadsMayAskAtOnce() {
    let asked = 12
    let found = Mutex<[Int: [Double]]>([:])
    DispatchQueue.concurrentPerform(iterations: asked) { number in
      let n = 400 + 40 * number
      let pairs = try? LargestEigenpairs.of(order: n, count: 6) { x, result in for i in 0..<n { result[i] = x[i] / Double(i + 1) } }
      found.withLock { $0[number] = pairs?.values }
    }
    for number in 0..<asked {
      let values = found.withLock { $0[number] } ?? []
      #expect(values.count == 6 && zip(values, 1...).allSatisfy { abs($0 - 1 / Double($1)) < 1e-9 }, "\(number): \(values)")
    }
  }

  @Test func aProductThatThrowsEndsTheIterations() {
    struct Stop: Error {}
    #expect(throws: Stop.self) { try LargestEigenpairs.of(order: 500, count: 3) { _, _ in throw Stop() } }
  }
}
