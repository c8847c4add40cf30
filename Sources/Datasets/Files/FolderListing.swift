import Artifacts
import Glibc

/// What a folder holds.
enum FolderListing {
  enum Kind { case file, folder, other, missing }

  /// The names in a folder, sorted bytewise, without those that start with a dot.
  /// - Throws: `FileError`.
  static func names(in folder: String) throws(FileError) -> [String] {
    try entries(in: BytePath(folder)).filter { $0.first != UInt8(ascii: ".") }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The names in a folder as the system has them, sorted, all but the folder itself and the one above.
  /// - Throws: `FileError`.
  static func entries(in folder: BytePath) throws(FileError) -> [[UInt8]] {
    guard let stream = folder.withCString({ opendir($0) }) else {
      throw errno == ENOENT ? .missing(path: folder.text) : .failed(operation: "list", path: folder.text, errno: errno)
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  static func isFolder(_ path: String) -> Bool { kind(BytePath(path)) == .folder }
  static func isFile(_ path: String) -> Bool { kind(BytePath(path)) == .file }

  /// What a path leads to, at the end of all links.
  static func kind(_ path: BytePath) -> Kind {
    var facts = stat()
    guard path.withCString({ stat($0, &facts) }) == 0 else { return .missing }
    return switch facts.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    default: .other
    }
  }

  static func isLink(_ path: BytePath) -> Bool {
    var facts = stat()
    return path.withCString { lstat($0, &facts) } == 0 && facts.st_mode & S_IFMT == S_IFLNK
  }
}
