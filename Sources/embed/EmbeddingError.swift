import Artifacts
import StageKit

/// What cannot be embedded.
enum EmbeddingError: ExplainedError {
  case notFinite(epoch: Int, path: String)

  var problem: String {
    switch self {
    case .notFinite(let epoch, let path):
      "the network of epoch \(epoch) in \(path) gives features that are not finite, or beyond \(Float.largestMeasurable)"
    }
  }

  var remedy: String { "training diverged: train again with a lower learningRate" }
  var kind: ErrorKind { .noResult }
}
