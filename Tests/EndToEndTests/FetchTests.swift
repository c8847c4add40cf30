import Foundation
import TestSupport
import Testing

/// `ccr fetch` against a server on loopback that gives Fashion-MNIST's official files: Debian's with their gzip headers put back.
@Suite(
  .waiting,
  .serialized,
  .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist"), "needs Debian's dataset-fashion-mnist"))
struct FetchTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-fetch-\(UUID().uuidString)"

  /// File name and the modification time in the official header.
  private static let names: [(name: String, time: UInt32)] = [
    ("train-images-idx3-ubyte", 1_504_176_606), ("train-labels-idx1-ubyte", 1_504_176_606), ("t10k-images-idx3-ubyte", 1_504_176_627),
    ("t10k-labels-idx1-ubyte", 1_504_176_627),
  ]

  private static func official() throws -> [String: Data] {
    var files: [String: Data] = [:]
    for (name, time) in names {
      let debian = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist/\(name).gz"))
      let clock = (0..<4).map { UInt8(truncatingIfNeeded: time >> (8 * UInt32($0))) }
      files["\(name).gz"] = Data([0x1F, 0x8B, 8, 8] + clock + [0, 3] + Array(name.utf8) + [0]) + debian.dropFirst(10)
    }
    return files
  }

  private func fetch(_ port: UInt16, limit: Int? = nil, patience: Int = 30) throws -> Programs.Output {
    let arguments = ["fetch", "fashion-mnist", "--to", folder, "--mirror", "http://127.0.0.1:\(port)/", "--patience", "\(patience)"]
    guard let limit else { return try Programs.run("ccr", arguments) }
    // A limit on the size of files stands in for a full disk: writing fails, once the signal is out of the way.
    let limited = ["-c", "trap '' XFSZ; ulimit -f \(limit); exec \"$0\" \"$@\"", "\(Programs.folder)/ccr"]
    return try Programs.run("/bin/bash", limited + arguments)
  }

  private var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/fashion-mnist")) ?? []).sorted()
  }

  @Test func downloadsOnceAndGoesOnWithBrokenOnes() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .brokenAfter(1_000_000))
    let broken = try fetch(server.port)
    #expect(broken.code == 7 && broken.error.contains("broke; 1.0 MB are kept") && broken.error.contains("to go on"), "\(broken.error)")
    #expect(files == ["train-images-idx3-ubyte.gz.part"])
    server.serve(.well)
    #expect(try fetch(server.port).code == 0)
    #expect(files == Self.names.map { "\($0.name).gz" }.sorted())
    #expect(server.starts == [0, 1_000_000, 0, 0, 0])
    let again = try fetch(server.port)
    #expect(again.code == 0 && again.error.contains("there already") && server.starts.count == 5)
  }

  @Test func wrongContentIsThrownAway() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .wrongByte(5000))
    let wrong = try fetch(server.port)
    #expect(wrong.code == 2 && wrong.error.contains("came with SHA-256"), "\(wrong.error)")
    #expect(files.isEmpty)
  }

  @Test func aServerWithoutRangesGivesAllAgain() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .brokenAfter(1_000_000))
    #expect(try fetch(server.port).code == 7)
    server.serve(.wholeOnly)
    let whole = try fetch(server.port)
    #expect(whole.code == 0, "\(whole.error)")
    #expect(server.starts == [0, 1_000_000, 0, 0, 0, 0])
  }

  /// What the server has less will not come by asking again: it is another file, and what an earlier call got of it too.
  @Test func aShorterFileIsAnotherFile() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .shortened(900_000))
    let short = try fetch(server.port)
    #expect(short.code == 2 && short.error.contains("came with 900000 bytes instead of 26421880"), "\(short.error)")
    #expect(files.isEmpty)
    server.serve(.brokenAfter(1_000_000))
    #expect(try fetch(server.port).code == 7)
    server.serve(.shortened(900_000))
    #expect(try fetch(server.port).code == 2)
    #expect(files.isEmpty && server.starts == [0, 0, 1_000_000, 0])
  }

  @Test func aSlowServerIsWaitedFor() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .halting(0.1))
    let slow = try fetch(server.port)
    #expect(slow.code == 0, "\(slow.error)")
  }

  @Test func oneDownloadAtATime() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: "\(folder)/fashion-mnist", withIntermediateDirectories: true)
    let file = open("\(folder)/fashion-mnist/train-images-idx3-ubyte.gz.part", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    defer { close(file) }
    #expect(flock(file, LOCK_EX) == 0)
    let server = try LoopbackServer(files: Self.official(), manner: .well)
    let busy = try fetch(server.port)
    #expect(busy.code == 7 && busy.error.contains("is being downloaded by another process") && server.starts.isEmpty, "\(busy.error)")
  }

  /// Whatever form it has, and even if it is not the official content.
  @Test func whatIsThereIsUsedAsItIs() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: "\(folder)/fashion-mnist", withIntermediateDirectories: true)
    for (name, _) in Self.names { try Data("own".utf8).write(to: URL(fileURLWithPath: "\(folder)/fashion-mnist/\(name)")) }
    let server = try LoopbackServer(files: Self.official(), manner: .well)
    let plain = try fetch(server.port)
    #expect(plain.code == 0 && plain.error.contains("and 3 more: there already"), "\(plain.error)")
    for (name, _) in Self.names {
      try FileManager.default.moveItem(atPath: "\(folder)/fashion-mnist/\(name)", toPath: "\(folder)/fashion-mnist/\(name).gz")
    }
    let other = try fetch(server.port)
    #expect(other.code == 0 && other.error.contains("has not the official size") && server.starts.isEmpty, "\(other.error)")
  }

  @Test(arguments: [["--patience", "0"], ["--bogus"], ["no-such-data"]])
  func badUsageEndsWithTwo(arguments: [String]) throws {
    let output = try Programs.run("ccr", ["fetch"] + arguments)
    #expect(output.code == 2 && output.error.lowercased().contains("error: "), "\(output.code) \(output.error)")
  }

  @Test func serversThatFailAreNamedWithWhatToDo() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: [:], manner: .well)
    let missing = try fetch(server.port)
    #expect(missing.code == 7 && missing.error.contains("HTTP 404") && missing.error.contains("by hand"), "\(missing.error)")
    let down = try LoopbackServer(files: Self.official(), manner: .failing(503))
    let failing = try fetch(down.port)
    #expect(failing.code == 7 && failing.error.contains("the server fails (HTTP 503)"), "\(failing.error)")
    let silent = try LoopbackServer(files: Self.official(), manner: .silent)
    let slow = try fetch(silent.port, patience: 1)
    #expect(slow.code == 7 && slow.error.contains("the server sent nothing for 1 s"), "\(slow.error)")
    let port = server.port
    server.stop()
    let refused = try fetch(port)
    #expect(refused.code == 7 && refused.error.contains("does not answer"), "\(refused.error)")
    #expect(files.isEmpty)
  }

  @Test func aFullDiskIsSaidSo() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let server = try LoopbackServer(files: Self.official(), manner: .well)
    let full = try fetch(server.port, limit: 100)
    #expect(full.code == 7 && full.error.contains("is the disk full?"), "\(full.error)")
  }
}
