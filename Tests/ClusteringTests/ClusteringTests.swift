import Clustering
import Tensors
import Testing

/// Values of scikit-learn 1.x (`accuracy` by SciPy's linear_sum_assignment), printed to six digits.
private let tolerance = 1e-6

struct ClusteringScoresTests {
  @Test func agreesWithTheOracles() {
    let scores = ClusteringScores(clusters: [0, 0, 0, 1], classes: [0, 0, 1, 1])
    #expect(abs(scores.accuracy - 0.75) < tolerance)
    #expect(abs(scores.nmiGeometric - 0.345593) < tolerance)
    #expect(abs(scores.nmiArithmetic - 0.343712) < tolerance)
    #expect(abs(scores.ari) < tolerance)
  }

  @Test func namesDoNotMatter() {
    let classes = [0, 1, 2, 2, 1, 0, 0, 1, 2, 0]
    let clusters = [2, 0, 1, 1, 0, 2, 2, 1, 1, 0]
    let renamed = clusters.map { [1, 2, 0][$0] }
    let (a, b) = (ClusteringScores(clusters: clusters, classes: classes), ClusteringScores(clusters: renamed, classes: classes))
    #expect(a.accuracy == b.accuracy && abs(a.nmiGeometric - b.nmiGeometric) < 1e-12 && abs(a.ari - b.ari) < 1e-12)
    let perfect = ClusteringScores(clusters: classes.map { ($0 + 1) % 3 }, classes: classes)
    #expect(perfect.accuracy == 1 && abs(perfect.nmiGeometric - 1) < 1e-12 && abs(perfect.ari - 1) < 1e-12)
  }

  @Test func hungarianEqualsBruteForce() {
    func permutations(_ items: [Int]) -> [[Int]] {
      items.count < 2 ? [items] : items.flatMap { first in permutations(items.filter { $0 != first }).map { [first] + $0 } }
    }
    let all = permutations(Array(0..<6))
    #expect(all.count == 720)
    for seed in UInt64(1)...10 {
      var stream = RandomStream(seed: seed, purpose: .test)
      let gain = (0..<6).map { _ in (0..<6).map { _ in stream.integer(below: 100) } }
      func total(_ map: [Int]) -> Int { map.enumerated().reduce(0) { $0 + gain[$1.offset][$1.element] } }
      #expect(total(Hungarian.maximise(gain)) == all.map(total).max())
    }
  }

  @Test func varianceIsMeanSquareMinusSquaredMean() {
    let variances = IntraClassVariance.of([0, 1, 1, 0, 0.5, 0.5], dimensions: 2, groups: [0, 0, 1], count: 3)
    #expect(variances == [0.5, 0, 0])
  }
}

struct KMeansTests {
  @Test func solvesTheWorkedCase() {
    let x = Tensor(shape: [4, 1], [0, 1, 10, 11])
    let result = KMeans(clusters: 2, restarts: 3, iterations: 100, tolerance: 0).fit(x, seed: 1, team: ThreadTeam(threads: 1))
    #expect(result.centres.scalars.sorted() == [0.5, 10.5])
    #expect(abs(result.inertia - 1) < 1e-9)
  }

  @Test func splitsBlobsAndIgnoresThreads() {
    let (x, classes) = blobs(perBlob: 50, dimensions: 8)
    let method = KMeans(clusters: 3, restarts: 4, iterations: 100, tolerance: 1e-4)
    let one = method.fit(x, seed: 2, team: ThreadTeam(threads: 1))
    let two = method.fit(x, seed: 2, team: ThreadTeam(threads: 2))
    #expect(one.assignments == two.assignments && one.centres.scalars == two.centres.scalars)
    #expect(ClusteringScores(clusters: one.assignments.map { Int($0) }, classes: classes).accuracy == 1)
  }
}

struct TSNETests {
  @Test func keepsBlobsApartAndIgnoresThreads() {
    let (x, classes) = blobs(perBlob: 40, dimensions: 60)
    let method = TSNE(perplexity: 10, iterations: 300, exaggeration: 12, exaggerationIterations: 100)
    var counted = 0
    let one = method.embed(x, team: ThreadTeam(threads: 1)) { _ in counted += 1 }
    let two = method.embed(x, team: ThreadTeam(threads: 2)) { _ in }
    #expect(counted == 300)
    #expect(one.map.scalars == two.map.scalars)
    let p = one.map.scalars
    // The nearest neighbour of a point is of its own blob.
    let pure = classes.indices.filter { i in
      func square(_ j: Int) -> Float {
        (p[2 * i] - p[2 * j]) * (p[2 * i] - p[2 * j]) + (p[2 * i + 1] - p[2 * j + 1]) * (p[2 * i + 1] - p[2 * j + 1])
      }
      let nearest = classes.indices.filter { $0 != i }.min { square($0) < square($1) } ?? i
      return classes[nearest] == classes[i]
    }
    #expect(Double(pure.count) > 0.95 * Double(classes.count))
    #expect(one.klDivergence > 0 && one.klDivergence < 2)
  }
}

/// Three well separated Gaussian-like blobs.
private func blobs(perBlob: Int, dimensions: Int) -> (Tensor, [Int]) {
  var stream = RandomStream(seed: 5, purpose: .test)
  var (values, classes): ([Float], [Int]) = ([], [])
  for blob in 0..<3 {
    for _ in 0..<perBlob {
      for d in 0..<dimensions {
        let noise = (0..<4).reduce(Float(0)) { sum, _ in sum + stream.uniform(-0.5, 0.5) }
        values.append(noise + (d % 3 == blob ? 6 : 0))
      }
      classes.append(blob)
    }
  }
  return (Tensor(shape: [3 * perBlob, dimensions], values), classes)
}
