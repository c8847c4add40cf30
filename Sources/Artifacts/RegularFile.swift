import Glibc

/// Opens files for reading. What is no file is refused: a pipe in a file's place would keep its reader waiting for ever.
public enum RegularFile {
  /// - Parameter flags: besides those for reading.
  /// - Returns: a descriptor that the caller closes.
  /// - Throws: `FileError`, at once, also where there is a pipe, a device, a socket or a folder.
  public static func open(_ path: String, flags: Int32 = 0) throws(FileError) -> Int32 {
    try openSized(path, flags: flags).descriptor
  }

  /// - Returns: also the bytes it has; 0 where that is not known, as of files of the kernel.
  static func openSized(_ path: String, flags: Int32 = 0) throws(FileError) -> (descriptor: Int32, size: Int) {
    try sized(Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags), path)
  }

  /// Looks at what was opened without waiting.
  /// - Parameter path: for errors.
  /// - Returns: the descriptor.
  public static func opened(_ descriptor: Int32, _ path: String) throws(FileError) -> Int32 { try sized(descriptor, path).descriptor }

  /// Reads on until a block is full or the file ends.
  /// - Returns: how many bytes; fewer than the block has at the end only.
  static func fill(_ block: inout [UInt8], _ descriptor: Int32, _ path: String) throws(FileError) -> Int {
    var filled = 0
    while filled < block.count {
      let count = block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled) }
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  private static func sized(_ descriptor: Int32, _ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .missing(path: path)
      case ENXIO: throw .noFile(path: path)
      default: throw .failed(operation: "open", path: path, errno: errno)
      }
    }
    var info = stat()
    fstat(descriptor, &info)
    if info.st_mode & S_IFMT == S_IFREG { return (descriptor, Int(info.st_size)) }
    close(descriptor)
    throw info.st_mode & S_IFMT == S_IFDIR ? .failed(operation: "read", path: path, errno: EISDIR) : .noFile(path: path)
  }
}
