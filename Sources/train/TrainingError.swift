import Artifacts
import DeepClustering

/// Images that cannot be trained on, and training that came to nothing.
enum TrainingError: ExplainedError {
  case tooFewImages(Int)
  case diverged(TrainingDiverged, learningRate: Double)

  var problem: String {
    switch self {
    case .tooFewImages(let count): "\(count) images are too few to be clustered: a batch has at least two"
    case .diverged(let what, let rate):
      "training diverged in epoch \(what.epoch), at the head of \(what.outputs) outputs: its \(what.term) is not a finite number "
        + "(learningRate \(rate))"
    }
  }

  var remedy: String {
    switch self {
    case .tooFewImages: "ingest more images: raise its subset, or set it to 0 for all"
    case .diverged: "lower learningRate, for example to a tenth, or try relationReduction \"anchor\""
    }
  }
  var kind: ErrorKind { .badInput }
}
