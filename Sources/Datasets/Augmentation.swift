/// The random views of §3: random crop, horizontal flip, colour jitter and greying, with PIL's arithmetic: every operation ends in bytes.
/// Grey images skip saturation, hue and greying, which mean nothing for them, and may be rotated instead (docs/paper-decisions.md).
public struct Augmentation: Sendable {
  /// Images are resized to this (shorter side) before an original view is cropped.
  public let resize: Int
  /// Height and width of every view.
  public let size: Int
  /// Least and largest share of the area that an augmented view shows.
  public let cropScale: ClosedRange<Double>
  /// Least and largest ratio of width to height of what it shows.
  public let cropRatio: ClosedRange<Double>
  /// Strengths x: factors are drawn from [max(0, 1 − x), 1 + x]; the hue turns by up to x of a full turn.
  public let brightness, contrast, saturation, hue: Float
  public let greyProbability, flipProbability: Float
  /// Largest rotation either way, and its probability.
  public let rotationDegrees, rotationProbability: Float

  public init(
    resize: Int, size: Int, cropScale: ClosedRange<Double>, cropRatio: ClosedRange<Double>, brightness: Double, contrast: Double,
    saturation: Double, hue: Double, greyProbability: Double, flipProbability: Double, rotationDegrees: Double, rotationProbability: Double
  ) {
    precondition(size >= 1 && resize >= size, "views of \(size) pixels cannot be cropped from images of \(resize)")
    self.resize = resize
    self.size = size
    self.cropScale = cropScale
    self.cropRatio = cropRatio
    self.brightness = Float(brightness)
    self.contrast = Float(contrast)
    self.saturation = Float(saturation)
    self.hue = Float(hue)
    self.greyProbability = Float(greyProbability)
    self.flipProbability = Float(flipProbability)
    self.rotationDegrees = Float(rotationDegrees)
    self.rotationProbability = Float(rotationProbability)
  }
}
