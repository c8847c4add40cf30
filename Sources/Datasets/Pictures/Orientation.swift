/// How a picture is to be turned before it is looked at: Exif's tag Orientation, the eight ways in which a camera can be held.
package enum Orientation: Int, CaseIterable, Sendable {
  case upright = 1
  case mirrored, upsideDown, mirroredUpsideDown, transposed, turnedLeft, transverse, turnedRight

  /// What Exif data say; `.upright` where they say nothing, or nothing known.
  /// - Parameter exif: a TIFF header and its directories, as in PNG's `eXIf`; `Exif\0\0` before it is passed over.
  package init(exif: [UInt8]) {
    let bytes = exif.starts(with: Array("Exif\0\0".utf8)) ? Array(exif.dropFirst(6)) : exif
    self = Self.value(bytes).flatMap(Orientation.init) ?? .upright
  }

  /// The value of tag 0x0112 in the first directory.
  private static func value(_ bytes: [UInt8]) -> Int? {
    let isLittle = bytes.starts(with: Array("II".utf8))
    guard isLittle || bytes.starts(with: Array("MM".utf8)) else { return nil }
    func number(_ at: Int, _ count: Int) -> Int? {
      guard at >= 0, at + count <= bytes.count else { return nil }
      let digits = bytes[at..<at + count]
      return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
    // An entry: tag, type, count, value.
    for entry in 0..<entries {
      let at = directory + 2 + 12 * entry
      guard let tag = number(at, 2) else { return nil }
      if tag == 0x0112 { return number(at + 2, 2) == 3 ? number(at + 8, 2) : number(at + 8, 4) }
    }
    return nil
  }

  /// Turns pixels [height, width, 3].
  func applied(to pixels: [UInt8], width: Int, height: Int) -> (pixels: [UInt8], width: Int, height: Int) {
    if self == .upright { return (pixels, width, height) }
    let isTurned = rawValue >= 5
    let (newWidth, newHeight) = isTurned ? (height, width) : (width, height)
    // Where the first pixel of the result comes from, and how far it is from there to the next one of a row and of a column.
    let (right, down) = (1, width)
    let (lastColumn, lastRow) = (width - 1, (height - 1) * width)
    let (start, along, below) =
      switch self {
      case .upright: (0, right, down)
      case .mirrored: (lastColumn, -right, down)
      case .upsideDown: (lastRow + lastColumn, -right, -down)
      case .mirroredUpsideDown: (lastRow, right, -down)
      case .transposed: (0, down, right)
      case .turnedLeft: (lastRow, -down, right)
      case .transverse: (lastRow + lastColumn, -down, -right)
      case .turnedRight: (lastColumn, down, -right)
      }
    let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { out, count in
      pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let from = 3 * (start + y * below + x * along)
            let to = 3 * (y * newWidth + x)
            for channel in 0..<3 { out.initializeElement(at: to + channel, to: pixels[from + channel]) }
          }
        }
      }
      count = pixels.count
    }
    return (turned, newWidth, newHeight)
  }
}
