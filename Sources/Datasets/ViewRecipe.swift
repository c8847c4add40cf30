import Tensors

/// Everything random about one augmented view, drawn before anything is computed.
package struct ViewRecipe: Sendable, Equatable {
  package enum ColourOperation: Int, Sendable, CaseIterable { case brightness, contrast, saturation, hue }

  /// The part of the image that is shown.
  package var top, left, height, width: Int
  /// Degrees, counter-clockwise; nil for none.
  package var rotation: Double?
  package var order: (ColourOperation, ColourOperation, ColourOperation, ColourOperation)
  package var brightness, contrast, saturation: Float
  /// Steps of 1/256 turn, modulo 256; nil where the hue is left alone.
  package var hueSteps: Int?
  package var grey, flip: Bool

  package init(
    top: Int, left: Int, height: Int, width: Int, rotation: Double?,
    order: (ColourOperation, ColourOperation, ColourOperation, ColourOperation), brightness: Float, contrast: Float, saturation: Float,
    hueSteps: Int?, grey: Bool, flip: Bool
  ) {
    self.top = top
    self.left = left
    self.height = height
    self.width = width
    self.rotation = rotation
    self.order = order
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
    self.hueSteps = hueSteps
    self.grey = grey
    self.flip = flip
  }

  package static func == (a: ViewRecipe, b: ViewRecipe) -> Bool {
    (a.top, a.left, a.height, a.width) == (b.top, b.left, b.height, b.width) && a.order == b.order
      && (a.brightness, a.contrast, a.saturation) == (b.brightness, b.contrast, b.saturation)
      && a.rotation == b.rotation && a.hueSteps == b.hueSteps && a.grey == b.grey && a.flip == b.flip
  }
}

extension Augmentation {
  /// Draws a view of an image: torchvision's RandomResizedCrop, RandomRotation, ColorJitter, RandomGrayscale and RandomHorizontalFlip.
  package func recipe(height: Int, width: Int, _ stream: inout RandomStream) -> ViewRecipe {
    let crop = randomCrop(height: height, width: width, &stream)
    let turned = rotationDegrees > 0 && stream.uniform() < rotationProbability
    let rotation = turned ? Double(stream.uniform(-rotationDegrees, rotationDegrees)) : nil
    func factor(_ strength: Float) -> Float { stream.uniform(max(0, 1 - strength), 1 + strength) }
    let (brightness, contrast, saturation) = (factor(brightness), factor(contrast), factor(saturation))
    let turn = stream.uniform(-hue, hue)
    var order = SIMD4(0, 1, 2, 3)
    for last in stride(from: 3, to: 0, by: -1) {
      let other = stream.integer(below: last + 1)
      (order[last], order[other]) = (order[other], order[last])
    }
    let operations = ViewRecipe.ColourOperation.allCases
    return ViewRecipe(
      top: crop.top, left: crop.left, height: crop.height, width: crop.width, rotation: rotation,
      order: (operations[order[0]], operations[order[1]], operations[order[2]], operations[order[3]]), brightness: brightness,
      contrast: contrast, saturation: saturation, hueSteps: hue > 0 ? Int((turn * 255).rounded(.towardZero)) & 255 : nil,
      grey: stream.uniform() < greyProbability, flip: stream.uniform() < flipProbability)
  }

  /// Up to ten tries for area and ratio, else the centre with the ratio clamped.
  private func randomCrop(height: Int, width: Int, _ stream: inout RandomStream) -> (top: Int, left: Int, height: Int, width: Int) {
    let area = Double(height * width)
    let logs = (Elementary.log(cropRatio.lowerBound), Elementary.log(cropRatio.upperBound))
    for _ in 0..<10 {
      let target = area * (cropScale.lowerBound + (cropScale.upperBound - cropScale.lowerBound) * Double(stream.uniform()))
      let ratio = Elementary.exp(logs.0 + (logs.1 - logs.0) * Double(stream.uniform()))
      let (w, h) = (Int((target * ratio).squareRoot().rounded()), Int((target / ratio).squareRoot().rounded()))
      guard w >= 1, h >= 1, w <= width, h <= height else { continue }
      return (stream.integer(below: height - h + 1), stream.integer(below: width - w + 1), h, w)
    }
    let ratio = Double(width) / Double(height)
    let w = ratio > cropRatio.upperBound ? max(1, Int((Double(height) * cropRatio.upperBound).rounded())) : width
    let h = ratio < cropRatio.lowerBound ? max(1, Int((Double(width) / cropRatio.lowerBound).rounded())) : height
    return ((height - h) / 2, (width - w) / 2, h, w)
  }
}
