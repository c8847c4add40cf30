import Artifacts
import Glibc

/// Results by content: `cas/ab/<sha256>` holds files, `actions/ab/<key>.json` says which action gave which; a record is written last,
/// so a result is there whole or not at all.
public final class Store {
  let folder: String
  let cache: DigestCache

  /// - Parameter results: the results folder; made where it is missing.
  public init(results: String) throws {
    folder = "\(results)/.store/v1"
    cache = DigestCache(path: "\(folder)/digests.json")
  }

  /// - Throws: `FileError` where the folders cannot be made or written.
  func prepare() throws {
    for name in ["cas", "actions", "locks", "attempts", "checkpoints"] { try Folder.make("\(folder)/\(name)") }
    guard access("\(folder)/attempts", W_OK) == 0 else { throw FileError.failed(operation: "write to", path: folder, errno: errno) }
  }

  func casPath(_ digest: String) -> String { "\(folder)/cas/\(digest.prefix(2))/\(digest)" }
  private func recordPath(_ key: String) -> String { "\(folder)/actions/\(key.prefix(2))/\(key).json" }
  func checkpointFolder(_ key: String) -> String { "\(folder)/checkpoints/\(key)" }
  func attemptFolder(_ key: String) -> String { "\(folder)/attempts/\(key)" }

  /// The result of an action, nil where there is none or its files are damaged: then it is made anew.
  func result(_ key: String) -> StoredResult? {
    guard let bytes = try? AtomicFile.read(recordPath(key)),
      let json = try? JSONValue.parse(String(decoding: bytes, as: UTF8.self), file: key), json["action"]?.string == key
    else { return nil }
    var outputs: [String: StoredOutput] = [:]
    for member in json["outputs"]?.object ?? [] {
      guard let digest = member.value["digest"]?.string, let size = member.value["size"]?.integer,
        let modified = member.value["modified"]?.integer, isWhole(digest, size: size, modified: modified)
      else { return nil }
      outputs[member.name] = StoredOutput(digest: digest, size: size, modified: modified)
    }
    return StoredResult(action: key, outputs: outputs, json: json)
  }

  /// A file of unchanged size and time is trusted; any other is read again, and thrown away where its content is not its name's.
  private func isWhole(_ digest: String, size: Int, modified: Int) -> Bool {
    let path = casPath(digest)
    guard let stamp = FileStamp(path) else { return false }
    if stamp.size == size, stamp.modified == modified { return true }
    if stamp.size == size, (try? ContentDigest.ofFile(path).hex) == digest { return true }
    unlink(path)
    return false
  }

  /// Takes the files of an attempt into the store and writes the record.
  /// - Throws: `PipelineError` where a declared output is missing, `FileError` where the disk fails.
  func publish(_ key: ActionKey, _ instance: Instance, from attempt: String, provenance: JSONValue) throws -> StoredResult {
    var members: [JSONValue.Member] = []
    for output in instance.outputs {
      let path = "\(attempt)/\(output.file)"
      guard access(path, R_OK) == 0 else {
        throw PipelineError(
          "\(instance.name) ended well, but did not write \(output.file)", remedy: "report this defect of program \(instance.program)")
      }
      let digest = try ContentDigest.ofFile(path).hex
      let place = casPath(digest)
      try Folder.make("\(folder)/cas/\(digest.prefix(2))")
      if access(place, F_OK) != 0 {
        try AtomicFile.sync(path)
        chmod(path, 0o444)
        guard rename(path, place) == 0 else { throw FileError.failed(operation: "put in place", path: place, errno: errno) }
        try AtomicFile.syncFolder(of: place)
      }
      guard let stamp = FileStamp(place) else { throw FileError.missing(path: place) }
      members.append(.init(output.port, ["digest": .string(digest), "size": .integer(stamp.size), "modified": .integer(stamp.modified)]))
    }
    let record: JSONValue = [
      "action": .string(key.hex), "instance": .string(instance.name), "key": key.record, "outputs": .object(members),
      "provenance": provenance,
    ]
    try Folder.make("\(folder)/actions/\(key.hex.prefix(2))")
    try AtomicFile.write(record.pretty + "\n", to: recordPath(key.hex))
    guard let result = result(key.hex) else { throw FileError.missing(path: recordPath(key.hex)) }
    return result
  }

  /// Where `ccr why` finds the key an instance had last.
  private func lastPath(_ results: String, _ profile: String, _ instance: Instance) -> String {
    "\(Self.linkFolder(results, profile, instance))/.action.json"
  }

  /// `results/<profile>/<stage>/<coordinates>`
  static func linkFolder(_ results: String, _ profile: String, _ instance: Instance) -> String {
    let name = instance.coordinates.description
    return "\(results)/\(profile)/\(instance.stage)/\(name.isEmpty ? "all" : name)"
  }

  /// Makes the readable folder of an instance point to a result.
  func link(_ result: StoredResult, _ instance: Instance, results: String, profile: String) throws {
    let place = Self.linkFolder(results, profile, instance)
    let last = lastPath(results, profile, instance)
    if let bytes = try? AtomicFile.read(last), String(decoding: bytes, as: UTF8.self).contains(result.action) { return }
    try Folder.make(place)
    for output in instance.outputs {
      guard let stored = result.outputs[output.port] else { continue }
      let link = "\(place)/\(output.file)"
      unlink("\(link).new")
      guard symlink("../../../.store/v1/cas/\(stored.digest.prefix(2))/\(stored.digest)", "\(link).new") == 0,
        rename("\(link).new", link) == 0
      else { throw FileError.failed(operation: "link", path: link, errno: errno) }
    }
    try AtomicFile.write(result.json.pretty + "\n", to: last)
  }

  /// The record an instance had when it was last linked.
  func last(_ instance: Instance, results: String, profile: String) -> JSONValue? {
    guard let bytes = try? AtomicFile.read(lastPath(results, profile, instance)) else { return nil }
    return try? JSONValue.parse(String(decoding: bytes, as: UTF8.self), file: instance.name)
  }

  /// Tries to become the only runner of an action; held until the descriptor is closed, by whatever end of the process.
  /// - Returns: nil while another runner has it.
  func lock(_ key: String) throws -> Int32? {
    let path = "\(folder)/locks/\(key)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError.failed(operation: "lock", path: path, errno: errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    close(descriptor)
    return nil
  }
}

/// Folders of the results.
enum Folder {
  static func make(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw .failed(operation: "make folder", path: path, errno: errno)
    }
    try make(String(path[..<slash]))
    if mkdir(path, 0o755) != 0, errno != EEXIST { throw .failed(operation: "make folder", path: path, errno: errno) }
  }

  /// Removes a flat folder with its files.
  static func remove(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}
