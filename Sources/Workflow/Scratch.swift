import Artifacts
import Glibc

/// A folder of this process alone in the store, for links on their way to their place.
///
/// The process holds a lock on it as long as it lives; whoever gets that lock has the proof that the process is gone, and clears the folder.
final class Scratch {
  let path: String
  /// Whether the folder stays when this process is done with it, for somebody to look into, until the next process clears it.
  var isLeft = false
  private let descriptor: Int32

  /// - Parameter folder: where processes have their folders; made where missing.
  /// - Throws: `FileError`.
  init(in folder: String) throws(FileError) {
    try Folder.make(folder)
    Self.clear(folder)
    while true {
      let path = "\(folder)/\(PartFile.uniqueName())"
      try Folder.make(path)
      let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      // Another process may have taken the folder for abandoned before it was locked.
      if lock < 0, errno == ENOENT { continue }
      guard lock >= 0 else { throw .failed(operation: "write to", path: path, errno: errno) }
      _ = flock(lock, LOCK_EX)
      var info = stat()
      if fstat(lock, &info) == 0, info.st_nlink > 0 {
        (self.path, descriptor) = (path, lock)
        return
      }
      close(lock)
    }
  }

  deinit {
    if !isLeft { Folder.remove(path) }
    close(descriptor)
  }

  /// Removes the folders of processes that are gone.
  static func clear(_ folder: String) {
    let knowsAll = FileLocks.reachAllHosts("\(folder)/")
    for name in Folder.names(folder) where knowsAll || name.hasPrefix("\(PartFile.machine).") {
      let lock = open("\(folder)/\(name)/lock", O_RDWR | O_CLOEXEC)
      guard lock >= 0 else {
        // An empty one is of a process that was killed while it made it, or that makes another where this one is gone.
        rmdir("\(folder)/\(name)")
        continue
      }
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { Folder.remove("\(folder)/\(name)") }
      close(lock)
    }
  }

  /// Makes or changes a symbolic link in one step.
  /// - Parameter makeRoom: called where a folder stands in its place.
  func link(_ link: String, to target: String, makeRoom: () -> Void) throws(FileError) {
    let new = "\(path)/link"
    guard symlink(target, new) == 0 else { throw .failed(operation: "link", path: link, errno: errno) }
    if rename(new, link) == 0 { return }
    makeRoom()
    if rename(new, link) == 0 { return }
    let code = errno
    unlink(new)
    throw .failed(operation: "link", path: link, errno: code)
  }
}
