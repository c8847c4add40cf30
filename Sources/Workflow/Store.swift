import Artifacts
import Glibc

/// The record of a finished action.
public struct StoredResult: Sendable {
  public let action: String
  /// Digest of each output by port.
  public let outputs: [String: String]
  /// Digest of `provenance.json`; nil in records of older versions.
  var provenance: String?
  /// Whether it was taken over from another key on evidence, see `Adoption`, and not executed.
  var isAdopted = false
  /// Why there are no outputs: the work came to an end without a result, and would again.
  var absence: String?
}

/// Results by content.
///
///     cas/ab/<digest>                 outputs, read-only
///     actions/ab/<key>/result.json    which outputs an action gave; written last, so a result is there whole or not at all
///                      provenance.json, log.txt, outcome-N.json (other bytes that the same action gave)
///     attempts/<key>/                 a stage at work, or one that failed: owner.json, request.json, log.txt, failure.json
///     checkpoints/<key>/              what a stopped stage goes on from
///     locks/<key>                     held by who executes the action, freed by whatever end of it
///     scratch/<process>/              links on their way to their place
///     pins/<process>                  what a process at work uses
///     tags/<name>.json                what a person wants kept
///     adoptions/                      there since a result was adopted
///     again/<process>/                where `ccr verify --reexecute` and `ccr adopt` execute
final class Store {
  /// What the store has for an action.
  enum Content {
    case whole(StoredResult)
    case nothing
    /// A record whose outputs are gone or changed.
    case damaged(StoredResult, String)
    /// A record whose outputs `ccr gc` removed.
    case collected
  }

  let folder: String
  let digests: FileDigests
  let notices = Notices()
  let pins: Pins
  private var processScratch: Scratch?
  private var isPrepared = false

  /// - Parameter results: the results folder.
  init(results: String) {
    folder = "\(results)/.store"
    digests = FileDigests(path: "\(folder)/digests")
    pins = Pins(folder: "\(folder)/pins")
  }

  /// Makes the folders, before anything is executed.
  /// - Throws: `FileError` where they cannot be made or written.
  func prepare() throws(FileError) {
    if isPrepared { return }
    for name in ["cas", "actions", "locks", "attempts", "checkpoints"] { try makeFolder("\(folder)/\(name)") }
    guard access("\(folder)/attempts", W_OK) == 0 else { throw .failed(operation: "write to", path: folder, errno: errno) }
    pins.hold([])
    isPrepared = true
  }

  /// Makes a folder of the results; a file in its place is set aside.
  /// - Returns: whether it is new, and so empty.
  @discardableResult
  func makeFolder(_ path: String) throws(FileError) -> Bool {
    if mkdir(path, 0o755) == 0 {
      try AtomicFile.syncFolder(of: path)
      return true
    }
    if Folder.isFolder(path) { return false }
    // Only what lies in the results: a file in the place of the results folder itself is somebody's mistake.
    let results = folder.dropLast("/.store".count)
    var above = path[...]
    while above.count > results.count, let slash = above.lastIndex(of: "/") {
      notices.setAsideFile(String(above))
      above = above[..<slash]
    }
    try Folder.make(path)
    return true
  }

  /// The folder of this process for links on their way to their place.
  func scratch() throws(FileError) -> Scratch {
    if let processScratch { return processScratch }
    try makeFolder("\(folder)/scratch")
    let new = try Scratch(in: "\(folder)/scratch")
    processScratch = new
    return new
  }

  func object(_ digest: String) -> String { "\(folder)/cas/\(digest.prefix(2))/\(digest)" }
  func actionFolder(_ key: String) -> String { "\(folder)/actions/\(key.prefix(2))/\(key)" }
  func checkpointFolder(_ key: String) -> String { "\(folder)/checkpoints/\(key)" }
  func attemptFolder(_ key: String) -> String { "\(folder)/attempts/\(key)" }
  func lockFile(_ key: String) -> String { "\(folder)/locks/\(key)" }

  // MARK: Reading

  /// The result of an action, every output checked: by its stamp where that is known, else by its content.
  /// - Parameter kind: `.object` where reading ends when the run is asked to stop: what is returned then says nothing.
  func content(_ key: String, as kind: FileDigests.Kind = .bytes) -> Content {
    guard let result = record(key) else { return .nothing }
    for (port, digest) in result.outputs {
      guard let found = try? digests.digest(of: object(digest), as: kind) else {
        return isCollected(key) ? .collected : .damaged(result, "its \(port) is missing from the store")
      }
      if found != digest { return .damaged(result, "its \(port) is damaged in the store") }
    }
    return .whole(result)
  }

  func result(_ key: String) -> StoredResult? { if case .whole(let result) = content(key) { result } else { nil } }

  /// A record that is not what was once written counts as none.
  /// - Parameter path: where it lies; nil for the result that holds.
  func record(_ key: String, at path: String? = nil) -> StoredResult? {
    let path = path ?? "\(actionFolder(key))/result.json"
    guard let json = Self.json(path), json["action"]?.string == key, let members = json["outputs"]?.object else { return nil }
    let digests = members.compactMap { member in member.value.string.flatMap { ContentDigest(hex: $0) }.map { (member.name, $0.hex) } }
    guard digests.count == members.count, json["check"]?.string == Self.check(json) else { return nil }
    return StoredResult(
      action: key, outputs: Dictionary(digests) { $1 }, provenance: json["provenance"]?.string, isAdopted: json["adopted"]?.bool ?? false,
      absence: json["absence"]?.string)
  }

  /// A flipped bit in a record must not pass for another record.
  static func check(_ record: JSONValue) -> String {
    let rest = JSONValue.object((record.object ?? []).filter { $0.name != "check" })
    return String(ContentDigest.of(Array(rest.canonical.utf8)).hex.prefix(16))
  }

  static func json(_ path: String) -> JSONValue? { try? JSONValue.read(path) }

  /// When, where and from what a result was made; nil where that is not known, or was altered since it was written.
  func provenance(_ key: String) -> JSONValue? {
    guard let result = record(key), hasProvenance(result) else { return nil }
    return Self.json("\(actionFolder(key))/provenance.json")
  }

  /// Whether the provenance of a result is as it was written.
  func hasProvenance(_ result: StoredResult) -> Bool {
    result.provenance == nil || (try? digests.digest(of: "\(actionFolder(result.action))/provenance.json")) == result.provenance
  }

  // MARK: Writing

  /// Records what an action gave. Of several outcomes the first stays, as long as its files are whole; the others are kept beside it. A recorded
  /// absence is replaced.
  /// - Parameter isUsable: whether the files of a recorded result are what their names say; one whose files are not is replaced.
  /// - Returns: the result that holds from now on, and the ports whose bytes differ from what was recorded before.
  func commit(
    _ key: String, _ files: [Publication.File], provenance: JSONValue, isUsable: (StoredResult) -> Bool
  ) throws -> (StoredResult, differing: [String]) {
    for file in files { digests.remember(file.digest, of: object(file.digest), file.stamp) }
    let place = actionFolder(key)
    let before = record(key)
    let text = provenance.pretty + "\n"
    let new = StoredResult(
      action: key, outputs: Dictionary(files.map { ($0.port, $0.digest) }) { $1 }, provenance: ContentDigest.of(Array(text.utf8)).hex)
    let differing =
      before.flatMap { $0.absence == nil ? $0 : nil }.map { old in
        new.outputs.filter { old.outputs[$0.key] != $0.value }.map(\.key).sorted()
      } ?? []
    if try !makeFolder(place) { PartFile.removeAbandoned(in: place) }
    if let before, !differing.isEmpty {
      let number = Folder.names(place).count { $0.hasPrefix("outcome-") } + 1
      if case .whole(let old) = content(key), !old.isAdopted, isUsable(old) {
        try write(Self.recordText(new), to: "\(place)/outcome-\(number).json")
        return (old, differing)
      }
      try write(Self.recordText(before), to: "\(place)/outcome-\(number).json")
    }
    try put(new, provenance: text)
    unmarkCollected(key)
    return (new, differing)
  }

  /// Writes a result that holds from now on: its provenance, then its record.
  func put(_ result: StoredResult, provenance: String) throws {
    if result.isAdopted { try noteAdoptions() }
    let place = "\(actionFolder(result.action))/provenance.json"
    try write(provenance, to: place)
    if let digest = result.provenance, let stamp = FileStamp(place) { digests.remember(digest, of: place, stamp) }
    try write(Self.recordText(result), to: "\(actionFolder(result.action))/result.json")
  }

  /// Makes this store have a result of another: the record, and links to the outputs there.
  func take(_ result: StoredResult, from other: Store) throws {
    for digest in result.outputs.values where access(object(digest), F_OK) != 0 {
      try makeFolder("\(folder)/cas/\(digest.prefix(2))")
      guard symlink(other.object(digest), object(digest)) == 0 else {
        throw FileError.failed(operation: "link", path: object(digest), errno: errno)
      }
    }
    if result.isAdopted { try noteAdoptions() }
    try makeFolder(actionFolder(result.action))
    var bare = result
    bare.provenance = nil
    try write(Self.recordText(bare), to: "\(actionFolder(result.action))/result.json")
  }

  /// Records that an action has no result. A result that it gave before stays, as long as its files are whole.
  /// - Returns: what holds from now on.
  func commit(_ key: String, absence: String, provenance: JSONValue) throws -> StoredResult {
    if case .whole(let before) = content(key), before.absence == nil { return before }
    let place = actionFolder(key)
    let text = provenance.pretty + "\n"
    let new = StoredResult(action: key, outputs: [:], provenance: ContentDigest.of(Array(text.utf8)).hex, absence: absence)
    if try !makeFolder(place) { PartFile.removeAbandoned(in: place) }
    try put(new, provenance: text)
    unmarkCollected(key)
    return new
  }

  private func write(_ text: String, to path: String) throws {
    notices.setAside(path)
    try AtomicFile.write(text, to: path)
  }

  private static func recordText(_ result: StoredResult) -> String {
    let outputs = result.outputs.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
    var members: [JSONValue.Member] = [
      .init("schema", "ccr.result/1"), .init("action", .string(result.action)), .init("outputs", .object(outputs)),
    ]
    if result.isAdopted { members.append(.init("adopted", .bool(true))) }
    if let provenance = result.provenance { members.append(.init("provenance", .string(provenance))) }
    if let absence = result.absence { members.append(.init("absence", .string(absence))) }
    members.append(.init("check", .string(check(.object(members)))))
    return JSONValue.object(members).pretty + "\n"
  }

  // MARK: Locks

  /// Makes this process the only one that executes an action.
  /// - Returns: nil while another has it.
  func lock(_ key: String) throws(FileError) -> ActionLock? {
    let path = lockFile(key)
    notices.setAside(path)
    return try ActionLock.take(path, owner: "\(attemptFolder(key))/\(ActionOwner.file)")
  }

  /// The files that who executes an action has locked.
  func locks(_ key: String) -> [String] { [lockFile(key), "\(attemptFolder(key))/\(ActionOwner.file)"] }

  /// Whether somebody executes an action; takes no lock.
  func isLocked(_ key: String) -> Bool { locks(key).contains(where: ActionLock.isHeld) }
}
