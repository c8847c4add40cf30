import Artifacts
import Datasets
import Foundation
import Testing

/// Each wrong input gives one error that names the file and a remedy, and leaves nothing behind.
struct HostileOriginalsTests {
  private func refused(
    _ original: some Original, _ files: [(name: String, bytes: [UInt8])], verify: Bool = false, _ words: String,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try TemporaryFolder()
    for file in files { try folder.write(file.bytes, to: file.name) }
    let before = folder.names
    do {
      _ = try Ingested(original, from: folder, verify: verify)
      Issue.record("nothing was refused", sourceLocation: location)
    } catch let error as any ExplainedError {
      #expect(error.problem.contains(words), sourceLocation: location)
      #expect(error.problem.contains(folder.path) && !error.remedy.isEmpty && error.kind == .badInput, sourceLocation: location)
    }
    #expect(folder.names == before, sourceLocation: location)
  }

  private func refusedTar(_ entries: [Tar.Entry], verify: Bool = false, _ words: String, _ location: SourceLocation = #_sourceLocation)
    throws
  {
    try refused(CIFAR10(batchImages: 2), [("cifar-10-binary.tar.gz", Tar.archive(entries))], verify: verify, words, location)
  }

  private static let good = Synthetic.cifar10(2)

  @Test func namesThatLeadOutside() throws {
    try refusedTar([.init(name: "../../etc/passwd", bytes: [1])] + Self.good, "leads outside of the archive")
    try refusedTar(Self.good + [.init(name: "/etc/passwd", bytes: [1])], "leads outside of the archive")
    try refusedTar([.init(name: "a/../../b")] + Self.good, "leads outside of the archive")
  }

  @Test func linksDevicesAndDoubleMembers() throws {
    try refusedTar([.init(name: "data_batch_1.bin", type: "2", target: "/etc/passwd")] + Self.good, "is a link")
    try refusedTar([.init(name: "x/data_batch_1.bin", type: "1", target: "y")] + Self.good, "is a link")
    try refusedTar([.init(name: "pipe", type: "6")] + Self.good, "is neither a file nor a folder")
    try refusedTar(Self.good + [Self.good[2]], "comes twice")
    var elsewhere = Self.good[2]
    elsewhere.name = "other/" + (elsewhere.name.split(separator: "/").last.map(String.init) ?? "")
    try refusedTar(Self.good + [elsewhere], "comes twice")
  }

  @Test func sizes() throws {
    var absurd = Self.good
    absurd[2].declared = 8_000_000_000
    try refusedTar(absurd, "expected 6146 bytes: 2 records of 3073, found 8000000000")
    try refusedTar([.init(name: "zeros", declared: 1 << 32)] + Self.good, "is out of place")
    var short = Self.good
    short[2].bytes.removeLast()
    try refusedTar(short, "found 6145")
    var long = Self.good
    long[2].bytes.append(0)
    try refusedTar(long, "found 6147")
    var idx = Synthetic.idx(3, 2)
    idx[0].bytes.append(0)
    try refused(MNIST(training: 3, test: 2), idx.map { ("mnist/\($0.name)", $0.bytes) }, "expected at most 2368 bytes, found 2369")
    let words = Synthetic.tinyImageNet(perClass: 1).map {
      $0.name.hasSuffix("words.txt") ? ($0.name, [UInt8](repeating: 10, count: (1 << 23) + 1)) : $0
    }
    try refused(TinyImageNet(classes: 2, perClass: 1), words, "expected at most 8388608 bytes")
  }

  @Test func truncation() throws {
    let whole = Tar.archive(Self.good)
    for count in [0, 1, 511, 700, 3000, whole.count / 2, whole.count - 7000] {
      try refused(CIFAR10(batchImages: 2), [("cifar-10-binary.tar.gz", Array(whole.prefix(count)))], "cifar-10-binary.tar.gz")
    }
    let folder = try TemporaryFolder()
    try folder.write(whole, to: "c.tar")
    try Process.run(URL(fileURLWithPath: "/usr/bin/gzip"), arguments: ["\(folder.path)/c.tar"]).waitUntilExit()
    let zipped = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/c.tar.gz")))
    for count in [5, zipped.count / 2, zipped.count - 9] {
      try refused(CIFAR10(batchImages: 2), [("cifar-10-binary.tar.gz", Array(zipped.prefix(count)))], "cannot read")
    }
  }

  @Test func labelsOutOfRange() throws {
    var entries = Self.good
    entries[3].bytes[3073] = 10
    try refusedTar(entries, "expected labels 0 to 9, found 10 in record 1")
    var fine = Synthetic.cifar100(4, 2)
    fine[2].bytes[1] = 100
    try refused(
      CIFAR100(trainingImages: 4, testImages: 2), [("cifar-100-binary.tar.gz", Tar.archive(fine))],
      "labels 0 to 19 and 0 to 99, found 0 and 100")
    for label in [0, 11] as [UInt8] {
      var stl = Synthetic.stl10(2, 2, 2)
      stl[1].bytes[1] = label
      try refused(STL10(training: 2, test: 2, unlabelled: 2), [("stl10_binary.tar.gz", Tar.archive(stl))], "labels 1 to 10, found \(label)")
    }
    var idx = Synthetic.idx(3, 2)
    idx[1].bytes[9] = 10
    try refused(MNIST(training: 3, test: 2), idx.map { ("mnist/\($0.name)", $0.bytes) }, "expected labels 0 to 9, found 10 in place 1")
  }

  @Test func anotherDataSet() throws {
    let stl = Tar.archive(Synthetic.stl10(1, 1, 1))
    try refused(CIFAR10(batchImages: 2), [("cifar-10-binary.tar.gz", stl)], "it looks like STL-10")
    let cifar = Tar.archive(Self.good)
    try refused(
      CIFAR100(trainingImages: 1, testImages: 1), [("cifar-100-binary.tar.gz", cifar)], "it looks like the binary version of CIFAR-10")
    let python = Tar.archive([.init(name: "cifar-10-batches-py/data_batch_1", bytes: [1])])
    try refused(CIFAR10(batchImages: 2), [("cifar-10-binary.tar.gz", python)], "the Python version of CIFAR-10")
    let zip = Zip.archive([("tiny-imagenet-200/train/x.txt", [1])])
    try refused(TinyImageNet(classes: 1, perClass: 1), [("tiny-imagenet-200.zip", zip)], "it lacks wnids.txt, words.txt")
    try refused(CIFAR10(batchImages: 2), [("cifar-10-batches-bin/train.bin", [1])], "it lacks data_batch_1.bin")
    // MNIST's files in the place of a larger set's.
    try refused(MNIST(training: 4, test: 2), Synthetic.idx(3, 2).map { ("mnist/\($0.name)", $0.bytes) }, "expected 4 images of 28 × 28")
  }

  @Test func unofficialContentUnlessItIsAllowed() throws {
    try refusedTar(Self.good, verify: true, "is not the official file")
    try refused(
      STL10(training: 1, test: 1, unlabelled: 1), [("stl10_binary.tar.gz", Tar.archive(Synthetic.stl10(1, 1, 1)))], verify: true, "MD5")
    try refused(
      MNIST(training: 3, test: 2), Synthetic.idx(3, 2).map { ("mnist/\($0.name)", $0.bytes) }, verify: true, "is not the official file")
    try refused(
      TinyImageNet(classes: 2, perClass: 3), [("tiny-imagenet-200.zip", Zip.archive(Synthetic.tinyImageNet(perClass: 3)))], verify: true,
      "is not the official file")
    try refused(ImageFolder(name: "x", size: 4, channels: 3), [("x/a.jpg", JPEGs.colour)], verify: true, "cannot be verified")
  }

  @Test func wrongTinyImageNets() throws {
    let good = Synthetic.tinyImageNet(perClass: 3)
    func refusedZip(_ entries: [(name: String, bytes: [UInt8])], _ words: String, _ location: SourceLocation = #_sourceLocation) throws {
      try refused(TinyImageNet(classes: 2, perClass: 3), [("tiny-imagenet-200.zip", Zip.archive(entries))], words, location)
    }
    func replaced(_ suffix: String, _ bytes: [UInt8]) -> [(name: String, bytes: [UInt8])] {
      good.map { $0.name.hasSuffix(suffix) ? ($0.name, bytes) : $0 }
    }
    try refusedZip(replaced("n01000001_1.JPEG", [1, 2, 3]), "is no readable picture")
    try refusedZip(replaced("n01000001_1.JPEG", Array(JPEGs.colour.dropLast(300))), "is no readable picture")
    try refusedZip(good.filter { !$0.name.hasSuffix("n01000001_1.JPEG") }, "expected 6 images")
    try refusedZip(replaced("wnids.txt", Array("n01000001\nn01000001\n".utf8)), "come twice: n01000001")
    try refusedZip(replaced("wnids.txt", Array("n01000001\n".utf8)), "expected 2 classes, found 1")
    try refusedZip(replaced("wnids.txt", Array("../../../x\nn01000001\n".utf8)), "expected lines such as n01443537")
    try refusedZip(replaced("words.txt", Array("n01000001\tgoldfish\n".utf8)), "none for n02000002")
    try refusedZip(good + [good[4]], "comes twice")
    // A fourth image of a class, and one of a class that wnids.txt does not name.
    try refusedZip(good + [("tiny-imagenet-200/train/n01000001/images/n01000001_3.JPEG", JPEGs.colour)], "expected images 0 to 2")
    try refusedZip(good + [("tiny-imagenet-200/train/n03000003/images/n03000003_0.JPEG", JPEGs.colour)], "expected images 0 to 2")
    let noClass = good.filter { !$0.name.contains("train/n01000001/images") }
    try refused(TinyImageNet(classes: 2, perClass: 3), noClass, "it lacks train/n01000001/images/")
    let folder = try TemporaryFolder()
    try png(folder, "large.png", width: 65, height: 64, [1, 2, 3])
    let large = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/large.png")))
    try refusedZip(replaced("n01000001_1.JPEG", large), "65 × 64")
  }

  @Test func foldersOfPictures() throws {
    let original = ImageFolder(name: "x", size: 4, channels: 3)
    try refused(original, [("x/readme.txt", [1])], "holds no picture that can be read")
    try refused(original, [("x/empty/readme.txt", [1])], "holds no picture that can be read")
    try refused(
      original, [("x/cat/1.jpg", JPEGs.colour), ("x/Cat/2.jpg", JPEGs.colour)], "differ in nothing but capitals or come twice: Cat, cat")
    try refused(original, [("y/1.jpg", JPEGs.colour)], "are not in")
    try refused(ImageFolder(name: "../x", size: 4, channels: 3), [("x/1.jpg", JPEGs.colour)], "are not in")
    try refused(original, [("x/1.jpg", Array("no picture".utf8))], "it is neither PNG nor JPEG nor WebP")
    let folder = try TemporaryFolder()
    try png(folder, "long.png", width: 1010, height: 10, [1, 2, 3])
    let long = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/long.png")))
    try refused(original, [("x/1.png", long)], "one side is more than 100 times the other")
  }

  @Test func whatIsMissingIsSaidWithWhereToGetIt() throws {
    let folder = try TemporaryFolder()
    for original in Catalogue.originals where original.name != "fashion-mnist" {
      let error = #expect(throws: DatasetError.self) { try original.open(data: folder.path, verify: true) }
      #expect(error?.problem.contains("\(folder.path)/") == true && error?.remedy.contains("ccr fetch \(original.name)") == true)
    }
  }
}
