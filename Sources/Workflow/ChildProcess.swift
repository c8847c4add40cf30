import Artifacts
import Glibc

/// A started program, in a process group of its own, with an environment of its own.
final class ChildProcess {
  enum Status: Equatable, CustomStringConvertible {
    case exited(Int32)
    case killed(Int32)

    var description: String {
      switch self {
      case .exited(let code): "exit code \(code)"
      case .killed(let signal):
        "killed by signal \(signal) (\(String(cString: strsignal(signal))))" + (signal == SIGKILL ? ", perhaps for want of memory" : "")
      }
    }
  }

  let identifier: pid_t
  /// Where the child's events can be read, −1 without.
  private(set) var events: Int32 = -1
  private var unread: [UInt8] = []

  /// - Parameter events: whether a pipe for NDJSON events is offered to the child.
  init(
    _ program: String, _ arguments: [String], standardOutput: String, standardError: String, events: Bool,
    data: String = ""
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, standardOutput, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, standardError, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var ends: [Int32] = [-1, -1]
    if events, pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      posix_spawn_file_actions_adddup2(&actions, ends[1], 3)
      _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    }
    var environment = ["LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin", "CCR_DATA=\(data)"]
    if events { environment.append("CCR_EVENTS_FD=3") }
    if let core = getenv("OPENBLAS_CORETYPE") { environment.append("OPENBLAS_CORETYPE=\(String(cString: core))") }
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, program, &actions, &attributes, &argv, &envp)
    if ends[1] >= 0 { close(ends[1]) }
    guard code == 0 else {
      if ends[0] >= 0 { close(ends[0]) }
      throw FileError.failed(operation: "start", path: program, errno: code)
    }
    self.identifier = identifier
    self.events = ends[0]
  }

  deinit { if events >= 0 { close(events) } }

  /// The events that arrived since the last call.
  func newEvents() -> [JSONValue] {
    guard events >= 0 else { return [] }
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(events, &block, block.count)
      if count <= 0 { break }
      unread += block[..<count]
    }
    guard let end = unread.lastIndex(of: 10) else { return [] }
    let lines = unread[...end].split(separator: 10)
    unread.removeFirst(end + 1)
    return lines.compactMap { try? JSONValue.parse(String(decoding: $0, as: UTF8.self), file: "event") }
  }

  /// Whether the process has ended, and how.
  func poll() -> Status? { status(WNOHANG) }

  func wait() -> Status { status(0) ?? .exited(-1) }

  func terminate() { kill(-identifier, SIGTERM) }

  private func status(_ options: Int32) -> Status? {
    var raw: Int32 = 0
    var result = waitpid(identifier, &raw, options)
    while result < 0, errno == EINTR { result = waitpid(identifier, &raw, options) }
    guard result == identifier else { return nil }
    return raw & 0x7F == 0 ? .exited(raw >> 8 & 0xFF) : .killed(raw & 0x7F)
  }
}
