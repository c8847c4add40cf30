import Artifacts
import Glibc

/// Makes its holder the only one that executes an action.
///
/// Two files are locked: `locks/<key>`, and `owner.json` in the attempt's folder, so that an action is not executed twice where somebody
/// removed lock files during a run. The locks belong to open descriptions of files (`F_OFD_SETLK`): the stage inherits them and keeps
/// them until it ends, whatever becomes of the runner, and whether they are held can be seen without taking them.
final class ActionLock {
  private let path: String
  private var descriptors: [Int32]
  /// Where the kernel's locks do not reach other hosts.
  private var lease: Lease?

  private init(_ path: String, _ descriptor: Int32) {
    self.path = path
    descriptors = [descriptor]
  }

  /// - Parameters:
  ///   - path: the lock file; made where missing.
  ///   - owner: the file in the attempt's folder that a runner at work has locked too.
  /// - Returns: nil while another has it.
  /// - Throws: `FileError`.
  static func take(_ path: String, owner: String) throws(FileError) -> ActionLock? {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw .failed(operation: "lock", path: path, errno: errno) }
      let lock = ActionLock(path, descriptor)
      guard try lock.claim(descriptor, path) else { return nil }
      // Whoever had it before may have removed the file meanwhile: then the lock is on nothing.
      var (mine, there) = (stat(), stat())
      guard fstat(descriptor, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino, mine.st_dev == there.st_dev else {
        lock.close()
        continue
      }
      if hasLock(owner) { return nil }
      if !FileLocks.reachAllHosts(path) {
        guard let lease = try Lease.take("\(path).lease") else { return nil }
        lock.lease = lease
      }
      return lock
    }
  }

  /// Whether nobody on another host has taken this for abandoned: asked before a result is recorded.
  var isStillOwn: Bool { lease?.isOwn ?? true }

  /// Locks the attempt's `owner.json` too, which this makes.
  func claimAttempt(_ owner: String) throws(FileError) {
    let descriptor = open(owner, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .failed(operation: "write", path: owner, errno: errno) }
    descriptors.append(descriptor)
    _ = try claim(descriptor, owner)
  }

  /// What a stage inherits.
  var inherited: [Int32] { descriptors }

  /// Writes who is at work into the locked `owner.json`.
  func write(_ owner: ActionOwner) {
    guard descriptors.count > 1 else { return }
    let bytes = Array((owner.json.pretty + "\n").utf8)
    // In this order nothing that interrupts it leaves nobody's name.
    pwrite(descriptors[1], bytes, bytes.count, 0)
    ftruncate(descriptors[1], off_t(bytes.count))
  }

  private func claim(_ descriptor: Int32, _ path: String) throws(FileError) -> Bool {
    var lock = Self.exclusive
    if fcntl(descriptor, Self.set, &lock) == 0 { return true }
    guard errno == EAGAIN || errno == EACCES else { throw .failed(operation: "lock", path: path, errno: errno) }
    return false
  }

  /// Whether somebody has a file locked; takes nothing.
  static func isHeld(_ path: String) -> Bool { hasLock(path) || Lease.isHeld("\(path).lease") }

  private static func hasLock(_ path: String) -> Bool {
    guard let descriptor = try? RegularFile.open(path) else { return false }
    defer { Glibc.close(descriptor) }
    var lock = exclusive
    return fcntl(descriptor, get, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  private static let (get, set): (Int32, Int32) = (36, 37)  // F_OFD_GETLK, F_OFD_SETLK

  private static var exclusive: flock {
    var lock = Glibc.flock()
    lock.l_type = Int16(F_WRLCK)
    return lock
  }

  /// Gives the action free, and removes the lock file: nothing is left of what is finished.
  func release() {
    guard !descriptors.isEmpty else { return }
    lease?.release()
    unlink(path)
    close()
  }

  private func close() {
    descriptors.forEach { Glibc.close($0) }
    descriptors = []
  }

  deinit { close() }
}

/// Who executes an action: the runner and the stage it started, for those who wait.
struct ActionOwner {
  /// A process of this machine; its number alone may have been given to another since.
  struct Process: Equatable {
    let number: Int
    /// When it started, in the kernel's ticks since boot.
    let start: Int

    /// - Returns: nil where there is no such process.
    init?(_ number: Int) {
      let fields = ProcessGroup.facts(of: number)
      guard fields.count > 19, fields[0] != "Z", let start = Int(fields[19]) else { return nil }
      (self.number, self.start) = (number, start)
    }

    init?(_ json: JSONValue?) {
      guard let number = json?["process"]?.integer, let start = json?["started"]?.integer else { return nil }
      (self.number, self.start) = (number, start)
    }

    var json: JSONValue { ["process": .integer(number), "started": .integer(start)] }
    var lives: Bool { Process(number) == self }
  }

  /// Host, boot and process namespace: where the numbers mean something.
  let place: String
  let runner: Process?
  let stage: Process?

  /// This process, and the stage it has started.
  init(stage: pid_t?) {
    place = Self.here
    runner = Self.me
    self.stage = stage.flatMap { Process(Int($0)) }
  }

  /// - Returns: nil where nobody wrote down who it is.
  init?(attempt: String) { self.init(Store.json("\(attempt)/\(Self.file)")) }

  init?(_ json: JSONValue?) {
    guard let json, let place = json["place"]?.string else { return nil }
    self.place = place
    runner = Process(json["runner"])
    stage = Process(json["stage"])
  }

  static let file = "owner.json"
  private static let me = Process(Int(getpid()))
  private static let here: String = {
    let namespace = Folder.target(ofLink: "/proc/self/ns/pid") ?? ""
    return "\(PartFile.machine) \(namespace)"
  }()

  var json: JSONValue {
    ["place": .string(place), "runner": runner?.json ?? .null, "stage": stage?.json ?? .null]
  }

  /// Whether it was a process of this host that is no more.
  var isGone: Bool { isHere && runner.map { !$0.lives } ?? false }

  private var isHere: Bool { place == Self.here }

  /// The process group of a stage whose runner is gone, on this machine; nil where the runner lives, or that cannot be known.
  var orphans: pid_t? {
    guard isHere, let stage, runner?.lives != true else { return nil }
    let group = pid_t(stage.number)
    // The number of a group is not given to a new process as long as one of the group is left.
    return stage.lives || (Process(stage.number) == nil && kill(-group, 0) == 0) ? group : nil
  }

  /// Who it is and how to end it, for people.
  var words: String {
    let host = place.prefix { $0 != "." }
    guard let number = runner?.number else { return "another ccr executes it" }
    let there = isHere ? "" : " on \(host)"
    if isHere, runner?.lives != true, let stage {
      return "a ccr that is gone left a process at work on it (process group \(stage.number): `kill -- -\(stage.number)` ends it)"
    }
    return "another ccr executes it (process \(number)\(there); `kill \(number)`\(there) stops it and saves a checkpoint)"
  }
}
