import Artifacts
import Glibc

/// Takes the files of a finished attempt into the store: check that all declared are there, flush, hash, make read-only, rename.
/// Runs beside the loop that watches the stages.
struct Publication: Sendable {
  struct File: Sendable {
    let port: String
    let digest: String
    let stamp: FileStamp
  }

  let attempt: String
  let outputs: [(port: String, file: String)]
  /// The store's folder of objects.
  let objects: String

  /// - Throws: `StageFault` where a declared output is missing, `FileError` where the disk fails.
  func perform() throws -> [File] {
    for output in outputs {
      var info = stat()
      guard lstat("\(attempt)/\(output.file)", &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
        throw StageFault.missingOutput(output.file)
      }
    }
    return try outputs.map { output in
      let path = "\(attempt)/\(output.file)"
      try AtomicFile.sync(path)
      let digest = try ContentDigest.ofFile(path).hex
      let folder = "\(objects)/\(digest.prefix(2))"
      try Folder.make(folder)
      chmod(path, 0o444)
      // In place of an older object of the same name too: that one may be damaged.
      guard rename(path, "\(folder)/\(digest)") == 0 else { throw FileError.failed(operation: "put in place", path: path, errno: errno) }
      try AtomicFile.sync(folder)
      guard let stamp = FileStamp("\(folder)/\(digest)") else { throw FileError.missing(path: "\(folder)/\(digest)") }
      return File(port: output.port, digest: digest, stamp: stamp)
    }
  }
}

/// A stage that ended well, yet did not keep its word.
enum StageFault: ExplainedError {
  case missingOutput(String)

  var problem: String {
    switch self {
    case .missingOutput(let file): "it ended well, but did not write \(file)"
    }
  }
  var remedy: String { "report this defect of the stage's program" }
  var kind: ErrorKind { .bug }
}
