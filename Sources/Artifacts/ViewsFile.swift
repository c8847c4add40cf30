/// `views.h5`: the views of all images in the first passes, and what they were made with.
public enum ViewsFile {
  /// The most bytes of views that a file holds; passes that would not fit are computed where they are needed.
  public static let mostBytes = 4 << 30

  /// How many views of what size a file holds.
  public struct Layout: Sendable, Equatable {
    /// 0 for a file that says only what it would have been made with.
    public let passes: Int
    public let images, repeats, size, channels: Int

    /// Of one pass, originals and augmented.
    public var bytesPerPass: Int { images * bytesPerImage }

    /// Of one image in one pass.
    private var bytesPerImage: Int { (1 + repeats) * size * size * channels }

    /// How many images' views are made at a time.
    var block: Int { max(1, min(1000, (128 << 20) / max(1, bytesPerImage))) }

    /// Of the views that are in memory at a time.
    public var bytesPerBlock: Int { min(block, images) * bytesPerImage }

    /// The same with as many of the passes as fit in so many bytes.
    public func limited(to bytes: Int = ViewsFile.mostBytes) -> Layout {
      Layout(
        passes: min(passes, bytes / max(1, bytesPerPass)), images: images, repeats: repeats, size: size, channels: channels)
    }

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
  /// - Parameters:
  ///   - madeWith: seed and augmentation in one spelling, as `PassViews` of stage train compares it.
  ///   - views: makes the views of some neighbouring images in a pass: originals [n, S, S, C], augmented [R, n, S, S, C].
  public static func write(
    _ layout: Layout, madeWith: String, to path: String,
    views: (_ pass: Int, _ images: Range<Int>) throws -> (originals: [UInt8], augmented: [UInt8])
  ) throws {
    let picture = [layout.size, layout.size, layout.channels]
    try HDF5Writer.write(to: path) { file in
      try file.attribute("made_with", madeWith)
      try file.write(
        (0..<layout.passes).map { Int32($0) }, shape: [layout.passes], to: "/passes", axes: "pass", units: "1",
        meaning: "passes whose views are stored")
      for pass in 0..<layout.passes {
        let group = name(pass)
        try file.group(group)
        let originals = try file.blocks(
          shape: [layout.images] + picture, of: "\(group)/originals", axes: "image, row, column, channel",
          units: "grey level 0 to 255", meaning: "original views: resized, randomly cropped")
        let augmented = try file.blocks(
          shape: [layout.repeats, layout.images] + picture, of: "\(group)/augmented",
          axes: "copy, image, row, column, channel", units: "grey level 0 to 255", meaning: "augmented views")
        for first in stride(from: 0, to: layout.images, by: layout.block) {
          let images = first..<min(first + layout.block, layout.images)
          let made = try views(pass, images)
          try made.originals.withUnsafeBytes { try originals.write($0, start: [first, 0, 0, 0], extent: [images.count] + picture) }
          try made.augmented.withUnsafeBytes {
            try augmented.write($0, start: [0, first, 0, 0, 0], extent: [layout.repeats, images.count] + picture)
          }
        }
      }
    }
  }

  /// What the views were made with; nil where the file does not say.
  /// - Throws: `FileError`, `HDF5Error`.
  public static func madeWith(_ path: String) throws -> String? {
    let file = try HDF5Reader(path)
    return file.hasAttribute("made_with") ? try file.text("made_with") : nil
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
