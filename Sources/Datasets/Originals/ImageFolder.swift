import Artifacts

/// Pictures of the user's own in `data/<name>/`: a folder for each class, or all in one folder for a set without classes. Their shorter side is
/// resized and the centre cropped (as evaluation views are), so that all have one size. They have no official checksums.
package struct ImageFolder: Original {
  package let name: String
  package var title: String { "\(name) (a folder of images)" }
  package let downloads: [Download] = []
  private let size, channels: Int

  /// Larger pictures are refused before memory is taken for them.
  private static let mostPixels = 1 << 26
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

  package func files(data: String) throws -> [OriginalFile] {
    let folder = try folder(data)
    return try list(folder).files.map { OriginalFile(name: String($0.path.dropFirst(folder.count + 1)), path: $0.path) }
  }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let folder = try folder(data)
    guard !verify else { throw DatasetError.unverifiable(path: folder) }
    let (classNames, files) = try list(folder)
    let good = try decodable(files, in: folder)
    let bad = files.count - good.count
    return OpenOriginal(
      count: good.count, height: size, width: size, channels: channels, scored: classNames.isEmpty ? 0 : nil, classNames: classNames,
      warnings: bad == 0 ? [] : ["\(bad) of \(files.count) pictures in \(folder) cannot be decoded; they are left out"]
    ) { sink in
      let decoder = PictureDecoder(mostPixels: Self.mostPixels)
      for (number, file) in good.enumerated() {
        let picture = try decoder.decode(AtomicFile.read(file.path), path: file.path)
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

  /// Classes and files, both sorted by name bytewise. Other files than pictures are passed over.
  private func list(_ folder: String) throws -> (classNames: [String], files: [(path: String, label: Int32)]) {
    func pictures(_ folder: String) throws -> [String] {
      try FolderListing.names(in: folder).filter { name in
        let name = name.lowercased()
        return name.hasSuffix(".png") || name.hasSuffix(".jpg") || name.hasSuffix(".jpeg")
      }.map { "\(folder)/\($0)" }.filter(FolderListing.isFile)
    }
    let classNames = try FolderListing.names(in: folder).filter { FolderListing.isFolder("\(folder)/\($0)") }
    guard !classNames.isEmpty else {
      let files = try pictures(folder)
      guard !files.isEmpty else { throw DatasetError.noImages(path: folder) }
      return ([], files.map { ($0, -1) })
    }
    let double = Dictionary(grouping: classNames) { $0.lowercased() }.values.filter { $0.count > 1 }.flatMap { $0 }.sorted()
    guard double.isEmpty else { throw DatasetError.duplicateClasses(path: folder, names: double) }
    let files = try classNames.enumerated().flatMap { label, name in try pictures("\(folder)/\(name)").map { ($0, Int32(label)) } }
    guard !files.isEmpty else { throw DatasetError.noImages(path: folder) }
    return (classNames, files)
  }

  /// The files that can be decoded. All are decoded, since `images.h5` must know their number before the first is written.
  private func decodable(_ files: [(path: String, label: Int32)], in folder: String) throws -> [(path: String, label: Int32)] {
    let decoder = PictureDecoder(mostPixels: Self.mostPixels)
    var good: [(path: String, label: Int32)] = []
    var first: PictureError?
    for file in files {
      let bytes = try AtomicFile.read(file.path)
      do throws(PictureError) {
        _ = try decoder.decode(bytes, path: file.path)
        good.append(file)
      } catch {
        first = first ?? error
      }
    }
    let bad = files.count - good.count
    if let first, bad > files.count / Self.tolerance {
      throw DatasetError.tooManyUndecodable(folder: folder, count: bad, total: files.count, first: first.problem)
    }
    return good
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
