/// `views.h5`: the views of all images in the first passes.
public enum ViewsFile {
  /// How many views of what size a file holds.
  public struct Layout: Sendable, Equatable {
    public let passes, images, repeats, size, channels: Int

    public init(passes: Int, images: Int, repeats: Int, size: Int, channels: Int) {
      self.passes = passes
      self.images = images
      self.repeats = repeats
      self.size = size
      self.channels = channels
    }
  }

  /// One pass: originals [N, S, S, C] and augmented [R, N, S, S, C].
  public struct Pass: Sendable {
    public let size, channels, images, repeats: Int
    public let originals: Pixels
    public let augmented: Pixels

    /// The views of some images, in the order of `numbers`, copy by copy.
    /// - Throws: `HDF5Error` where the file is damaged.
    public func views(of numbers: [Int]) throws -> (originals: [UInt8], augmented: [UInt8]) {
      (try gather(originals, numbers, copies: 1), try gather(augmented, numbers, copies: repeats))
    }

    private func gather(_ pixels: Pixels, _ numbers: [Int], copies: Int) throws -> [UInt8] {
      let bytes = size * size * channels
      let ranges = (0..<copies).flatMap { copy in
        numbers.map { number in
          precondition((0..<images).contains(number), "image \(number) of \(images)")
          return (copy * images + number) * bytes..<(copy * images + number + 1) * bytes
        }
      }
      return try pixels.read(ranges) { all in
        [UInt8](unsafeUninitializedCapacity: ranges.count * bytes) { chosen, count in
          for range in ranges {
            _ = UnsafeMutableBufferPointer(rebasing: chosen[count..<count + bytes]).initialize(fromContentsOf: all[range])
            count += bytes
          }
        }
      }
    }
  }

  /// Writes views block by block, so that no more than a block of them is in memory.
  /// - Parameter views: makes the views of some neighbouring images in a pass: originals [n, S, S, C], augmented [R, n, S, S, C].
  public static func write(
    _ layout: Layout, to path: String, views: (_ pass: Int, _ images: Range<Int>) throws -> (originals: [UInt8], augmented: [UInt8])
  ) throws {
    let picture = [layout.size, layout.size, layout.channels]
    try HDF5Writer.write(to: path) { file in
      for pass in 0..<layout.passes {
        let group = name(pass)
        try file.group(group)
        let originals = try file.blocks(
          shape: [layout.images] + picture, of: "\(group)/originals", axes: "image, row, column, channel",
          units: "grey level 0 to 255", meaning: "original views: resized, randomly cropped")
        let augmented = try file.blocks(
          shape: [layout.repeats, layout.images] + picture, of: "\(group)/augmented",
          axes: "copy, image, row, column, channel", units: "grey level 0 to 255", meaning: "augmented views")
        let block = 1000
        for first in stride(from: 0, to: layout.images, by: block) {
          let images = first..<min(first + block, layout.images)
          let made = try views(pass, images)
          try made.originals.withUnsafeBytes { try originals.write($0, start: [first, 0, 0, 0], extent: [images.count] + picture) }
          try made.augmented.withUnsafeBytes {
            try augmented.write($0, start: [0, first, 0, 0, 0], extent: [layout.repeats, images.count] + picture)
          }
        }
      }
    }
  }

  /// - Returns: the views of a pass, nil where the file does not hold it.
  /// - Throws: `FileError`, `HDF5Error`.
  public static func read(_ path: String, pass: Int) throws -> Pass? {
    let file = try HDF5Reader(path)
    guard file.contains(name(pass)) else { return nil }
    let (originals, shape) = try file.pixels("\(name(pass))/originals", axes: 4)
    let (augmented, augmentedShape) = try file.pixels("\(name(pass))/augmented", axes: 5)
    guard Array(augmentedShape.dropFirst()) == shape, shape[1] == shape[2] else {
      throw HDF5Error.unexpected(dataset: "\(name(pass))/augmented", path: path, expected: "copies of \(shape)", found: "\(augmentedShape)")
    }
    return Pass(
      size: shape[1], channels: shape[3], images: shape[0], repeats: augmentedShape[0], originals: originals, augmented: augmented)
  }

  private static func name(_ pass: Int) -> String { "/pass_\(EpochGroup.fourDigits(pass))" }
}
