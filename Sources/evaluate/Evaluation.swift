import Artifacts
import Clustering
import Tensors

/// The assignments at all epochs against the labels; images without a label are left out everywhere.
struct Evaluation {
  let labels: Labels
  let snapshots: [Assignments]
  private let labelled: [Int]

  /// - Throws: `EvaluationError`, or what reading throws.
  init(assignments path: String, labels: Labels) throws {
    self.labels = labels
    snapshots = try AssignmentsFile.epochs(path).map { try AssignmentsFile.read(path, epoch: $0) }
    labelled = labels.values.indices.filter { labels.values[$0] >= 0 }
    for snapshot in snapshots { try Self.check(snapshot, images: labels.values.count) }
    if labelled.isEmpty { throw EvaluationError.unlabelled }
  }

  private static func check(_ snapshot: Assignments, images: Int) throws(EvaluationError) {
    guard snapshot.clusters.count == images else { throw .sizes(assignments: snapshot.clusters.count, labels: images) }
    if let wrong = snapshot.probabilities.first(where: { $0.shape[0] != images }) {
      throw .probabilities(wrong.shape, epoch: snapshot.epoch, images: images)
    }
    let clusters = snapshot.probabilities.last?.shape[1] ?? images
    if let wrong = snapshot.clusters.firstIndex(where: { $0 < 0 || $0 >= clusters }) {
      throw .cluster(Int(snapshot.clusters[wrong]), image: wrong, epoch: snapshot.epoch, clusters: clusters)
    }
  }

  /// - Parameters: how many confident and how many random cases of each kind to choose for a cluster, and the seed of the choice.
  func scores(cases count: Int, seed: UInt64) throws -> Scores {
    let classes = labelled.map { Int(labels.values[$0]) }
    let scored = snapshots.map { snapshot in
      (snapshot.epoch, ClusteringScores(clusters: labelled.map { Int(snapshot.clusters[$0]) }, classes: classes))
    }
    let metrics = scored.map { epoch, scores in
      Scores.Metrics(
        epoch: epoch, accuracy: scores.accuracy, nmi: scores.nmiGeometric, nmiArithmetic: scores.nmiArithmetic, ari: scores.ari)
    }
    guard let last = snapshots.last, let final = scored.last?.1, let headline = metrics.last else { throw EvaluationError.unlabelled }
    let clusterCount = last.probabilities.last?.shape[1] ?? Int(last.clusters.max() ?? 0) + 1
    let classCount = labels.classNames.count
    // The square table has a row for every cluster that has labelled images; clusters behind them have none.
    let mapped = (0..<clusterCount).map { $0 < final.classOfCluster.count ? final.classOfCluster[$0] : classCount }
    let variances = variances(last, mapped: mapped)
    return Scores(
      last: headline, best: metrics.reduce(metrics[0]) { $1.accuracy > $0.accuracy ? $1 : $0 }, epochs: metrics, images: labelled.count,
      classNames: labels.classNames,
      confusion: (0..<clusterCount).map { cluster in
        (0..<classCount).map { cluster < final.contingency.count && $0 < final.contingency.count ? final.contingency[cluster][$0] : 0 }
      },
      clusterClasses: mapped.map { $0 < classCount ? $0 : -1 }, varianceByClass: variances.byClass, varianceByCluster: variances.byCluster,
      cases: cases(last, mapped: mapped.map { $0 < classCount ? $0 : -1 }, count: count, seed: seed))
  }

  /// Per true class, and per cluster in the order of the classes the clusters are mapped to; empty for hard methods.
  private func variances(_ last: Assignments, mapped: [Int]) -> (byClass: [Double], byCluster: [Double]) {
    guard let probabilities = last.probabilities.last else { return ([], []) }
    let classes = labels.values.map { Int($0) }
    let clusters = last.clusters.indices.map { classes[$0] < 0 ? -1 : mapped[Int(last.clusters[$0])] }
    let groups = max(labels.classNames.count, (mapped.max() ?? 0) + 1)
    return (
      IntraClassVariance.of(probabilities, groups: classes, count: labels.classNames.count),
      IntraClassVariance.of(probabilities, groups: clusters, count: groups)
    )
  }

  private func cases(_ last: Assignments, mapped: [Int], count: Int, seed: UInt64) -> [Scores.Cases] {
    guard let probabilities = last.probabilities.last else { return [] }
    let (width, values) = (probabilities.shape[1], probabilities.scalars)
    let clusters = last.clusters.map { Int($0) }
    let classes = labels.values.map { Int($0) }
    return ClusterCases.choose(
      clusters: clusters, confidence: clusters.indices.map { values[$0 * width + clusters[$0]] }, classes: classes, classOfCluster: mapped,
      count: count, seed: seed
    ).map {
      Scores.Cases(
        cluster: $0.cluster, mappedClass: $0.mappedClass, successes: $0.successes, failures: $0.failures,
        failureClasses: $0.failures.map { classes[$0] })
    }
  }
}
