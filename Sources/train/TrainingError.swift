import Artifacts
import DeepClustering

/// Training that came to nothing.
enum TrainingError: ExplainedError {
  case diverged(TrainingDiverged, learningRate: Double)

  var problem: String {
    switch self {
    case .diverged(let what, let rate):
      "training diverged in epoch \(what.epoch), at the head of \(what.outputs) outputs: its \(what.term) is not a finite number "
        + "(learningRate \(rate))"
    }
  }

  var remedy: String { "lower learningRate, for example to a tenth, or try relationReduction \"anchor\"" }
  var kind: ErrorKind { .badInput }
}
