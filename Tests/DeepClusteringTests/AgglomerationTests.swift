import Tensors
import Testing

import DeepClustering

@Suite("JULE's merging")
struct AgglomerationTests {
  /// Unit vectors about some directions.
  static func points(_ count: Int, directions: Int, dimensions: Int, spread: Float, seed: UInt64) -> Tensor {
    var stream = RandomStream(seed: seed, purpose: .test)
    let centres = (0..<directions).map { _ in (0..<dimensions).map { _ in stream.normal() } }
    let values = (0..<count).flatMap { row in centres[row % directions].map { $0 + spread * stream.normal() } }
    return RowNormalisation.forward(Tensor(shape: [count, dimensions], values), team: ThreadTeam(threads: 1)).output
  }

  @Test("neighbours are those of a plain search, at any number of threads", arguments: [1, 3])
  func neighbours(threads: Int) {
    let (n, d, k) = (1500, 19, 7)
    let x = Self.points(n, directions: 12, dimensions: d, spread: 0.4, seed: 1)
    let graph = NeighbourGraph(x, neighbours: k, team: ThreadTeam(threads: threads))
    let values = x.scalars.map { Double($0) }
    for row in stride(from: 0, to: n, by: 31) {
      let squares = (0..<n).map { other in
        (0..<d).reduce(0.0) { $0 + (values[row * d + $1] - values[other * d + $1]) * (values[row * d + $1] - values[other * d + $1]) }
      }
      let expected = (0..<n).filter { $0 != row }.sorted { squares[$0] != squares[$1] ? squares[$0] < squares[$1] : $0 < $1 }.prefix(k)
      #expect(graph.neighbours[row * k..<(row + 1) * k].map { Int($0) } == Array(expected))
      for (place, other) in expected.enumerated() { #expect(abs(graph.squares[row * k + place] - squares[other]) < 1e-12) }
    }
  }

  @Test("equal rows and fewer rows than neighbours are no trouble")
  func degenerate() {
    let same = Tensor(shape: [5, 3], [Float](repeating: 0.5, count: 15))
    let graph = NeighbourGraph(same, neighbours: 20, team: ThreadTeam(threads: 1))
    #expect(graph.count == 4 && graph.affinities.allSatisfy { $0 == 1 })
    #expect(graph.chains() == [0, 0, 0, 0, 0])
    #expect(NeighbourGraph(same.rows(0..<1), neighbours: 20, team: ThreadTeam(threads: 1)).chains() == [0])
    let agglomeration = Agglomeration(clusters: 3, neighbours: 20, clusterNeighbours: 5, rate: 0.9, outlierShare: 0.1)
    #expect(agglomeration.cluster(same, team: ThreadTeam(threads: 1)).allSatisfy { $0 == 0 })
  }

  @Test("chains join each row with its nearest, and are cut after the longest")
  func chains() {
    // Each row's nearest is the one after it; the last's the one before.
    let line = Tensor(shape: [6, 1], [0, 10, 19, 27, 34, 40])
    let graph = NeighbourGraph(line, neighbours: 1, team: ThreadTeam(threads: 1))
    #expect(graph.chains() == [0, 0, 0, 0, 0, 0])
    #expect(graph.chains(longest: 1) == [0, 0, 0, 1, 1, 1])
    let pairs = Tensor(shape: [4, 1], [0, 0.1, 5, 5.1])
    #expect(NeighbourGraph(pairs, neighbours: 1, team: ThreadTeam(threads: 1)).chains() == [0, 0, 1, 1])
  }

  @Test("rows of affinities have K_s numbers of mean distance's scale")
  func affinities() {
    let graph = NeighbourGraph(
      Self.points(60, directions: 3, dimensions: 5, spread: 0.3, seed: 2), neighbours: 4, team: ThreadTeam(threads: 1))
    #expect(graph.affinities.count == 240 && graph.affinities.allSatisfy { $0 > 0 && $0 <= 1 })
    let mean = graph.squares.reduce(0, +) / 240
    #expect(abs(graph.affinities[0] - Elementary.exp(-graph.squares[0] / mean)) < 1e-15)
  }

  /// Dense matrices and the definitions, step by step: what the sparse structures must agree with.
  struct DenseMerging {
    var r: [[Double]]
    var sizes: [Int]
    let k: Int

    init(_ graph: NeighbourGraph, labels: [Int32], neighbourhood: Int) {
      let (n, c) = (graph.rows, 1 + Int(labels.max() ?? 0))
      var w = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
      for (edge, weight) in graph.affinities.enumerated() { w[edge / graph.count][Int(graph.neighbours[edge])] = weight }
      self.init(w, labels: labels, clusters: c, neighbourhood: neighbourhood)
    }

    init(_ w: [[Double]], labels: [Int32], clusters c: Int, neighbourhood: Int) {
      k = neighbourhood
      sizes = (0..<c).map { cluster in labels.count { Int($0) == cluster } }
      r = [[Double]](repeating: [Double](repeating: 0, count: c), count: c)
      for m in w.indices {
        var (into, out) = ([Double](repeating: 0, count: c), [Double](repeating: 0, count: c))
        for q in w.indices {
          into[Int(labels[q])] += w[q][m]
          out[Int(labels[q])] += w[m][q]
        }
        for b in 0..<c where b != Int(labels[m]) { r[Int(labels[m])][b] += into[b] * out[b] }
      }
    }

    func affinity(_ a: Int, _ b: Int) -> Double {
      if a == b || sizes[a] == 0 || sizes[b] == 0 { return 0 }
      return r[a][b] / Double(sizes[b] * sizes[b]) + r[b][a] / Double(sizes[a] * sizes[a])
    }

    mutating func mergeBest() -> (Int, Int)? {
      let live = sizes.indices.filter { sizes[$0] > 0 }
      var best: (score: Double, a: Int, b: Int)?
      for a in live {
        let ranked = live.filter { $0 != a }.map { (affinity(a, $0), $0) }.sorted { $0.0 != $1.0 ? $0.0 > $1.0 : $0.1 < $1.1 }
        guard let first = ranked.first, first.0 > 0 else { continue }
        var score = first.0
        if live.count > ClusterMerging.clustersWithLocalScores {
          for rank in 1..<k { score += (first.0 - (rank < ranked.count ? ranked[rank].0 : 0)) / Double(k - 1) }
        }
        if best.map({ score > $0.score }) ?? true { best = (score, a, first.1) }
      }
      guard let best else { return nil }
      let (a, b) = (min(best.a, best.b), max(best.a, best.b))
      for x in sizes.indices { r[x][a] += r[x][b] }
      for x in sizes.indices { r[a][x] += r[b][x] }
      (sizes[a], sizes[b]) = (sizes[a] + sizes[b], 0)
      return (a, b)
    }
  }

  @Test("affinity of three points: 0.025")
  func threePoints() {
    let w: [[Double]] = [[0, 0.9, 0.1], [0.8, 0, 0], [0.2, 0, 0]]
    let dense = DenseMerging(w, labels: [0, 0, 1], clusters: 2, neighbourhood: 5)
    #expect(abs(dense.affinity(0, 1) - 0.025) < 1e-15 && abs(dense.affinity(1, 0) - 0.025) < 1e-15)
  }

  /// Three points as rows of coordinates, of which the squares of their distances are given.
  private static func triangle(_ square01: Double, _ square02: Double, _ square12: Double) -> [[Double]] {
    let side = square01.squareRoot()
    let x = (square01 + square02 - square12) / (2 * side)
    return [[0, 0], [side, 0], [x, (square02 - x * x).squareRoot()]]
  }

  @Test(
    "an affinity of 0.025, by hand, is merged before one that is a five-hundredth less, and behind one that is as much more",
    arguments: [0.998, 1.002])
  func mergeAtAffinity(share: Double) {
    // Clusters {0, 1} and {2}, W₀₂ = w and W₁₂ = w/2 both ways: R are w² + (w/2)² and (w + w/2)², over 1² and 2², hence A = 29/16 w².
    let w = (0.025 * 16 / 29).squareRoot()
    #expect(abs(w * w + w * w / 4 + (w + w / 2) * (w + w / 2) / 4 - 0.025) < 1e-15)
    // Clusters {3} and {4}: A = 2 W₃₄².
    let rival = (share * 0.025 / 2).squareRoot()
    // Every point has the other two of its group as neighbours. Squares are −ln W where their mean is 1: over two groups whose clusters merge, of
    // which point 5 takes up what the others leave, and five that are one cluster each and near.
    let (first, near) = ([2, -Elementary.log(w), -Elementary.log(w / 2)], 0.1)
    let rest = (21 - 15 * near - first.reduce(0, +) + Elementary.log(rival)) / 2
    let groups =
      [Self.triangle(first[0], first[1], first[2]), Self.triangle(-Elementary.log(rival), rest, rest)]
      + (0..<5).map { _ in Self.triangle(near, near, near) }
    let rows = groups.enumerated().flatMap { group, points in
      points.map { point in point.map(Float.init) + (0..<groups.count).map { $0 == group ? 10 : 0 } }
    }
    let x = Tensor(shape: [rows.count, 2 + groups.count], rows.flatMap { $0 })
    let graph = NeighbourGraph(x, neighbours: 2, team: ThreadTeam(threads: 1))
    #expect(abs(graph.squares.reduce(0, +) / 42 - 1) < 1e-5)
    let labels: [Int32] = [0, 0, 1, 2, 3, 4] + (0..<15).map { Int32(5 + $0 / 3) }
    var merging = ClusterMerging(graph, labels: labels, neighbourhood: 5)
    #expect(merging.isolated == [5, 6, 7, 8, 9])
    let pairs = [merging.mergeBest(), merging.mergeBest()].map { $0.map { [$0.kept, $0.merged] } }
    #expect(pairs == (share < 1 ? [[0, 1], [2, 3]] : [[2, 3], [0, 1]]))
  }

  @Test("sparse structures give the merges of dense ones on 300 points, down to the last", arguments: [(1, 5), (2, 5), (3, 1), (4, 3)])
  func sparseEqualsDense(seed: UInt64, neighbourhood: Int) {
    let x = Self.points(300, directions: 6, dimensions: 8, spread: 0.5, seed: seed)
    let graph = NeighbourGraph(x, neighbours: 20, team: ThreadTeam(threads: 1))
    // Singletons: more than 100 clusters, so that both scores are met.
    for labels in [(0..<300).map { Int32($0) }, graph.chains()] {
      var (sparse, dense) = (
        ClusterMerging(graph, labels: labels, neighbourhood: neighbourhood),
        DenseMerging(graph, labels: labels, neighbourhood: neighbourhood)
      )
      var merges = 0
      while let expected = dense.mergeBest() {
        let found = sparse.mergeBest()
        guard let found, found == (kept: expected.0, merged: expected.1) else {
          Issue.record("merge \(merges): \(String(describing: found)) instead of \(expected)")
          return
        }
        merges += 1
      }
      #expect(sparse.mergeBest() == nil && merges >= sparse.clusters.count - 30)
    }
  }

  @Test("rows that only look at others join them, and take no cluster's place")
  func outliers() {
    // Two groups of 20, a row between them that both have as twentieth neighbour, and a pair far off that nobody has.
    var random = RandomStream(seed: 3, purpose: .test)
    let values = (0..<43).flatMap { row -> [Float] in
      let centre: [Float] =
        switch row {
        case 0..<20: [1, 0, 0]
        case 20..<40: [0, 1, 0]
        case 40: [0.7, 0.7, 0]
        default: [0.4, 0, 0.9]
        }
      return centre.map { $0 + 0.02 * random.normal() }
    }
    let x = RowNormalisation.forward(Tensor(shape: [43, 3], values), team: ThreadTeam(threads: 1)).output
    let graph = NeighbourGraph(x, neighbours: 20, team: ThreadTeam(threads: 1))
    let labels = (0..<43).map { row -> Int32 in row < 40 ? Int32(row / 10) : row == 40 ? 0 : 4 }
    func stage(_ share: Double) -> [Int32] {
      Agglomeration(clusters: 2, neighbours: 20, clusterNeighbours: 5, rate: 0.9, outlierShare: share).stage(labels, graph, x)
    }
    let ofGroups = (0..<43).map { (20..<40).contains($0) ? Int32(1) : 0 }
    let ofPair = (0..<43).map { $0 > 40 ? Int32(1) : 0 }
    #expect(stage(0) == ofPair)
    // The pair's 2 rows are less than half of the mean, 43 / 5.
    #expect(stage(0.5) == ofGroups)
    #expect(stage(0.2) == ofPair)
  }

  @Test("stages merge their share, never below K, and clusters without affinities join")
  func stages() {
    let agglomeration = Agglomeration(clusters: 10, neighbours: 5, clusterNeighbours: 5, rate: 0.9, outlierShare: 0.1)
    #expect(agglomeration.merges(of: 1000) == 900 && agglomeration.merges(of: 101) == 91 && agglomeration.merges(of: 50) == 40)
    #expect(agglomeration.merges(of: 10) == 0 && agglomeration.merges(of: 4) == 0)
    // Ten far groups of 30 with 5 neighbours each have no affinities between them; 4 clusters are still reached.
    let x = Self.points(300, directions: 10, dimensions: 16, spread: 0.02, seed: 5)
    let few = Agglomeration(clusters: 4, neighbours: 5, clusterNeighbours: 5, rate: 0.9, outlierShare: 0.1).cluster(
      x, team: ThreadTeam(threads: 2))
    #expect(Set(few) == [0, 1, 2, 3])
    let ten = agglomeration.cluster(x, team: ThreadTeam(threads: 1))
    #expect(Set(ten).count == 10)
    for row in 0..<300 { #expect(ten[row] == ten[row % 10]) }
  }
}
