import Artifacts
import Datasets
import Foundation
import Tensors
import Testing

/// Parsers of original files fed with damaged ones: an answer or an explained error, never a trap, never another error.
struct FuzzTests {
  private static let rounds = 10_000

  /// Some bytes changed, doubled, cut out or cut off.
  private static func damaged(_ bytes: [UInt8], round: Int, purpose: Int) -> [UInt8] {
    var stream = RandomStream(seed: 4, purpose: .test, item: round, copy: purpose)
    var bytes = bytes
    for _ in 0...stream.integer(below: 6) where !bytes.isEmpty {
      let at = stream.integer(below: bytes.count)
      switch stream.integer(below: 6) {
      case 0: bytes[at] = UInt8(stream.integer(below: 256))
      case 1: bytes[at] ^= 1 << UInt8(stream.integer(below: 8))
      case 2: bytes[at] = [0, 0xFF, 0x7F, 0x80][stream.integer(below: 4)]
      case 3: bytes.removeSubrange(at..<min(bytes.count, at + 1 + stream.integer(below: 600)))
      case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 1 + stream.integer(below: 600))], at: at)
      // Headers come first: damage them more often.
      default: bytes[stream.integer(below: min(bytes.count, 512))] = UInt8(stream.integer(below: 256))
      }
    }
    if stream.integer(below: 8) == 0 { bytes.removeLast(stream.integer(below: bytes.count + 1)) }
    return bytes
  }

  /// Reads a data set without writing it anywhere.
  private static func read(_ original: some Original, _ folder: TemporaryFolder) throws {
    let open = try original.open(data: folder.path, verify: false)
    let bytes = open.height * open.width * open.channels
    try open.read(OriginalSink(count: open.count, chosen: Array(0..<open.count), imageBytes: bytes, tell: { _, _ in }, write: { _, _ in }))
  }

  /// - Returns: how many inputs were refused.
  private static func count(_ purpose: Int, _ bytes: [UInt8], _ body: ([UInt8]) throws -> Void) throws -> Int {
    var refused = 0
    for round in 0..<rounds {
      do {
        try body(damaged(bytes, round: round, purpose: purpose))
      } catch let error as any ExplainedError {
        refused += 1
        #expect(!error.problem.isEmpty && !error.remedy.isEmpty && error.kind != .bug)
      }
    }
    // Most damage shows; if none did, or all, the mutations would be pointless.
    #expect(refused > rounds / 20 && refused < rounds)
    return refused
  }

  @Test func cifar() throws {
    let folder = try TemporaryFolder()
    let entries = Synthetic.cifar10(1)
    _ = try Self.count(1, Tar.archive(entries)) { bytes in
      try folder.write(bytes, to: "cifar-10-binary.tar.gz")
      try Self.read(CIFAR10(batchImages: 1), folder)
    }
  }

  @Test func cifarRecords() throws {
    let folder = try TemporaryFolder()
    let entries = Synthetic.cifar100(2, 1)
    for entry in entries { try folder.write(entry.bytes, to: entry.name) }
    _ = try Self.count(2, entries[2].bytes) { bytes in
      try folder.write(bytes, to: entries[2].name)
      try Self.read(CIFAR100(trainingImages: 2, testImages: 1), folder)
    }
  }

  @Test func stl() throws {
    let folder = try TemporaryFolder()
    _ = try Self.count(3, Tar.archive(Synthetic.stl10(1, 1, 1))) { bytes in
      try folder.write(bytes, to: "stl10_binary.tar.gz")
      try Self.read(STL10(training: 1, test: 1, unlabelled: 1), folder)
    }
  }

  @Test func tinyImageNet() throws {
    let folder = try TemporaryFolder()
    _ = try Self.count(4, Zip.archive(Synthetic.tinyImageNet(perClass: 1))) { bytes in
      try folder.write(bytes, to: "tiny-imagenet-200.zip")
      try Self.read(TinyImageNet(classes: 2, perClass: 1), folder)
    }
  }

  @Test func annotations() throws {
    let numbers = Array("n01000001\nn02000002\r\nn03000003\n".utf8)
    let words = Array("n01000001\tgoldfish, Carassius\nn02000002\tcrane\r\nn03000003\tnail\n".utf8)
    _ = try Self.count(5, numbers + [0] + words) { bytes in
      let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
      _ = try WordNetNames.parse(numbers: Array(parts[0]), words: Array(parts.last ?? []), path: "f", classes: 3)
    }
  }

  @Test(arguments: ["png rgb", "jpeg sampling 2", "png orientation 6", "jpeg ycck 420", "webp lossy alpha", "webp orientation 6"])
  func imageFolder(kind: String) throws {
    let folder = try TemporaryFolder()
    let good = try PictureOracle.named(kind)
    _ = try Self.count(6 + kind.utf8.count, good) { bytes in
      try folder.write(bytes, to: "x/a.png")
      try Self.read(ImageFolder(name: "x", size: 5, channels: 3), folder)
    }
  }

  @Test func idx() throws {
    let folder = try TemporaryFolder()
    let entries = Synthetic.idx(2, 1)
    for entry in entries { try folder.write(entry.bytes, to: "mnist/\(entry.name)") }
    _ = try Self.count(8, entries[0].bytes) { bytes in
      try folder.write(bytes, to: "mnist/\(entries[0].name)")
      try Self.read(MNIST(training: 2, test: 1), folder)
    }
  }
}
