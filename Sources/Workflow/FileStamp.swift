import Artifacts
import Glibc

/// What tells that a file was not touched since it was read: writing changes at least the change time, which nobody can set.
struct FileStamp: Hashable, Sendable {
  let device, inode, size, modified, changed: Int

  /// - Returns: nil where there is no such file.
  init?(_ path: String) {
    var info = stat()
    guard stat(path, &info) == 0 else { return nil }
    device = Int(info.st_dev)
    inode = Int(info.st_ino)
    size = Int(info.st_size)
    modified = Int(info.st_mtim.tv_sec) * 1_000_000_000 + Int(info.st_mtim.tv_nsec)
    changed = Int(info.st_ctim.tv_sec) * 1_000_000_000 + Int(info.st_ctim.tv_nsec)
  }

  fileprivate init(_ numbers: [Int]) {
    (device, inode, size, modified, changed) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
  }

  fileprivate var numbers: [Int] { [device, inode, size, modified, changed] }

  var text: String { numbers.map(String.init).joined(separator: " ") }

  /// Whether another write could still carry the same times: file systems count time in steps, the coarsest in 2 s.
  var isYoung: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int(now.tv_sec) * 1_000_000_000 + Int(now.tv_nsec) - max(modified, changed) < 2_000_000_000
  }
}

/// Digests of files, remembered by their stamps, so that an unchanged file of any size is not read again.
final class FileDigests {
  private let path: String
  private var entries: [String: (stamp: FileStamp, hex: String)] = [:]
  private var changed = false

  /// - Parameter path: where digests are remembered; a file that cannot be read, or was damaged, counts as empty.
  init(path: String) {
    self.path = path
    guard let bytes = try? AtomicFile.read(path) else { return }
    for line in bytes.split(separator: 10) {
      let fields = line.split(separator: 32, maxSplits: 6, omittingEmptySubsequences: false)
      guard fields.count == 7 else { continue }
      let numbers = fields[..<5].compactMap { Int(String(decoding: $0, as: UTF8.self)) }
      guard numbers.count == 5, let digest = ContentDigest(hex: String(decoding: fields[5], as: UTF8.self)) else { continue }
      entries[String(decoding: fields[6], as: UTF8.self)] = (FileStamp(numbers), digest.hex)
    }
  }

  /// The digest of a file's content.
  /// - Parameter compute: how to digest; a program has a digest of its own kind.
  func digest(of file: String, by compute: (String) throws -> ContentDigest = { try ContentDigest.ofFile($0) }) throws -> String {
    guard let stamp = FileStamp(file) else { throw FileError.missing(path: file) }
    if let entry = entries[file], entry.stamp == stamp { return entry.hex }
    let hex = try compute(file).hex
    if !stamp.isYoung, FileStamp(file) == stamp { remember(hex, of: file, stamp) }
    return hex
  }

  /// Takes a digest for known: of a file that this process has just written and hashed.
  func remember(_ hex: String, of file: String, _ stamp: FileStamp) {
    entries[file] = (stamp, hex)
    changed = true
  }

  /// Writes what is new. A folder that cannot be written costs only time.
  func save() {
    guard changed else { return }
    changed = false
    let lines = entries.sorted { $0.key < $1.key }.map { "\($0.value.stamp.text) \($0.value.hex) \($0.key)\n" }
    try? AtomicFile.write(lines.joined(), to: path)
  }
}
