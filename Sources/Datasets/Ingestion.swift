import Artifacts
import Tensors

/// What is to be ingested: a data set of the catalogue, or a folder of pictures.
public struct Ingestion: Sendable {
  private let original: any Original
  private let verify: Bool
  private let data: String

  /// - Parameters:
  ///   - dataset: a name of the catalogue; or, where `imageSize` is not 0, of a folder of pictures in the data folder.
  ///   - imageSize: height and width that the pictures of a folder get; 0 for data sets of the catalogue.
  ///   - imageChannels: 1 to make the pictures of a folder grey, 3 for colour.
  ///   - verify: whether contents must have the official checksums.
  ///   - data: the user's data folder.
  /// - Throws: `DatasetError.unknown`.
  public init(dataset: String, imageSize: Int, imageChannels: Int, verify: Bool, data: String) throws(DatasetError) {
    original =
      imageSize > 0 ? ImageFolder(name: dataset, size: imageSize, channels: imageChannels) : try Catalogue.original(dataset)
    self.verify = verify
    self.data = data
  }

  package init(_ original: some Original, verify: Bool, data: String) {
    self.original = original
    self.verify = verify
    self.data = data
  }

  /// The original files that would be read, and those that would be left out.
  public func originals() throws -> [OriginalFile] { try original.files(data: data) }

  /// What is known of the data set before any file is opened.
  /// - Parameter originals: how many files there are to read, nil where that is not known.
  /// - Throws: `DatasetError.ownPictures` where the checksums of a folder of pictures are asked for, which has none.
  public func shape(originals: Int?) throws(DatasetError) -> OriginalShape {
    if verify, let folder = original as? ImageFolder { throw .ownPictures(path: "\(data)/\(folder.name)") }
    return original.shape(files: originals)
  }

  /// Reads the originals and writes `images.h5` and `labels.h5`, in memory that does not grow with the data set.
  /// - Parameters:
  ///   - subset: how many images to keep, chosen at random without looking at labels; 0 keeps all. They stay in their original order, but
  ///     where the data set `drawsOrder`.
  ///   - seed: of the subset and of the order.
  ///   - warn: is told what the person should know though the work goes on.
  ///   - tell: is told how many images of how many are done.
  /// - Throws: `DatasetError`, `FileError`, `HDF5Error`.
  public func run(
    subset: Int, seed: UInt64, images: String, labels: String, warn: (String) -> Void, tell: @escaping (_ done: Int, _ total: Int) -> Void
  ) throws {
    let open = try original.open(data: data, verify: verify)
    for warning in open.warnings { warn(warning) }
    var chosen = try Self.subset(of: open.count, size: subset, seed: seed)
    // Class by class, a batch of neighbours would be of one class, and so would the first points of a map.
    if original.drawsOrder {
      var stream = RandomStream(seed: seed, purpose: .imageOrder)
      chosen = stream.permutation(chosen.count).map { chosen[$0] }
    }
    let header = ImagesFile.Header(
      name: original.name, height: open.height, width: open.width, channels: open.channels,
      scored: chosen.prefix { $0 < open.scored }.count,
      index: chosen.map { Int32($0) })
    var found = (values: [Int32](), fine: [Int32]())
    try ImagesFile.write(header, to: images) { file in
      let sink = OriginalSink(count: open.count, chosen: chosen, imageBytes: header.imageBytes, tell: tell, write: file.write)
      try open.read(sink)
      found = (sink.labels, sink.fineLabels)
      return verify
    }
    let fine = open.fineClassNames.isEmpty ? nil : Labels(values: found.fine, classNames: open.fineClassNames)
    let files = open.fileNames.isEmpty ? [] : chosen.map { open.fileNames[$0] }
    let classes = Labels(values: found.values, classNames: open.classNames, verified: verify)
    try LabelsFile.write(classes, fine: fine, files: files, leftOut: open.leftOut, to: labels)
  }

  /// A random subset of image numbers, ascending.
  /// - Parameter size: 0 for all.
  package static func subset(of count: Int, size: Int, seed: UInt64) throws(DatasetError) -> [Int] {
    guard size <= count else { throw .subsetTooLarge(asked: size, available: count) }
    var stream = RandomStream(seed: seed, purpose: .subset)
    return size == 0 ? Array(0..<count) : stream.permutation(count).prefix(size).sorted()
  }
}
