import Artifacts

/// Tiny-ImageNet (Stanford CS231n 2015): the 100,000 training images of 64 × 64, 200 classes of 500. Classes are numbered in the order of their
/// sorted WordNet numbers and named by `words.txt`; images of a class come in the order of their sorted file names. Grey JPEGs become RGB.
package struct TinyImageNet: Original {
  package let name = "tiny-imagenet"
  package let title = "Tiny-ImageNet"
  package let downloads = [
    Download(
      url: "http://cs231n.stanford.edu/tiny-imagenet-200.zip", file: "tiny-imagenet-200.zip", bytes: 248_100_043,
      sha256: "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821")
  ]
  package let drawsOrder = true
  private let classes, perClass: Int

  private static let side = 64
  /// No member is nearly as long: words.txt has 2.7 MB, JPEGs some kilobytes.
  private static let mostBytes = 1 << 23

  /// - Parameters: 200 and 500 in the official archive.
  package init(classes: Int = 200, perClass: Int = 500) {
    self.classes = classes
    self.perClass = perClass
  }

  package func shape(files: Int?) -> OriginalShape { OriginalShape(images: classes * perClass, channels: 3) }

  package func files(data: String) throws -> [OriginalFile] {
    switch try place(data) {
    case .archive(let path): return [OriginalFile(name: "tiny-imagenet-200.zip", path: path)]
    case .folder(let folder):
      var names = ["wnids.txt", "words.txt"]
      for number in try FolderListing.names(in: "\(folder)/train") where FolderListing.isFolder("\(folder)/train/\(number)/images") {
        names += try FolderListing.names(in: "\(folder)/train/\(number)/images").map { "train/\(number)/images/\($0)" }
      }
      return names.map { OriginalFile(name: $0, path: "\(folder)/\($0)") }
    }
  }

  private func place(_ data: String) throws(DatasetError) -> RecordFiles.Place {
    try DataFolder.find(self, archive: "tiny-imagenet-200.zip", folder: "tiny-imagenet-200", in: data)
  }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let place = try place(data)
    if verify {
      guard case .archive(let path) = place else { throw DatasetError.unverifiable(path: place.path) }
      let found = try ContentDigest.ofFile(path).hex
      let official = downloads[0].sha256
      if found != official { throw DatasetError.checksum(path: path, algorithm: "SHA-256", expected: official, found: found) }
    }
    let (numbers, words) = try lists(place)
    let names = try WordNetNames.parse(numbers: numbers, words: words, path: place.path, classes: classes)
    return OpenOriginal(
      count: classes * perClass, height: Self.side, width: Self.side, channels: 3, classNames: names.map(\.words)
    ) { sink in
      let images = Images(names: names.map(\.number), perClass: perClass)
      let decoder = PictureDecoder(mostPixels: Self.side * Self.side)
      var taken: Set<Int> = []
      try forEachImage(place, names.map(\.number)) { name, path, bytes in
        guard let image = images.number(of: name) else {
          // Descriptions lie about; one picture more makes it another data set.
          guard !name.uppercased().hasSuffix(".JPEG") else {
            throw DatasetError.malformed(
              path: path, expected: "images 0 to \(perClass - 1) of the classes in wnids.txt", found: "this one beside them")
          }
          return
        }
        guard taken.insert(image.number).inserted else { throw DatasetError.hostile(path: place.path, member: name, fault: "comes twice") }
        let picture: PictureDecoder.Picture
        do {
          picture = try decoder.decode(try bytes(), path: path)
        } catch let error as PictureError {
          throw DatasetError.malformed(path: path, expected: "a JPEG of \(Self.side) × \(Self.side)", found: error.problem)
        }
        guard picture.width == Self.side, picture.height == Self.side else {
          throw DatasetError.malformed(
            path: path, expected: "\(Self.side) × \(Self.side) pixels", found: "\(picture.width) × \(picture.height)")
        }
        sink.label(image.number, image.label)
        try picture.pixels.withUnsafeBytes { try sink.put($0, first: image.number) }
      }
      guard taken.count == classes * perClass else {
        throw DatasetError.malformed(
          path: place.path, expected: "\(classes * perClass) images train/<class>/images/<class>_<number>.JPEG", found: "\(taken.count)")
      }
    }
  }

  /// `wnids.txt` and `words.txt`.
  private func lists(_ place: RecordFiles.Place) throws -> (numbers: [UInt8], words: [UInt8]) {
    let wanted = ["wnids.txt", "words.txt"]
    var found: [String: [UInt8]] = [:]
    var seen: [String] = []
    switch place {
    case .folder(let folder):
      seen = try FolderListing.names(in: folder)
      for name in wanted where seen.contains(name) { found[name] = try OpenFile.content(of: "\(folder)/\(name)", most: Self.mostBytes) }
    case .archive(let path):
      let archive = try Archive(path, .zip)
      while found.count < wanted.count, let member = try archive.next() {
        if seen.count < 1000 { seen.append(member.baseName) }
        if wanted.contains(member.baseName) { found[member.baseName] = try archive.readAll(member, most: Self.mostBytes) }
      }
    }
    guard let numbers = found["wnids.txt"], let words = found["words.txt"] else {
      throw DatasetError.incomplete(
        path: place.path, dataset: title, missing: wanted.filter { found[$0] == nil }, looksLike: Signature.recognise(seen))
    }
    return (numbers, words)
  }

  /// Calls `body` with the name `<class>/images/<file>` of every training image, its path for errors, and how to read it.
  private func forEachImage(
    _ place: RecordFiles.Place, _ numbers: [String], _ body: (_ name: String, _ path: String, _ bytes: () throws -> [UInt8]) throws -> Void
  ) throws {
    switch place {
    case .folder(let folder):
      let missing = numbers.map { "train/\($0)/images/" }.filter { !FolderListing.isFolder("\(folder)/\($0)") }
      guard missing.isEmpty else { throw DatasetError.incomplete(path: folder, dataset: title, missing: missing, looksLike: nil) }
      for number in numbers {
        for file in try FolderListing.names(in: "\(folder)/train/\(number)/images") {
          let path = "\(folder)/train/\(number)/images/\(file)"
          try body("\(number)/images/\(file)", path) { try OpenFile.content(of: path, most: Self.mostBytes) }
        }
      }
    case .archive(let path):
      let archive = try Archive(path, .zip)
      while let member = try archive.next() {
        let parts = member.name.split(separator: "/").suffix(4)
        guard parts.count == 4, parts.first == "train" else { continue }
        try body(parts.dropFirst().joined(separator: "/"), "\(path): \(member.name)") {
          try archive.readAll(member, most: Self.mostBytes)
        }
      }
    }
  }

  /// Numbers images by their names.
  private struct Images {
    private let labels: [String: Int]
    /// The place of `<class>_<k>.JPEG` among the sorted file names of its class, by k.
    private let ranks: [Int]

    init(names: [String], perClass: Int) {
      labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
      var ranks = [Int](repeating: 0, count: perClass)
      let sorted = (0..<perClass).sorted { "\($0).".utf8.lexicographicallyPrecedes("\($1).".utf8) }
      for (rank, k) in sorted.enumerated() { ranks[k] = rank }
      self.ranks = ranks
    }

    /// - Returns: nil for a name that is not `<class>/images/<class>_<k>.JPEG` of a known class and 0 ≤ k < images per class.
    func number(of name: String) -> (number: Int, label: Int32)? {
      let parts = name.split(separator: "/")
      guard parts.count == 3, parts[1] == "images", let label = labels[String(parts[0])] else { return nil }
      guard parts[2].hasPrefix(parts[0] + "_"), parts[2].hasSuffix(".JPEG") else { return nil }
      let digits = parts[2].dropFirst(parts[0].count + 1).dropLast(".JPEG".count)
      guard let k = Int(digits), String(k) == digits, ranks.indices.contains(k) else { return nil }
      return (label * ranks.count + ranks[k], Int32(label))
    }
  }
}

/// The classes of Tiny-ImageNet: WordNet numbers, one on each line of `wnids.txt`, and what `words.txt` calls them: number, tab, words.
package enum WordNetNames {
  /// - Returns: the numbers, sorted, each with the first of its words.
  /// - Throws: `DatasetError.malformed`, `.duplicateClasses`.
  package static func parse(
    numbers: [UInt8], words: [UInt8], path: String, classes: Int
  ) throws(DatasetError) -> [(number: String, words: String)] {
    var sorted: [String] = []
    for line in numbers.split(separator: UInt8(ascii: "\n")) {
      let number = String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
      guard number.utf8.count == 9, number.first == "n", number.dropFirst().utf8.allSatisfy({ (48...57).contains($0) }) else {
        throw .malformed(path: "\(path): wnids.txt", expected: "lines such as n01443537", found: "\"\(number.prefix(40))\"")
      }
      sorted.append(number)
    }
    sorted.sort()
    let double = zip(sorted, sorted.dropFirst()).filter { $0 == $1 }.map(\.0)
    guard double.isEmpty else { throw .duplicateClasses(path: "\(path): wnids.txt", names: double) }
    guard sorted.count == classes else {
      throw .malformed(path: "\(path): wnids.txt", expected: "\(classes) classes", found: "\(sorted.count)")
    }
    var names: [String: String] = [:]
    let known = Set(sorted)
    for line in words.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 1)
      guard fields.count == 2 else { continue }
      let number = String(decoding: fields[0], as: UTF8.self)
      guard known.contains(number) else { continue }
      let first = fields[1].prefix { $0 != UInt8(ascii: ",") && $0 != 13 }
      names[number] = String(decoding: first, as: UTF8.self)
    }
    var result: [(number: String, words: String)] = []
    for number in sorted {
      guard let words = names[number] else {
        throw .malformed(path: "\(path): words.txt", expected: "a line for each class", found: "none for \(number)")
      }
      result.append((number, words))
    }
    return result
  }
}
