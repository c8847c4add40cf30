import Glibc

/// A set of images of one size: bytes in [count, height, width, channels] order.
public struct ImageSet: Sendable {
  /// The data set's name.
  public let name: String
  public let count, height, width, channels: Int
  /// How many images, the first ones, are clustered, and scored where they have labels; the others only train over-clustering heads
  /// (STL-10's unlabelled part).
  public let scored: Int
  public let pixels: Pixels
  /// Each image's number in the original data set.
  public let index: [Int32]
  /// Whether the originals had the official checksums.
  public let verified: Bool

  public init(
    name: String, height: Int, width: Int, channels: Int, scored: Int? = nil, pixels: Pixels, index: [Int32], verified: Bool
  ) {
    precondition(pixels.count == index.count * height * width * channels, "\(pixels.count) bytes for \(index.count) images")
    precondition((0...index.count).contains(scored ?? 0), "\(scored ?? 0) of \(index.count) images cannot be scored")
    self.name = name
    count = index.count
    self.height = height
    self.width = width
    self.channels = channels
    self.scored = scored ?? index.count
    self.pixels = pixels
    self.index = index
    self.verified = verified
  }

  public init(name: String, height: Int, width: Int, channels: Int, pixels: [UInt8], index: [Int32], verified: Bool) {
    self.init(name: name, height: height, width: width, channels: channels, pixels: Pixels(pixels), index: index, verified: verified)
  }

  /// Bytes of one image.
  public var imageBytes: Int { height * width * channels }

  /// Gives `body` the pixels of all images, of which no others may be used than those of the images `numbers`.
  /// - Throws: `HDF5Error` where the file is damaged, or what `body` throws.
  public func read<Result>(_ numbers: some Sequence<Int>, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result {
    try pixels.read(numbers.lazy.map { $0 * imageBytes..<($0 + 1) * imageBytes }, body)
  }

  /// The pixels of one image [height, width, channels].
  /// - Throws: `HDF5Error` where the file is damaged.
  public func image(_ number: Int) throws -> [UInt8] { try pixels.bytes(number * imageBytes..<(number + 1) * imageBytes) }
}

/// `images.h5`. The images lie in chunks of whole images, compressed where that pays (`ImageCompression`).
public enum ImagesFile {
  /// What is known of a set of images before the first of them is read.
  public struct Header: Sendable {
    public let name: String
    public let height, width, channels: Int
    /// How many images, the first ones, are clustered, and scored where they have labels.
    public let scored: Int
    /// Each image's number in the original data set.
    public let index: [Int32]

    public init(name: String, height: Int, width: Int, channels: Int, scored: Int, index: [Int32]) {
      self.name = name
      self.height = height
      self.width = width
      self.channels = channels
      self.scored = scored
      self.index = index
    }

    /// Bytes of one image.
    public var imageBytes: Int { height * width * channels }

    var shape: [Int] { [index.count, height, width, channels] }
  }

  /// Writes images as they come, so that no more than a block of them is in memory. Where compression pays, the file is written once more:
  /// whether it pays shows when all images are there, and chunks can be compressed once and in order however the images came.
  /// - Parameter body: writes each of the `header.index.count` images to the sink, and says whether the originals had the official checksums.
  public static func write(_ header: Header, to path: String, _ body: (Sink) throws -> Bool) throws {
    let rows = ImageCompression.chunkRows(of: header.shape)
    try AtomicFile.write(to: path) { temporary in
      var verified = false
      try write(header, .chunked(rows: rows), to: temporary) { block in
        let sink = Sink(block, header.shape)
        verified = try body(sink)
        precondition(sink.count == header.index.count, "\(sink.count) images written of \(header.index.count)")
        return verified
      }
      let plain = try HDF5Reader(temporary).blocks(images, axes: 4)
      guard try ImageCompression.pays(for: plain) else { return }
      // The plain file stays readable without its name.
      unlink(temporary)
      try write(header, .compressed(rows: rows), to: temporary) { block in
        try plain.forEachChunk { rows, bytes in
          try block.write(bytes, start: [rows.lowerBound, 0, 0, 0], extent: [rows.count] + header.shape[1...])
        }
        return verified
      }
      // What is flushed by itself is the file that lost its name.
      try AtomicFile.sync(temporary)
    }
  }

  private static let images = "/images"

  private static func write(
    _ header: Header, _ layout: HDF5Layout, to path: String, _ body: (HDF5BlockWriter) throws -> Bool
  ) throws {
    try HDF5Writer.fill(path) { file in
      let block = try file.blocks(
        shape: header.shape, layout, of: images, axes: "image, row, column, channel", units: "grey level 0 to 255", meaning: "the pictures")
      try file.write(
        header.index, shape: [header.index.count], to: "/index", axes: "image", units: "number",
        meaning: "the image's place in the original data set")
      try file.attribute("dataset", header.name)
      try file.attribute("scored", header.scored)
      try file.attribute("verified", try body(block) ? 1 : 0)
    }
  }

  /// Takes images block by block, in any order.
  public final class Sink {
    private let block: HDF5BlockWriter
    private let shape: [Int]
    private let imageBytes: Int
    /// Images taken so far.
    fileprivate private(set) var count = 0

    fileprivate init(_ block: HDF5BlockWriter, _ shape: [Int]) {
      self.block = block
      self.shape = shape
      imageBytes = shape[1...].reduce(1, *)
    }

    /// Writes whole images [n, height, width, channels] to rows from `row` on; every row once.
    public func write(_ images: UnsafeRawBufferPointer, at row: Int) throws(HDF5Error) {
      let added = images.count / imageBytes
      precondition(added * imageBytes == images.count && row + added <= shape[0], "\(images.count) bytes at row \(row) of \(shape)")
      try block.write(images, start: [row, 0, 0, 0], extent: [added] + shape[1...])
      count += added
    }
  }

  public static func write(_ images: ImageSet, to path: String) throws {
    let header = Header(
      name: images.name, height: images.height, width: images.width, channels: images.channels, scored: images.scored, index: images.index)
    try write(header, to: path) { sink in
      try images.read(0..<images.count) { pixels in try sink.write(UnsafeRawBufferPointer(pixels), at: 0) }
      return images.verified
    }
  }

  /// Opens a set of images; the pixels stay in the file until they are used.
  /// - Throws: `FileError`, `HDF5Error`.
  public static func read(_ path: String) throws -> ImageSet {
    let file = try HDF5Reader(path)
    let (pixels, shape) = try file.pixels(images, axes: 4)
    let (index, _) = try file.integers("/index", axes: 1)
    guard index.count == shape[0] else {
      throw HDF5Error.unexpected(dataset: "/index", path: path, expected: "\(shape[0]) numbers", found: "\(index.count)")
    }
    let scored = try file.number("scored")
    guard (0...Double(shape[0])).contains(scored), shape[1] > 0, shape[2] > 0, shape[3] == 1 || shape[3] == 3 else {
      throw HDF5Error.unexpected(
        dataset: "/images", path: path, expected: "grey or RGB images, of which at most all are scored",
        found: "\(shape) and \(scored) scored")
    }
    return ImageSet(
      name: try file.text("dataset"), height: shape[1], width: shape[2], channels: shape[3], scored: Int(scored), pixels: pixels,
      index: index, verified: try file.number("verified") == 1)
  }
}
