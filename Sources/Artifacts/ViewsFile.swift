/// `views.h5`: the views of all images in the first passes.
public enum ViewsFile {
  /// One pass: originals [N, S, S, C] and augmented [R, N, S, S, C].
  public struct Pass: Sendable {
    public let size, channels, images, repeats: Int
    public let originals: [UInt8]
    public let augmented: [UInt8]

    public init(size: Int, channels: Int, images: Int, repeats: Int, originals: [UInt8], augmented: [UInt8]) {
      self.size = size
      self.channels = channels
      self.images = images
      self.repeats = repeats
      self.originals = originals
      self.augmented = augmented
    }

    /// The views of some images, in the order of `numbers`, copy by copy.
    public func views(of numbers: [Int]) -> (originals: [UInt8], augmented: [UInt8]) {
      let bytes = size * size * channels
      var chosen: [UInt8] = []
      for number in numbers { chosen += originals[number * bytes..<(number + 1) * bytes] }
      var copies: [UInt8] = []
      for copy in 0..<repeats {
        for number in numbers {
          let at = (copy * images + number) * bytes
          copies += augmented[at..<at + bytes]
        }
      }
      return (chosen, copies)
    }
  }

  public static func write(_ passes: [Pass], to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      for (number, pass) in passes.enumerated() {
        let group = name(number)
        try file.group(group)
        try file.write(
          pass.originals, shape: [pass.images, pass.size, pass.size, pass.channels], to: "\(group)/originals",
          axes: "image, row, column, channel",
          units: "grey level 0 to 255", meaning: "original views: resized, randomly cropped")
        try file.write(
          pass.augmented, shape: [pass.repeats, pass.images, pass.size, pass.size, pass.channels], to: "\(group)/augmented",
          axes: "copy, image, row, column, channel", units: "grey level 0 to 255", meaning: "augmented views")
      }
    }
  }

  /// - Returns: the views of a pass, nil where the file does not hold it.
  public static func read(_ path: String, pass: Int) throws -> Pass? {
    let file = try HDF5Reader(path)
    guard file.contains(name(pass)) else { return nil }
    let (originals, shape) = try file.bytes("\(name(pass))/originals", axes: 4)
    let (augmented, augmentedShape) = try file.bytes("\(name(pass))/augmented", axes: 5)
    guard Array(augmentedShape.dropFirst()) == shape else {
      throw HDF5Error.unexpected(dataset: "\(name(pass))/augmented", path: path, expected: "copies of \(shape)", found: "\(augmentedShape)")
    }
    return Pass(
      size: shape[1], channels: shape[3], images: shape[0], repeats: augmentedShape[0], originals: originals, augmented: augmented)
  }

  private static func name(_ pass: Int) -> String { "/pass_" + String(String(10_000 + pass).dropFirst()) }
}
