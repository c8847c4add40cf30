import Artifacts
import DeepClustering
import StageKit

/// The settings `network.*`, which the stages train and embed share.
struct NetworkSettings {
  let widths = Setting<[Int]>("network.widths", 1...4096, "channels of each stage")
  let blocks = Setting<[Int]>("network.blocks", 1...1000, "basic blocks of each stage")
  let heads = Setting<[Int]>("network.heads", 2...100_000, "outputs of each head; the last one clusters")
  let sobel = Setting<Bool>("network.sobel", "whether the network sees Sobel responses instead of pixels")
  let mean = Setting<[Double]>("network.mean", 0...1, "mean of each channel, of values 0 to 1")
  let std = Setting<[Double]>("network.std", 1e-6...1, "standard deviation of each channel")

  var all: [AnySetting] {
    [AnySetting(widths), AnySetting(blocks), AnySetting(heads), AnySetting(sobel), AnySetting(mean), AnySetting(std)]
  }

  /// - Parameter channels: of the images, nil where that is not known yet.
  /// - Throws: `StageError` where settings contradict each other or the images.
  func check(_ settings: SettingValues, channels: Int?) throws(StageError) {
    guard settings[widths].count == settings[blocks].count, !settings[widths].isEmpty else {
      throw .illegalSetting(
        "network.blocks", "must have one number for each of the \(settings[widths].count) widths, and not \(settings[blocks].count)")
    }
    guard !settings[heads].isEmpty else { throw .illegalSetting("network.heads", "must name at least one head") }
    let expected = channels ?? settings[mean].count
    for (setting, name) in [(mean, "network.mean"), (std, "network.std")] where settings[setting].count != expected {
      throw .illegalSetting(
        name,
        channels == nil
          ? "must have as many numbers as network.mean, \(expected), and not \(settings[setting].count)"
          : "must have \(expected) numbers, one for each channel of the images, and not \(settings[setting].count)")
    }
  }

  /// - Throws: as `check`.
  func make(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) throws(StageError) -> (ResidualNetwork, InputImages) {
    try check(settings, channels: channels)
    let input = InputImages(size: size, channels: channels, mean: settings[mean], std: settings[std], sobel: settings[sobel])
    let network = ResidualNetwork(
      inputChannels: input.backboneChannels, widths: settings[widths], blocks: settings[blocks], heads: settings[heads], seed: seed)
    return (network, input)
  }
}
