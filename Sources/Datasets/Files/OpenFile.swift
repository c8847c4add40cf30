import Artifacts
import Glibc

/// A file that is read from its beginning to its end.
final class OpenFile {
  /// For errors.
  let path: String
  let size: Int
  private let descriptor: Int32

  /// - Throws: `FileError`.
  convenience init(_ path: String) throws(FileError) { try self.init(BytePath(path)) }

  /// - Throws: `FileError`.
  init(_ file: BytePath) throws(FileError) {
    path = file.utf8 ?? file.text
    descriptor = try RegularFile.opened(file.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }, path)
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw .failed(operation: "open", path: path, errno: errno) }
    size = Int(facts.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The whole content of a file.
  /// - Parameter most: a longer one is refused before memory is taken for it.
  /// - Throws: `FileError`, `DatasetError.malformed`.
  static func content(of path: String, most: Int) throws -> [UInt8] {
    let file = try OpenFile(path)
    guard file.size <= most else { throw DatasetError.malformed(path: path, expected: "at most \(most) bytes", found: "\(file.size)") }
    return try file.beginning(file.size)
  }

  /// The next bytes, fewer at the end only.
  func beginning(_ count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let read: Result<Int, FileError> = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileError) in try self.read(into: buffer) }
    }
    bytes.removeLast(count - (try read.get()))
    return bytes
  }

  /// Fills a buffer; fewer bytes come at the end only.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}
