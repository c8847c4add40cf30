import Artifacts
import Glibc

/// Folders of the results.
enum Folder {
  /// Makes a folder and those above it, each flushed to disk.
  static func make(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) != 0 {
      switch errno {
      case EEXIST:
        if isFolder(path) { return }
        throw .failed(operation: "make folder", path: path, errno: ENOTDIR)
      case ENOENT:
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw .missing(path: path) }
        try make(String(path[..<slash]))
        if mkdir(path, 0o755) != 0, errno != EEXIST { throw .failed(operation: "make folder", path: path, errno: errno) }
      default: throw .failed(operation: "make folder", path: path, errno: errno)
      }
    }
    try AtomicFile.syncFolder(of: path)
  }

  /// Whether there is a folder, also behind a link.
  static func isFolder(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
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

  /// Removes a folder with all in it, or a file; what cannot be removed stays.
  static func remove(_ path: String) { path.withCString(remove) }

  /// - Parameter path: bytes, since names need not be text.
  private static func remove(_ path: UnsafePointer<CChar>) {
    if unlink(path) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM || errno == EACCES, rmdir(path) != 0 else { return }
    // Stages may leave folders that nobody may write.
    chmod(path, 0o700)
    guard let folder = opendir(path) else { return }
    let start = Array(UnsafeBufferPointer(start: path, count: strlen(path))) + [CChar(bitPattern: 47)]
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { $0.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) }
      if name != dot, name != dot + dot { remove(start + name + [0]) }
    }
    closedir(folder)
    rmdir(path)
  }

  private static let dot = [CChar(bitPattern: 46)]

  /// Bytes of all files in a folder, or of a file; links count nothing.
  static func bytes(_ path: String) -> Int {
    var info = stat()
    guard lstat(path, &info) == 0 else { return 0 }
    switch info.st_mode & S_IFMT {
    case S_IFDIR: return names(path).reduce(0) { $0 + bytes("\(path)/\($1)") }
    case S_IFREG: return Int(info.st_size)
    default: return 0
    }
  }

  /// Gives a folder, a pipe or a device that stands where a file belongs another name, since it may be something of the user's.
  /// - Returns: the new name, nil where nothing was in the way.
  @discardableResult
  static func setAside(_ path: String) -> String? {
    var info = stat()
    guard lstat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG, info.st_mode & S_IFMT != S_IFLNK else { return nil }
    return moveAside(path)
  }

  /// Gives a file that stands where a folder belongs another name.
  @discardableResult
  static func setAsideFile(_ path: String) -> String? {
    var info = stat()
    guard lstat(path, &info) == 0, !isFolder(path) else { return nil }
    return moveAside(path)
  }

  private static func moveAside(_ path: String) -> String? {
    let aside = (1...).lazy.map { "\(path).aside-\($0)" }.first { access($0, F_OK) != 0 } ?? path
    return rename(path, aside) == 0 ? aside : nil
  }

  /// The path from the root; without links being followed.
  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    let joined = path == "." || path.isEmpty ? String(cString: current) : "\(String(cString: current))/\(path)"
    // A folder above has one name, whatever folder it is looked at from: digests are remembered by names.
    guard joined.hasSuffix("/..") || joined.contains("/../"), let real = realpath(joined, nil) else { return joined }
    defer { free(real) }
    return String(cString: real)
  }

  /// What a symbolic link says, nil where there is none.
  static func target(ofLink path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { bytes in
      guard let start = bytes.baseAddress else { return nil }
      let length = readlink(path, start, bytes.count)
      return length < 0 ? nil : String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
  }
}
