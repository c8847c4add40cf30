/// Turns records of colour planes into pixels [height, width, channels].
enum PlanarPixels {
  /// A record of three row-major planes of `count` bytes.
  static func interleave(_ planes: UnsafePointer<UInt8>, count: Int, to out: UnsafeMutablePointer<UInt8>) {
    let (red, green, blue) = (planes, planes + count, planes + 2 * count)
    for at in 0..<count {
      out[3 * at] = red[at]
      out[3 * at + 1] = green[at]
      out[3 * at + 2] = blue[at]
    }
  }

  /// A record of three column-major planes of size × size bytes.
  static func transpose(_ planes: UnsafePointer<UInt8>, size: Int, to out: UnsafeMutablePointer<UInt8>) {
    // Rows in strips of 16, so that the columns read stay in the cache.
    for strip in stride(from: 0, to: size, by: 16) {
      for x in 0..<size {
        for y in strip..<min(size, strip + 16) {
          let to = (y * size + x) * 3
          for channel in 0..<3 { out[to + channel] = planes[(channel * size + x) * size + y] }
        }
      }
    }
  }
}
