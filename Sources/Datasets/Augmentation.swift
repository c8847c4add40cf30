import Glibc
import Tensors

/// The random views of §3: random crop, horizontal flip, colour jitter and greying, with PIL's arithmetic: every colour operation ends in bytes.
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

  /// One image of a set, as bytes [height, width, channels].
  struct Source {
    let pixels: UnsafePointer<UInt8>
    let height, width, channels: Int
  }

  /// T_red: resize, then a random crop.
  func original(_ image: Source, _ stream: inout RandomStream) -> [UInt8] {
    let crop = CentreCrop(resize: resize, size: size)
    let resized = crop.resized(image)
    return crop.cut(
      resized, channels: image.channels, top: stream.integer(below: resized.height - size + 1),
      left: stream.integer(below: resized.width - size + 1))
  }

  /// T_aug: random resized crop, rotation, colour jitter in random order, greying, flip.
  func augmented(_ image: Source, _ stream: inout RandomStream) -> [UInt8] {
    let (rows, columns) = randomCrop(height: image.height, width: image.width, &stream)
    var view = Resampling.resize(
      image.pixels, width: image.width, channels: image.channels, rows: rows, columns: columns, to: (size, size))
    if rotationDegrees > 0, stream.uniform() < rotationProbability {
      view = rotated(view, channels: image.channels, degrees: stream.uniform(-rotationDegrees, rotationDegrees))
    }
    let colour = ColourJitter(channels: image.channels)
    let factors = [brightness, contrast, saturation].map { stream.uniform(max(0, 1 - $0), 1 + $0) }
    let turn = stream.uniform(-hue, hue)
    for operation in stream.permutation(4) {
      switch operation {
      case 0: colour.brighten(&view, by: factors[0])
      case 1: colour.contrast(&view, by: factors[1])
      case 2: colour.saturate(&view, by: factors[2])
      default: colour.turnHue(&view, by: turn)
      }
    }
    if stream.uniform() < greyProbability { colour.grey(&view) }
    if stream.uniform() < flipProbability { flip(&view, channels: image.channels) }
    return view
  }

  /// torchvision's RandomResizedCrop: up to ten tries for area and ratio, else the centre with the ratio clamped.
  private func randomCrop(height: Int, width: Int, _ stream: inout RandomStream) -> (rows: Range<Int>, columns: Range<Int>) {
    let area = Double(height * width)
    for _ in 0..<10 {
      let target = area * (cropScale.lowerBound + (cropScale.upperBound - cropScale.lowerBound) * Double(stream.uniform()))
      let logs = (log(cropRatio.lowerBound), log(cropRatio.upperBound))
      let ratio = exp(logs.0 + (logs.1 - logs.0) * Double(stream.uniform()))
      let (w, h) = (Int((target * ratio).squareRoot().rounded()), Int((target / ratio).squareRoot().rounded()))
      guard w >= 1, h >= 1, w <= width, h <= height else { continue }
      let (top, left) = (stream.integer(below: height - h + 1), stream.integer(below: width - w + 1))
      return (top..<top + h, left..<left + w)
    }
    let ratio = Double(width) / Double(height)
    let w = ratio > cropRatio.upperBound ? Int((Double(height) * cropRatio.upperBound).rounded()) : width
    let h = ratio < cropRatio.lowerBound ? Int((Double(width) / cropRatio.lowerBound).rounded()) : height
    let (top, left) = ((height - h) / 2, (width - w) / 2)
    return (top..<top + h, left..<left + w)
  }

  /// Turned about the centre, nearest neighbour, black outside, as torchvision's default.
  private func rotated(_ view: [UInt8], channels: Int, degrees: Float) -> [UInt8] {
    let angle = degrees * .pi / 180
    let (c, s) = (cosf(angle), sinf(angle))
    let middle = Float(size) / 2
    var result = [UInt8](repeating: 0, count: view.count)
    for row in 0..<size {
      for column in 0..<size {
        let (x, y) = (Float(column) + 0.5 - middle, Float(row) + 0.5 - middle)
        let from = (column: Int((c * x - s * y + middle).rounded(.down)), row: Int((s * x + c * y + middle).rounded(.down)))
        guard from.column >= 0, from.column < size, from.row >= 0, from.row < size else { continue }
        for channel in 0..<channels {
          result[(row * size + column) * channels + channel] = view[(from.row * size + from.column) * channels + channel]
        }
      }
    }
    return result
  }

  private func flip(_ view: inout [UInt8], channels: Int) {
    for row in 0..<size {
      for column in 0..<size / 2 {
        for channel in 0..<channels {
          view.swapAt((row * size + column) * channels + channel, (row * size + size - 1 - column) * channels + channel)
        }
      }
    }
  }
}
