import Artifacts

/// Decodes PNG, JPEG and WebP, told apart by their content and not by their names, to 8-bit RGB values as they stand in the file, turned
/// upright: grey becomes three equal channels, 16 bits are scaled linearly, CMYK is converted as Pillow does, transparency lies on white, of
/// animations the first picture counts; colour profiles and gamma are ignored.
package struct PictureDecoder {
  /// A picture in memory: pixels [height, width, 3].
  package struct Picture: Sendable, Equatable {
    package let width, height: Int
    package let pixels: [UInt8]
    /// Whether any of it is transparent, in which case that lies on white.
    package let isTransparent: Bool
    /// Whether it is the first of several pictures.
    package let isAnimated: Bool

    /// Whether all pixels are equal.
    package var isPlain: Bool {
      (3..<max(3, pixels.count)).allSatisfy { pixels[$0] == pixels[$0 - 3] }
    }
  }

  private let mostPixels: Int

  /// - Parameter mostPixels: larger pictures are refused before memory is taken for them.
  package init(mostPixels: Int) {
    self.mostPixels = mostPixels
  }

  /// - Parameter path: names the picture in errors.
  package func decode(_ bytes: [UInt8], path: String) throws(PictureError) -> Picture {
    switch PictureFormat.of(content: bytes) {
    case .png:
      let picture = try PNGImage.decode(bytes, path: path, mostPixels: mostPixels)
      return Self.upright(picture, exif: PNGChunks.exif(bytes), isAnimated: PNGChunks.isAnimated(bytes))
    case .webp:
      let picture = try WebPDecoder.decode(bytes, path: path, mostPixels: mostPixels)
      return Self.upright(picture.pixels, exif: picture.exif, isAnimated: picture.isAnimated)
    case .jpeg:
      let (pixels, width, height) = try JPEGDecoder.decode(bytes, path: path, mostPixels: mostPixels)
      return Self.upright(pixels, width, height, exif: JPEGDecoder.exif(bytes), isTransparent: false, isAnimated: false)
    case let other: throw .undecodable(path: path, message: "it is \(other.map { "a \($0.name) file" } ?? "neither PNG nor JPEG nor WebP")")
    }
  }

  private static func upright(_ picture: RGBAPicture, exif: [UInt8]?, isAnimated: Bool) -> Picture {
    upright(
      picture.onWhite, picture.width, picture.height, exif: exif, isTransparent: picture.isTransparent, isAnimated: isAnimated)
  }

  private static func upright(
    _ pixels: [UInt8], _ width: Int, _ height: Int, exif: [UInt8]?, isTransparent: Bool, isAnimated: Bool
  ) -> Picture {
    let orientation = exif.map(Orientation.init(exif:)) ?? .upright
    let turned = orientation.applied(to: pixels, width: width, height: height)
    return Picture(
      width: turned.width, height: turned.height, pixels: turned.pixels, isTransparent: isTransparent, isAnimated: isAnimated)
  }
}
