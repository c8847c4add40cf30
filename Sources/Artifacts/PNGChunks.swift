/// The chunks of a PNG file that libpng does not tell of, or tells of too late.
package enum PNGChunks {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// What `IHDR` says; nil where the file does not begin with a whole one.
  package static func size(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
    guard bytes.starts(with: signature), let header = first("IHDR", in: bytes), header.startIndex == 16, header.count == 13 else {
      return nil
    }
    return (number(bytes, 16), number(bytes, 20))
  }

  /// The Exif data of chunk `eXIf`.
  package static func exif(_ bytes: [UInt8]) -> [UInt8]? { first("eXIf", in: bytes).map(Array.init) }

  /// Whether it is an APNG. Readers that do not know these see its default picture.
  package static func isAnimated(_ bytes: [UInt8]) -> Bool { first("acTL", in: bytes) != nil }

  /// The content of the first whole chunk of a type.
  private static func first(_ type: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var at = 8
    // Length, type, content, checksum.
    while at + 12 <= bytes.count, number(bytes, at) <= bytes.count - at - 12 {
      let content = at + 8..<at + 8 + number(bytes, at)
      if bytes[at + 4..<at + 8].elementsEqual(type.utf8) { return bytes[content] }
      at = content.upperBound + 4
    }
    return nil
  }

  private static func number(_ bytes: [UInt8], _ at: Int) -> Int { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
}
