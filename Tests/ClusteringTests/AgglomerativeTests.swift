import Tensors
import Testing

import Clustering

private let team = ThreadTeam(threads: 2)

private func tree(_ x: Tensor, threads: Int = 2) -> [Join] {
  let team = ThreadTeam(threads: threads)
  let distinct = DistinctRows(x, team: team)
  let tree = WardTree(distinct.rows(of: x), copies: distinct, team: team)
  while tree.remaining > 1 { tree.joinMutualNeighbours(team) }
  return tree.joins
}

private func ward(_ x: Tensor, clusters: Int, threads: Int = 2) throws -> [Int32] {
  try WardClustering(clusters: clusters).cluster(x, seed: 0, team: ThreadTeam(threads: threads)) { _ in }.assignments
}

struct WardTests {
  @Test func hasTheHeightsOfTheWorkedCase() {
    let heights = tree(Tensor(shape: [4, 1], [0, 1, 3, 10])).map(\.height).sorted()
    #expect(zip(heights, [1, 2.886751, 10.614456]).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  /// Also where short vectors stand for the rows, and where slots are compacted.
  @Test(arguments: [(200, 3), (200, 40), (150, 300), (90, 700), (2, 5), (3, 1)])
  func agreesWithThePlainTree(rows: Int, dimensions: Int) throws {
    let x = TestPoints.cube(rows, dimensions: dimensions, seed: UInt64(rows + dimensions))
    let found = tree(x).map(\.height).sorted()
    let plain = PlainWard.run(x, clusters: 1).heights.sorted()
    // Centroids are kept in Float.
    #expect(found.count == plain.count && zip(found, plain).allSatisfy { abs($0 - $1) < 1e-5 * $1 })
    for clusters in [1, 2, 7, 30] where clusters <= rows {
      #expect(try ward(x, clusters: clusters) == PlainWard.run(x, clusters: clusters).assignments)
    }
  }

  @Test func agreesWithFastcluster() throws {
    let heights = tree(oraclePoints).map(\.height).sorted()
    let expected = [
      0.605227, 1.118317, 1.696526, 1.941031, 2.274584, 3.004785, 4.483081, 5.271628, 8.036403, 8.098578, 14.029521,
    ]
    #expect(zip(heights, expected).allSatisfy { abs($0 - $1) < 1e-5 * $1 })
    #expect(try ward(oraclePoints, clusters: 3) == [0, 1, 1, 1, 0, 0, 0, 0, 0, 2, 1, 0])
  }

  @Test func farFromTheOriginTheTreeIsTheSame() throws {
    let x = TestPoints.cube(120, dimensions: 5, seed: 8).scalars.map { ($0 * 64).rounded() / 64 }
    #expect(try ward(Tensor(shape: [120, 5], x), clusters: 9) == ward(Tensor(shape: [120, 5], x.map { $0 + 256 }), clusters: 9))
  }

  @Test func threadsDoNotMatter() {
    let x = TestPoints.cube(2500, dimensions: 300, seed: 4)
    let (one, three) = (tree(x, threads: 1), tree(x, threads: 3))
    #expect(zip(one, three).allSatisfy { $0.a == $1.a && $0.b == $1.b && $0.height == $1.height })
    #expect(one.count == 2499)
  }

  /// All on a grid: every distance is there many times.
  @Test func tiesComeToAnEnd() throws {
    let x = Tensor(shape: [400, 2], (0..<400).flatMap { [Float($0 % 20), Float($0 / 20)] })
    #expect(tree(x).count == 399)
    #expect(try Set(ward(x, clusters: 4)) == [0, 1, 2, 3])
    #expect(try ward(x, clusters: 4) == ward(x, clusters: 4, threads: 1))
  }

  @Test func copiesStayTogether() throws {
    // Heights of copies: as if each pair of them were joined first.
    let copies = Tensor(shape: [7, 1], [0, 0, 5, 0, 5, 9, 9])
    #expect(try ward(copies, clusters: 3) == [0, 0, 1, 0, 1, 2, 2])
    #expect(try ward(copies, clusters: 2) == [0, 0, 1, 0, 1, 1, 1])
    let heights = tree(copies).map(\.height).sorted()
    let plain = PlainWard.run(copies, clusters: 1).heights.sorted().suffix(2)
    #expect(zip(heights, plain).allSatisfy { abs($0 - $1) < 1e-6 })
    // Fewer kinds than clusters: the clusters behind them stay empty.
    #expect(try ward(copies, clusters: 6) == [0, 0, 1, 0, 1, 2, 2])
    #expect(try Set(ward(Tensor(zeros: [500, 3]), clusters: 2)) == [0])
  }

  @Test func whatProgressThrowsEndsTheWork() {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try WardClustering(clusters: 2).cluster(oraclePoints, seed: 0, team: team) { _ in throw Stop() }
    }
  }
}

struct MutualNeighbourTests {
  private let six = Tensor(shape: [6, 1], [0, 1, 3, 10, 11.5, 14])

  @Test func joinsInTheOrderOfTheWorkedCase() throws {
    let pairs = MutualNeighbourClustering.mutualPairs(NearestNeighbours(six, count: 2, team: team))
    #expect(pairs.prefix(4).map(\.value) == [2, 2, 3, 3])
    #expect(pairs.prefix(4).map { [$0.a, $0.b] } == [[0, 1], [3, 4], [1, 2], [4, 5]])
    let found = try MutualNeighbourClustering(clusters: 2, neighbours: 2).cluster(six, seed: 0, team: team) { _ in }
    #expect(found.assignments == [0, 0, 0, 1, 1, 1])
  }

  /// With one neighbour each the mutual pairs run out; then the closest neighbours are joined, at last with longer lists.
  @Test(arguments: [1, 2, 5, 100]) func goesOnWhereMutualNeighboursRunOut(neighbours: Int) throws {
    for clusters in 1...6 {
      let found = try MutualNeighbourClustering(clusters: clusters, neighbours: neighbours).cluster(six, seed: 0, team: team) { _ in }
      #expect(Set(found.assignments).count == clusters)
    }
  }

  @Test func copiesStayTogether() throws {
    let copies = Tensor(shape: [8, 1], [0, 0, 5, 0, 5, 9, 9, 30])
    let found = try MutualNeighbourClustering(clusters: 6, neighbours: 3).cluster(copies, seed: 0, team: team) { _ in }
    #expect(found.assignments == [0, 0, 1, 0, 1, 2, 2, 3])
    let black = try MutualNeighbourClustering(clusters: 2, neighbours: 3).cluster(Tensor(zeros: [9, 4]), seed: 0, team: team) { _ in }
    #expect(Set(black.assignments) == [0])
  }
}
