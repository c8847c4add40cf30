import Artifacts
import DeepClustering

/// Images that cannot be trained on, and training that came to nothing.
enum TrainingError: ExplainedError {
  case tooFewImages(Int)
  case diverged(TrainingDiverged, Trainer.Plan)

  var problem: String {
    switch self {
    case .tooFewImages(let count): "\(count) images are too few to be clustered: a batch has at least two"
    case .diverged(let what, let plan):
      "training diverged in epoch \(what.epoch), at the head of \(what.outputs) outputs: its \(what.term) is not a finite number "
        + "(learningRate \(plan.learningRate))"
    }
  }

  var remedy: String {
    switch self {
    case .tooFewImages: "ingest more images: raise its subset, or set it to 0 for all"
    case .diverged(_, let plan):
      // Of the sum over all pairs the gradients are the largest.
      "lower learningRate, for example to a tenth"
        + (plan.loss.relationWeight > 0 && plan.loss.relationReduction == .sum ? ", or try relationReduction \"anchor\"" : "")
    }
  }
  var kind: ErrorKind { .badInput }
}
