import Artifacts
import Clustering
import StageKit
import Tensors

/// The assignments at all epochs against the labels. Images without a label are left out everywhere; where no image has one, there are no
/// metrics, but the clusters are shown all the same.
struct Evaluation {
  let labels: Labels
  let snapshots: [Assignments]
  private let remarks: String?
  private let labelled: [Int]

  /// - Throws: `EvaluationError`, or what reading throws.
  init(assignments path: String, labels: Labels) throws {
    self.labels = labels
    snapshots = try AssignmentsFile.epochs(path).map { try AssignmentsFile.read(path, epoch: $0) }
    remarks = try AssignmentsFile.remarks(path)
    labelled = labels.values.indices.filter { labels.values[$0] >= 0 }
    for snapshot in snapshots { try Self.check(snapshot, labels.values, isLast: snapshot.epoch == snapshots.last?.epoch) }
    if snapshots.isEmpty { throw EvaluationError.noAssignments(path: path) }
  }

  private static func check(_ snapshot: Assignments, _ labels: [Int32], isLast: Bool) throws(EvaluationError) {
    guard snapshot.clusters.count == labels.count else { throw .sizes(assignments: snapshot.clusters.count, labels: labels.count) }
    if let wrong = snapshot.probabilities.first(where: { $0.shape[0] != labels.count }) {
      throw .probabilities(wrong.shape, epoch: snapshot.epoch, images: labels.count)
    }
    guard snapshot.probabilities.allSatisfy({ $0.withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }) else {
      throw .notFinite(epoch: snapshot.epoch, isLast: isLast)
    }
    let clusters = snapshot.probabilities.last?.shape[1] ?? labels.count
    // −1 says that an image was left out, which only images without a label may be.
    let wrong = snapshot.clusters.indices.first { image in
      let cluster = snapshot.clusters[image]
      return cluster < (labels[image] < 0 ? -1 : 0) || cluster >= clusters
    }
    if let wrong { throw .cluster(Int(snapshot.clusters[wrong]), image: wrong, epoch: snapshot.epoch, clusters: clusters) }
  }

  /// - Parameters: how many confident and how many random cases of each kind to choose for a cluster, and the seed of the choice.
  func scores(cases count: Int, seed: UInt64) -> Scores {
    labelled.isEmpty ? unlabelledScores(cases: count, seed: seed) : labelledScores(cases: count, seed: seed)
  }

  private var last: Assignments { snapshots[snapshots.count - 1] }

  private func clusterCount(_ snapshot: Assignments) -> Int {
    snapshot.probabilities.last?.shape[1] ?? Int(snapshot.clusters.max() ?? 0) + 1
  }

  private func labelledScores(cases count: Int, seed: UInt64) -> Scores {
    let classes = labelled.map { Int(labels.values[$0]) }
    let scored = snapshots.map { snapshot in
      (snapshot.epoch, ClusteringScores(clusters: labelled.map { Int(snapshot.clusters[$0]) }, classes: classes))
    }
    let metrics = scored.map { epoch, scores in
      Scores.Metrics(
        epoch: epoch, accuracy: scores.accuracy, nmi: scores.nmiGeometric, nmiArithmetic: scores.nmiArithmetic, ari: scores.ari)
    }
    let final = scored[scored.count - 1].1
    let best = scored.indices.reduce(0) { scored[$1].1.accuracy > scored[$0].1.accuracy ? $1 : $0 }
    let clusterCount = clusterCount(last)
    let classCount = labels.classNames.count
    // The square table has a row for every cluster that has labelled images; clusters behind them have none.
    let mapped = (0..<clusterCount).map { $0 < final.classOfCluster.count ? final.classOfCluster[$0] : classCount }
    let variances = variances(mapped: mapped)
    return Scores(
      last: metrics[metrics.count - 1], best: metrics[best], epochs: metrics, images: labelled.count, verified: labels.verified,
      classNames: labels.classNames,
      confusion: (0..<clusterCount).map { cluster in
        (0..<classCount).map { cluster < final.contingency.count && $0 < final.contingency.count ? final.contingency[cluster][$0] : 0 }
      },
      clusterClasses: mapped.map { $0 < classCount ? $0 : -1 }, varianceByClass: variances.byClass, varianceByCluster: variances.byCluster,
      cases: cases(
        classes: labels.values.map { Int($0) }, mapped: mapped.map { $0 < classCount ? $0 : -1 }, count: count, seed: seed),
      remarks: remarks)
  }

  /// No metrics; the cases of a cluster are its most confident images and some at random.
  private func unlabelledScores(cases count: Int, seed: UInt64) -> Scores {
    let metrics = snapshots.map { Scores.Metrics(epoch: $0.epoch, accuracy: nil, nmi: nil, nmiArithmetic: nil, ari: nil) }
    let clusterCount = clusterCount(last)
    // Every image belongs to the class of its cluster, so to say.
    let own = last.clusters.map { Int($0) }
    return Scores(
      last: metrics[metrics.count - 1], best: metrics[metrics.count - 1], epochs: metrics, images: 0, verified: labels.verified,
      classNames: labels.classNames,
      confusion: (0..<clusterCount).map { _ in [] }, clusterClasses: (0..<clusterCount).map { _ in -1 }, varianceByClass: [],
      varianceByCluster: last.probabilities.last.map { IntraClassVariance.of($0, groups: own, count: clusterCount) } ?? [],
      cases: cases(classes: own, mapped: Array(0..<clusterCount), count: count, seed: seed).map {
        Scores.Cases(cluster: $0.cluster, mappedClass: -1, successes: $0.successes, failures: [], failureClasses: [])
      }, remarks: remarks)
  }

  /// Per true class, and per cluster in the order of the classes the clusters are mapped to; empty for hard methods.
  private func variances(mapped: [Int]) -> (byClass: [Double], byCluster: [Double]) {
    guard let probabilities = last.probabilities.last else { return ([], []) }
    let classes = labels.values.map { Int($0) }
    let clusters = last.clusters.indices.map { classes[$0] < 0 ? -1 : mapped[Int(last.clusters[$0])] }
    let groups = max(labels.classNames.count, (mapped.max() ?? 0) + 1)
    return (
      IntraClassVariance.of(probabilities, groups: classes, count: labels.classNames.count),
      IntraClassVariance.of(probabilities, groups: clusters, count: groups)
    )
  }

  private func cases(classes: [Int], mapped: [Int], count: Int, seed: UInt64) -> [Scores.Cases] {
    guard let probabilities = last.probabilities.last else { return [] }
    let (width, values) = (probabilities.shape[1], probabilities.scalars)
    let clusters = last.clusters.map { Int($0) }
    return ClusterCases.choose(
      clusters: clusters, confidence: clusters.indices.map { clusters[$0] < 0 ? 0 : values[$0 * width + clusters[$0]] }, classes: classes,
      classOfCluster: mapped, count: count, seed: seed
    ).map {
      Scores.Cases(
        cluster: $0.cluster, mappedClass: $0.mappedClass, successes: $0.successes, failures: $0.failures,
        failureClasses: $0.failures.map { classes[$0] })
    }
  }
}
