import Glibc
import Synchronization

/// Files that appear whole or not at all: written beside their place, flushed to disk, renamed, folder flushed.
public enum AtomicFile {
  /// Lets `body` write a temporary file beside `path`, then puts it in place. On failure the temporary file is removed.
  /// - Throws: `FileError`, or what `body` throws.
  public static func write(to path: String, _ body: (_ temporaryPath: String) throws -> Void) throws {
    let temporary = "\(path).\(getpid()).part"
    _ = unfinished.withLock { $0.insert(temporary) }
    defer { _ = unfinished.withLock { $0.remove(temporary) } }
    do {
      try body(temporary)
      try sync(temporary)
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError.failed(operation: "put in place", path: path, errno: code)
    }
    try syncFolder(of: path)
  }

  /// The temporary files that are being written.
  private static let unfinished = Mutex<Set<String>>([])

  /// Removes the temporary files that are being written: for a process that is about to end.
  public static func discardUnfinished() {
    unfinished.withLock { for path in $0 { unlink(path) } }
  }

  /// Writes bytes whole or not at all.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { temporary in
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError.failed(operation: "write", path: path, errno: errno) }
      defer { close(descriptor) }
      try bytes.withUnsafeBytes { all in
        var written = 0
        while written < all.count {
          let count = Glibc.write(descriptor, all.baseAddress?.advanced(by: written), all.count - written)
          guard count >= 0 else { throw FileError.failed(operation: "write", path: path, errno: errno) }
          written += count
        }
      }
    }
  }

  /// Writes text whole or not at all.
  public static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Flushes a file's content to disk.
  public static func sync(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(operation: "open", path: path, errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .failed(operation: "flush", path: path, errno: errno) }
  }

  /// Flushes the folder entry of `path` to disk.
  public static func syncFolder(of path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    try sync(folder)
  }

  /// - Throws: `FileError` where there is no readable file.
  @discardableResult
  public static func exists(_ path: String) throws(FileError) -> Bool {
    guard access(path, R_OK) == 0 else {
      throw errno == ENOENT ? .missing(path: path) : .failed(operation: "read", path: path, errno: errno)
    }
    return true
  }

  /// The whole content of a file.
  public static func read(_ path: String) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing(path: path) : .failed(operation: "open", path: path, errno: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: block[..<count])
    }
  }
}
