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

  /// - Throws: `StageError` where settings contradict each other or the images.
  func make(_ job: StageJob, channels: Int, size: Int, seed: UInt64) throws(StageError) -> (ResidualNetwork, InputImages) {
    guard job[widths].count == job[blocks].count, !job[widths].isEmpty else {
      throw .illegalSetting("network.blocks", "must have one number for each of the \(job[widths].count) widths")
    }
    guard !job[heads].isEmpty else { throw .illegalSetting("network.heads", "must name at least one head") }
    guard job[mean].count == channels, job[std].count == channels else {
      throw .illegalSetting("network.mean", "and network.std must have \(channels) numbers, one for each channel of the images")
    }
    let input = InputImages(size: size, channels: channels, mean: job[mean], std: job[std], sobel: job[sobel])
    let network = ResidualNetwork(
      inputChannels: input.backboneChannels, widths: job[widths], blocks: job[blocks], heads: job[heads], seed: seed)
    return (network, input)
  }
}
