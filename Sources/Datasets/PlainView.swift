/// The plain twin of `ViewWorkspace`: PIL's arithmetic as PIL writes it, pixel by pixel, in double precision where PIL uses it.
package enum PlainView {
  /// An augmented view [size, size, channels] of an image [height, width, channels].
  package static func augmented(_ image: [UInt8], width: Int, channels: Int, _ recipe: ViewRecipe, size: Int) -> [UInt8] {
    var view = resized(
      crop(image, width: width, channels: channels, recipe), height: recipe.height, width: recipe.width, channels: channels, to: size, size)
    if let degrees = recipe.rotation { view = rotated(view, channels: channels, degrees: degrees, size: size) }
    for operation in [recipe.order.0, recipe.order.1, recipe.order.2, recipe.order.3] {
      switch operation {
      case .brightness: view = view.map { PlainColour.blend(0, $0, recipe.brightness) }
      case .contrast: view = PlainColour.contrast(view, channels: channels, by: recipe.contrast)
      case .saturation: if channels == 3 { view = PlainColour.saturated(view, by: recipe.saturation) }
      case .hue: if channels == 3, let steps = recipe.hueSteps { view = PlainColour.hueTurned(view, steps: steps) }
      }
    }
    if recipe.grey, channels == 3 { view = PlainColour.greyed(view) }
    guard recipe.flip else { return view }
    var mirrored: [UInt8] = []
    for y in 0..<size {
      for x in (0..<size).reversed() {
        let from = (y * size + x) * channels
        mirrored += view[from..<from + channels]
      }
    }
    return mirrored
  }

  private static func crop(_ image: [UInt8], width: Int, channels: Int, _ recipe: ViewRecipe) -> [UInt8] {
    var part: [UInt8] = []
    for y in recipe.top..<recipe.top + recipe.height {
      let from = (y * width + recipe.left) * channels
      part += image[from..<from + recipe.width * channels]
    }
    return part
  }

  /// Resizes horizontally, rounds to bytes, then vertically.
  package static func resized(
    _ image: [UInt8], height: Int, width: Int, channels: Int, to newHeight: Int, _ newWidth: Int
  ) -> [UInt8] {
    let (columns, rows) = (Resampling(length: width, outputs: newWidth), Resampling(length: height, outputs: newHeight))
    func sum(_ table: Resampling, _ output: Int, _ value: (Int) -> UInt8) -> UInt8 {
      var sum = Int(Resampling.half)
      for tap in 0..<table.taps {
        sum += Int(value(Int(table.starts[output]) + tap)) * Int(table.weights[output * table.taps + tap])
      }
      return UInt8(sum >> Int(Resampling.weightBits))
    }
    var narrow: [UInt8] = []
    for y in 0..<height {
      for x in 0..<newWidth {
        for c in 0..<channels { narrow.append(sum(columns, x) { image[(y * width + $0) * channels + c] }) }
      }
    }
    var result: [UInt8] = []
    for y in 0..<newHeight {
      for at in 0..<newWidth * channels { result.append(sum(rows, y) { narrow[$0 * newWidth * channels + at] }) }
    }
    return result
  }

  private static func rotated(_ view: [UInt8], channels: Int, degrees: Double, size: Int) -> [UInt8] {
    let map = Rotation(degrees: degrees, size: size)
    var result = [UInt8](repeating: 0, count: view.count)
    for y in 0..<size {
      for x in 0..<size {
        let from = map.source(x: x, y: y)
        guard (0..<size).contains(from.column), (0..<size).contains(from.row) else { continue }
        for c in 0..<channels { result[(y * size + x) * channels + c] = view[(from.row * size + from.column) * channels + c] }
      }
    }
    return result
  }
}

/// The plain twin of `ColourOperations`, on bytes [pixels, channels].
package enum PlainColour {
  /// PIL's `Image.blend` of two bytes.
  static func blend(_ a: UInt8, _ b: UInt8, _ alpha: Float) -> UInt8 {
    UInt8(min(255, max(0, Float(a) + alpha * Float(Int(b) - Int(a)))))
  }

  static func luma(_ pixel: ArraySlice<UInt8>) -> UInt8 {
    let at = pixel.startIndex
    guard pixel.count == 3 else { return pixel[at] }
    let (r, g, b) = (Int(pixel[at]), Int(pixel[at + 1]), Int(pixel[at + 2]))
    return UInt8((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16)
  }

  private static func pixels(_ view: [UInt8], _ channels: Int) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: view.count, by: channels).map { view[$0..<$0 + channels] }
  }

  static func contrast(_ view: [UInt8], channels: Int, by factor: Float) -> [UInt8] {
    let lumas = pixels(view, channels).map { Double(luma($0)) }
    let mean = UInt8(lumas.reduce(0, +) / Double(lumas.count) + 0.5)
    return view.map { blend(mean, $0, factor) }
  }

  static func saturated(_ view: [UInt8], by factor: Float) -> [UInt8] {
    pixels(view, 3).flatMap { pixel in pixel.map { blend(luma(pixel), $0, factor) } }
  }

  static func greyed(_ view: [UInt8]) -> [UInt8] { pixels(view, 3).flatMap { Array(repeating: luma($0), count: 3) } }

  static func hueTurned(_ view: [UInt8], steps: Int) -> [UInt8] {
    pixels(view, 3).flatMap { pixel -> [UInt8] in
      let (h, s, v) = hsv(pixel)
      return rgb((h + steps) & 255, s, v)
    }
  }

  private static func hsv(_ pixel: ArraySlice<UInt8>) -> (Int, Int, Int) {
    let (r, g, b) = (Int(pixel[pixel.startIndex]), Int(pixel[pixel.startIndex + 1]), Int(pixel[pixel.startIndex + 2]))
    let (top, bottom) = (max(r, g, b), min(r, g, b))
    guard top > bottom else { return (0, 0, top) }
    let range = Float(top - bottom)
    let s = range / Float(top)
    let (rc, gc, bc) = (Float(top - r) / range, Float(top - g) / range, Float(top - b) / range)
    let sixths =
      r == top ? bc - gc : g == top ? Float(2 + Double(rc) - Double(bc)) : Float(4 + Double(gc) - Double(rc))
    let h = Float((Double(sixths) / 6 + 1).truncatingRemainder(dividingBy: 1))
    return (Int(Double(h) * 255), Int(Double(s) * 255), top)
  }

  private static func rgb(_ h: Int, _ s: Int, _ v: Int) -> [UInt8] {
    let sixths = Double(h) * 6 / 255
    let sector = Int(sixths)
    let (f, fs, value) = (Float(sixths - Double(sector)), Float(Double(s) / 255), Double(v))
    func byte(_ x: Double) -> UInt8 { UInt8(x.rounded(.toNearestOrAwayFromZero)) }
    let p = byte(value * (1 - Double(fs)))
    let q = byte(value * (1 - Double(fs * f)))
    let t = byte(value * (1 - Double(fs) * (1 - Double(f))))
    let top = UInt8(v)
    return [[top, t, p], [q, top, p], [p, top, t], [p, q, top], [t, p, top], [top, p, q]][sector % 6]
  }
}
