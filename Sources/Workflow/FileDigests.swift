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
  /// Of a file of the user's what stands at the path itself, perhaps a link; nil of files of the store.
  var place: FileStamp?

  /// Whether nobody has written the file since. One that was touched counts as written, one that was linked or given other rights does not; of
  /// the user's files, which somebody may put away and back, these count too.
  var isUnchanged: Bool {
    if let place, FileStamp(link: path) != place || FileStamp(path) != stamp { return false }
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
    entries.reserveCapacity(bytes.count / 200)
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 10) ?? bytes.count
      if let (file, stamp, hex) = Self.entry(bytes[start..<end]) { entries[file] = (stamp, hex) }
      start = end + 1
    }
  }

  /// - Parameter line: check, stamp, digest and path, with spaces between them.
  private static func entry(_ line: ArraySlice<UInt8>) -> (file: String, stamp: FileStamp, hex: String)? {
    guard let space = line.firstIndex(of: 32) else { return nil }
    let content = line[(space + 1)...]
    guard String(check(content), radix: 36).utf8.elementsEqual(line[..<space]),
      let (stamp, rest) = FileStamp.read(content), let split = rest.firstIndex(of: 32),
      let digest = ContentDigest(hex: String(decoding: rest[..<split], as: UTF8.self))
    else { return nil }
    return (String(decoding: rest[(split + 1)...], as: UTF8.self), stamp, digest.hex)
  }

  /// FNV-1a, 64 bits: finds flipped bits and cut lines.
  private static func check(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// What is digested of a file. One file may be asked for both, as a program that is also a stage's input.
  enum Kind {
    case bytes
    /// Perhaps very many, so that reading them ends when the run is asked to stop.
    case object
    /// Bytes that somebody else keeps; read like objects.
    case original
    /// See `ProgramDigest`.
    case program

    /// Under which name a digest is remembered; paths begin with "/".
    func name(_ file: String) -> String { self == .program ? "program \(file)" : file }

    func digest(_ file: String) throws -> ContentDigest {
      switch self {
      case .bytes: try ContentDigest.ofFile(file)
      case .program: try ProgramDigest.ofFile(file)
      case .object, .original:
        try ContentDigest.ofFile(file) { [requests = Wakeups.stopRequests.count] in Wakeups.stopRequests.count > requests }
      }
    }
  }

  /// The digest of a file's content.
  /// - Parameter kind: how it is read.
  func digest(of file: String, as kind: Kind = .bytes) throws -> String { try content(of: file, as: kind).hex }

  /// A file's content as it is now.
  /// - Throws: `FileError`, also where reading an original ends early.
  func content(of file: String, as kind: Kind = .bytes) throws -> HashedFile {
    guard let stamp = FileStamp(file) else { throw FileError.missing(path: file) }
    let name = kind.name(file)
    let place = kind == .original ? FileStamp(link: file) : nil
    if let entry = entries[name], entry.stamp == stamp {
      return HashedFile(path: file, hex: entry.hex, stamp: stamp, isSettled: true, place: place)
    }
    // Asked before: hashing may take longer than a file is young, and what is written into it meanwhile need not show.
    let isYoung = stamp.isYoung
    let hex = try kind.digest(file).hex
    let isSettled = !isYoung && FileStamp(file) == stamp
    if isSettled { remember(hex, of: name, stamp) }
    return HashedFile(path: file, hex: hex, stamp: stamp, isSettled: isSettled, place: place)
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
      return "\(String(Self.check(line.utf8), radix: 36)) \(line)\n"
    }
    Folder.setAside(path)
    try? AtomicFile.write(lines.joined(), to: path)
  }
}
