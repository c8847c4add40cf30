import Glibc
import Synchronization

/// Lines written to a descriptor by any thread: whole ones, and none after the last.
package final class Lines: Sendable {
  /// Those for people.
  package static let ofProcess = Lines(to: STDERR_FILENO)

  package let descriptor: Int32
  private let turn = Mutex(())

  package init(to descriptor: Int32) { self.descriptor = descriptor }

  package func say(_ text: String) { turn.withLock { _ in write(text) } }

  /// Says the last line, then ends the process, while every thread that would say something more waits.
  /// - Parameter end: does not return; a test's may.
  package func say(_ text: String, andEnd end: () -> Void) {
    turn.withLock { _ in
      write(text)
      end()
    }
  }

  private func write(_ text: String) {
    let line = Array(text.utf8) + [10]
    _ = Glibc.write(descriptor, line, line.count)
  }
}
