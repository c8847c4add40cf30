import Artifacts
import Foundation
import Testing

@Suite("Checkpoint folder")
struct CheckpointTests {
  private let path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)").path
  private var folder: CheckpointFolder { CheckpointFolder(path, identity: ContentDigest.of(Array("these settings".utf8))) }
  private let contents = (1...4).map { number in (0..<1000).map { UInt8(truncatingIfNeeded: $0 * number) } }

  /// The newest usable content and what was said about others.
  private func newest(_ folder: CheckpointFolder) -> (content: [UInt8]?, warnings: [String]) {
    var warnings: [String] = []
    return (folder.newest(decode: { $0 }, warn: { warnings.append($0) }), warnings)
  }

  private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { "\(path)/\($0)" } }

  @Test("nothing there: nothing found and nothing said")
  func empty() {
    let (content, warnings) = newest(folder)
    #expect(content == nil && warnings.isEmpty)
  }

  @Test("the newest is found, two are kept")
  func newestOfFour() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    for content in contents { try folder.save(content) }
    #expect(try files().count == 2)
    let (content, warnings) = newest(folder)
    #expect(content == contents[3] && warnings.isEmpty)
  }

  @Test("a newest one cut short at any length or with any bit turned: the one before, and a warning")
  func damage() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try folder.save(contents[0])
    try folder.save(contents[1])
    let last = try #require(try files().last)
    let whole = try AtomicFile.read(last)
    var damaged = [0, 1, 36, 100, 165, 166, 170, whole.count - 1].map { Array(whole[..<$0]) }
    for at in [0, 40, 110, 170, whole.count - 1] {
      var bytes = whole
      bytes[at] ^= 4
      damaged.append(bytes)
    }
    for bytes in damaged {
      try AtomicFile.write(bytes, to: last)
      let (content, warnings) = newest(folder)
      #expect(content == contents[0])
      #expect(warnings.count == 1 && warnings[0].contains(last))
    }
    // Both damaged: from the start.
    for file in try files() { try AtomicFile.write([1, 2, 3], to: file) }
    let (content, warnings) = newest(folder)
    #expect(content == nil && warnings.count == 2)
  }

  @Test("the newest says where the work goes on")
  func place() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(CheckpointFolder.place(in: path) == nil)
    try folder.save(contents[0])
    #expect(CheckpointFolder.place(in: path) == nil)
    for epoch in 1...3 { try folder.save(contents[epoch], place: "epoch \(epoch)") }
    #expect(CheckpointFolder.place(in: path) == "epoch 3")
    #expect(newest(folder).content == contents[3])
    // Lines within the content are no place.
    try AtomicFile.write("something else\n\n\nepoch 4\n", to: "\(path)/checkpoint-00000009")
    #expect(CheckpointFolder.place(in: path) == nil)
  }

  @Test("checkpoints of other settings are not used")
  func otherSettings() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try folder.save(contents[0])
    let other = CheckpointFolder(path, identity: ContentDigest.of(Array("other settings".utf8)))
    let (content, warnings) = newest(other)
    #expect(content == nil && warnings.count == 1 && warnings[0].contains("settings"))
  }

  @Test("content the program cannot read: the one before")
  func unreadable() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try folder.save(contents[0])
    try folder.save(contents[1])
    var warnings = 0
    #expect(folder.newest(decode: { $0 == contents[1] ? nil : $0 }, warn: { _ in warnings += 1 }) == contents[0])
    #expect(warnings == 1)
  }

  @Test("a folder that cannot be made is an error with a remedy")
  func unwritable() {
    let impossible = CheckpointFolder("/proc/nowhere/checkpoints", identity: ContentDigest.of([]))
    #expect(throws: FileError.self) { try impossible.save([1]) }
  }
}
