import Artifacts
import Glibc

/// A file's content at one moment, and how to see whether it is still that.
struct HashedFile: Sendable {
  let path: String
  /// SHA-256 of the content; of a program, see `ProgramDigest`.
  let hex: String
  let stamp: FileStamp
  /// Whether every later write shows in the stamp: not so where the file had been written just before it was read.
  let isSettled: Bool

  /// Whether nobody has written the file since. One that was touched counts as written, one that was linked or given other rights does not.
  var isUnchanged: Bool {
    guard let now = FileStamp(path), now.isSameWriting(as: stamp) else { return false }
    return now == stamp && isSettled || (try? ContentDigest.ofFile(path))?.hex == hex
  }
}

/// Digests of files, remembered by their stamps, so that an unchanged file of any size is not read again.
final class FileDigests {
  private let path: String
  private var entries: [String: (stamp: FileStamp, hex: String)] = [:]
  private var changed = false

  /// - Parameter path: where digests are remembered. Every line carries a check of its own: one that was damaged counts as absent.
  init(path: String) {
    self.path = path
    guard let bytes = try? AtomicFile.read(path) else {
      changed = access(path, F_OK) == 0
      return
    }
    let lines = bytes.split(separator: 10)
    entries.reserveCapacity(lines.count)
    for line in lines {
      let fields = line.split(separator: 32, maxSplits: FileStamp.fields + 2, omittingEmptySubsequences: false)
      guard fields.count == FileStamp.fields + 3, Self.check(line.dropFirst(fields[0].count + 1)).utf8.elementsEqual(fields[0]),
        let stamp = FileStamp(text: fields[1...FileStamp.fields]),
        let digest = ContentDigest(hex: String(decoding: fields[FileStamp.fields + 1], as: UTF8.self))
      else { continue }
      entries[String(decoding: fields[FileStamp.fields + 2], as: UTF8.self)] = (stamp, digest.hex)
    }
  }

  /// FNV-1a, 64 bits: finds flipped bits and cut lines.
  private static func check(_ bytes: some Sequence<UInt8>) -> String {
    String(bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 36)
  }

  /// The digest of a file's content.
  func digest(of file: String) throws -> String { try content(of: file).hex }

  /// A file's content as it is now.
  /// - Parameter compute: how to digest; a program has a digest of its own kind.
  func content(of file: String, by compute: (String) throws -> ContentDigest = { try ContentDigest.ofFile($0) }) throws -> HashedFile {
    guard let stamp = FileStamp(file) else { throw FileError.missing(path: file) }
    if let entry = entries[file], entry.stamp == stamp { return HashedFile(path: file, hex: entry.hex, stamp: stamp, isSettled: true) }
    let hex = try compute(file).hex
    let isSettled = !stamp.isYoung && FileStamp(file) == stamp
    if isSettled { remember(hex, of: file, stamp) }
    return HashedFile(path: file, hex: hex, stamp: stamp, isSettled: isSettled)
  }

  /// Takes a digest for known: of a file that this process has just written and hashed.
  func remember(_ hex: String, of file: String, _ stamp: FileStamp) {
    entries[file] = (stamp, hex)
    changed = true
  }

  /// Lets a file be read again, whose content turned out to be another than its stamp promised.
  func forget(_ file: String) { if entries.removeValue(forKey: file) != nil { changed = true } }

  /// Writes what is new. A folder that cannot be written costs only time.
  func save() {
    guard changed else { return }
    changed = false
    let lines = entries.sorted { $0.key < $1.key }.map { entry -> String in
      let line = "\(entry.value.stamp.text) \(entry.value.hex) \(entry.key)"
      return "\(Self.check(line.utf8)) \(line)\n"
    }
    Folder.setAside(path)
    try? AtomicFile.write(lines.joined(), to: path)
  }
}
