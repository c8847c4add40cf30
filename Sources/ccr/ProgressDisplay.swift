import Artifacts
import Glibc
import Workflow

/// Shows a run: on a terminal a line for each running stage and an overall one, redrawn in place; elsewhere a line for each transition.
final class ProgressDisplay {
  private let quiet: Bool
  private let terminal: Bool
  private var lines: [(name: String, text: String, started: ContinuousClock.Instant)] = []
  private var overall = ""
  private var drawn = 0
  private var lastDrawn = ContinuousClock.now

  init(quiet: Bool, terminal: Bool) {
    self.quiet = quiet
    self.terminal = terminal && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  func show(_ event: RunEvent) {
    switch event {
    case .started(let name):
      lines.append((name, "started", .now))
      if !terminal { say("started   \(name)") }
    case .progress(let name, let event):
      if let at = lines.firstIndex(where: { $0.name == name }) { lines[at].text = Self.words(event, since: lines[at].started) }
    case .warning(let name, let message): say("warning   \(name): \(message)")
    case .finished(let name, let seconds):
      lines.removeAll { $0.name == name }
      say("done      \(name) in \((seconds * 10).rounded() / 10) s")
    case .cached: break
    case .interrupted(let name):
      lines.removeAll { $0.name == name }
      say("stopped   \(name); its checkpoint is kept, run again to go on")
    case .differs(let name, let ports):
      always(
        "warning   \(name): executed again, \(ports.joined(separator: ", ")) came out with other bytes than recorded: it is not deterministic"
      )
    case .failed(let name, let reason, let log, let path, let command):
      lines.removeAll { $0.name == name }
      always(
        "failed    \(name): \(reason)\n" + log.map { "          | \($0)" }.joined(separator: "\n")
          + "\n  log:       \(path)\n  reproduce: \(command)")
    case .overall(let done, let total, let running):
      overall = "\(done) of \(total) done, \(running) running"
      if terminal, !quiet, (ContinuousClock.now - lastDrawn) > .milliseconds(100) { draw() }
    }
  }

  /// Takes the redrawn lines away.
  func clear() {
    guard drawn > 0 else { return }
    put("\u{1B}[\(drawn)A\u{1B}[J")
    drawn = 0
  }

  private static func words(_ event: JSONValue, since start: ContinuousClock.Instant) -> String {
    let (done, total) = (event["done"]?.integer ?? 0, event["total"]?.integer ?? 0)
    var words = "\(event["unit"]?.string ?? "") \(done)/\(total)"
    if let detail = event["detail"]?.string { words += ", \(detail)" }
    if let rate = event["rate"]?.double { words += ", \(Int(rate)) \(event["rateUnit"]?.string ?? "/s")" }
    let seconds = (ContinuousClock.now - start) / Duration.seconds(1)
    if done > 0, total > done { words += ", \(Int(seconds * Double(total - done) / Double(done))) s left" }
    return words
  }

  private func draw() {
    clear()
    lastDrawn = .now
    var window = winsize()
    let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0 && window.ws_col > 0 ? Int(window.ws_col) : 100
    let all = lines.map { "  \($0.name): \($0.text)" } + [overall]
    put(all.map { String($0.prefix(width - 1)) + "\n" }.joined())
    drawn = all.count
  }

  private func say(_ text: String) { if !quiet { always(text) } }

  private func always(_ text: String) {
    clear()
    put(text + "\n")
  }

  private func put(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
