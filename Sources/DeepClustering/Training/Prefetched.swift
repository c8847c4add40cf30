import Dispatch
import Synchronization

/// A value that is being made while others work.
final class Prefetched<Value: Sendable>: Sendable {
  private let make: @Sendable () throws -> Value
  private let beside: Bool
  private let done = DispatchSemaphore(value: 0)
  private let result = Mutex<Result<Value, any Error>?>(nil)

  /// - Parameter beside: whether to make it at once on a thread of its own; otherwise it is made when it is taken.
  init(beside: Bool, make: @escaping @Sendable () throws -> Value) {
    self.make = make
    self.beside = beside
    guard beside else { return }
    DispatchQueue.global().async { [self] in
      let made = Result { try make() }
      result.withLock { $0 = made }
      done.signal()
    }
  }

  /// Waits for the value. It can be taken once.
  func take() throws -> Value {
    guard beside else { return try make() }
    done.wait()
    done.signal()
    guard let made = result.withLock({ $0 }) else { preconditionFailure("signalled before it was made") }
    return try made.get()
  }

  /// Waits until nothing is being made any more.
  func abandon() {
    guard beside else { return }
    done.wait()
    done.signal()
  }
}
