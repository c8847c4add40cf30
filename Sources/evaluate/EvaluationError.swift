import Artifacts

/// What can be wrong between assignments and labels.
enum EvaluationError: ExplainedError {
  case sizes(assignments: Int, labels: Int)
  case noAssignments(path: String)
  case cluster(Int, image: Int, epoch: Int, clusters: Int)
  case probabilities([Int], epoch: Int, images: Int)
  case notFinite(epoch: Int, isLast: Bool)

  var problem: String {
    switch self {
    case .sizes(let assignments, let labels): "there are assignments of \(assignments) images, but labels of \(labels)"
    case .noAssignments(let path): "\(path) has assignments at no epoch"
    case .cluster(let cluster, let image, let epoch, let clusters):
      "image \(image) is in cluster \(cluster) at epoch \(epoch); clusters are 0 to \(clusters - 1)"
    case .probabilities(let shape, let epoch, let images):
      "the probabilities at epoch \(epoch) have shape \(shape); \(images) images need one row each"
    case .notFinite(let epoch, _): "the assignment probabilities at epoch \(epoch) are not all finite numbers"
    }
  }

  var remedy: String {
    switch self {
    case .sizes: "give assignments and labels of the same data set and subset"
    // The last epoch is always kept and scored.
    case .notFinite(_, let isLast):
      "training diverged: train again with a lower learningRate" + (isLast ? "" : ", or leave that epoch out of snapshots")
    case .noAssignments, .cluster, .probabilities: "make the assignments anew with the stage embed or cluster"
    }
  }

  var kind: ErrorKind { if case .notFinite = self { .noResult } else { .badInput } }
}
