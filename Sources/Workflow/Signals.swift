import Artifacts
import Glibc
import Synchronization

/// Whether this process, where it listens, was asked to stop.
public enum StopRequest {
  public static var isThere: Bool { Wakeups.stopRequests.count > 0 }
}

/// Signals and news from other threads, as bytes in a pipe that the run's loop polls.
enum Wakeups {
  private static let writeEnd = Atomic<Int32>(-1)
  private static let readEnd = Atomic<Int32>(-1)
  private static let listens = Atomic(false)
  private static let stops = Atomic<Int32>(0)
  private static let lastStop = Atomic<Int32>(0)
  /// When, in seconds of the kernel's steady clock.
  private static let lastStopTime = Atomic(0.0.bitPattern)

  /// USR1 is the word of a cluster that the time limit is near.
  private static let stoppingSignals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1]

  /// Starts listening to INT, TERM, HUP, QUIT, USR1 and CHLD. What was asked before stays asked: who listens twice misses nothing between.
  /// - Returns: the descriptor to poll.
  /// - Throws: `FileError` where this process may open no more files.
  static func listen() throws(FileError) -> Int32 {
    if readEnd.load(ordering: .acquiring) < 0 {
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0 else { throw .failed(operation: "make a pipe for", path: "signals", errno: errno) }
      for end in ends {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
      }
      writeEnd.store(ends[1], ordering: .releasing)
      readEnd.store(ends[0], ordering: .releasing)
    }
    for number in stoppingSignals {
      let before = signal(number) { received in
        Wakeups.note(received)
        Wakeups.wake()
      }
      // Who started us with `nohup`, or in the background of a script, meant it.
      let wasIgnored = unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
      if wasIgnored, number != SIGUSR1 { signal(number, SIG_IGN) }
    }
    signal(SIGCHLD) { _ in Wakeups.wake() }
    signal(SIGPIPE, SIG_IGN)
    // Told of who would open an output for writing while it is held.
    signal(SIGIO, SIG_IGN)
    hear(stoppingSignals + [SIGCHLD])
    listens.store(true, ordering: .releasing)
    return readEnd.load(ordering: .acquiring)
  }

  /// Counts a request to stop. One event may send two signals: a lost terminal HUP twice, the end of a session TERM and HUP, `timeout` TERM to
  /// the process and its group. Whoever presses Ctrl-C twice means it.
  private static func note(_ received: Int32) {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let time = Double(now.tv_sec) + 1e-9 * Double(now.tv_nsec)
    let before = Double(bitPattern: lastStopTime.exchange(time.bitPattern, ordering: .relaxed))
    lastStop.store(received, ordering: .relaxed)
    let isEcho = (received == SIGTERM || received == SIGHUP) && time - before < 1
    if !isEcho || stops.load(ordering: .relaxed) == 0 { stops.wrappingAdd(1, ordering: .relaxed) }
  }

  /// Whether a loop listens.
  static var isListening: Bool { listens.load(ordering: .acquiring) }

  /// Lets the signals that it listened to end this process again, as they end any other.
  static func leave() {
    listens.store(false, ordering: .releasing)
    for number in stoppingSignals {
      let before = signal(number, SIG_DFL)
      if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
    }
  }

  private static let answerer = Atomic<pid_t>(0)

  private static func guardAnswer() {
    for number in stoppingSignals {
      let before = signal(number) { received in
        let group = Wakeups.answerer.load(ordering: .relaxed)
        if group > 0 { kill(-group, SIGKILL) }
        signal(received, SIG_DFL)
        raise(received)
      }
      if unsafeBitCast(before, to: Int.self) != unsafeBitCast(SIG_DFL, to: Int.self) { signal(number, before) }
    }
    hear(stoppingSignals)
  }

  /// A parent may have blocked them.
  private static func hear(_ signals: [Int32]) {
    var heard = sigset_t()
    sigemptyset(&heard)
    for number in signals { sigaddset(&heard, number) }
    pthread_sigmask(SIG_UNBLOCK, &heard, nil)
  }

  /// Lets a program that is to say something of itself end with this process, also where that does not listen to signals.
  /// - Parameter group: its process group; 0 when it has ended.
  static func answering(_ group: pid_t) {
    answerer.store(group, ordering: .relaxed)
    if group > 0, !isListening { guardAnswer() }
  }

  /// Makes the loop look around. Safe in signal handlers and on any thread.
  static func wake() {
    let saved = errno
    var byte: UInt8 = 0
    _ = write(writeEnd.load(ordering: .acquiring), &byte, 1)
    errno = saved
  }

  /// Takes all bytes from the pipe.
  static func drain() {
    var block = [UInt8](repeating: 0, count: 64)
    while read(readEnd.load(ordering: .acquiring), &block, block.count) > 0 {}
  }

  /// How often the runner was asked to stop, and by which signal last.
  static var stopRequests: (count: Int, signal: Int32) {
    (Int(stops.load(ordering: .relaxed)), lastStop.load(ordering: .relaxed))
  }
}
