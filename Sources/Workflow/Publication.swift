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
    let held = try outputs.map { output in
      let path = "\(attempt)/\(output.file)"
      var info = stat()
      guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { throw StageFault.missingOutput(output.file) }
      // A file that has another name too could be written under that.
      if info.st_nlink > 1 { try AtomicFile.copy(path, to: path) { _ in } }
      chmod(path, 0o444)
      let held = try HeldOutput(path, output.file)
      if let complaint = FileKind(name: output.file)?.complaint(about: path, datasets: output.datasets) {
        throw StageFault.unusableOutput(output.file, complaint)
      }
      return held
    }
    return try zip(outputs, held).map { output, held in
      let path = "\(attempt)/\(output.file)"
      try AtomicFile.sync(path)
      let file = try put(path, held, output, try held.digest().hex)
      // What was written while it was read has no digest.
      guard held.isUnchanged else { throw StageFault.openOutput(output.file) }
      return file
    }
  }

  /// Moves a file in place of its object, unless that is there and whole: others may be reading it.
  private func put(_ path: String, _ held: HeldOutput, _ output: Output, _ digest: String) throws -> File {
    let folder = "\(objects)/\(digest.prefix(2))"
    let object = "\(folder)/\(digest)"
    notices.setAsideFile(folder)
    if !Folder.isFolder(folder) { try Folder.make(folder) }
    // No collector takes it away between this and its record.
    pins.hold([digest])
    let known = FileStamp(object)
    if link(path, object) == 0 {
      unlink(path)
    } else if errno == EEXIST, (try? ContentDigest.ofFile(object))?.hex == digest, let known, FileStamp(object) == known {
      unlink(path)
      return File(port: output.port, digest: digest, stamp: known)
    } else {
      // Damaged, or on a file system without links.
      notices.setAside(object)
      guard rename(path, object) == 0 else { throw FileError.failed(operation: "put in place", path: object, errno: errno) }
    }
    try AtomicFile.sync(folder)
    guard let stamp = FileStamp(object) else { throw FileError.missing(path: object) }
    guard held.isFile(stamp) else {
      // Another file was renamed into its place while it was read.
      unlink(object)
      throw StageFault.openOutput(output.file)
    }
    return File(port: output.port, digest: digest, stamp: stamp)
  }
}

/// An output that nobody can open for writing as long as this lives: what the stage started was killed with it, but what left its process
/// group may still be there. The kernel grants a read lease on a file only where nobody has it open for writing, and lets who would open it
/// then wait. Where a file system has no leases, only the time of writing tells.
private final class HeldOutput {
  private let descriptor: Int32
  private let stamp: FileStamp

  /// - Throws: `StageFault` where somebody still has it open for writing after two seconds; `FileError`.
  init(_ path: String, _ file: String) throws {
    let descriptor = try RegularFile.open(path)
    var attempts = 0
    // Another answer than "somebody writes" is that of a file system without leases.
    while fcntl(descriptor, Self.lease, F_RDLCK) != 0, errno == EAGAIN {
      attempts += 1
      guard attempts < 200 else {
        close(descriptor)
        throw StageFault.openOutput(file)
      }
      usleep(10_000)
    }
    // Clocks of files go in steps: at a time before its last writing, every later one shows.
    var info = stat()
    fstat(descriptor, &info)
    let earlier = info.st_mtim.tv_nsec > 0 ? (info.st_mtim.tv_sec, info.st_mtim.tv_nsec - 1) : (info.st_mtim.tv_sec &- 1, 999_999_999)
    futimens(descriptor, [timespec(tv_sec: 0, tv_nsec: Self.leave), timespec(tv_sec: earlier.0, tv_nsec: earlier.1)])
    guard let stamp = FileStamp(descriptor: descriptor) else { throw FileError.failed(operation: "read", path: path, errno: errno) }
    (self.descriptor, self.stamp) = (descriptor, stamp)
  }

  func digest() throws -> ContentDigest { try ContentDigest.ofFile("/proc/self/fd/\(descriptor)") }

  func isFile(_ other: FileStamp) -> Bool { other.isSameFile(as: stamp) }

  var isUnchanged: Bool { FileStamp(descriptor: descriptor)?.isSameWriting(as: stamp) ?? false }

  // Closing gives the lease back.
  deinit { close(descriptor) }

  private static let lease: Int32 = 1024  // F_SETLEASE
  private static let leave = 0x3FFF_FFFE  // UTIME_OMIT
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
    case .openOutput(let file): "it ended well, but a process it left behind still writes \(file)"
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
