import Glibc

/// Files that appear whole or not at all: written beside their place, flushed to disk, renamed, folder flushed.
public enum AtomicFile {
  /// Lets `body` write a temporary file beside `path`, then puts it in place. On failure the temporary file is removed.
  /// - Throws: `FileError`, or what `body` throws.
  public static func write(to path: String, _ body: (_ temporaryPath: String) throws -> Void) throws {
    try replace(path, isLasting: true) { try body($0.path) }
  }

  private static func replace(_ path: String, isLasting: Bool, _ body: (PartFile) throws -> Void) throws {
    let part = try UnfinishedFiles.ofProcess.begin(beside: path)
    defer { UnfinishedFiles.ofProcess.end(part) }
    do {
      try body(part)
      if isLasting, fsync(part.descriptor) != 0 { throw FileError.failed(operation: "flush", path: path, errno: errno) }
    } catch {
      unlink(part.path)
      throw error
    }
    guard rename(part.path, path) == 0 else {
      let code = errno
      unlink(part.path)
      throw FileError.failed(operation: "put in place", path: path, errno: code)
    }
    if isLasting { try syncFolder(of: path) }
  }

  /// Writes bytes whole or not at all.
  /// - Parameter isLasting: false for what nobody needs after the machine stopped: it is not flushed.
  public static func write(_ bytes: [UInt8], to path: String, isLasting: Bool = true) throws {
    try replace(path, isLasting: isLasting) { try put(bytes[...], into: $0.descriptor, path) }
  }

  /// Writes text whole or not at all, as the bytes of its UTF-8.
  public static func write(_ text: String, to path: String, isLasting: Bool = true) throws {
    try write(Array(text.utf8), to: path, isLasting: isLasting)
  }

  /// Copies a file whole or not at all.
  /// - Returns: the digest of the bytes that were copied.
  /// - Throws: `FileError`, or what `accept` throws, which is asked before the copy is put in place; then there is none.
  @discardableResult
  public static func copy(_ source: String, to path: String, accept: (ContentDigest) throws -> Void) throws -> ContentDigest {
    let from = try RegularFile.open(source)
    defer { close(from) }
    var copied: ContentDigest?
    try replace(path, isLasting: true) { part in
      var hasher = ContentHasher()
      var info = stat()
      fstat(from, &info)
      var block = [UInt8](repeating: 0, count: min(1 << 20, max(4096, Int(info.st_size))))
      while true {
        let count = Glibc.read(from, &block, block.count)
        if count < 0 { throw FileError.failed(operation: "read", path: source, errno: errno) }
        if count == 0 { break }
        hasher.update(block[..<count])
        try put(block[..<count], into: part.descriptor, path)
      }
      let digest = hasher.finish()
      try accept(digest)
      copied = digest
    }
    guard let copied else { preconditionFailure("a copy without a digest") }
    return copied
  }

  private static func put(_ bytes: ArraySlice<UInt8>, into descriptor: Int32, _ path: String) throws(FileError) {
    let code = bytes.withUnsafeBytes { all -> Int32 in
      var written = 0
      while written < all.count {
        let count = Glibc.write(descriptor, all.baseAddress?.advanced(by: written), all.count - written)
        if count < 0, errno == EINTR { continue }
        if count < 0 { return errno }
        written += count
      }
      return 0
    }
    if code != 0 { throw .failed(operation: "write", path: path, errno: code) }
  }

  /// Flushes a file's content, or the entries of a folder, to disk.
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
    let (descriptor, size) = try RegularFile.openSized(path)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    var block = [UInt8](repeating: 0, count: min(1 << 16, max(4096, size)))
    while true {
      let count = Glibc.read(descriptor, &block, block.count)
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      bytes.append(contentsOf: block[..<count])
      if count == 0 || bytes.count == size { return bytes }
    }
  }
}
