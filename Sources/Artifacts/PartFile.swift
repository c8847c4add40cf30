import Glibc

/// A file that is being written, beside the place it will have: `NAME.<host>.<boot>.<random>.part`.
///
/// Its writer holds a lock (`flock`) on it as long as it lives. So whoever gets the lock has the proof that the writer is gone, on whatever
/// host and in whatever process namespace it ran; a process number would prove nothing there.
public final class PartFile: Sendable {
  public let path: String
  /// Open for writing.
  let descriptor: Int32

  /// - Throws: `FileError` where the folder cannot be written.
  init(beside path: String) throws(FileError) {
    while true {
      let part = "\(path).\(Self.uniqueName()).part"
      let descriptor = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw .failed(operation: "write", path: path, errno: errno) }
      // A file system without locks has none that anybody could get, so nothing is taken for abandoned there.
      _ = flock(descriptor, LOCK_EX)
      var info = stat()
      // Between its making and the lock, another may have found it unlocked.
      if fstat(descriptor, &info) == 0, info.st_nlink > 0 {
        (self.path, self.descriptor) = (part, descriptor)
        return
      }
      close(descriptor)
    }
  }

  deinit { close(descriptor) }

  /// A name that no other process on any host chooses: host, boot of its kernel, and a random part.
  public static func uniqueName() -> String {
    let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    return "\(machine).\(random)"
  }

  /// This host and the boot of its kernel: `<host>.<boot>`.
  public static let machine: String = {
    var system = utsname()
    uname(&system)
    let host = withUnsafeBytes(of: system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let plain = host.prefix(24).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "-" }
    let boot = (try? AtomicFile.read("/proc/sys/kernel/random/boot_id")).map { String(decoding: $0.prefix(8), as: UTF8.self) } ?? "boot"
    return "\(String(plain)).\(boot)"
  }()

  /// Removes what writers that are gone left half-written.
  /// - Parameters:
  ///   - folder: where to look.
  ///   - name: only parts of this file; nil for all.
  public static func removeAbandoned(in folder: String, of name: String? = nil) {
    guard let entries = opendir(folder) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let part = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard part.hasSuffix(".part"), part.hasPrefix(name.map { "\($0)." } ?? "") else { continue }
      // Where a lock says nothing of writers on other hosts, theirs are left to them.
      guard part.contains(".\(machine).") || FileLocks.reachAllHosts("\(folder)/") else { continue }
      // For writing: NFS locks nothing else.
      guard let descriptor = try? RegularFile.open("\(folder)/\(part)", flags: O_NOFOLLOW | O_RDWR) else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink("\(folder)/\(part)") }
      close(descriptor)
    }
  }
}
