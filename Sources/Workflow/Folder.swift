import Artifacts
import Glibc

/// Folders of the results.
enum Folder {
  /// Makes a folder and those above it.
  static func make(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 { return }
    if errno == EEXIST {
      var info = stat()
      if stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR { return }
      throw .failed(operation: "make folder", path: path, errno: ENOTDIR)
    }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw .failed(operation: "make folder", path: path, errno: errno)
    }
    try make(String(path[..<slash]))
    if mkdir(path, 0o755) != 0, errno != EEXIST { throw .failed(operation: "make folder", path: path, errno: errno) }
  }

  /// Where files go that nobody needs for long: `TMPDIR`, or `/tmp`.
  static var temporary: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// The names in a folder, sorted; none where there is no such folder.
  static func names(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a folder with all in it; what cannot be removed stays.
  static func remove(_ path: String) {
    for name in names(path) {
      let inner = "\(path)/\(name)"
      if unlink(inner) != 0 { remove(inner) }
    }
    rmdir(path)
  }

  /// Removes what a killed process left of files it was writing: `NAME.<process>.part`.
  /// - Parameter name: only of this file; nil for all in the folder.
  static func removeParts(_ path: String, of name: String? = nil) {
    for part in names(path) where part.hasSuffix(".part") && part.hasPrefix(name.map { "\($0)." } ?? "") {
      let process = part.dropLast(".part".count).split(separator: ".").last.flatMap { pid_t($0) }
      if let process, process != getpid(), kill(process, 0) != 0, errno == ESRCH { unlink("\(path)/\(part)") }
    }
  }

  /// The path from the root; without links being followed.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return path == "." || path.isEmpty ? String(cString: current) : "\(String(cString: current))/\(path)"
  }

  /// What a symbolic link says, nil where there is none.
  static func target(ofLink path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let length = readlink(path, &bytes, bytes.count)
    return length < 0 ? nil : String(decoding: bytes[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Makes or changes a symbolic link in one step.
  static func link(_ path: String, to target: String) throws(FileError) {
    if Self.target(ofLink: path) == target { return }
    let new = "\(path).\(getpid()).new"
    unlink(new)
    guard symlink(target, new) == 0, rename(new, path) == 0 else {
      let code = errno
      unlink(new)
      throw .failed(operation: "link", path: path, errno: code)
    }
  }
}
