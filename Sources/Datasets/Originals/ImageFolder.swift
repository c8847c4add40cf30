import Artifacts

/// Pictures of the user's own in `data/<name>/`: a folder for each class, or all in one folder for a set without classes, which is clustered
/// all the same, but cannot be scored. Their shorter side is resized and the centre cropped (as evaluation views are), so that all have one
/// size. They have no official checksums. docs/own-pictures.md says what is read and how.
package struct ImageFolder: Original {
  package let name: String
  package var title: String { "\(name) (a folder of images)" }
  package let downloads: [Download] = []
  package let drawsOrder = true
  private let size, channels: Int

  /// Larger pictures are left out before memory is taken for them.
  private static let mostPixels = 1 << 26
  /// Longer files are left out before memory is taken for them.
  private static let mostBytes = 1 << 28
  /// Pictures that are more times longer than wide are left out: little of them is left in the middle, and the resized whole is huge.
  private static let mostElongated = 100
  /// One picture in this many may be damaged.
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

  /// Every file counts by its content, and what is left out by its name and the reason, so that a new file is never passed over unseen.
  package func files(data: String) throws -> [OriginalFile] {
    let folder = try folder(data)
    let listing = try PictureListing(folder)
    return try listing.files.map { file in
      if let path = file.path.utf8 { return OriginalFile(name: file.name, path: path) }
      let open = try OpenFile(file.path)
      return OriginalFile(name: file.name, path: open.path, digest: ContentDigest.of(try open.beginning(open.size)))
    }
      + listing.leftOut.map {
        OriginalFile(name: $0.name, path: "\(folder)/\($0.name)", digest: ContentDigest.of(Array($0.reason.text.utf8)))
      }
  }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let folder = try folder(data)
    guard !verify else { throw DatasetError.ownPictures(path: folder) }
    let listing = try PictureListing(folder)
    let inspection = try Inspection(listing, folder: folder) { try decode($0, $1) }
    return OpenOriginal(
      count: inspection.good.count, height: size, width: size, channels: channels, classNames: listing.classNames,
      fileNames: inspection.good.map(\.name), leftOut: inspection.leftOut.map { ($0.name, $0.reason.text) }, warnings: inspection.warnings
    ) { sink in
      let decoder = PictureDecoder(mostPixels: Self.mostPixels)
      for (number, file) in inspection.good.enumerated() {
        guard sink.wants(number) else {
          sink.pass()
          continue
        }
        let picture = try decode(file, decoder)
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

  /// What decoding every picture once shows. `images.h5` must know the number of good ones before the first is written.
  private struct Inspection {
    private(set) var good: [PictureListing.File] = []
    private(set) var leftOut: [LeftOut]
    private(set) var warnings: [String] = []

    init(
      _ listing: PictureListing, folder: String, decode: (PictureListing.File, PictureDecoder) throws -> PictureDecoder.Picture
    ) throws {
      leftOut = listing.leftOut
      let decoder = PictureDecoder(mostPixels: ImageFolder.mostPixels)
      var (transparent, plain, animated): ([String], [String], [String]) = ([], [], [])
      for file in listing.files {
        do {
          let picture = try decode(file, decoder)
          good.append(file)
          if picture.isTransparent { transparent.append(file.name) }
          if picture.isTransparent, picture.isPlain { plain.append(file.name) }
          if picture.isAnimated { animated.append(file.name) }
        } catch PictureError.undecodable(_, let message) {
          leftOut.append(LeftOut(name: file.name, reason: .undecodable, detail: message))
        } catch PictureError.unsupported(_, let message) {
          leftOut.append(LeftOut(name: file.name, reason: .unsupported, detail: message))
        } catch PictureError.beyondLimit(_, let message) {
          leftOut.append(LeftOut(name: file.name, reason: .beyondLimit, detail: message))
        }
      }
      let damaged = leftOut.filter { $0.reason == .undecodable }
      if damaged.count > listing.files.count / ImageFolder.tolerance, let first = damaged.first {
        throw DatasetError.tooManyUndecodable(
          folder: folder, count: damaged.count, total: listing.files.count, first: "\(first.name): \(first.detail)")
      }
      warnings = LeftOut.warnings(leftOut, folder: folder)
      guard !good.isEmpty else { throw DatasetError.noImages(path: folder, leftOut: warnings) }
      func remark(_ names: [String], one: String, many: String) {
        guard !names.isEmpty else { return }
        let text = names.count == 1 ? one : many
        warnings.append("\(names.count) of \(good.count) pictures in \(folder) \(text): \(LeftOut.list(names))")
      }
      remark(transparent, one: "has transparent places, which lie on white", many: "have transparent places, which lie on white")
      let black = "`convert FILE -background black -flatten FILE` lays"
      remark(plain, one: "shows nothing on white; \(black) it on black", many: "show nothing on white; \(black) them on black")
      remark(animated, one: "is animated; its first picture is read", many: "are animated; their first pictures are read")
    }
  }

  private func decode(_ file: PictureListing.File, _ decoder: PictureDecoder) throws -> PictureDecoder.Picture {
    let open = try OpenFile(file.path)
    guard open.size <= Self.mostBytes else {
      throw PictureError.beyondLimit(path: file.name, message: "its \(open.size) bytes are more than \(Self.mostBytes)")
    }
    let picture = try decoder.decode(open.beginning(open.size), path: open.path)
    guard max(picture.width, picture.height) <= Self.mostElongated * min(picture.width, picture.height) else {
      throw PictureError.beyondLimit(
        path: open.path,
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
