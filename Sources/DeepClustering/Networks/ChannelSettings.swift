import StageKit

/// The settings `network.mean` and `network.std`: the network sees (x − mean)/std of each channel, of values 0 to 1.
struct ChannelSettings: Sendable {
  let mean = Setting<[Double]>("network.mean", 0...1, "mean of each channel, of values 0 to 1")
  let std = Setting<[Double]>("network.std", 1e-6...1, "standard deviation of each channel")

  var all: [AnySetting] { [AnySetting(mean), AnySetting(std)] }

  /// - Parameter channels: of the images, nil where that is not known yet.
  /// - Throws: `StageError` where means or deviations are not one for each channel.
  func check(_ settings: SettingValues, channels: Int?) throws(StageError) {
    let expected = channels ?? settings[mean].count
    for (setting, name) in [(mean, "network.mean"), (std, "network.std")] where settings[setting].count != expected {
      throw .illegalSetting(
        name,
        channels == nil
          ? "must have as many numbers as network.mean, \(expected), and not \(settings[setting].count)"
          : "must have \(expected) numbers, one for each channel of the images, and not \(settings[setting].count)")
    }
  }
}
