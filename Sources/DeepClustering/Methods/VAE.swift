import Gradients
import StageKit
import Tensors

/// Variational auto-encoder (Kingma & Welling 2013): the code of an image is a normal distribution, of which a sample is to reconstruct the image while it
/// stays near N(0, 1). L = (1/N) Σᵢ [BCE(x̂ᵢ, xᵢ) summed over pixels + w KL]; k-means on the mean, never on a sample.
///
/// The weight of KL grows in equal steps over the first epochs: from the start at its full weight, codes tend to say nothing (posterior collapse).
public final class VAE: ReconstructionMethod {
  public static let name = "vae"
  public static let form = AutoencoderModel.Form.variational
  private static let klWeight = Setting<Double>("klWeight", 1e-9...1e6, "weight of KL once it is warm; 1 gives the bound on the likelihood")
  private static let warmUpEpochs = Setting<Int>("warmUpEpochs", 0...100_000, "epochs over which the weight of KL grows to klWeight")
  public static let ownSettings = [AnySetting(klWeight), AnySetting(warmUpEpochs)]

  public static func doubts(_ settings: SettingValues) -> [String] {
    let (epochs, warmUp) = (settings[CommonSettings.epochs], settings[warmUpEpochs])
    guard epochs < warmUp else { return [] }
    return [
      "the weight of KL still grows when training ends: warmUpEpochs is \(warmUp), epochs \(epochs); raise epochs or lower warmUpEpochs"
    ]
  }

  public let training: AutoencoderTraining
  private let klWeight: Double
  private let warmUpEpochs: Int

  public init(_ settings: SettingValues, data: DataFacts) {
    training = AutoencoderTraining(settings, form: Self.form, data: data)
    (klWeight, warmUpEpochs) = (settings[Self.klWeight], settings[Self.warmUpEpochs])
  }

  /// The weight of KL in an epoch, counted from 1.
  private func weight(epoch: Int) -> Double { epoch < warmUpEpochs ? klWeight * Double(epoch) / Double(warmUpEpochs) : klWeight }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let (network, n) = (training.model.network, batch.images.shape[0])
    let images = training.model.framed(batch.images)
    let tape = Tape(team: team, training: true)
    let encoded = network.encode(tape.constant(images), batches: [n], on: tape)
    guard let logVariance = encoded.logVariance else { preconditionFailure("a variational network has variances") }
    let code = GaussianCode.sample(mean: encoded.code, logVariance: logVariance, noise: noise(batch.numbers, in: pass), on: tape)
    let logits = network.decode(code, batches: [n], on: tape)
    let loss = binaryCrossEntropyLoss(logits: logits.value, targets: images, team: team)
    let weight = weight(epoch: pass.epoch)
    var divergence = GaussianCode.divergence(mean: encoded.code.value, logVariance: logVariance.value)
    divergence.mean.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] *= Float(weight) } }
    divergence.logVariance.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] *= Float(weight) } }
    tape.backward([(logits, loss.gradient), (encoded.code, divergence.mean), (logVariance, divergence.logVariance)])
    training.descend(in: pass, team: team)
    return StepResult(terms: [training.perPixel(loss.value), Term("KL", divergence.value, weight: weight)])
  }

  /// Standard normal numbers of each image and pass [N, D].
  private func noise(_ numbers: [Int], in pass: Pass) -> Tensor {
    let size = training.model.network.codeSize
    return Tensor(
      shape: [numbers.count, size],
      numbers.flatMap { number in
        var stream = RandomStream(seed: training.seed, purpose: .latentNoise, epoch: pass.number, item: number)
        return (0..<size).map { _ in stream.normal() }
      })
  }

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    var complaints = training.complaints(about: summary, after: history)
    // KL is at least what a code says about its image: K clusters need ln K.
    let clusters = training.model.clusterCount
    let needed = Elementary.log(Double(clusters))
    func collapsed(_ pass: PassSummary) -> Bool { pass.epoch >= warmUpEpochs && pass.term("KL").map { $0 < needed } ?? false }
    if collapsed(summary), !(history.last.map(collapsed) ?? false), let told = summary.term("KL") {
      complaints.append(
        "codes say at most \((told * 100).rounded() / 100) nats about an image, too few for \(clusters) clusters (posterior collapse); "
          + "try more warmUpEpochs or a klWeight lower than \(klWeight)")
    }
    return complaints
  }
}
