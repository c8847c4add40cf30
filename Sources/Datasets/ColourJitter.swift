/// PIL's colour operations on bytes [pixels, channels]; those that need colour leave grey images alone.
struct ColourJitter {
  let channels: Int

  /// Blends with black.
  func brighten(_ view: inout [UInt8], by factor: Float) {
    for at in view.indices { view[at] = Self.byte(Float(view[at]) * factor) }
  }

  /// Blends with the mean luma, rounded, as a constant image.
  func contrast(_ view: inout [UInt8], by factor: Float) {
    let pixels = view.count / channels
    var sum = 0
    for pixel in 0..<pixels { sum += Int(luma(view, pixel)) }
    let mean = Float((sum + pixels / 2) / pixels)
    for at in view.indices { view[at] = Self.byte(mean + (Float(view[at]) - mean) * factor) }
  }

  /// Blends with the image's own grey.
  func saturate(_ view: inout [UInt8], by factor: Float) {
    guard channels == 3 else { return }
    for pixel in 0..<view.count / 3 {
      let grey = Float(luma(view, pixel))
      for at in pixel * 3..<pixel * 3 + 3 { view[at] = Self.byte(grey + (Float(view[at]) - grey) * factor) }
    }
  }

  /// Replaces colours by their luma.
  func grey(_ view: inout [UInt8]) {
    guard channels == 3 else { return }
    for pixel in 0..<view.count / 3 {
      let grey = luma(view, pixel)
      for at in pixel * 3..<pixel * 3 + 3 { view[at] = grey }
    }
  }

  /// Turns the hue by a share of a full turn, through HSV of bytes: the hue wraps in steps of 1/256.
  func turnHue(_ view: inout [UInt8], by turn: Float) {
    guard channels == 3 else { return }
    let steps = Int((turn * 255).rounded(.towardZero))
    for pixel in 0..<view.count / 3 {
      let (r, g, b) = (Float(view[pixel * 3]), Float(view[pixel * 3 + 1]), Float(view[pixel * 3 + 2]))
      let (top, bottom) = (max(r, g, b), min(r, g, b))
      guard top > bottom else { continue }
      let range = top - bottom
      let saturation = Float(UInt8(255 * range / top))
      let (rc, gc, bc) = ((top - r) / range, (top - g) / range, (top - b) / range)
      var hue = (r == top ? bc - gc : g == top ? 2 + rc - bc : 4 + gc - rc) / 6
      hue -= hue.rounded(.down)
      let turned = UInt8(truncatingIfNeeded: Int(hue * 255) + steps)
      let sector = Float(turned) * 6 / 255
      let whole = Int(sector)
      let (f, s) = (sector - Float(whole), saturation / 255)
      let (p, q, t) = (Self.round(top * (1 - s)), Self.round(top * (1 - s * f)), Self.round(top * (1 - s * (1 - f))))
      let v = UInt8(top)
      let rgb: (UInt8, UInt8, UInt8) =
        switch whole % 6 {
        case 0: (v, t, p)
        case 1: (q, v, p)
        case 2: (p, v, t)
        case 3: (p, q, v)
        case 4: (t, p, v)
        default: (v, p, q)
        }
      (view[pixel * 3], view[pixel * 3 + 1], view[pixel * 3 + 2]) = rgb
    }
  }

  /// ITU-R 601 luma in PIL's fixed point; a grey pixel is its own.
  private func luma(_ view: [UInt8], _ pixel: Int) -> UInt8 {
    guard channels == 3 else { return view[pixel * channels] }
    let (r, g, b) = (Int(view[pixel * 3]), Int(view[pixel * 3 + 1]), Int(view[pixel * 3 + 2]))
    return UInt8((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16)
  }

  /// Clipped and cut, as PIL's blend does it.
  private static func byte(_ value: Float) -> UInt8 { UInt8(min(255, max(0, value))) }

  private static func round(_ value: Float) -> UInt8 { UInt8(min(255, max(0, value.rounded()))) }
}
