import Artifacts
import Glibc

/// Takes the files of a finished attempt into the store: check that all declared are there and whole, flush, hash, make read-only, rename.
/// Runs beside the loop that watches the stages.
struct Publication: Sendable {
  struct File: Sendable {
    let port: String
    let digest: String
    let stamp: FileStamp
  }

  struct Output: Sendable {
    let port, file: String
    /// HDF5 datasets it must have.
    let datasets: [String]
  }

  let attempt: String
  let outputs: [Output]
  /// The store's folder of objects.
  let objects: String
  let pins: Pins
  let notices: Notices

  /// - Throws: `StageFault` where a declared output is missing or no good, `FileError` where the disk fails.
  func perform() throws -> [File] {
    for output in outputs {
      let path = "\(attempt)/\(output.file)"
      var info = stat()
      guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { throw StageFault.missingOutput(output.file) }
      try Self.waitForWriters(path, output.file)
      if let complaint = FileKind(name: output.file)?.complaint(about: path, datasets: output.datasets) {
        throw StageFault.unusableOutput(output.file, complaint)
      }
      // A file that has another name too could be written under that.
      if info.st_nlink > 1 { try AtomicFile.copy(path, to: path) { _ in } }
    }
    return try outputs.map { output in
      let path = "\(attempt)/\(output.file)"
      try AtomicFile.sync(path)
      return try put(path, output.port, try ContentDigest.ofFile(path).hex)
    }
  }

  /// Moves a file in place of its object, unless that is there and whole: others may be reading it.
  private func put(_ path: String, _ port: String, _ digest: String) throws -> File {
    let folder = "\(objects)/\(digest.prefix(2))"
    let object = "\(folder)/\(digest)"
    notices.setAsideFile(folder)
    if !Folder.isFolder(folder) { try Folder.make(folder) }
    // No collector takes it away between this and its record.
    pins.hold([digest])
    chmod(path, 0o444)
    if link(path, object) == 0 || (errno == EEXIST && (try? ContentDigest.ofFile(object))?.hex == digest) {
      unlink(path)
    } else {
      // Damaged, or on a file system without links.
      notices.setAside(object)
      guard rename(path, object) == 0 else { throw FileError.failed(operation: "put in place", path: object, errno: errno) }
    }
    try AtomicFile.sync(folder)
    guard let stamp = FileStamp(object) else { throw FileError.missing(path: object) }
    return File(port: port, digest: digest, stamp: stamp)
  }

  /// What the stage started was killed with it; what left its process group may still write. The kernel grants a read lease on a file only
  /// where nobody has it open for writing.
  private static func waitForWriters(_ path: String, _ file: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError.failed(operation: "open", path: path, errno: errno) }
    defer { close(descriptor) }
    for _ in 0..<200 {
      if fcntl(descriptor, lease, F_RDLCK) == 0 {
        _ = fcntl(descriptor, lease, F_UNLCK)
        return
      }
      // Another answer than "somebody writes" is that of a file system without leases.
      guard errno == EAGAIN else { return }
      usleep(10_000)
    }
    throw StageFault.openOutput(file)
  }

  private static let lease: Int32 = 1024  // F_SETLEASE
}

/// A stage that ended well, yet did not keep its word.
enum StageFault: ExplainedError {
  case missingOutput(String)
  case unusableOutput(String, String)
  case openOutput(String)

  var problem: String {
    switch self {
    case .missingOutput(let file): "it ended well, but did not write \(file)"
    case .unusableOutput(let file, let complaint): "it ended well, but its \(file) \(complaint)"
    case .openOutput(let file): "it ended well, but a process it left behind still has \(file) open for writing"
    }
  }
  var remedy: String {
    switch self {
    case .missingOutput: "report this defect of the stage's program"
    case .unusableOutput: "run again; if it comes out like that again, report this defect of the stage's program"
    case .openOutput: "let the stage's program end only when all it started has"
    }
  }
  var kind: ErrorKind { .bug }
}
