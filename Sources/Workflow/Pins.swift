import Artifacts
import Glibc
import Synchronization

/// What this process uses of the store, by action key or digest, so that `ccr gc` of another process leaves it.
///
/// Every process that uses results writes their names into a file of its own in `pins/`, which it holds a lock on as long as it lives; the
/// names of a process that is gone count no more. A name is written under a shared lock of `pins/gate`, which the collector holds alone
/// from reading the names until it has removed what nobody named: who has written a name finds what it names or misses it, and nothing
/// that was found is removed later. Where the folder cannot be written, nothing is held.
final class Pins: Sendable {
  private struct State: ~Copyable {
    var held: Set<String> = []
    /// What is to be written, as soon as there is a store to write it into.
    var pending: [String] = []
    var gate: Int32 = -1
    var own: Int32 = -1
    var path = ""
  }

  private let folder: String
  private let state = Mutex(State())

  init(folder: String) { self.folder = folder }

  deinit {
    state.withLock { state in
      if state.own >= 0 { unlink(state.path) }
      for descriptor in [state.own, state.gate] where descriptor >= 0 { close(descriptor) }
    }
  }

  /// Holds what names name until this object's end; where there is no store yet, from the first call at which there is one.
  func hold(_ names: [String]) {
    state.withLock { state in
      for name in names where state.held.insert(name).inserted { state.pending.append(name) }
      guard !state.pending.isEmpty else { return }
      if state.own < 0 { begin(&state) }
      guard state.own >= 0, Self.share(state.gate) else { return }
      let line = Array(state.pending.map { "\($0)\n" }.joined().utf8)
      if write(state.own, line, line.count) == line.count { state.pending = [] }
      _ = flock(state.gate, LOCK_UN)
    }
  }

  private func begin(_ state: inout State) {
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { return }
    if state.gate < 0 { state.gate = Self.gate(folder) }
    // Made under the lock, so that no collector that removes anything sees it before it is locked.
    guard state.gate >= 0, Self.share(state.gate) else { return }
    state.path = "\(folder)/\(PartFile.uniqueName())"
    state.own = open(state.path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
    if state.own >= 0 { _ = flock(state.own, LOCK_EX) }
    _ = flock(state.gate, LOCK_UN)
  }

  private static func gate(_ folder: String) -> Int32 {
    let path = "\(folder)/gate"
    Folder.setAside(path)
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
  }

  /// Removes the files of processes that are gone, unless a collector is at work just now, which does that too.
  static func clear(_ folder: String) {
    guard Folder.isFolder(folder) else { return }
    let gate = gate(folder)
    guard gate >= 0 else { return }
    defer { close(gate) }
    if flock(gate, LOCK_EX | LOCK_NB) == 0 { _ = held(folder, clearing: true) }
  }

  /// Waits until no collector is at work: one that was suspended may keep it for ever, so not much longer once this process was asked to stop.
  private static func share(_ descriptor: Int32) -> Bool {
    var looks = 0
    while flock(descriptor, LOCK_SH | LOCK_NB) != 0 {
      if Wakeups.stopRequests.count > 0 { looks += 1 }
      guard [EINTR, EWOULDBLOCK].contains(errno), looks < 50 else { return false }
      usleep(20_000)
    }
    return true
  }

  /// Waits for a lock, whatever signals arrive meanwhile: children end all the time.
  private static func lock(_ descriptor: Int32, _ kind: Int32) -> Bool {
    while flock(descriptor, kind) != 0 { if errno != EINTR { return false } }
    return true
  }

  /// Lets nobody begin to use anything while `body` runs, which gets all names that are held.
  /// - Throws: `FileError`, or what `body` throws.
  static func closed<Result>(_ folder: String, _ body: (Set<String>) throws -> Result) throws -> Result {
    try Folder.make(folder)
    let gate = gate(folder)
    guard gate >= 0, lock(gate, LOCK_EX) else { throw FileError.failed(operation: "lock", path: "\(folder)/gate", errno: errno) }
    defer { close(gate) }
    return try body(held(folder, clearing: true))
  }

  /// What processes at work use.
  /// - Parameter clearing: whether the files of those that are gone are removed: for who has the gate.
  static func held(_ folder: String, clearing: Bool = false) -> Set<String> {
    var names: Set<String> = []
    for name in Folder.names(folder) where name != "gate" {
      let path = "\(folder)/\(name)"
      // NFS locks only what is open for writing; what another user's process holds can only be read.
      guard let descriptor = (try? RegularFile.open(path, flags: O_RDWR)) ?? (try? RegularFile.open(path)) else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        if clearing { unlink(path) }
      } else if let bytes = try? AtomicFile.read(path) {
        names.formUnion(String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
      }
      close(descriptor)
    }
    return names
  }
}
