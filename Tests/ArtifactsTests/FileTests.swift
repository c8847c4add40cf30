import Artifacts
import Foundation
import Testing

struct FileTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-files-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  @Test func imagesAndLabelsComeBackAndAreDeterministic() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let images = ImageSet(name: "toy", height: 2, width: 3, channels: 1, pixels: Array(0..<12), index: [5, 9], verified: true)
    for name in ["a", "b"] { try ImagesFile.write(images, to: "\(folder)/\(name)") }
    #expect(try ContentDigest.ofFile("\(folder)/a") == ContentDigest.ofFile("\(folder)/b"))
    let back = try ImagesFile.read("\(folder)/a")
    #expect(try back.pixels.bytes() == images.pixels.bytes() && back.index == images.index)
    #expect(back.name == "toy" && back.verified && back.width == 3)
    try LabelsFile.write(Labels(values: [1, -1], classNames: ["ä", "b"]), to: "\(folder)/l")
    #expect(try LabelsFile.read("\(folder)/l").classNames == ["ä", "b"])
  }

  @Test func damageIsAnErrorWithTheFilesName() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: FileError.self) { try ImagesFile.read("\(folder)/absent") }
    try AtomicFile.write("no HDF5", to: "\(folder)/text")
    let error = #expect(throws: HDF5Error.self) { try ImagesFile.read("\(folder)/text") }
    #expect(error?.problem.contains("\(folder)/text") == true)
  }

  @Test func aFailedWriteLeavesNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try AtomicFile.write(to: "\(folder)/x") { path in
        try AtomicFile.write("half", to: path)
        throw Stop()
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  /// A writer that begins while the process is being ended would leave its file behind: it waits until the end.
  @Test func nobodyBeginsAFileWhileTheProcessEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let files = UnfinishedFiles()
    let path = "\(folder)/late"
    _ = try files.begin(beside: "\(folder)/early")
    let (began, made) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    files.discard {
      DispatchQueue.global().async {
        began.signal()
        _ = try? files.begin(beside: path)
        made.signal()
      }
      began.wait()
      #expect(made.wait(timeout: .now() + 0.2) == .timedOut)
      #expect((try? FileManager.default.contentsOfDirectory(atPath: folder)) == [])
    }
    made.wait()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
  }

  /// A library that opens its file by name would make one anew that was discarded.
  @Test func nobodyOpensAFileWhileTheProcessEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let files = UnfinishedFiles()
    let part = try files.begin(beside: "\(folder)/x")
    let opened = DispatchSemaphore(value: 0)
    let library = Thread {
      close(Int32(files.opening { Int64(creat(part.path, 0o644)) }))
      opened.signal()
    }
    files.discard {
      library.start()
      #expect(opened.wait(timeout: .now() + 0.2) == .timedOut)
      #expect((try? FileManager.default.contentsOfDirectory(atPath: folder)) == [])
    }
    opened.wait()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
  }

  /// Names that nobody here gives, beyond what an integer holds among them.
  @Test func checkpointsOfAnyNameAreNoTrap() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/ccr-checkpoints-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for name in ["9223372036854775807", "99999999999999999999", "-1", "", "x"] {
      try AtomicFile.write("", to: "\(folder)/checkpoint-\(name)")
    }
    let checkpoints = CheckpointFolder(folder, identity: ContentDigest.of([1]))
    for content in [[7], [8]] as [[UInt8]] { try checkpoints.save(content) }
    #expect(checkpoints.newest(decode: { $0 }, warn: { _ in }) == [8])
    #expect(FileManager.default.fileExists(atPath: "\(folder)/checkpoint-00000002"))
  }

  @Test func copiesAreWholeOrNotThere() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/ccr-copies-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write([1, 2, 3], to: "\(folder)/from")
    struct Refused: Error {}
    #expect(throws: Refused.self) { try AtomicFile.copy("\(folder)/from", to: "\(folder)/to") { _ in throw Refused() } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["from"])
    let digest = try AtomicFile.copy("\(folder)/from", to: "\(folder)/to") { _ in }
    #expect(try AtomicFile.read("\(folder)/to") == [1, 2, 3] && digest == ContentDigest.of([1, 2, 3]))
  }

  @Test("views: what they were made with, and passes beyond four digits apart from those before")
  func views() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/views.h5"
    let layout = ViewsFile.Layout(passes: 10_002, images: 1, repeats: 1, size: 1, channels: 1)
    try ViewsFile.write(layout, madeWith: "seed 3, {}", to: path) { pass, images in
      ([UInt8](repeating: UInt8(pass % 251), count: images.count), [UInt8](repeating: UInt8(pass / 251), count: images.count))
    }
    #expect(try ViewsFile.madeWith(path) == "seed 3, {}")
    for pass in [0, 1, 999, 1000, 9999, 10_000, 10_001] {
      let views = try #require(try ViewsFile.read(path, pass: pass)).views(of: [0])
      #expect(views.originals == [UInt8(pass % 251)] && views.augmented == [UInt8(pass / 251)])
    }
    #expect(try ViewsFile.read(path, pass: 10_002) == nil)
  }

  @Test("views: as many passes as the limit holds, perhaps none")
  func viewsLimit() {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // STL-10: 113,000 images of 96 × 96 × 3, an original and three copies.
    let stl = ViewsFile.Layout(passes: 2, images: 113_000, repeats: 3, size: 96, channels: 3)
    #expect(stl.bytesPerPass == 12_496_896_000 && stl.limited().passes == 0)
    let cifar = ViewsFile.Layout(passes: 2, images: 60_000, repeats: 3, size: 32, channels: 3)
    #expect(cifar.limited() == cifar)
    #expect(cifar.limited(to: 2 * cifar.bytesPerPass - 1).passes == 1)
  }
}
