import Artifacts
import Glibc

/// A started program, in a process group and with an environment of its own.
final class ChildProcess {
  /// How a program ended.
  enum Status: Hashable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// What a process used, by the kernel's account.
  struct Usage: Sendable {
    let cpuSeconds: Double
    let peakBytes: Int
  }

  enum Output {
    /// Standard output and standard error together.
    case file(String)
    /// Standard output to a pipe, standard error to a file: nowhere by default.
    case pipe(errors: String = "/dev/null")
  }

  let identifier: pid_t
  /// The read end of the pipe of events, or of standard output.
  let pipe: Int32

  /// - Parameters:
  ///   - inherited: descriptors the child keeps open until it ends: locks, so that they outlive the runner with the child.
  ///   - events: whether the pipe is for events (`CCR_EVENTS_FD`).
  ///   - input: the file that is standard input.
  init(
    _ program: String, _ arguments: [String], environment: [String], output: Output, inherited: [Int32] = [], events: Bool = false,
    input: String = "/dev/null"
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw FileError.failed(operation: "make a pipe for", path: program, errno: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // Above the numbers the child gets, so that no dup2 closes the source of another.
    let copies = ([ends[1]] + inherited).map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    let code = errno
    close(ends[1])
    defer { for descriptor in copies where descriptor >= 0 { close(descriptor) } }
    guard !copies.contains(where: { $0 < 0 }) else {
      close(ends[0])
      throw FileError.failed(operation: "start", path: program, errno: code)
    }
    let (writeEnd, kept) = (copies[0], copies.dropFirst())
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    switch output {
    case .file(let path):
      posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    case .pipe(let errors):
      posix_spawn_file_actions_adddup2(&actions, writeEnd, 1)
      posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o644)
    }
    if events { posix_spawn_file_actions_adddup2(&actions, writeEnd, 3) }
    for (place, descriptor) in kept.enumerated() { posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(4 + place)) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = (environment + (events ? ["CCR_EVENTS_FD=3"] : [])).map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var identifier = pid_t()
    let failure = posix_spawn(&identifier, program, &actions, &attributes, &argv, &envp)
    guard failure == 0 else {
      close(ends[0])
      // A want of processes or memory is the machine's.
      if [EAGAIN, ENOMEM, EMFILE, ENFILE].contains(failure) { throw FileError.failed(operation: "start", path: program, errno: failure) }
      throw UnstartableProgram(path: program, errno: failure)
    }
    self.identifier = identifier
    pipe = ends[0]
  }

  deinit { close(pipe) }

  /// How it ended, and until when those that it started and that were killed then are waited for.
  private var end: (status: Status, usage: Usage, patience: ContinuousClock.Instant)?

  /// Whether only those are left that it started: they are killed, and die once they get a processor.
  var hasEnded: Bool { end != nil }

  /// Whether the process has ended, and how. All it started has ended with it, but for what left its group or hangs in the kernel.
  func poll() -> (Status, Usage)? {
    if end == nil {
      var info = siginfo_t()
      // Its group is still its own as long as its end was not fetched.
      guard waitid(P_PID, id_t(identifier), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD else { return nil }
      signal(SIGKILL)
      guard let (status, usage) = fetchEnd() else { return nil }
      end = (status, usage, .now + .seconds(10))
    }
    guard let end, ContinuousClock.now > end.patience || ProcessGroup.isGone(identifier) else { return nil }
    return (end.status, end.usage)
  }

  /// Signals the program and all it started, as long as it has not ended.
  func signal(_ number: Int32) { if end == nil { kill(-identifier, number) } }

  private func fetchEnd() -> (Status, Usage)? {
    var raw: Int32 = 0
    var usage = rusage()
    var result = wait4(identifier, &raw, WNOHANG, &usage)
    while result < 0, errno == EINTR { result = wait4(identifier, &raw, WNOHANG, &usage) }
    guard result == identifier else { return nil }
    let seconds = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) * 1e-6 }
    return (
      raw & 0x7F == 0 ? .exited(raw >> 8 & 0xFF) : .killed(signal: raw & 0x7F),
      Usage(cpuSeconds: seconds[0] + seconds[1], peakBytes: usage.ru_maxrss * 1024)
    )
  }

  /// How long a program may take to say something of itself: a thousand times as long as it needs.
  static let patience = Duration.seconds(20)
  /// What a program says of itself is never longer, in bytes.
  private static let longestAnswer = 1 << 28

  /// Runs a program to its end.
  /// - Returns: how it ended and its standard output.
  /// - Throws: `PipelineError` where it has not ended in time; it is killed then, with all it started.
  static func run(
    _ program: String, _ arguments: [String], environment: [String], within limit: Duration = patience, input: String = "/dev/null",
    errors: String = "/dev/null"
  ) throws -> (Status, [UInt8]) {
    let deadline = ContinuousClock.now + limit
    let stopsBefore = Wakeups.stopRequests.count
    func start() throws -> ChildProcess {
      // A loop has others to look after, and comes back.
      let patience = Wakeups.isListening ? .now : deadline
      while true {
        do {
          return try ChildProcess(program, arguments, environment: environment, output: .pipe(errors: errors), input: input)
        } catch let error as UnstartableProgram
          where error.isBeingWritten && ContinuousClock.now < patience && Wakeups.stopRequests.count == stopsBefore
        {
          usleep(20_000)
        }
      }
    }
    let child = try start()
    Wakeups.answering(child.identifier)
    defer { Wakeups.answering(0) }
    var (output, block) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 14))
    func giveUp(_ complaint: String) -> PipelineError {
      child.signal(SIGKILL)
      while child.poll() == nil { usleep(1000) }
      let command = ([program] + arguments.prefix(1)).joined(separator: " ")
      return PipelineError(
        .program(
          "\(command) \(complaint), so it was ended",
          remedy: "run it by hand to see why; a machine that is short of memory, or a disk that does not answer, can be the cause"))
    }
    while true {
      let left = deadline - .now
      if left <= .zero { throw giveUp("did not answer within \(limit.components.seconds) seconds") }
      if Wakeups.stopRequests.count > stopsBefore { throw giveUp("had not answered when the run was asked to stop") }
      if output.count > longestAnswer { throw giveUp("does not stop printing") }
      var descriptors = [pollfd(fd: child.pipe, events: Int16(POLLIN), revents: 0)]
      if Glibc.poll(&descriptors, 1, 100) <= 0 {
        // What it started may keep its output open.
        guard let (status, _) = child.poll() else { continue }
        while output.count <= longestAnswer, Glibc.poll(&descriptors, 1, 0) > 0 {
          let count = read(child.pipe, &block, block.count)
          if count <= 0 { break }
          output += block[..<count]
        }
        return (status, output)
      }
      let count = read(child.pipe, &block, block.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      output += block[..<count]
    }
    // It has closed its output; what is left is to end.
    while ContinuousClock.now < deadline, Wakeups.stopRequests.count == stopsBefore {
      if let (status, _) = child.poll() { return (status, output) }
      usleep(1000)
    }
    throw giveUp("closed its output, but did not end within \(limit.components.seconds) seconds")
  }
}

/// What programs may see of the user's environment: nothing that could change a result unseen.
enum StageEnvironment {
  /// - Parameter data: the folder of original files.
  static func variables(data: String) -> [String] {
    let fixed = ["LC_ALL=C", "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin", "CCR_DATA=\(data)"]
    // OPENBLAS_CORETYPE reaches the key through the numeric class the program reports.
    return fixed + (blasCore.isEmpty ? [] : ["OPENBLAS_CORETYPE=\(blasCore)"])
  }

  /// The OpenBLAS kernels the user chose, empty where the programs are to choose.
  static var blasCore: String { getenv("OPENBLAS_CORETYPE").map { String(cString: $0) } ?? "" }
}

/// A program that the kernel does not start.
struct UnstartableProgram: ExplainedError {
  let path: String
  let errno: Int32

  /// Whether somebody has it open for writing, as a build does for a moment.
  var isBeingWritten: Bool { errno == ETXTBSY }

  var problem: String { "\(path) cannot be started: \(String(cString: strerror(errno)))" }
  var remedy: String { "see that it is whole, executable and for this kind of machine: `make build`, or the key \"program\" of its stage" }
  var kind: ErrorKind { .badInput }
}
