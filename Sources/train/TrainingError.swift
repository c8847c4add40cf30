import Artifacts
import DeepClustering

/// Images that cannot be trained on, and training that came to nothing.
enum TrainingError: ExplainedError {
  case tooFewImages(Int)
  case diverged(TrainingDiverged, remedy: String)
  case altered(path: String)

  var problem: String {
    switch self {
    case .tooFewImages(let count): "\(count) images are too few to be clustered: a batch has at least two"
    case .diverged(let what, _): "training diverged in epoch \(what.epoch), \(what.phase): its \(what.term) is not a finite number"
    case .altered(let path): "\(path) was written while it was read; what was trained since the last checkpoint is dropped"
    }
  }

  var remedy: String {
    switch self {
    case .tooFewImages: "ingest more images: raise its subset, or set it to 0 for all"
    case .diverged(_, let remedy): remedy
    case .altered: "leave it alone while it is in use, and train again"
    }
  }
  var kind: ErrorKind {
    switch self {
    case .tooFewImages, .altered: .badInput
    case .diverged: .noResult
    }
  }
}
