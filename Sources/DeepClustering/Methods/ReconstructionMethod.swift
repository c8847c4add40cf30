import Gradients
import StageKit
import Tensors

/// A method that learns to reconstruct plain views by a convolutional auto-encoder, and clusters what it has learnt by k-means: AE, DAE, DeCNN, VAE.
///
/// The architectures behind these rows of Table 1 were never published (docs/methods.md): one network for all four makes the rows comparable.
public protocol ReconstructionMethod: DeepMethod {
  static var form: AutoencoderModel.Form { get }
  /// Besides those of every auto-encoder.
  static var ownSettings: [AnySetting] { get }
  var training: AutoencoderTraining { get }
}

extension ReconstructionMethod {
  public static var networkSettings: [AnySetting] { AutoencoderSettings().all }
  public static var settings: [AnySetting] { AutoencoderTraining.settings + ownSettings }
  public static func views(_ settings: SettingValues) -> ViewKind { .plain }
  public static func heads(_ network: SettingValues) -> [Int] { [] }
  public static func clusterCount(_ network: SettingValues) -> Int { network[AutoencoderSettings().clusters] }
  public static func check(_ network: SettingValues, channels: Int?) throws(StageError) { try AutoencoderSettings().check(network) }

  public static func model(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    AutoencoderSettings().model(network, form: form, channels: channels, size: size, seed: seed)
  }

  public var model: any DeepModel { training.model }
  public var memory: NamedTensors { training.adam.memory }
  public func restore(_ memory: NamedTensors) -> Bool { training.adam.restore(memory) }
  public var steps: Int { training.epochs * Pass.steps(training.images, batch: training.batch) }
  public func pass(after history: [PassSummary]) -> Pass? { training.pass(after: history) }
  public var leastBytes: Int { training.model.network.leastBytes(images: min(training.batch, training.images)) }

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    training.complaints(about: summary, after: history)
  }
}

/// What the training of every auto-encoder has: shuffled passes over the clustered images, Adam, and a lower rate for the last of them.
public final class AutoencoderTraining {
  static let finalLearningRate = Setting<Double>("finalLearningRate", 1e-9...10, "learningRate of the last epochs")
  static let finalShare = Setting<Double>("finalShare", 0...1, "share of the epochs, the last ones, that are trained at finalLearningRate")
  static let settings = [AnySetting(CommonSettings.learningRate), AnySetting(finalLearningRate), AnySetting(finalShare)]

  let model: AutoencoderModel
  let images, epochs, batch: Int
  let seed: UInt64
  let adam: Adam
  private let rate, finalRate: Double
  /// Passes at the first rate.
  private let firstPasses: Int

  init(_ settings: SettingValues, form: AutoencoderModel.Form, data: DataFacts) {
    seed = UInt64(settings[CommonSettings.seed])
    images = data.clusteredImages
    (epochs, batch) = (settings[CommonSettings.epochs], settings[CommonSettings.batch])
    (rate, finalRate) = (settings[CommonSettings.learningRate], settings[Self.finalLearningRate])
    firstPasses = epochs - Int((settings[Self.finalShare] * Double(epochs)).rounded())
    model = AutoencoderSettings().model(settings, form: form, channels: data.channels, size: data.size, seed: seed)
    adam = Adam(parameters: model.network.parameters, learningRate: rate)
  }

  func pass(after history: [PassSummary]) -> Pass? {
    let number = history.count
    guard number < epochs else { return nil }
    return Pass(
      number: number, epoch: number + 1, phase: "reconstruction",
      batches: Pass.shuffled(images, batch: batch, seed: seed, number: number), views: .plain, outputs: nil)
  }

  /// Steps of the whole training that are done: the first parameter has a gradient in every one.
  var stepsDone: Int { adam.moments[0].steps }

  /// The optimiser's step at the rate of a pass.
  func descend(in pass: Pass, team: ThreadTeam) {
    adam.learningRate = pass.number < firstPasses ? rate : finalRate
    adam.step(team: team)
  }

  /// A loss that is a sum over the pixels, told as their mean.
  func perPixel(_ sum: Double) -> Term {
    let pixels = Double(model.network.size * model.network.size * model.network.channels)
    return Term("reconstruction", sum / pixels, weight: pixels)
  }

  /// A whole step: the squared error of `targets`, reconstructed from `inputs` [N, S, S, C], in the middle of their frames.
  func reconstruct(_ targets: Tensor, from inputs: Tensor, in pass: Pass, team: ThreadTeam) -> StepResult {
    let (network, n) = (model.network, targets.shape[0])
    let tape = Tape(team: team, training: true)
    let code = network.encode(tape.constant(model.framed(inputs)), batches: [n], on: tape).code
    let pixels = tape.sigmoid(network.decode(code, batches: [n], on: tape))
    let loss = squaredErrorLoss(pixels.value, targets: model.framed(targets), team: team)
    tape.backward([(pixels, loss.gradient)])
    descend(in: pass, team: team)
    return StepResult(terms: [perPixel(loss.value)])
  }

  /// Said at the end: nothing was learnt.
  func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    guard summary.epoch == epochs, let first = history.first?.term("reconstruction"), let last = summary.term("reconstruction"),
      last >= first
    else { return [] }
    return ["images are reconstructed no better than in the first epoch; try a lower learningRate"]
  }
}
