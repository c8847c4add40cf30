import Artifacts
import DeepClustering

/// Images that cannot be trained on, and training that came to nothing.
enum TrainingError: ExplainedError {
  case tooFewImages(Int)
  case diverged(TrainingDiverged, remedy: String)

  var problem: String {
    switch self {
    case .tooFewImages(let count): "\(count) images are too few to be clustered: a batch has at least two"
    case .diverged(let what, _): "training diverged in epoch \(what.epoch), \(what.phase): its \(what.term) is not a finite number"
    }
  }

  var remedy: String {
    switch self {
    case .tooFewImages: "ingest more images: raise its subset, or set it to 0 for all"
    case .diverged(_, let remedy): remedy
    }
  }
  var kind: ErrorKind {
    switch self {
    case .tooFewImages: .badInput
    case .diverged: .noResult
    }
  }
}
