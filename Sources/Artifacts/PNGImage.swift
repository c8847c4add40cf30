import CPNG
import Glibc

/// What can go wrong with a PNG.
public enum PNGError: ExplainedError {
  case cannotWrite(path: String, message: String)
  public var problem: String { if case .cannotWrite(let path, let message) = self { "cannot write \(path): \(message)" } else { "" } }
  public var remedy: String { "check the folder and the disk's free space" }
  public var kind: ErrorKind { .inputOutput }
}

/// A picture of 8-bit RGB pixels, written without times so that equal pictures are equal bytes.
public struct PNGImage: Sendable {
  public let width, height: Int
  /// [height, width, 3]
  public private(set) var pixels: [UInt8]

  /// A white canvas.
  public init(width: Int, height: Int, white: Void) {
    self.width = width
    self.height = height
    pixels = Array(repeating: 255, count: width * height * 3)
  }

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 3, "\(pixels.count) bytes for \(width) × \(height) RGB pixels")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Copies a square image [size, size, 1 or 3] in, each of its pixels `zoom` × `zoom` large.
  public mutating func draw(_ image: [UInt8], size: Int, channels: Int, zoom: Int, left: Int, top: Int) {
    for row in 0..<size * zoom {
      for column in 0..<size * zoom {
        let from = (row / zoom * size + column / zoom) * channels
        let to = ((top + row) * width + left + column) * 3
        for channel in 0..<3 { pixels[to + channel] = image[from + (channels == 1 ? 0 : channel)] }
      }
    }
  }

  public func write(to path: String) throws {
    try AtomicFile.write(to: path) { temporary in
      var image = png_image()
      image.version = UInt32(PNG_IMAGE_VERSION)
      image.width = UInt32(width)
      image.height = UInt32(height)
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      guard png_image_write_to_file(&image, temporary, 0, pixels, Int32(width * 3), nil) != 0 else {
        let message = withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        throw PNGError.cannotWrite(path: path, message: message)
      }
    }
  }
}
