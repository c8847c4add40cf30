import Artifacts

/// Pictures of the user's own in `data/<name>/`: a folder for each class, or all in one folder for a set without classes, which is clustered
/// all the same, but cannot be scored. Their shorter side is resized and the centre cropped (as evaluation views are), so that all have one
/// size. They have no official checksums.
package struct ImageFolder: Original {
  package let name: String
  package var title: String { "\(name) (a folder of images)" }
  package let downloads: [Download] = []
  private let size, channels: Int

  /// Larger pictures are refused before memory is taken for them.
  private static let mostPixels = 1 << 26
  /// No picture file is as long; longer ones are refused before memory is taken for them.
  private static let mostBytes = 1 << 28
  /// Pictures that are more times longer than wide are refused: little of them is left in the middle, and the resized whole is huge.
  private static let mostElongated = 100
  /// One picture in this many may be undecodable.
  private static let tolerance = 100

  /// - Parameters:
  ///   - size: height and width that all pictures get.
  ///   - channels: 1 for grey, 3 for colour.
  package init(name: String, size: Int, channels: Int) {
    self.name = name
    self.size = size
    self.channels = channels
  }

  package func shape(files: Int?) -> OriginalShape { OriginalShape(images: files, channels: channels) }

  package func files(data: String) throws -> [OriginalFile] {
    let folder = try folder(data)
    return try list(folder).files.map { OriginalFile(name: String($0.path.dropFirst(folder.count + 1)), path: $0.path) }
  }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let folder = try folder(data)
    guard !verify else { throw DatasetError.ownPictures(path: folder) }
    let listing = try list(folder)
    let (good, warning) = try decodable(listing.files, in: folder)
    return OpenOriginal(
      count: good.count, height: size, width: size, channels: channels, classNames: listing.classNames,
      fileNames: good.map { String($0.path.dropFirst(folder.count + 1)) },
      warnings: listing.warnings + (warning.map { [$0] } ?? [])
    ) { sink in
      let decoder = PictureDecoder(mostPixels: Self.mostPixels)
      for (number, file) in good.enumerated() {
        let picture = try decode(file.path, decoder)
        sink.label(number, file.label)
        try fitted(picture).withUnsafeBytes { try sink.put($0, first: number) }
      }
    }
  }

  private func folder(_ data: String) throws(DatasetError) -> String {
    let folder = "\(data)/\(name)"
    guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), FolderListing.isFolder(folder) else {
      throw .notFound(
        dataset: title, looked: ["\(folder)/"], remedy: "put the pictures there, one folder for each class, or all in one folder")
    }
    return folder
  }

  /// What there is: classes and files, both sorted by name bytewise. Other files than pictures are passed over.
  private struct Listing {
    var classNames: [String] = []
    var files: [(path: String, label: Int32)] = []
    var warnings: [String] = []
  }

  private func list(_ folder: String) throws -> Listing {
    func pictures(_ folder: String) throws -> [String] {
      try FolderListing.names(in: folder).filter { name in
        let name = name.lowercased()
        return name.hasSuffix(".png") || name.hasSuffix(".jpg") || name.hasSuffix(".jpeg")
      }.map { "\(folder)/\($0)" }.filter(FolderListing.isFile)
    }
    var listing = Listing()
    let loose = try pictures(folder)
    let folders = try FolderListing.names(in: folder).filter { FolderListing.isFolder("\(folder)/\($0)") }
    let double = Dictionary(grouping: folders) { $0.lowercased() }.values.filter { $0.count > 1 }.flatMap { $0 }.sorted()
    guard double.isEmpty else { throw DatasetError.duplicateClasses(path: folder, names: double) }
    for name in folders {
      let files = try pictures("\(folder)/\(name)")
      guard !files.isEmpty else {
        listing.warnings.append("\(folder)/\(name) holds no pictures and is no class")
        continue
      }
      listing.files += files.map { ($0, Int32(listing.classNames.count)) }
      listing.classNames.append(name)
    }
    if listing.classNames.isEmpty {
      listing.files = loose.map { ($0, -1) }
    } else if !loose.isEmpty {
      listing.warnings.append("\(loose.count) pictures in \(folder) itself, beside the folders of classes, have no class and are left out")
    }
    guard !listing.files.isEmpty else { throw DatasetError.noImages(path: folder) }
    return listing
  }

  /// The files that can be decoded, and a warning where some cannot. All are decoded, since `images.h5` must know their number before the
  /// first is written.
  private func decodable(
    _ files: [(path: String, label: Int32)], in folder: String
  ) throws -> (good: [(path: String, label: Int32)], warning: String?) {
    let decoder = PictureDecoder(mostPixels: Self.mostPixels)
    var good: [(path: String, label: Int32)] = []
    var first: PictureError?
    for file in files {
      do {
        _ = try decode(file.path, decoder)
        good.append(file)
      } catch let error as PictureError {
        first = first ?? error
      }
    }
    let bad = files.count - good.count
    guard let first else { return (good, nil) }
    guard bad <= files.count / Self.tolerance else {
      throw DatasetError.tooManyUndecodable(folder: folder, count: bad, total: files.count, first: first.problem)
    }
    return (good, "\(bad) of \(files.count) pictures in \(folder) cannot be decoded and are left out, the first of them \(first.problem)")
  }

  private func decode(_ path: String, _ decoder: PictureDecoder) throws -> PictureDecoder.Picture {
    let size = try OpenFile(path).size
    guard size <= Self.mostBytes else {
      throw PictureError.undecodable(path: path, message: "its \(size) bytes are more than \(Self.mostBytes)")
    }
    let picture = try decoder.decode(AtomicFile.read(path), path: path)
    guard max(picture.width, picture.height) <= Self.mostElongated * min(picture.width, picture.height) else {
      throw PictureError.undecodable(
        path: path,
        message: "of its \(picture.width) × \(picture.height) pixels, one side is more than \(Self.mostElongated) times the other")
    }
    return picture
  }

  /// Resized, the centre cropped, grey where asked.
  private func fitted(_ picture: PictureDecoder.Picture) -> [UInt8] {
    let shorter = min(picture.height, picture.width)
    let rows = Resampling(length: picture.height, outputs: max(size, picture.height * size / shorter))
    let columns = Resampling(length: picture.width, outputs: max(size, picture.width * size / shorter))
    var workspace = ViewWorkspace(size: size, height: picture.height, width: picture.width, channels: 3)
    return [UInt8](unsafeUninitializedCapacity: size * size * channels) { out, count in
      picture.pixels.withUnsafeBufferPointer { pixels in
        guard let from = pixels.baseAddress, let to = out.baseAddress else { return }
        let image = SourceImage(pixels: from, height: picture.height, width: picture.width, channels: 3)
        let (top, left) = ((rows.outputs - size) / 2, (columns.outputs - size) / 2)
        workspace.resample(
          image, top: 0, left: 0, rows: .init(table: rows, outputs: top..<top + size),
          columns: .init(table: columns, outputs: left..<left + size))
        if channels == 1 { workspace.writeLuma(to: to) } else { workspace.write(to: to, flipped: false) }
      }
      count = size * size * channels
    }
  }
}
