import Artifacts
import Datasets
import Foundation
import Testing

/// Small synthetic files in the official layouts.
enum Synthetic {
  /// A record's plane bytes: image number and position tell each byte from its neighbours.
  static func planes(_ image: Int, side: Int) -> [UInt8] {
    (0..<3 * side * side).map { UInt8(truncatingIfNeeded: image &* 31 &+ $0 &* 7 &+ $0 / 251) }
  }

  static func cifar10(_ batchImages: Int, order: [Int] = [3, 0, 5, 1, 2, 4]) -> [Tar.Entry] {
    let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
    let batches = order.map { batch in
      Tar.Entry(
        name: "cifar-10-batches-bin/\(names[batch])",
        bytes: (0..<batchImages).flatMap { [UInt8((batch + $0) % 10)] + planes(batch * batchImages + $0, side: 32) })
    }
    return [.init(name: "cifar-10-batches-bin/", type: "5"), .init(name: "cifar-10-batches-bin/readme.html", bytes: [60, 112, 62])]
      + batches
  }

  static func cifar100(_ training: Int, _ test: Int) -> [Tar.Entry] {
    func records(_ first: Int, _ count: Int) -> [UInt8] {
      (first..<first + count).flatMap { [UInt8($0 % 20), UInt8($0 % 100)] + planes($0, side: 32) }
    }
    return [
      .init(name: "cifar-100-binary/test.bin", bytes: records(training, test)),
      .init(name: "cifar-100-binary/coarse_label_names.txt", bytes: Array("fish\n".utf8)),
      .init(name: "cifar-100-binary/train.bin", bytes: records(0, training)),
    ]
  }

  static func stl10(_ training: Int, _ test: Int, _ unlabelled: Int) -> [Tar.Entry] {
    func pixels(_ first: Int, _ count: Int) -> [UInt8] { (first..<first + count).flatMap { planes($0, side: 96) } }
    return [
      .init(name: "stl10_binary/test_X.bin", bytes: pixels(training, test)),
      .init(name: "stl10_binary/test_y.bin", bytes: (0..<test).map { UInt8($0 % 10 + 1) }),
      .init(name: "stl10_binary/unlabeled_X.bin", bytes: pixels(training + test, unlabelled)),
      .init(name: "stl10_binary/train_y.bin", bytes: (0..<training).map { UInt8(10 - $0 % 10) }),
      .init(name: "stl10_binary/train_X.bin", bytes: pixels(0, training)),
    ]
  }

  static let wordNetNumbers = ["n02000002", "n01000001"]

  static func tinyImageNet(perClass: Int) -> [(name: String, bytes: [UInt8])] {
    let words = "n00000001\tentity\nn01000001\tgoldfish, Carassius auratus\nn02000002\tEuropean fire salamander, Salamandra\n"
    var entries: [(name: String, bytes: [UInt8])] = [
      ("tiny-imagenet-200/words.txt", Array(words.utf8)),
      ("tiny-imagenet-200/wnids.txt", Array((wordNetNumbers.joined(separator: "\n") + "\n").utf8)),
      ("tiny-imagenet-200/val/images/val_0.JPEG", JPEGs.colour),
    ]
    for number in wordNetNumbers {
      entries.append(("tiny-imagenet-200/train/\(number)/\(number)_boxes.txt", [48]))
      for k in 0..<perClass {
        entries.append(("tiny-imagenet-200/train/\(number)/images/\(number)_\(k).JPEG", k == 2 ? JPEGs.grey : JPEGs.colour))
      }
    }
    return entries
  }

  /// IDX files of zeros and counting labels.
  static func idx(_ training: Int, _ test: Int) -> [(name: String, bytes: [UInt8])] {
    func big(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    return [("train", training), ("t10k", test)].flatMap { name, count in
      let pixels = (0..<count * 784).map { UInt8($0 / 784 % 256) }
      let labels = (0..<count).map { UInt8($0 % 10) }
      let images: [UInt8] = [0, 0, 8, 3] + big(count) + big(28) + big(28) + pixels
      let classes: [UInt8] = [0, 0, 8, 1] + big(count) + labels
      return [("\(name)-images-idx3-ubyte", images), ("\(name)-labels-idx1-ubyte", classes)]
    }
  }
}

struct OriginalsTests {
  /// The archive may hold its files in any order; images are numbered by the data set's own.
  @Test func cifar10IsTheSameFromTarGzipAndFolder() throws {
    let entries = Synthetic.cifar10(4)
    let folder = try TemporaryFolder()
    try folder.write(Tar.archive(entries), to: "cifar-10-binary.tar.gz")
    let plain = try Ingested(CIFAR10(batchImages: 4), from: folder)
    #expect(plain.images.count == 24 && plain.images.index == (0..<24).map { $0 } && plain.images.scored == 24 && !plain.images.verified)
    let expected: [Int32] = (0..<24).map { number in Int32((number / 4 + number % 4) % 10) }
    #expect(plain.labels.values == expected)
    #expect(plain.labels.classNames[3] == "cat")
    for number in [0, 7, 23] {
      let planes = Synthetic.planes(number, side: 32)
      var pixels: [UInt8] = []
      for place in 0..<1024 { pixels += [planes[place], planes[1024 + place], planes[2048 + place]] }
      let isEqual = try plain.image(number) == pixels
      #expect(isEqual)
    }

    let zipped = try TemporaryFolder()
    try zipped.write(Tar.archive(Synthetic.cifar10(4, order: [0, 1, 2, 3, 4, 5])), to: "cifar-10/cifar-10-binary.tar")
    let gzip = try Process.run(URL(fileURLWithPath: "/usr/bin/gzip"), arguments: ["\(zipped.path)/cifar-10/cifar-10-binary.tar"])
    gzip.waitUntilExit()
    let isZippedEqual = try Ingested(CIFAR10(batchImages: 4), from: zipped).images.pixels.bytes() == plain.images.pixels.bytes()
    #expect(isZippedEqual)

    let extracted = try TemporaryFolder()
    for entry in entries where entry.type == "0" { try extracted.write(entry.bytes, to: entry.name) }
    let isExtractedEqual = try Ingested(CIFAR10(batchImages: 4), from: extracted).images.pixels.bytes() == plain.images.pixels.bytes()
    #expect(isExtractedEqual)
    let files = try Ingestion(CIFAR10(batchImages: 4), verify: false, data: extracted.path).originals()
    #expect(files.map(\.name) == (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"])
  }

  @Test func subsetsKeepOrderAndNumbers() throws {
    let folder = try TemporaryFolder()
    try folder.write(Tar.archive(Synthetic.cifar10(5)), to: "cifar-10-binary.tar.gz")
    let all = try Ingested(CIFAR10(batchImages: 5), from: folder)
    let some = try Ingested(CIFAR10(batchImages: 5), from: folder, subset: 11)
    #expect(some.images.count == 11 && some.images.index == some.images.index.sorted())
    for (row, number) in some.images.index.enumerated() {
      #expect(try some.image(row) == all.image(Int(number)) && some.labels.values[row] == all.labels.values[Int(number)])
    }
    #expect(throws: DatasetError.subsetTooLarge(asked: 31, available: 30)) {
      try Ingested(CIFAR10(batchImages: 5), from: folder, subset: 31)
    }
  }

  @Test func cifar100HasSuperclassesAndKeepsTheFineOnesBeside() throws {
    let folder = try TemporaryFolder()
    try folder.write(Tar.archive(Synthetic.cifar100(30, 6)), to: "cifar-100-binary.tar.gz")
    let ingested = try Ingested(CIFAR100(trainingImages: 30, testImages: 6), from: folder)
    #expect(ingested.labels.values == (0..<36).map { Int32($0 % 20) })
    #expect(ingested.labels.classNames.count == 20 && ingested.labels.classNames[1] == "fish")
    let file = try HDF5Reader("\(folder.path)/labels.h5")
    #expect(try file.integers("/fine_labels", axes: 1).values == (0..<36).map { Int32($0) })
    let fine = try file.strings("/fine_class_names")
    #expect(fine.count == 100 && fine[0] == "apple" && fine[99] == "worm")
    let planes = Synthetic.planes(35, side: 32)
    #expect(try ingested.image(35).prefix(3) == [planes[0], planes[1024], planes[2048]])
  }

  @Test func stl10IsTransposedAndItsUnlabelledPartComesLast() throws {
    let folder = try TemporaryFolder()
    try folder.write(Tar.archive(Synthetic.stl10(11, 3, 40)), to: "stl10_binary.tar.gz")
    let ingested = try Ingested(STL10(training: 11, test: 3, unlabelled: 40), from: folder)
    #expect(ingested.images.count == 54 && ingested.images.scored == 14 && ingested.images.height == 96)
    let training: [Int32] = (0..<11).map { number in Int32(9 - number % 10) }
    #expect(ingested.labels.values == training + [0, 1, 2] + [Int32](repeating: -1, count: 40))
    for number in [0, 12, 53] {
      let (image, planes) = (try ingested.image(number), Synthetic.planes(number, side: 96))
      for (y, x, c) in [(0, 0, 0), (5, 80, 1), (95, 3, 2), (17, 16, 0)] {
        #expect(image[(y * 96 + x) * 3 + c] == planes[c * 9216 + x * 96 + y])
      }
    }
    let subset = try Ingested(STL10(training: 11, test: 3, unlabelled: 40), from: folder, subset: 20)
    #expect(subset.images.scored == subset.labels.values.count { $0 >= 0 })
  }

  @Test func tinyImageNetIsTheSameFromZipAndFolderAndGreyBecomesRGB() throws {
    let entries = Synthetic.tinyImageNet(perClass: 12)
    let folder = try TemporaryFolder()
    try folder.write(Zip.archive(entries), to: "tiny-imagenet-200.zip")
    let zipped = try Ingested(TinyImageNet(classes: 2, perClass: 12), from: folder)
    #expect(zipped.images.count == 24 && zipped.images.channels == 3 && zipped.images.height == 64)
    #expect(zipped.labels.classNames == ["goldfish", "European fire salamander"])
    #expect(zipped.labels.values == Array(repeating: 0, count: 12) + Array(repeating: 1, count: 12))
    // Sorted by name: _0, _1, _10, _11, _2 …: the grey one is the fifth of its class.
    for number in 0..<24 {
      #expect(try ContentDigest.of(zipped.image(number)).hex == (number % 12 == 4 ? JPEGs.greyDigest : JPEGs.colourDigest))
    }
    let extracted = try TemporaryFolder()
    for entry in entries { try extracted.write(entry.bytes, to: entry.name) }
    let isEqual =
      try Ingested(TinyImageNet(classes: 2, perClass: 12), from: extracted).images.pixels.bytes() == zipped.images.pixels.bytes()
    #expect(isEqual)
    #expect(throws: DatasetError.unverifiable(path: "\(extracted.path)/tiny-imagenet-200")) {
      try Ingested(TinyImageNet(classes: 2, perClass: 12), from: extracted, verify: true)
    }
  }

  @Test func mnistComesFromPlainAndCompressedFiles() throws {
    let folder = try TemporaryFolder()
    for entry in Synthetic.idx(20, 4) { try folder.write(entry.bytes, to: "mnist/\(entry.name)") }
    let plain = try Ingested(MNIST(training: 20, test: 4), from: folder)
    #expect(try plain.images.count == 24 && plain.images.channels == 1 && plain.image(19).allSatisfy { $0 == 19 })
    #expect(plain.labels.values == (0..<20).map { Int32($0 % 10) } + [0, 1, 2, 3])
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/mnist") {
      try Process.run(URL(fileURLWithPath: "/usr/bin/gzip"), arguments: ["\(folder.path)/mnist/\(name)"]).waitUntilExit()
    }
    let isEqual = try Ingested(MNIST(training: 20, test: 4), from: folder).images.pixels.bytes() == plain.images.pixels.bytes()
    #expect(isEqual)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "needs Debian's dataset-fashion-mnist"))
  func fashionMNISTOfDebianHasTheOfficialContent() throws {
    let folder = try TemporaryFolder()
    let ingested = try Ingested(FashionMNIST(), from: folder, verify: true, subset: 500)
    #expect(ingested.images.count == 500 && ingested.images.verified && ingested.labels.verified && ingested.images.scored == 500)
  }

  @Test func aFolderOfPicturesBecomesADataSet() throws {
    let folder = try TemporaryFolder()
    try png(folder, "mine/cat/1.png", width: 8, height: 4, [200, 10, 30])
    try folder.write(JPEGs.grey, to: "mine/dog/a.JPG")
    try folder.write([1, 2, 3], to: "mine/dog/notes.txt")
    let ingested = try Ingested(ImageFolder(name: "mine", size: 4, channels: 3), from: folder)
    #expect(ingested.labels == Labels(values: [0, 1], classNames: ["cat", "dog"]) && ingested.images.scored == 2)
    #expect(try ingested.image(0) == (0..<16).flatMap { _ in [200, 10, 30] as [UInt8] } && ingested.images.height == 4)
    let grey = try Ingested(ImageFolder(name: "mine", size: 4, channels: 1), from: folder)
    #expect(try grey.images.channels == 1 && grey.image(0).allSatisfy { $0 == 69 })

    try png(folder, "flat/b.png", width: 3, height: 5, [1, 2, 3])
    try png(folder, "flat/a.png", width: 5, height: 5, [9, 9, 9])
    let flat = try Ingested(ImageFolder(name: "flat", size: 5, channels: 3), from: folder)
    #expect(try flat.labels == Labels(values: [-1, -1], classNames: []) && flat.images.scored == 2 && flat.image(0).first == 9)
    #expect(flat.files == ["a.png", "b.png"])
    #expect(
      try Ingestion(ImageFolder(name: "flat", size: 5, channels: 3), verify: false, data: folder.path).originals().map(\.name) == [
        "a.png", "b.png",
      ])
  }

  /// Class by class, the images that a method takes side by side would be of one class, and so would the first points of a map.
  @Test func theOrderOfAFolderIsDrawnAtRandom() throws {
    let folder = try TemporaryFolder()
    for number in 0..<60 { try png(folder, "mine/\(number / 20)/\(100 + number).png", width: 4, height: 4, [UInt8(number), 0, 0]) }
    let original = ImageFolder(name: "mine", size: 4, channels: 3)
    func ingest(subset: Int, seed: UInt64) throws -> (images: ImageSet, labels: [Int32], names: [String]) {
      let paths = (images: "\(folder.path)/i.h5", labels: "\(folder.path)/l.h5")
      try Ingestion(original, verify: false, data: folder.path)
        .run(subset: subset, seed: seed, images: paths.images, labels: paths.labels, warn: { _ in }, tell: { _, _ in })
      let names = try HDF5Reader(paths.labels).strings("/file_names")
      return (try ImagesFile.read(paths.images), try LabelsFile.read(paths.labels).values, names)
    }
    for subset in [0, 45] {
      let found = try ingest(subset: subset, seed: 0)
      #expect(found.images.count == (subset == 0 ? 60 : 45) && Set(found.images.index).count == found.images.count)
      for (row, number) in found.images.index.enumerated() {
        #expect(try found.images.image(row)[0] == UInt8(number))
        #expect(found.labels[row] == number / 20 && found.names[row] == "\(number / 20)/\(100 + number).png")
      }
      // Were it sorted, two neighbours would be of different classes twice.
      #expect(zip(found.labels, found.labels.dropFirst()).filter { $0 != $1 }.count > 15)
      let (again, other) = (try ingest(subset: subset, seed: 0), try ingest(subset: subset, seed: 1))
      #expect(again.images.index == found.images.index && other.images.index != found.images.index)
    }
  }

  @Test func aDamagedPictureInAFolderIsCountedAndManyAreRefused() throws {
    let folder = try TemporaryFolder()
    for number in 0..<120 { try folder.write(JPEGs.colour, to: "many/\(1000 + number).jpeg") }
    try folder.write(Array(JPEGs.colour.prefix(400)), to: "many/1003.jpeg")
    let ingested = try Ingested(ImageFolder(name: "many", size: 8, channels: 3), from: folder)
    #expect(ingested.images.count == 119 && ingested.warnings.count == 1)
    #expect(
      ingested.warnings[0].hasPrefix(
        "1 file left out of \(folder.path)/many, cannot be decoded: damaged, cut short or no picture: 1003.jpeg ("),
      "\(ingested.warnings)")
    #expect(ingested.files.count == 119)
    try folder.write([], to: "many/1007.jpeg")
    let error = #expect(throws: DatasetError.self) { try Ingested(ImageFolder(name: "many", size: 8, channels: 3), from: folder) }
    #expect(
      error?.problem.hasPrefix("2 of the 120 pictures in \(folder.path)/many cannot be decoded, the first of them 1003.jpeg: ") == true)
  }

  @Test func theCatalogueListsEveryFileOfOriginals() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources/Datasets/Originals")
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
    // The folder of pictures has no name of its own.
    #expect(files.count == Catalogue.names.count + 1 && Set(Catalogue.names).count == Catalogue.names.count)
  }
}
