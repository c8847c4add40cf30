import Artifacts
import Glibc
import Synchronization

/// What INT, TERM, HUP and PIPE do to a stage.
enum Interruption {
  private static let flag = Atomic<Bool>(false)
  private static let received = Atomic<Int32>(0)
  /// Posted by the signal handler, which may do little else.
  nonisolated(unsafe) private static let arrivals: UnsafeMutablePointer<sem_t> = {
    let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
    return semaphore
  }()

  /// Whether the stage was asked to stop and is to save a checkpoint.
  static var requested: Bool { flag.load(ordering: .relaxed) }

  /// Listens from now on.
  /// - Parameter savesCheckpoint: whether the stage itself ends when `requested`. Otherwise the process ends at once, whatever it is busy with,
  ///   by the same signal, as programs do that do not listen; but without a file half-written.
  static func listen(savesCheckpoint: Bool) {
    _ = arrivals
    // PIPE says that who would read the events, or the words, is gone.
    let numbers = [SIGINT, SIGTERM, SIGHUP, SIGPIPE]
    for number in numbers {
      let before =
        savesCheckpoint
        ? signal(number) { _ in Interruption.flag.store(true, ordering: .relaxed) }
        : signal(number) { number in
          Interruption.received.store(number, ordering: .relaxed)
          sem_post(Interruption.arrivals)
        }
      // Who started us with `nohup` meant it.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
    }
    // A parent that blocks signals hands its mask down.
    var heard = sigset_t()
    sigemptyset(&heard)
    for number in numbers { sigaddset(&heard, number) }
    sigprocmask(SIG_UNBLOCK, &heard, nil)
    if !savesCheckpoint { awaitArrival() }
  }

  /// Ends the process when a signal arrives, from a thread of its own.
  private static func awaitArrival() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        while sem_wait(Interruption.arrivals) != 0 {}
        UnfinishedFiles.ofProcess.discard {
          Lines.ofProcess.say("stopped: nothing is saved; run again to begin anew") {
            Interruption.die(of: Interruption.received.load(ordering: .relaxed))
          }
        }
        return nil
      }, nil)
  }

  /// Ends the process as the signal does to programs that do not listen: who started it sees that it was stopped.
  private static func die(of number: Int32) -> Never {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, number)
    signal(number, SIG_DFL)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    kill(getpid(), number)
    while true { pause() }
  }
}
