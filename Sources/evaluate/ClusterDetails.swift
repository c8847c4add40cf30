import Artifacts
import Clustering
import StageKit
import Tensors

/// What can be wrong between assignments and labels.
enum EvaluationError: ExplainedError {
  case sizes(assignments: Int, labels: Int)
  case unlabelled

  var problem: String {
    switch self {
    case .sizes(let assignments, let labels): "there are assignments of \(assignments) images, but labels of \(labels)"
    case .unlabelled: "no image has a label, so there is nothing to score against"
    }
  }

  var remedy: String {
    switch self {
    case .sizes: "give assignments and labels of the same data set and subset"
    case .unlabelled: "leave this data set out of the stages evaluate and tabulate; its clusters are in assignments.h5"
    }
  }

  var kind: ErrorKind { .badInput }
}

/// What evaluate says of the last epoch beyond the metrics; empty where the method gives no probabilities.
struct ClusterDetails {
  private(set) var varianceByClass: [Double] = []
  private(set) var varianceByCluster: [Double] = []
  private(set) var cases: [Scores.Cases] = []

  init(_ last: Assignments, labels: Labels, labelled: [Int], classOfCluster: [Int], cases count: Int, seed: UInt64) {
    guard let probabilities = last.probabilities.last else { return }
    let (width, values) = (probabilities.shape[1], probabilities.scalars)
    let classes = labels.values.map { Int($0) }
    let mapped = last.clusters.indices.map { classes[$0] < 0 ? -1 : classOfCluster[Int(last.clusters[$0])] }
    varianceByClass = IntraClassVariance.of(values, dimensions: width, groups: classes, count: labels.classNames.count)
    varianceByCluster = IntraClassVariance.of(values, dimensions: width, groups: mapped, count: max(labels.classNames.count, width))
    func confidence(_ image: Int) -> Float { values[image * width + Int(last.clusters[image])] }
    for cluster in 0..<width {
      let target = classOfCluster[cluster]
      guard target < labels.classNames.count else { continue }
      let members = labelled.filter { Int(last.clusters[$0]) == cluster }
        .sorted { confidence($0) > confidence($1) || (confidence($0) == confidence($1) && $0 < $1) }
      var stream = RandomStream(seed: seed, purpose: .cases, item: cluster)
      func choose(_ images: [Int]) -> [Int] {
        let (sure, rest) = (images.prefix(count), Array(images.dropFirst(count)))
        return sure + stream.permutation(rest.count).prefix(count).map { rest[$0] }
      }
      let successes = choose(members.filter { classes[$0] == target })
      let failures = choose(members.filter { classes[$0] != target })
      cases.append(
        Scores.Cases(
          cluster: cluster, mappedClass: target, successes: successes, failures: failures, failureClasses: failures.map { classes[$0] }))
    }
  }
}

extension [Int32] {
  /// The values at some places.
  func onRows(_ rows: [Int]) -> [Int] { rows.map { Int(self[$0]) } }
}
