import CPNG
import Glibc

/// A picture of 8-bit RGB pixels, written without times so that equal pictures are equal bytes.
public struct PNGImage: Sendable, Equatable {
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

  /// Decodes the bytes of a PNG of any kind to 8-bit RGB values as they stand in the file: 16 bits are scaled linearly (value / 257, rounded),
  /// what is transparent is laid on white, and colour profiles and gamma are ignored. Of an animated one this is the default picture.
  /// - Parameters:
  ///   - path: names the picture in errors.
  ///   - mostPixels: larger pictures are refused before memory is taken for them.
  public init(decoding bytes: [UInt8], path: String, mostPixels: Int) throws(PictureError) {
    let picture = try PNGImage.decode(bytes, path: path, mostPixels: mostPixels)
    self.init(width: picture.width, height: picture.height, pixels: picture.onWhite)
  }

  /// The same with the transparency.
  package static func decode(_ bytes: [UInt8], path: String, mostPixels: Int) throws(PictureError) -> RGBAPicture {
    guard let (width, height) = PNGChunks.size(bytes) else {
      throw .undecodable(path: path, message: "it does not begin with a whole header")
    }
    try PictureError.check(width, height, most: mostPixels, path: path)
    var pixels = [UInt8](repeating: 0, count: width * height * 4)
    var message = [CChar](repeating: 0, count: 128)
    guard png_decode_rgba(bytes, bytes.count, UInt32(width), UInt32(height), &pixels, &message) == 1 else {
      let words = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw .undecodable(path: path, message: words)
    }
    return RGBAPicture(width: width, height: height, pixels: pixels)
  }

  /// Of pictures that are the project's own.
  static let mostPixels = 1 << 28

  /// - Throws: `FileError`, `PictureError`.
  public static func read(_ path: String) throws -> PNGImage {
    try PNGImage(decoding: AtomicFile.read(path), path: path, mostPixels: mostPixels)
  }

  /// Copies a square image [size, size, 1 or 3] in, each of its pixels `zoom` × `zoom` large.
  public mutating func draw(_ image: some RandomAccessCollection<UInt8>, size: Int, channels: Int, zoom: Int, left: Int, top: Int) {
    let image = Array(image)
    for row in 0..<size * zoom {
      for column in 0..<size * zoom {
        let from = (row / zoom * size + column / zoom) * channels
        let to = ((top + row) * width + left + column) * 3
        for channel in 0..<3 { pixels[to + channel] = image[from + (channels == 1 ? 0 : channel)] }
      }
    }
  }

  /// Writes the picture whole or not at all.
  /// - Throws: `FileError`, `PictureError`.
  public func write(to path: String) throws {
    try AtomicFile.write(to: path) { temporary in
      var image = png_image()
      image.version = UInt32(PNG_IMAGE_VERSION)
      image.width = UInt32(width)
      image.height = UInt32(height)
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      // Opened here: libpng would make a file anew that was discarded meanwhile.
      let descriptor = open(temporary, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0, let stream = fdopen(descriptor, "wb") else {
        throw FileError.failed(operation: "write", path: path, errno: errno)
      }
      let isWritten = png_image_write_to_stdio(&image, stream, 0, pixels, Int32(width * 3), nil) != 0
      guard fclose(stream) == 0 || !isWritten else { throw FileError.failed(operation: "write", path: path, errno: errno) }
      guard isWritten else { throw PictureError.cannotWrite(path: path, message: Self.message(image)) }
    }
  }

  private static func message(_ image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
