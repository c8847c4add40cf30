import Datasets
import StageKit

/// The settings `augmentation.*`, which the stages augment and train share.
struct AugmentationSettings {
  let resize = Setting<Int>("augmentation.resize", 1...4096, "shorter side before an original view is cropped, pixels")
  let size = Setting<Int>("augmentation.size", 1...4096, "height and width of every view, pixels")
  let cropScale = Setting<[Double]>("augmentation.cropScale", 0.001...1, "least and largest share of the area shown")
  let cropRatio = Setting<[Double]>("augmentation.cropRatio", 0.01...100, "least and largest width over height shown")
  let brightness = Setting<Double>("augmentation.brightness", 0...10, "strength of the brightness jitter")
  let contrast = Setting<Double>("augmentation.contrast", 0...10, "strength of the contrast jitter")
  let saturation = Setting<Double>("augmentation.saturation", 0...10, "strength of the saturation jitter; colour images only")
  let hue = Setting<Double>("augmentation.hue", 0...0.5, "largest turn of the hue, of a full turn; colour images only")
  let grey = Setting<Double>("augmentation.greyProbability", 0...1, "probability of greying; colour images only")
  let flip = Setting<Double>("augmentation.flipProbability", 0...1, "probability of a horizontal flip")
  let degrees = Setting<Double>("augmentation.rotationDegrees", 0...180, "largest rotation, degrees; 0 for none")
  let rotation = Setting<Double>("augmentation.rotationProbability", 0...1, "probability of a rotation")

  var all: [AnySetting] {
    [
      AnySetting(resize), AnySetting(size), AnySetting(cropScale), AnySetting(cropRatio), AnySetting(brightness), AnySetting(contrast),
      AnySetting(saturation), AnySetting(hue), AnySetting(grey), AnySetting(flip), AnySetting(degrees), AnySetting(rotation),
    ]
  }

  /// - Throws: `StageError` where two settings contradict each other.
  func augmentation(_ settings: SettingValues) throws(StageError) -> Augmentation {
    func range(_ setting: Setting<[Double]>, _ name: String) throws(StageError) -> ClosedRange<Double> {
      let values = settings[setting]
      guard values.count == 2, values[0] <= values[1] else {
        throw .illegalSetting(name, "must be two numbers, the least first, not \(values)")
      }
      return values[0]...values[1]
    }
    guard settings[size] <= settings[resize] else {
      throw .illegalSetting("augmentation.size", "must be at most augmentation.resize, \(settings[resize]), not \(settings[size])")
    }
    return Augmentation(
      resize: settings[resize], size: settings[size], cropScale: try range(cropScale, "augmentation.cropScale"),
      cropRatio: try range(cropRatio, "augmentation.cropRatio"), brightness: settings[brightness], contrast: settings[contrast],
      saturation: settings[saturation], hue: settings[hue], greyProbability: settings[grey], flipProbability: settings[flip],
      rotationDegrees: settings[degrees], rotationProbability: settings[rotation])
  }

  /// What views are made with: `views.h5` serves a training with the same spelling only.
  func spelling(_ settings: SettingValues, seed: Int) -> String { "seed \(seed), \(settings.canonical(of: "augmentation"))" }
}
