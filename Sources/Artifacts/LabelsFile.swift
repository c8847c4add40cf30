/// The classes of a set of images; −1 where an image has none.
public struct Labels: Sendable, Equatable {
  public let values: [Int32]
  public let classNames: [String]
  /// Whether the originals had the official checksums.
  public let verified: Bool

  public init(values: [Int32], classNames: [String], verified: Bool = false) {
    self.values = values
    self.classNames = classNames
    self.verified = verified
  }
}

/// `labels.h5`
public enum LabelsFile {
  /// - Parameters:
  ///   - fine: classes of a finer division, kept beside for who wants them (CIFAR-100's hundred).
  ///   - files: the file of each image, for a folder of pictures. They stand here since their folders are their classes.
  ///   - leftOut: the files of such a folder that became no image, and why.
  public static func write(
    _ labels: Labels, fine: Labels? = nil, files: [String] = [], leftOut: [(name: String, reason: String)] = [], to path: String
  ) throws {
    try HDF5Writer.write(to: path) { file in
      try write(labels, to: file, "/labels", "/class_names", meaning: "true class, -1 for none")
      if let fine {
        try write(fine, to: file, "/fine_labels", "/fine_class_names", meaning: "true class of the finer division, -1 for none")
      }
      try file.attribute("verified", labels.verified ? 1 : 0)
      if !files.isEmpty { try file.write(files, to: "/file_names", axes: "image", meaning: "the picture's file in the data set's folder") }
      if !leftOut.isEmpty {
        let meaning = "a file in the data set's folder that is no image here"
        try file.write(leftOut.map(\.name), to: "/left_out_names", axes: "file", meaning: meaning)
        try file.write(leftOut.map(\.reason), to: "/left_out_reasons", axes: "file", meaning: "why it is none")
      }
    }
  }

  private static func write(_ labels: Labels, to file: HDF5Writer, _ values: String, _ names: String, meaning: String) throws(HDF5Error) {
    try file.write(labels.values, shape: [labels.values.count], to: values, axes: "image", units: "class number", meaning: meaning)
    try file.write(labels.classNames, to: names, axes: "class", meaning: "names of the classes")
  }

  /// - Throws: `FileError`, `HDF5Error`.
  public static func read(_ path: String) throws -> Labels {
    let file = try HDF5Reader(path)
    let labels = Labels(
      values: try file.integers("/labels", axes: 1).values, classNames: try file.strings("/class_names"),
      verified: try file.number("verified") == 1)
    if let wrong = labels.values.first(where: { $0 < -1 || $0 >= labels.classNames.count }) {
      throw HDF5Error.unexpected(dataset: "/labels", path: path, expected: "-1 to \(labels.classNames.count - 1)", found: "\(wrong)")
    }
    return labels
  }
}
