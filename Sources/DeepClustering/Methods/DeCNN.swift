import Gradients
import StageKit
import Tensors

/// Deconvolutional network (Zeiler et al. 2010) in a form that is trained like the other rows: an auto-encoder without batch normalisation whose last maps
/// are kept sparse, L = (1/N) Σᵢ [Σ (x̂ᵢ − xᵢ)² + β Σ |zᵢ|]; k-means on the absolute maps, summed over the quarters of the picture.
///
/// Maps could be made small at no cost by making the filters that read them large. So every filter behind the maps keeps the length it began with, as
/// those of the original keep length 1.
public final class DeCNN: ReconstructionMethod {
  public static let name = "decnn"
  public static let form = AutoencoderModel.Form.sparse
  private static let sparsityWeight = Setting<Double>(
    "sparsityWeight", 1e-9...1e6, "β: a map's absolute value counts as much as this squared error of a pixel")
  public static let ownSettings = [AnySetting(sparsityWeight)]

  public let training: AutoencoderTraining
  private let sparsityWeight: Double
  /// The parameters behind the maps, with the lengths of their filters.
  private let filters: [(parameter: Parameter, lengths: [Double])]

  public init(_ settings: SettingValues, data: DataFacts) {
    training = AutoencoderTraining(settings, form: Self.form, data: data)
    sparsityWeight = settings[Self.sparsityWeight]
    filters = training.model.network.parameters
      .filter { !$0.name.hasPrefix("encoder.") && $0.name.hasSuffix(".weight") }
      .map { ($0, Self.lengths($0.value)) }
  }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let (network, n) = (training.model.network, batch.images.shape[0])
    let images = training.model.framed(batch.images)
    let tape = Tape(team: team, training: true)
    let encoded = network.encode(tape.constant(images), batches: [n], on: tape)
    let pixels = tape.sigmoid(network.decode(encoded.code, batches: [n], on: tape))
    let loss = squaredErrorLoss(pixels.value, targets: images, team: team)
    var sparsity = sparsityLoss(encoded.maps.value)
    let weight = sparsityWeight * Double(encoded.maps.value.count / n)
    sparsity.gradient.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] *= Float(weight) } }
    tape.backward([(pixels, loss.gradient), (encoded.maps, sparsity.gradient)])
    training.descend(in: pass, team: team)
    for filter in filters { Self.keep(filter.lengths, of: filter.parameter) }
    return StepResult(terms: [training.perPixel(loss.value), Term("sparsity", sparsity.value, weight: weight)])
  }

  /// Of the weights that each input number (the last axis) is multiplied by: the root of their sum of squares.
  static func lengths(_ weights: Tensor) -> [Double] {
    let inputs = weights.shape[weights.shape.count - 1]
    var sums = [Double](repeating: 0, count: inputs)
    weights.withUnsafeBufferPointer { w in
      for start in stride(from: 0, to: w.count, by: inputs) {
        for input in 0..<inputs { sums[input] += Double(w[start + input]) * Double(w[start + input]) }
      }
    }
    return sums.map { $0.squareRoot() }
  }

  private static func keep(_ lengths: [Double], of parameter: Parameter) {
    let factors = zip(lengths, Self.lengths(parameter.value)).map { $1 > 0 ? Float($0 / $1) : 1 }
    parameter.value.withUnsafeMutableBufferPointer { w in
      for start in stride(from: 0, to: w.count, by: factors.count) {
        for input in factors.indices { w[start + input] *= factors[input] }
      }
    }
  }

  /// Below it, maps say nothing of pixels in 0 to 1.
  private static let zero = 1e-3

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    var complaints = training.complaints(about: summary, after: history)
    if let maps = summary.term("sparsity"), maps < Self.zero, (history.last?.term("sparsity") ?? 1) >= Self.zero {
      complaints.append("the maps are all but zero; try a sparsityWeight lower than \(sparsityWeight)")
    }
    return complaints
  }
}
