import CProcessor
import Dispatch
import Glibc
import Synchronization

/// The process's threads that help with the pieces of a `ThreadTeam`.
///
/// They stay from one piece of work to the next, and look for it a while before they sleep: waking a thread takes some 50 µs, as long as a small
/// network's layer. One piece of work is done at a time; who comes meanwhile, from another thread or from within a piece, has his done by
/// Dispatch's threads.
final class ThreadCrew: @unchecked Sendable {
  static let shared = ThreadCrew()

  private let isTaken = Atomic<Bool>(false)
  // What follows is of the caller that has taken the crew; helpers read it between the opening of their gate and `missing`.
  private var helpers: [Gate] = []
  private var body: (@Sendable (Int) -> Void)?
  private var pieces = 0
  private let next = Atomic<Int>(0)
  private let missing = Atomic<Int>(0)
  private let done = Gate()

  /// Calls `body` for every piece in `0..<pieces` on `threads` threads, the caller's one of them.
  func perform(threads: Int, pieces: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      let next = Atomic<Int>(0)
      return DispatchQueue.concurrentPerform(iterations: threads) { _ in Self.work(next, pieces, body) }
    }
    while helpers.count < threads - 1, let helper = start() { helpers.append(helper) }
    let called = helpers.prefix(threads - 1)
    (self.body, self.pieces) = (body, pieces)
    next.store(0, ordering: .relaxed)
    missing.store(called.count, ordering: .relaxed)
    for helper in called { helper.open() }
    Self.work(next, pieces, body)
    if !called.isEmpty { done.pass() }
    self.body = nil
    isTaken.store(false, ordering: .releasing)
  }

  private static func work(_ next: borrowing Atomic<Int>, _ pieces: Int, _ body: (Int) -> Void) {
    while true {
      let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if piece >= pieces { return }
      body(piece)
    }
  }

  /// A new thread; nil where the system has none left, and fewer do the work.
  private func start() -> Gate? {
    let gate = Gate()
    let main = Unmanaged.passRetained(Helper(crew: self, gate: gate))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Helper>.fromOpaque(context).takeRetainedValue().run()
      }, main.toOpaque())
    guard failure == 0 else {
      main.release()
      return nil
    }
    pthread_detach(thread)
    return gate
  }

  fileprivate func help() {
    if let body { Self.work(next, pieces, body) }
    if missing.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done.open() }
  }
}

/// A thread of the crew.
private final class Helper: Sendable {
  private let crew: ThreadCrew
  private let gate: Gate

  init(crew: ThreadCrew, gate: Gate) { (self.crew, self.gate) = (crew, gate) }

  func run() -> Never {
    while true {
      gate.pass()
      crew.help()
    }
  }
}

/// What one thread waits at until another opens it; passing closes it.
private final class Gate: Sendable {
  private static let closed = 0
  private static let opened = 1
  private static let asleep = 2
  /// Looks before the sleep, some 100 µs.
  private static let looks = 3000

  private let state = Atomic<Int>(Gate.closed)
  private let semaphore = DispatchSemaphore(value: 0)

  func open() {
    if state.exchange(Self.opened, ordering: .acquiringAndReleasing) == Self.asleep { semaphore.signal() }
  }

  func pass() {
    var looks = Self.looks
    while looks > 0, state.load(ordering: .acquiring) != Self.opened {
      processor_pause()
      looks -= 1
    }
    if state.compareExchange(expected: Self.closed, desired: Self.asleep, ordering: .acquiringAndReleasing).exchanged { semaphore.wait() }
    state.store(Self.closed, ordering: .relaxed)
  }
}
