import Artifacts
import CJPEG

/// JPEG by libjpeg-turbo, with the exact inverse cosine transform: the bytes Pillow gives.
enum JPEGDecoder {
  /// Warnings of libjpeg after which it goes on to a picture.
  private static let harmless = [
    "Corrupt JPEG data: ", "Inconsistent progression sequence", "Unknown Adobe color transform",
    "Invalid SOS parameters for sequential JPEG", "Warning: unknown JFIF revision number",
  ]

  /// - Returns: RGB values [height, width, 3]; grey becomes three equal channels.
  static func decode(_ bytes: [UInt8], path: String, mostPixels: Int) throws(PictureError) -> (pixels: [UInt8], width: Int, height: Int) {
    // A decoder of its own for every picture: after some damaged ones libjpeg-turbo refuses good ones too.
    guard let jpeg = tjInitDecompress() else { preconditionFailure("libjpeg-turbo gives no decoder") }
    defer { tjDestroy(jpeg) }
    var message: String { tjGetErrorStr2(jpeg).map { String(cString: $0) } ?? "unknown failure" }
    func failure() -> PictureError {
      // Twelve bits, lossless, arithmetic coding: nothing is wrong with such a file.
      let isForeign = ["Unsupported", "not supported"].contains { message.contains($0) }
      return isForeign ? .unsupported(path: path, message: message) : .undecodable(path: path, message: message)
    }
    var isHarmless: Bool { Self.harmless.contains { message.hasPrefix($0) } }
    var (width, height, sampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, -1)
    if tjDecompressHeader3(jpeg, bytes, UInt(bytes.count), &width, &height, &sampling, &space) != 0 {
      // What it knows by then is enough: a warning comes again below, and decoding does not ask for the kind of sampling.
      guard width > 0, height > 0, space >= 0, isHarmless || message.contains("subsampling") else { throw failure() }
    }
    try PictureError.check(Int(width), Int(height), most: mostPixels, path: path)
    let isCMYK = [TJCS_CMYK, TJCS_YCCK].contains { space == Int32($0.rawValue) }
    let (channels, format) = isCMYK ? (4, TJPF_CMYK) : (3, TJPF_RGB)
    var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
    func decode(_ flags: Int32) -> Bool {
      tjDecompress2(jpeg, bytes, UInt(bytes.count), &pixels, width, 0, height, Int32(format.rawValue), TJFLAG_ACCURATEDCT | flags) == 0
    }
    // Some damage leaves a picture, as stray bytes between its parts do. The library tells of the first warning alone: behind a harmless one
    // only the end marker says that the file does not end early, of which the rest would be grey or black.
    if !decode(TJFLAG_STOPONWARNING) {
      guard isHarmless else { throw failure() }
      guard hasEnd(bytes) else { throw PictureError.undecodable(path: path, message: "Premature end of JPEG file") }
      guard decode(0) || isHarmless else { throw failure() }
    }
    return (isCMYK ? colours(ofInverted: pixels) : pixels, Int(width), Int(height))
  }

  /// Whether the end marker stands behind the start of the last of a picture's data, in which no other place has its bytes.
  private static func hasEnd(_ bytes: [UInt8]) -> Bool {
    func last(_ marker: UInt8) -> Int? { bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == marker } }
    guard let start = last(0xDA), let end = last(0xD9) else { return false }
    return end > start
  }

  /// Red, green and blue of inks. As Adobe writes them, and Pillow takes all such files to be, 255 is no ink and 0 all of it: a colour is
  /// what its ink and the black one let through, rounded as Pillow does. The profile of the inks does not count.
  private static func colours(ofInverted inks: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: inks.count / 4 * 3) { out, count in
      for place in 0..<inks.count / 4 {
        let light = Int(inks[4 * place + 3])
        for channel in 0..<3 {
          let product = (255 - Int(inks[4 * place + channel])) * light + 128
          out.initializeElement(at: 3 * place + channel, to: UInt8(light - (product + product >> 8) >> 8))
        }
      }
      count = inks.count / 4 * 3
    }
  }

  /// The Exif data of a JPEG: the first marker APP1 that says it holds some.
  static func exif(_ bytes: [UInt8]) -> [UInt8]? {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xFF {
      let marker = bytes[at + 1]
      // A marker may be preceded by any number of 0xFF.
      if marker == 0xFF {
        at += 1
        continue
      }
      // The picture's data begin, or it ends.
      if marker == 0xDA || marker == 0xD9 { return nil }
      let end = at + 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
      guard end <= bytes.count, end >= at + 4 else { return nil }
      let content = bytes[at + 4..<end]
      if marker == 0xE1, content.starts(with: Array("Exif\0\0".utf8)) { return Array(content) }
      at = end
    }
    return nil
  }
}
