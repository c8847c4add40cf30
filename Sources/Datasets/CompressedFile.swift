import Artifacts
import CArchive

/// Reads a compressed file whole, whatever the compression, by libarchive.
enum CompressedFile {
  /// - Parameter most: more bytes than this are refused: no official file is that long.
  static func read(_ path: String, most: Int) throws -> [UInt8] {
    try AtomicFile.exists(path)
    guard let archive = archive_read_new() else { preconditionFailure("libarchive gives no reader") }
    defer { archive_read_free(archive) }
    archive_read_support_filter_gzip(archive)
    archive_read_support_format_raw(archive)
    func failure() -> DatasetError {
      .unreadable(path: path, message: archive_error_string(archive).map { String(cString: $0) } ?? "no compressed data")
    }
    var entry: OpaquePointer?
    guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK, archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
      throw failure()
    }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = archive_read_data(archive, &block, block.count)
      if count < 0 { throw failure() }
      if count == 0 { return bytes }
      bytes += block[..<count]
      if bytes.count > most { throw DatasetError.malformed(path: path, expected: "at most \(most) bytes", found: "more") }
    }
  }
}
