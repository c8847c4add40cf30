import Artifacts

/// Grey images in IDX files, as MNIST and its successors come: for each part a file of images and a file of labels, compressed or not.
struct IDXImages {
  struct Part: Sendable {
    /// Names without `.gz`.
    let images, labels: String
    let count: Int
    /// SHA-256 of the content, since the .gz wrapping differs between distributors.
    let imagesDigest, labelsDigest: String
  }

  static let side = 28

  let title: String
  let classNames: [String]
  let parts: [Part]

  var shape: OriginalShape { OriginalShape(images: parts.reduce(0) { $0 + $1.count }, channels: 1) }

  /// The files of all parts.
  /// - Parameters:
  ///   - places: the folders where the files may be, the first one preferred.
  ///   - remedy: what to do where they are in none.
  func files(places: [String], remedy: String) throws(DatasetError) -> [OriginalFile] {
    guard let place = places.first(where: { file(parts[0].images, in: $0) != nil }) else {
      throw DatasetError.notFound(dataset: title, looked: places, remedy: remedy)
    }
    let names = parts.flatMap { [$0.images, $0.labels] }
    let missing = names.filter { file($0, in: place) == nil }
    guard missing.isEmpty else {
      throw DatasetError.incomplete(path: place, dataset: title, missing: missing.map { "\($0).gz" }, looksLike: nil)
    }
    return names.compactMap { name in file(name, in: place).map { OriginalFile(name: name, path: $0) } }
  }

  func open(places: [String], remedy: String, verify: Bool) throws -> OpenOriginal {
    let files = try files(places: places, remedy: remedy)
    return OpenOriginal(
      count: parts.reduce(0) { $0 + $1.count }, height: Self.side, width: Self.side, channels: 1, classNames: classNames
    ) { sink in
      var first = 0
      for (number, part) in parts.enumerated() {
        try read(part, images: files[2 * number].path, labels: files[2 * number + 1].path, first: first, verify: verify, into: sink)
        first += part.count
      }
    }
  }

  private func read(
    _ part: Part, images imagesPath: String, labels labelsPath: String, first: Int, verify: Bool, into sink: OriginalSink
  ) throws {
    let pixelBytes = Self.side * Self.side
    let images = try content(imagesPath, digest: verify ? part.imagesDigest : nil, most: 16 + part.count * pixelBytes)
    guard images.shape == [part.count, Self.side, Self.side] else {
      throw DatasetError.malformed(
        path: imagesPath, expected: "\(part.count) images of \(Self.side) × \(Self.side)", found: "lengths \(images.shape)")
    }
    let labels = try content(labelsPath, digest: verify ? part.labelsDigest : nil, most: 8 + part.count)
    guard labels.shape == [part.count] else {
      throw DatasetError.malformed(path: labelsPath, expected: "\(part.count) labels", found: "lengths \(labels.shape)")
    }
    for (number, label) in labels.values.enumerated() {
      guard label < classNames.count else {
        throw DatasetError.malformed(
          path: labelsPath, expected: "labels 0 to \(classNames.count - 1)", found: "\(label) in place \(number)")
      }
      sink.label(first + number, Int32(label))
    }
    try images.values.withUnsafeBytes { try sink.put($0, first: first) }
  }

  private func content(_ path: String, digest: String?, most: Int) throws -> (shape: [Int], values: ArraySlice<UInt8>) {
    let bytes = path.hasSuffix(".gz") ? try Archive.content(ofCompressedFile: path, most: most) : try OpenFile.content(of: path, most: most)
    let (shape, values) = try IDX.parse(bytes, path: path)
    if let digest {
      var check = OfficialDigest.Check(.sha256(digest))
      bytes.withUnsafeBytes { check.update($0) }
      try check.finish(path: path)
    }
    return (shape, values)
  }

  private func file(_ name: String, in place: String) -> String? {
    ["\(place)/\(name).gz", "\(place)/\(name)"].first { FolderListing.isFile($0) }
  }
}
