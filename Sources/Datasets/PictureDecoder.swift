import Artifacts
import CJPEG

/// Decodes PNG and JPEG to 8-bit RGB, whatever the picture's own kind: grey becomes three equal channels.
struct PictureDecoder {
  /// A picture in memory: pixels [height, width, 3].
  struct Picture: Sendable, Equatable {
    let width, height: Int
    let pixels: [UInt8]
  }

  private let mostPixels: Int

  /// - Parameter mostPixels: larger pictures are refused before memory is taken for them.
  init(mostPixels: Int) {
    self.mostPixels = mostPixels
  }

  /// - Parameter path: names the picture in errors.
  func decode(_ bytes: [UInt8], path: String) throws(PictureError) -> Picture {
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      let image = try PNGImage(decoding: bytes, path: path, mostPixels: mostPixels)
      return Picture(width: image.width, height: image.height, pixels: image.pixels)
    }
    guard bytes.starts(with: [0xFF, 0xD8]) else { throw .undecodable(path: path, message: "it is neither PNG nor JPEG") }
    return try decodeJPEG(bytes, path: path)
  }

  private func decodeJPEG(_ bytes: [UInt8], path: String) throws(PictureError) -> Picture {
    // A decoder of its own for every picture: after some damaged ones libjpeg-turbo refuses good ones too.
    guard let jpeg = tjInitDecompress() else { preconditionFailure("libjpeg-turbo gives no decoder") }
    defer { tjDestroy(jpeg) }
    var message: String { tjGetErrorStr2(jpeg).map { String(cString: $0) } ?? "unknown failure" }
    var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard tjDecompressHeader3(jpeg, bytes, UInt(bytes.count), &width, &height, &sampling, &colours) == 0 else {
      throw .undecodable(path: path, message: message)
    }
    guard width > 0, height > 0, Int(width) <= mostPixels / Int(height) else {
      throw .undecodable(path: path, message: "its \(width) × \(height) pixels are more than \(mostPixels)")
    }
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * 3)
    let status = tjDecompress2(jpeg, bytes, UInt(bytes.count), &pixels, width, 0, height, Int32(TJPF_RGB.rawValue), TJFLAG_ACCURATEDCT)
    // Warnings leave a picture, if not always the whole: a file that ends early would be grey below.
    let failed = status != 0 && (tjGetErrorCode(jpeg) != Int32(TJERR_WARNING.rawValue) || message.contains("Premature end"))
    if failed { throw .undecodable(path: path, message: message) }
    return Picture(width: Int(width), height: Int(height), pixels: pixels)
  }
}
