import Artifacts
import Glibc

/// What tells that a file was not touched since its digest was taken.
struct FileStamp: Hashable {
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

  var json: JSONValue { .array([device, inode, size, modified, changed].map(JSONValue.integer)) }
}

/// Digests of files, remembered by their stamps.
final class DigestCache {
  private let path: String
  private var entries: [String: (stamp: JSONValue, value: JSONValue)] = [:]
  private var changed = false

  /// A cache that cannot be read is an empty one.
  init(path: String) {
    self.path = path
    guard let bytes = try? AtomicFile.read(path), let root = try? JSONValue.parse(String(decoding: bytes, as: UTF8.self), file: path) else {
      return
    }
    for member in root.object ?? [] {
      if let stamp = member.value["stamp"], let value = member.value["value"] { entries[member.name] = (stamp, value) }
    }
  }

  /// The remembered value of a file, or a newly computed one.
  /// - Parameter kind: what is remembered of the file, `sha256` for example.
  func value(_ kind: String, of file: String, _ compute: () throws -> JSONValue) throws -> JSONValue {
    guard let stamp = FileStamp(file)?.json else { throw FileError.missing(path: file) }
    let name = "\(kind):\(file)"
    if let entry = entries[name], entry.stamp == stamp { return entry.value }
    let value = try compute()
    entries[name] = (stamp, value)
    changed = true
    return value
  }

  func digest(of file: String) throws -> String {
    guard let hex = try value("sha256", of: file, { .string(try ContentDigest.ofFile(file).hex) }).string else {
      return try ContentDigest.ofFile(file).hex
    }
    return hex
  }

  /// Writes what is new; a folder that cannot be written only costs the memory.
  func save() {
    guard changed else { return }
    changed = false
    let members = entries.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, ["stamp": $0.value.stamp, "value": $0.value.value]) }
    try? AtomicFile.write(JSONValue.object(members).pretty + "\n", to: path)
  }
}
