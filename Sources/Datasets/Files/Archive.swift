import Artifacts
import CArchive

/// Walks through the members of a tar, tar.gz or zip archive or of a single compressed file, by libarchive.
///
/// Nothing is ever unpacked to disk. An archive is hostile until shown otherwise: names that lead outside, links, devices, double names,
/// more members than any data set has, and members larger than the caller expects are refused before anything is read.
final class Archive {
  enum Kind { case tar, zip, compressedFile }

  /// A file in the archive; folders are passed over.
  struct Member {
    let name: String
    /// As the archive declares it; nil where it does not.
    let size: Int?
    var baseName: String { name.split(separator: "/").last.map(String.init) ?? name }
  }

  /// No data set here has more files.
  private static let mostMembers = 1_000_000

  let path: String
  private let kind: Kind
  private let archive: OpaquePointer
  private var names: Set<String> = []

  /// - Throws: `FileError`, `DatasetError.unreadable`.
  init(_ path: String, _ kind: Kind) throws {
    self.path = path
    self.kind = kind
    try AtomicFile.exists(path)
    guard let archive = archive_read_new() else { preconditionFailure("libarchive gives no reader") }
    self.archive = archive
    archive_read_support_filter_gzip(archive)
    switch kind {
    case .tar: archive_read_support_format_tar(archive)
    case .zip: archive_read_support_format_zip(archive)
    case .compressedFile: archive_read_support_format_raw(archive)
    }
    if archive_read_open_filename(archive, path, 1 << 18) != ARCHIVE_OK { throw failure() }
  }

  deinit { archive_read_free(archive) }

  /// The next file, nil at the end.
  /// - Throws: `DatasetError.unreadable`, `.hostile`.
  func next() throws(DatasetError) -> Member? {
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return nil }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN else { throw failure() }
      guard let text = archive_entry_pathname(entry) else { throw .hostile(path: path, member: "", fault: "has no readable name") }
      let name = String(cString: text)
      guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
        throw .hostile(path: path, member: name, fault: "leads outside of the archive")
      }
      let isLink = archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil
      let type = archive_entry_filetype(entry)
      if isLink { throw .hostile(path: path, member: name, fault: "is a link") }
      if type == 0o040000 { continue }
      guard type == 0o100000 else { throw .hostile(path: path, member: name, fault: "is neither a file nor a folder") }
      guard names.insert(name).inserted else { throw .hostile(path: path, member: name, fault: "comes twice") }
      guard names.count <= Self.mostMembers else {
        throw .hostile(path: path, member: name, fault: "is one of more than \(Self.mostMembers)")
      }
      let size = archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : nil
      if let size, size < 0 { throw .hostile(path: path, member: name, fault: "has a size of \(size) bytes") }
      return Member(name: name, size: size)
    }
  }

  /// Fills a buffer from the current member; fewer bytes come at its end only.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = archive_read_data(archive, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      if count < 0 { throw failure() }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The whole current member.
  /// - Parameter most: a longer member is refused.
  func readAll(_ member: Member, most: Int) throws -> [UInt8] {
    let tooLong = DatasetError.malformed(path: "\(path): \(member.name)", expected: "at most \(most) bytes", found: "more")
    if let size = member.size, size > most { throw tooLong }
    var bytes: [UInt8] = []
    // One more than it should be: so a longer one is noticed.
    var block = [UInt8](repeating: 0, count: min((member.size ?? most) + 1, most + 1, 1 << 20))
    while true {
      let count = try block.withUnsafeMutableBytes { try read(into: $0) }
      bytes += block[..<count]
      if bytes.count > most { throw tooLong }
      if count < block.count { return bytes }
    }
  }

  /// A compressed file's whole content.
  /// - Parameter most: a longer content is refused: no official file is that long.
  static func content(ofCompressedFile path: String, most: Int) throws -> [UInt8] {
    let archive = try Archive(path, .compressedFile)
    guard try archive.next() != nil else { throw DatasetError.unreadable(path: path, message: "it is empty") }
    do {
      return try archive.readAll(Member(name: "data", size: nil), most: most)
    } catch DatasetError.malformed(_, let expected, let found) {
      throw DatasetError.malformed(path: path, expected: expected, found: found)
    }
  }

  private func failure() -> DatasetError {
    .unreadable(path: path, message: archive_error_string(archive).map { String(cString: $0) } ?? "it is no archive")
  }
}
