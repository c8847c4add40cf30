import Artifacts
import Glibc

/// The record of a finished action.
public struct StoredResult: Sendable {
  public let action: String
  /// Digest of each output by port.
  public let outputs: [String: String]
}

/// Results by content.
///
///     cas/ab/<digest>                 outputs, read-only
///     actions/ab/<key>/result.json    which outputs an action gave; written last, so a result is there whole or not at all
///                      provenance.json, log.txt, outcome-N.json (other bytes that the same action gave)
///     attempts/<key>/                 a stage at work, or one that failed: request.json, log.txt, failure.json
///     checkpoints/<key>/              what a stopped stage goes on from
///     locks/<key>                     held by who executes the action, freed by whatever end of it
final class Store {
  /// What the store has for an action.
  enum Content {
    case whole(StoredResult)
    case nothing
    /// A record whose outputs are gone or changed.
    case damaged(StoredResult, String)
  }

  let folder: String
  let digests: FileDigests

  /// - Parameter results: the results folder.
  init(results: String) {
    folder = "\(results)/.store"
    digests = FileDigests(path: "\(folder)/digests")
  }

  /// - Throws: `FileError` where the folders cannot be made or written.
  func prepare() throws(FileError) {
    for name in ["cas", "actions", "locks", "attempts", "checkpoints"] { try Folder.make("\(folder)/\(name)") }
    Folder.removeParts(folder)
    guard access("\(folder)/attempts", W_OK) == 0 else { throw .failed(operation: "write to", path: folder, errno: errno) }
  }

  func object(_ digest: String) -> String { "\(folder)/cas/\(digest.prefix(2))/\(digest)" }
  func actionFolder(_ key: String) -> String { "\(folder)/actions/\(key.prefix(2))/\(key)" }
  func checkpointFolder(_ key: String) -> String { "\(folder)/checkpoints/\(key)" }
  func attemptFolder(_ key: String) -> String { "\(folder)/attempts/\(key)" }

  // MARK: Reading

  /// The result of an action, every output checked: by its stamp where that is known, else by its content.
  func content(_ key: String) -> Content {
    guard let result = record(key) else { return .nothing }
    for (port, digest) in result.outputs {
      guard let found = try? digests.digest(of: object(digest)) else { return .damaged(result, "its \(port) is missing from the store") }
      if found != digest { return .damaged(result, "its \(port) is damaged in the store") }
    }
    return .whole(result)
  }

  func result(_ key: String) -> StoredResult? { if case .whole(let result) = content(key) { result } else { nil } }

  /// A record that is not what was once written counts as none.
  private func record(_ key: String) -> StoredResult? {
    let path = "\(actionFolder(key))/result.json"
    guard let json = Self.json(path), json["action"]?.string == key, let members = json["outputs"]?.object else { return nil }
    let digests = members.compactMap { member in member.value.string.flatMap { ContentDigest(hex: $0) }.map { (member.name, $0.hex) } }
    guard digests.count == members.count, json["check"]?.string == Self.check(json) else { return nil }
    return StoredResult(action: key, outputs: Dictionary(digests) { $1 })
  }

  /// A flipped bit in a record must not pass for another record.
  private static func check(_ record: JSONValue) -> String {
    let rest = JSONValue.object((record.object ?? []).filter { $0.name != "check" })
    return String(ContentDigest.of(Array(rest.canonical.utf8)).hex.prefix(16))
  }

  static func json(_ path: String) -> JSONValue? {
    guard let bytes = try? AtomicFile.read(path) else { return nil }
    return try? JSONValue.parse(String(decoding: bytes, as: UTF8.self), file: path)
  }

  /// When, where and from what a result was made; nil where that is not known.
  func provenance(_ key: String) -> JSONValue? { Self.json("\(actionFolder(key))/provenance.json") }

  // MARK: Writing

  /// Records what an action gave. Of several outcomes the first stays, as long as its files are whole; the others are kept beside it.
  /// - Returns: the result that holds from now on, and the ports whose bytes differ from what was recorded before.
  func commit(_ key: String, _ files: [Publication.File], provenance: JSONValue) throws -> (StoredResult, differing: [String]) {
    for file in files { digests.remember(file.digest, of: object(file.digest), file.stamp) }
    let new = StoredResult(action: key, outputs: Dictionary(files.map { ($0.port, $0.digest) }) { $1 })
    var differing: [String] = []
    let place = actionFolder(key)
    switch content(key) {
    case .whole(let old), .damaged(let old, _):
      differing = new.outputs.filter { old.outputs[$0.key] != $0.value }.map(\.key).sorted()
    case .nothing: break
    }
    let number = Folder.names(place).count { $0.hasPrefix("outcome-") } + 1
    if !differing.isEmpty, case .whole(let old) = content(key) {
      try AtomicFile.write(Self.recordText(new), to: "\(place)/outcome-\(number).json")
      return (old, differing)
    }
    try Folder.make(place)
    Folder.removeParts(place)
    if !differing.isEmpty, case .damaged(let old, _) = content(key) {
      try AtomicFile.write(Self.recordText(old), to: "\(place)/outcome-\(number).json")
    }
    try AtomicFile.write(provenance.pretty + "\n", to: "\(place)/provenance.json")
    try AtomicFile.write(Self.recordText(new), to: "\(place)/result.json")
    return (new, differing)
  }

  private static func recordText(_ result: StoredResult) -> String {
    let outputs = result.outputs.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
    var members: [JSONValue.Member] = [
      .init("schema", "ccr.result/1"), .init("action", .string(result.action)), .init("outputs", .object(outputs)),
    ]
    members.append(.init("check", .string(check(.object(members)))))
    return JSONValue.object(members).pretty + "\n"
  }

  /// Makes this process the only one that executes an action, until the descriptor and all copies of it are closed.
  /// - Returns: nil while another has it.
  func lock(_ key: String) throws(FileError) -> Int32? {
    let path = "\(folder)/locks/\(key)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .failed(operation: "lock", path: path, errno: errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    let code = errno
    close(descriptor)
    guard code == EWOULDBLOCK else { throw .failed(operation: "lock", path: path, errno: code) }
    return nil
  }

  /// Whether somebody executes an action; takes a shared lock for the moment of asking.
  func isLocked(_ key: String) -> Bool {
    let descriptor = open("\(folder)/locks/\(key)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
