import Gradients
import StageKit
import Tensors

/// The settings `network.*` of methods on a residual network.
public struct ResidualSettings: Sendable {
  public let widths = Setting<[Int]>("network.widths", 1...4096, "channels of each stage")
  public let blocks = Setting<[Int]>("network.blocks", 1...1000, "basic blocks of each stage")
  public let heads = Setting<[Int]>("network.heads", 2...100_000, "outputs of each head; the last one clusters")
  public let sobel = Setting<Bool>("network.sobel", "whether the network sees Sobel responses instead of pixels")
  let normalisation = ChannelSettings()

  private let isNormalised: Bool

  /// - Parameter isNormalised: whether channels are normalised by `mean` and `std`; otherwise the network sees values 0 to 1 and there are no
  ///   such settings.
  public init(isNormalised: Bool = true) { self.isNormalised = isNormalised }

  public var all: [AnySetting] {
    [AnySetting(widths), AnySetting(blocks), AnySetting(heads), AnySetting(sobel)] + (isNormalised ? normalisation.all : [])
  }

  /// - Parameter channels: of the images, nil where that is not known yet.
  /// - Throws: `StageError` where settings contradict each other or the images.
  func check(_ settings: SettingValues, channels: Int?) throws(StageError) {
    guard settings[widths].count == settings[blocks].count, !settings[widths].isEmpty else {
      throw .illegalSetting(
        "network.blocks", "must have one number for each of the \(settings[widths].count) widths, and not \(settings[blocks].count)")
    }
    guard !settings[heads].isEmpty else { throw .illegalSetting("network.heads", "must name at least one head") }
    if isNormalised { try normalisation.check(settings, channels: channels) }
  }

  func input(_ settings: SettingValues, channels: Int, size: Int, grey: InputImages.Grey = .mean) -> InputImages {
    let zeros = [Double](repeating: 0, count: channels)
    return InputImages(
      size: size, channels: channels, mean: isNormalised ? settings[normalisation.mean] : zeros,
      std: isNormalised ? settings[normalisation.std] : zeros.map { $0 + 1 },
      sobel: settings[sobel], grey: grey)
  }

  func model(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> ResidualModel {
    let input = input(settings, channels: channels, size: size)
    return ResidualModel(
      ResidualNetwork(
        inputChannels: input.backboneChannels, widths: settings[widths], blocks: settings[blocks], heads: settings[heads], seed: seed),
      input: input)
  }
}

/// A residual network whose last head clusters.
public final class ResidualModel: DeepModel {
  public let network: ResidualNetwork
  public let input: InputImages

  public init(_ network: ResidualNetwork, input: InputImages) {
    self.network = network
    self.input = input
  }

  public var weights: NamedTensors { network.stateDictionary() }

  public func load(_ weights: NamedTensors) -> String? { network.load(weights) }

  public func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    let tape = Tape(team: team, training: false)
    let features = network.features(images, batches: [images.shape[0]], on: tape)
    return Embedded(
      features: features.value, probabilities: network.heads.indices.map { network.probabilities(features, head: $0, on: tape).value })
  }
}
