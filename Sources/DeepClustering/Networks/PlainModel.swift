import Gradients
import StageKit
import Tensors

/// The settings `network.*` of methods on a plain network whose softmax clusters (DAC, DCCM).
public struct PlainSettings: Sendable {
  public let channels = Setting<Int>("network.channels", 1...1024, "channels of the first convolutions; published networks have 64")
  public let clusters = Setting<Int>("network.clusters", 2...100_000, "outputs of the network: clusters")
  let normalisation = ChannelSettings()

  public init() {}

  public var all: [AnySetting] { [AnySetting(channels), AnySetting(clusters)] + normalisation.all }

  /// - Parameter channels: of the images, nil where that is not known yet.
  /// - Throws: `StageError` where means or deviations are not one for each channel.
  func check(_ settings: SettingValues, channels: Int?) throws(StageError) {
    try normalisation.check(settings, channels: channels)
  }

  func model(
    _ settings: SettingValues, channels: Int, size: Int, seed: UInt64,
    layers: (_ size: Int, _ clusters: Int, _ channels: Int) -> [PlainConvNet.Layer]
  ) -> PlainModel {
    PlainModel(
      PlainConvNet(
        layers(size, settings[clusters], settings[self.channels]), size: size, channels: channels, tracksStatistics: false, seed: seed),
      input: InputImages(size: size, channels: channels, mean: settings[normalisation.mean], std: settings[normalisation.std], sobel: false)
    )
  }
}

/// A plain network whose softmax clusters. Its batch normalisations take the statistics of the images that go through together, in inference as in
/// training: they have no others.
public final class PlainModel: DeepModel {
  public let network: PlainConvNet
  public let input: InputImages

  public init(_ network: PlainConvNet, input: InputImages) {
    self.network = network
    self.input = input
  }

  public var weights: NamedTensors { network.stateDictionary() }

  public func load(_ weights: NamedTensors) -> String? { network.load(weights) }

  /// Features are what the last linear layer is given.
  public func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    let (tape, batches, last) = (Tape(team: team, training: false), [images.shape[0]], network.lastLinear - 1)
    let features = network.forward(tape.constant(images), layers: 0..<last, batches: batches, on: tape)
    let logits = network.forward(features, layers: last..<network.layers.count, batches: batches, on: tape)
    return Embedded(features: features.value, probabilities: [tape.softmax(logits).value])
  }
}
