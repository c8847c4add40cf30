/// A decoded picture with transparency, before it is laid on a ground.
package struct RGBAPicture: Sendable, Equatable {
  package let width, height: Int
  /// [height, width, 4]: red, green, blue and opacity 0 to 255, colours not multiplied by the opacity.
  package let pixels: [UInt8]

  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 4, "\(pixels.count) bytes for \(width) × \(height) RGBA pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  package var isTransparent: Bool { stride(from: 3, to: pixels.count, by: 4).contains { pixels[$0] < 255 } }

  /// The pixels [height, width, 3] on white: opacity·value + (1 − opacity)·255, rounded, in the picture's own values and not in those of
  /// light, as Pillow's `paste` with a mask computes it.
  package var onWhite: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: width * height * 3) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        for place in 0..<width * height {
          let opacity = Int(pixels[4 * place + 3])
          for channel in 0..<3 {
            let blend = Int(pixels[4 * place + channel]) * opacity + 255 * (255 - opacity) + 128
            out.initializeElement(at: 3 * place + channel, to: UInt8((blend + blend >> 8) >> 8))
          }
        }
      }
      count = width * height * 3
    }
  }
}
