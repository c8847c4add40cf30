import Clustering
import Glibc
import Tensors
import Testing

/// Values of scikit-learn and SciPy, by Tests/oracles/clustering.py, printed to twelve digits.
private let oracleTolerance = 1e-10
/// Different orders of summing a few dozen terms.
private let roundingTolerance = 1e-12

private struct ScoresOracle: Sendable {
  let name: String
  let clusters, classes: [Int]
  /// ACC, NMI geometric, NMI arithmetic, ARI
  let values: [Double]

  init(_ name: String, clusters: [Int], classes: [Int], values: [Double]) {
    (self.name, self.clusters, self.classes, self.values) = (name, clusters, classes, values)
  }
}

private let oracles = [
  ScoresOracle(
    "halves", clusters: [0, 0, 0, 1], classes: [0, 0, 1, 1], values: [0.75, 0.345592029944, 0.343711018485, 0]),
  ScoresOracle(
    "noisy",
    clusters: [
      2, 3, 1, 2, 3, 2, 2, 0, 2, 0, 0, 2, 2, 1, 3, 2, 1, 2, 3, 0, 2, 2, 0, 1, 1, 3, 2, 0, 0, 0, 3, 3, 3, 2, 2, 2, 3, 3, 1, 2,
    ],
    classes: [
      3, 2, 2, 3, 2, 3, 3, 0, 0, 1, 1, 3, 3, 0, 1, 3, 0, 3, 0, 1, 3, 1, 1, 1, 2, 1, 3, 1, 1, 2, 2, 2, 2, 3, 3, 3, 2, 2, 1, 3,
    ], values: [0.725, 0.476668342495, 0.476665329601, 0.512922465209]),
  ScoresOracle(
    "more clusters", clusters: [3, 1, 4, 5, 1, 3, 0, 1, 2, 5, 5, 3, 3, 3, 0, 2, 5, 2, 1, 1, 4, 0, 5, 5, 3, 2, 4, 3, 2, 1],
    classes: [1, 2, 0, 0, 2, 1, 2, 0, 2, 0, 1, 2, 0, 1, 2, 1, 0, 1, 1, 2, 2, 1, 0, 1, 0, 2, 2, 1, 2, 1],
    values: [0.366666666667, 0.215079701269, 0.20925594472, 0.0337846441153]),
  ScoresOracle(
    "more classes", clusters: [1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1],
    classes: [1, 1, 0, 0, 4, 1, 0, 0, 1, 1, 1, 4, 4, 2, 4, 1, 0, 1, 0, 4, 1, 2, 1, 4, 0, 2, 4, 2, 4, 4],
    values: [0.433333333333, 0.0670806686274, 0.0622573316692, 0.00797191980487]),
  ScoresOracle(
    "one cluster", clusters: [Int](repeating: 0, count: 9), classes: [2, 2, 1, 1, 2, 1, 2, 2, 1], values: [0.555555555556, 0, 0, 0]),
  ScoresOracle(
    "singletons", clusters: [0, 1, 2, 3, 4, 5], classes: [0, 0, 1, 1, 2, 2], values: [0.5, 0.783037159249, 0.760187533432, 0]),
]

/// Every score, in the order of the oracles' values; all are symmetric, free of names, at most 1 and 1 for equal partitions.
private let scores: [(name: String, of: @Sendable (ClusteringScores) -> Double)] = [
  ("ACC", { $0.accuracy }), ("NMI geometric", { $0.nmiGeometric }), ("NMI arithmetic", { $0.nmiArithmetic }), ("ARI", { $0.ari }),
]

private func random(_ seed: UInt64, _ count: Int, below bound: Int) -> [Int] {
  var stream = RandomStream(seed: seed, purpose: .test)
  return (0..<count).map { _ in stream.integer(below: bound) }
}

struct ScoresTests {
  @Test func agreeWithScikitLearn() {
    for oracle in oracles {
      let found = ClusteringScores(clusters: oracle.clusters, classes: oracle.classes)
      for (score, expected) in zip(scores, oracle.values) {
        #expect(abs(score.of(found) - expected) < oracleTolerance, "\(score.name) of \(oracle.name)")
      }
    }
  }

  @Test func renamedPerfectClustersScoreOne() {
    let found = ClusteringScores(clusters: [1, 1, 0, 0], classes: [0, 0, 1, 1])
    for score in scores { #expect(score.of(found) == 1, "\(score.name)") }
    #expect(found.classOfCluster == [1, 0])
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func namesDoNotMatterAndSidesNeither(seed: UInt64) {
    let (clusters, classes) = (random(seed, 60, below: 5), random(seed + 100, 60, below: 4))
    let found = ClusteringScores(clusters: clusters, classes: classes)
    let renamed = ClusteringScores(clusters: clusters.map { [3, 0, 4, 1, 2][$0] }, classes: classes.map { [2, 3, 1, 0][$0] })
    let exchanged = ClusteringScores(clusters: classes, classes: clusters)
    for score in scores {
      #expect(abs(score.of(found) - score.of(renamed)) < roundingTolerance, "\(score.name)")
      #expect(abs(score.of(found) - score.of(exchanged)) < roundingTolerance, "\(score.name)")
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func scoresAreBounded(seed: UInt64) {
    let found = ClusteringScores(clusters: random(seed, 30, below: 7), classes: random(seed + 100, 30, below: 3))
    for score in scores.dropLast() { #expect((0...1).contains(score.of(found)), "\(score.name)") }
    #expect((-1...1).contains(found.ari))
  }

  @Test func pairsBeyond32BitsAreCounted() {
    // 100,000 points have 5·10⁹ pairs; the expected ones are a product of about 10¹⁹.
    let classes = (0..<100_000).map { $0 % 2 }
    #expect(ClusteringScores(clusters: classes, classes: classes).ari == 1)
    let unrelated = ClusteringScores(clusters: classes.indices.map { $0 / 2 % 2 }, classes: classes)
    #expect(abs(unrelated.ari) < 1e-4)
  }

  @Test func trivialPartitions() {
    let single = ClusteringScores(clusters: [0, 0, 0], classes: [0, 0, 0])
    for score in scores { #expect(score.of(single) == 1, "\(score.name)") }
    let one = ClusteringScores(clusters: [0], classes: [0])
    for score in scores { #expect(score.of(one) == 1, "\(score.name)") }
  }
}

/// What one thread works, whatever else shares the machine.
private func processorSeconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
  let start = now()
  body()
  return now() - start
}

struct HungarianTests {
  /// Most gains are 0, as with a thousand classes of two images each: nearly every row finds a free column at once. On a Zen 4 core 20 ms.
  @Test func aThousandClassesOfFewImagesTakeNoTime() {
    let (classes, clusters) = ((0..<2000).map { $0 % 1000 }, (0..<2000).map { ($0 * 7919 + $0 * $0 * 31) % 1009 % 1000 })
    var scores: ClusteringScores?
    let seconds = processorSeconds { scores = ClusteringScores(clusters: clusters, classes: classes) }
    #expect(seconds < 0.5, "\(seconds)")
    #expect(Set(scores?.classOfCluster ?? []).count == 1000)
    // By scipy.optimize.linear_sum_assignment (Tests/oracles/clustering.py).
    #expect(scores.map { ($0.accuracy * 2000).rounded() } == 503)
  }

  @Test func equalsBruteForce() {
    func permutations(_ items: [Int]) -> [[Int]] {
      items.isEmpty ? [[]] : items.flatMap { first in permutations(items.filter { $0 != first }).map { [first] + $0 } }
    }
    let all = permutations(Array(0..<6))
    #expect(all.count == 720)
    for seed in UInt64(1)...20 {
      let numbers = random(seed, 36, below: 100)
      let gain = (0..<6).map { Array(numbers[$0 * 6..<($0 + 1) * 6]) }
      func total(_ map: [Int]) -> Int { map.enumerated().reduce(0) { $0 + gain[$1.offset][$1.element] } }
      #expect(total(Hungarian.maximise(gain)) == all.map(total).max())
    }
  }

  @Test func equalsSciPy() {
    let gain = [
      [411, 714, 922, 96, 68, 248, 429, 162, 519, 541, 950, 745], [250, 786, 806, 679, 676, 310, 717, 134, 629, 921, 971, 298],
      [332, 618, 398, 731, 202, 168, 50, 469, 212, 299, 915, 814], [840, 593, 112, 746, 603, 908, 479, 173, 594, 456, 659, 375],
      [306, 125, 961, 755, 465, 234, 628, 412, 635, 90, 183, 734], [61, 677, 411, 3, 764, 699, 815, 895, 729, 841, 113, 918],
      [913, 694, 802, 741, 877, 889, 523, 816, 915, 297, 46, 170], [30, 434, 20, 258, 252, 706, 248, 949, 187, 971, 567, 243],
      [38, 305, 590, 109, 166, 114, 677, 88, 21, 455, 310, 570], [938, 857, 538, 642, 811, 437, 658, 216, 610, 236, 191, 761],
      [574, 376, 39, 236, 801, 468, 960, 900, 854, 15, 50, 578], [338, 841, 318, 153, 112, 301, 626, 126, 797, 302, 313, 662],
    ]
    #expect(Hungarian.maximise(gain) == [10, 9, 3, 5, 2, 11, 4, 7, 6, 0, 8, 1])
  }

  @Test func emptyAndSingle() {
    #expect(Hungarian.maximise([]).isEmpty)
    #expect(Hungarian.maximise([[3]]) == [0])
  }

  @Test func twoHundredRowsTakeLessThan50Milliseconds() {
    let numbers = random(9, 40_000, below: 1000)
    let gain = (0..<200).map { Array(numbers[$0 * 200..<($0 + 1) * 200]) }
    var columns: [Int] = []
    let least = (0..<5).map { _ in processorSeconds { columns = Hungarian.maximise(gain) } }.min() ?? 1
    #expect(Set(columns).count == 200 && least < 0.05, "\(least)")
  }
}

struct IntraClassVarianceTests {
  @Test func isTheMeanSquaredDistanceToTheMean() {
    let points = Tensor(shape: [4, 2], [0, 1, 1, 0, 0.5, 0.5, 9, 9])
    #expect(IntraClassVariance.of(points, groups: [0, 0, 1, -1], count: 3) == [0.5, 0, 0])
  }

  @Test func equalsMeanSquareLessSquaredMeanAndIsBounded() {
    var stream = RandomStream(seed: 4, purpose: .test)
    let rows = (0..<200).map { _ -> [Float] in
      let row = (0..<5).map { _ in stream.uniform() * stream.uniform() }
      return row.map { $0 / row.reduce(0, +) }
    }
    let groups = (0..<200).map { $0 % 3 }
    let found = IntraClassVariance.of(Tensor(shape: [200, 5], rows.flatMap { $0 }), groups: groups, count: 3)
    for group in 0..<3 {
      let members = groups.indices.filter { groups[$0] == group }.map { rows[$0].map { Double($0) } }
      let n = Double(members.count)
      let mean = (0..<5).map { k in members.reduce(0) { $0 + $1[k] } / n }
      let expected = members.reduce(0) { $0 + $1.reduce(0) { $0 + $1 * $1 } } / n - mean.reduce(0) { $0 + $1 * $1 }
      #expect(abs(found[group] - expected) < roundingTolerance)
      #expect((0...0.8).contains(found[group]))
    }
  }
}

struct ClusterCasesTests {
  private let clusters = [0, 0, 0, 0, 0, 0, 1, 1, 1, 0]
  private let classes = [1, 1, 1, 1, 0, 0, 0, 1, 0, -1]
  private let confidence: [Float] = [0.5, 0.9, 0.9, 0.6, 0.7, 0.8, 0.6, 0.9, 0.7, 1]

  private func choose(_ count: Int, seed: UInt64 = 3) -> [ClusterCases] {
    ClusterCases.choose(clusters: clusters, confidence: confidence, classes: classes, classOfCluster: [1, 0, -1], count: count, seed: seed)
  }

  @Test func theMostConfidentComeFirstThenOthersAtRandom() {
    let found = choose(1)
    #expect(found.map(\.cluster) == [0, 1, 2])
    #expect(found.map(\.mappedClass) == [1, 0, -1])
    #expect(found[0].successes.count == 2 && found[0].successes[0] == 1 && [0, 2, 3].contains(found[0].successes[1]))
    #expect(found[0].failures == [5, 4])
    #expect(found[1].successes == [8, 6])
    #expect(found[1].failures == [7])
    #expect(found[2].successes == [] && found[2].failures == [])
  }

  @Test func allMembersOfAClusterWithoutClassAreFailures() {
    let found = ClusterCases.choose(
      clusters: clusters, confidence: confidence, classes: classes, classOfCluster: [1, -1], count: 5, seed: 3)
    #expect(found[1].mappedClass == -1 && found[1].successes == [] && found[1].failures == [7, 8, 6])
  }

  @Test func theRandomOnesFollowTheSeed() {
    #expect(choose(2) == choose(2))
    #expect(Set((UInt64(0)..<20).map { choose(1, seed: $0)[0].successes }).count == 3)
  }
}
