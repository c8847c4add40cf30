/// The chunks of a PNG file that are to be known before its pixels are decoded.
package struct PNGChunks {
  /// What `IHDR` says; nil where the file does not begin with a whole one.
  package let width, height: Int?
  /// The Exif data of chunk `eXIf`.
  package let exif: [UInt8]?
  /// Whether it is an APNG, whose default picture is decoded.
  package let isAnimated: Bool
  /// The file with nothing but what makes the pixels: what says how they are to look on a screen (`gAMA`, `cHRM`, `sRGB`, `iCCP`, `cICP`,
  /// `sBIT`, `bKGD`) would make libpng change their values.
  package let pixelsOnly: [UInt8]

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  package static func begin(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: signature) }

  package init(_ bytes: [UInt8]) {
    func number(_ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    var (width, height, exif, isAnimated): (Int?, Int?, [UInt8]?, Bool) = (nil, nil, nil, false)
    var kept = Array(bytes.prefix(8))
    kept.reserveCapacity(bytes.count)
    var at = 8
    // Length, type, content, checksum. What is cut short is kept: libpng says what is wrong with it.
    while at + 12 <= bytes.count, number(at) <= bytes.count - at - 12 {
      let content = at + 8..<at + 8 + number(at)
      let type = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
      switch type {
      case "IHDR" where at == 8 && content.count == 13: (width, height) = (number(content.lowerBound), number(content.lowerBound + 4))
      case "eXIf": exif = exif ?? Array(bytes[content])
      case "acTL": isAnimated = true
      default: break
      }
      // A small first letter marks what a decoder may do without; tRNS alone of those changes pixels.
      if bytes[at + 4] & 0x20 == 0 || type == "tRNS" { kept += bytes[at..<content.upperBound + 4] }
      at = content.upperBound + 4
    }
    if at < bytes.count { kept += bytes[at...] }
    (self.width, self.height, self.exif, self.isAnimated, pixelsOnly) = (width, height, exif, isAnimated, kept)
  }
}
