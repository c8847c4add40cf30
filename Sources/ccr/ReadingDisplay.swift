import Glibc
import Synchronization
import Workflow

/// How much of many files has been read, on standard error: on a terminal a line that is redrawn, elsewhere a line now and then.
final class ReadingDisplay: Sendable {
  private let terminal = isatty(STDERR_FILENO) == 1
  private let shown = Mutex((last: ContinuousClock.now, isDrawn: false))

  func show(_ read: Int, of total: Int) {
    shown.withLock { shown in
      guard ContinuousClock.now - shown.last > (terminal ? .milliseconds(200) : .seconds(30)) else { return }
      shown = (.now, terminal)
      let words = "reading   \(Size.text(read)) of \(Size.text(total))"
      if terminal { Console.put("\r\u{1B}[K\(words)") } else { Console.say(words) }
    }
  }

  /// Takes the redrawn line away.
  func clear() {
    shown.withLock { shown in
      if shown.isDrawn { Console.put("\r\u{1B}[K") }
      shown.isDrawn = false
    }
  }
}
