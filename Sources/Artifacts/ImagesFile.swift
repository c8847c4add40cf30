/// A set of images of one size: bytes in [count, height, width, channels] order.
public struct ImageSet: Sendable {
  /// The data set's name.
  public let name: String
  public let count, height, width, channels: Int
  public let pixels: [UInt8]
  /// Each image's number in the original data set.
  public let index: [Int32]
  /// Whether the originals had the official checksums.
  public let verified: Bool

  public init(name: String, height: Int, width: Int, channels: Int, pixels: [UInt8], index: [Int32], verified: Bool) {
    precondition(pixels.count == index.count * height * width * channels, "\(pixels.count) bytes for \(index.count) images")
    self.name = name
    count = index.count
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
    self.index = index
    self.verified = verified
  }
}

/// `images.h5`
public enum ImagesFile {
  public static func write(_ images: ImageSet, to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      try file.attribute("dataset", images.name)
      try file.attribute("verified", images.verified ? 1 : 0)
      try file.write(
        images.pixels, shape: [images.count, images.height, images.width, images.channels], to: "/images",
        axes: "image, row, column, channel",
        units: "grey level 0 to 255", meaning: "the pictures")
      try file.write(
        images.index, shape: [images.count], to: "/index", axes: "image", units: "number",
        meaning: "the image's place in the original data set")
    }
  }

  public static func read(_ path: String) throws -> ImageSet {
    let file = try HDF5Reader(path)
    let (pixels, shape) = try file.bytes("/images", axes: 4)
    let (index, _) = try file.integers("/index", axes: 1)
    guard index.count == shape[0] else {
      throw HDF5Error.unexpected(dataset: "/index", path: path, expected: "\(shape[0]) numbers", found: "\(index.count)")
    }
    return ImageSet(
      name: try file.text("dataset"), height: shape[1], width: shape[2], channels: shape[3], pixels: pixels, index: index,
      verified: try file.number("verified") == 1)
  }
}

/// The classes of a set of images; −1 where an image has none.
public struct Labels: Sendable {
  public let values: [Int32]
  public let classNames: [String]

  public init(values: [Int32], classNames: [String]) {
    self.values = values
    self.classNames = classNames
  }
}

/// `labels.h5`
public enum LabelsFile {
  public static func write(_ labels: Labels, to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      try file.write(
        labels.values, shape: [labels.values.count], to: "/labels", axes: "image", units: "class number", meaning: "true class, -1 for none"
      )
      try file.write(labels.classNames, to: "/class_names", axes: "class", meaning: "names of the classes")
    }
  }

  public static func read(_ path: String) throws -> Labels {
    let file = try HDF5Reader(path)
    let labels = Labels(values: try file.integers("/labels", axes: 1).values, classNames: try file.strings("/class_names"))
    if let wrong = labels.values.first(where: { $0 < -1 || $0 >= labels.classNames.count }) {
      throw HDF5Error.unexpected(dataset: "/labels", path: path, expected: "-1 to \(labels.classNames.count - 1)", found: "\(wrong)")
    }
    return labels
  }
}
