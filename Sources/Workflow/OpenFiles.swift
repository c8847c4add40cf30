import Artifacts
import Glibc

/// Which processes of this machine have a file open, as far as this user may see.
enum OpenFiles {
  /// The descriptors of a process that are open on a file.
  static func descriptors(of process: Int, on file: stat) -> [String] {
    Folder.names("/proc/\(process)/fd").filter { name in
      var info = stat()
      return stat("/proc/\(process)/fd/\(name)", &info) == 0 && info.st_ino == file.st_ino && info.st_dev == file.st_dev
    }
  }

  /// The processes that hold a lock on a file, of those that are no `ccr`: what stages left behind.
  static func stagesHolding(_ path: String) -> [Int] {
    var file = stat()
    guard stat(path, &file) == 0 else { return [] }
    return Folder.names("/proc").compactMap { Int($0) }.filter { process in
      guard let program = Folder.target(ofLink: "/proc/\(process)/exe")?.split(separator: "/").last else { return false }
      // As the kernel names a program whose file was replaced.
      if program == "ccr" || program == "ccr (deleted)" { return false }
      return descriptors(of: process, on: file).contains { descriptor in
        let facts = (try? AtomicFile.read("/proc/\(process)/fdinfo/\(descriptor)")).map { String(decoding: $0, as: UTF8.self) }
        return facts?.contains("OFDLCK") ?? false
      }
    }
  }
}
