import Artifacts
import Glibc
import Workflow

/// Shows a run on standard error: on a terminal a line for each running stage and an overall one, redrawn in place; elsewhere a line for
/// each transition, and a sign of life now and then.
final class ProgressDisplay {
  private struct Line {
    let name: String
    let started = ContinuousClock.now
    var progress: StageProgress?
    /// When progress first came, and how much was done then: the rate leaves out what a checkpoint had done.
    var first: (time: ContinuousClock.Instant, done: Int)?
  }

  private static let redrawEvery = Duration.milliseconds(100)
  private static let signOfLifeEvery = Duration.seconds(30)

  private let quiet: Bool
  private let terminal: Bool
  private let colours: Bool
  private let started = ContinuousClock.now
  private var lines: [Line] = []
  private var drawn = 0
  private var lastShown = ContinuousClock.now

  init(quiet: Bool) {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    self.quiet = quiet
    terminal = isatty(STDERR_FILENO) == 1 && variable("TERM") != "dumb" && variable("TERM") != nil
    colours = terminal && (variable("NO_COLOR") ?? "").isEmpty
  }

  func show(_ event: RunEvent) {
    switch event {
    case .estimate(let estimate, let free):
      say("estimate", EstimateDisplay.sentence(estimate))
      if let words = EstimateDisplay.lackOfRoom(estimate, free: free) { say("warning", words, colour: 33) }
    case .started(let name, let threads):
      lines.append(Line(name: name))
      if !terminal { say("started", "\(name)" + (threads > 1 ? ", \(threads) threads" : "")) }
    case .progress(let name, let progress):
      guard let at = lines.firstIndex(where: { $0.name == name }) else { return }
      lines[at].progress = progress
      if lines[at].first == nil { lines[at].first = (.now, progress.done) }
    case .warning(let name, let message): say("warning", "\(name): \(message)", colour: 33)
    case .waiting(let name, let who): say("waiting", "\(name): \(who)")
    case .stopping(let stages, let seconds):
      say(
        "stopping",
        "\(stages) stage\(stages == 1 ? " has" : "s have") \(Self.time(seconds)) to save and end; ask again to end them at once",
        colour: 33)
    case .discarded(let name, let change):
      lines.removeAll { $0.name == name }
      say("discarded", "\(name): \(change) while it ran; it is executed again", colour: 33)
    case .notice(let text): say("notice", text, colour: 33)
    case .unpublished(let fault):
      always("unpublished", "\(fault.instance): \(fault.problem)\n          remedy: \(fault.remedy)", colour: 31)
    case .damaged(let name, let damage): say("damaged", "\(name): \(damage); it is made anew", colour: 33)
    case .finished(let name, let seconds):
      lines.removeAll { $0.name == name }
      say("done", "\(name) in \(Self.time(seconds))", colour: 32)
    case .interrupted(let name, let checkpoint):
      lines.removeAll { $0.name == name }
      say("stopped", "\(name)" + (checkpoint ? "; its checkpoint is saved, run again to go on" : ""), colour: 33)
    case .equal(let name): say("equal", "\(name): executed again, it gave the bytes that are recorded", colour: 32)
    case .absent(let name): say("absent", "\(name) is not in the store, and not this job's to make", colour: 33)
    case .leftToOther(let name): say("left", "\(name): somebody else still executes it", colour: 33)
    case .differs(let name, let ports, let kept):
      always(
        "differs",
        "\(name) is not deterministic: executed again, \(ports.joined(separator: ", ")) came out with other bytes than recorded; "
          + (kept
            ? "the recorded result stays" : "the recorded one is damaged, gone or only adopted, so that the new result takes its place"),
        colour: 31)
    case .failed(let failure):
      lines.removeAll { $0.name == failure.instance }
      always("failed", "\(failure.instance): \(failure.reason)", colour: 31)
      let log = failure.log.map { "          | \($0)\n" }.joined()
      Console.put(log)
      if !failure.command.isEmpty {
        Console.put("          log:       \(failure.logPath)\n          reproduce: \(failure.command)\n")
      }
    case .counts(let counts): showCounts(counts)
    }
  }

  /// Says the first few warnings, and how many more there are.
  func warn(_ texts: [String]) {
    for text in texts.prefix(3) { say("warning", text, colour: 33) }
    if texts.count > 3 { say("warning", "and \(texts.count - 3) more of this kind", colour: 33) }
  }

  /// The last words of a run.
  func end(_ summary: RunSummary, seconds: Double) {
    clear()
    if quiet { return }
    let equal = summary.equal > 0 ? " (\(summary.equal) again, with equal bytes)" : ""
    var parts = ["\(summary.executed) executed\(equal)", "\(summary.cached) cached", "\(summary.failed) failed"]
    if summary.interrupted > 0 { parts.append("\(summary.interrupted) stopped") }
    if summary.unpublished > 0 { parts.append("\(summary.unpublished) not published") }
    if summary.unreached > 0 { parts.append("\(summary.unreached) not reached") }
    Console.say("\(summary.total) instances: \(parts.joined(separator: ", ")) in \(seconds < 60 ? "\(seconds) s" : Self.time(seconds))")
  }

  /// Takes the redrawn lines away.
  func clear() {
    guard drawn > 0 else { return }
    Console.put("\u{1B}[\(drawn)A\u{1B}[J")
    drawn = 0
  }

  private func showCounts(_ counts: RunCounts) {
    guard !quiet, counts.running > 0, ContinuousClock.now - lastShown > (terminal ? Self.redrawEvery : Self.signOfLifeEvery) else { return }
    lastShown = .now
    var overall = "\(counts.executed + counts.cached) of \(counts.total) done, \(counts.running) running"
    if counts.failed > 0 { overall += ", \(counts.failed) failed" }
    overall += ", \(Self.time((ContinuousClock.now - started) / Duration.seconds(1)))"
    if let remaining = counts.remaining, remaining >= 1 { overall += ", about \(Self.time(remaining)) left" }
    if !terminal {
      for line in lines { Console.say("running   \(line.name): \(Self.words(line))") }
      Console.say("          \(overall)")
      return
    }
    clear()
    var window = winsize()
    let width = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0 && window.ws_col > 0 ? Int(window.ws_col) : 80
    let texts = lines.map { "  \($0.name): \(Self.words($0))" } + [overall]
    Console.put(texts.map { String($0.prefix(width - 1)) + "\n" }.joined())
    drawn = texts.count
  }

  private static func words(_ line: Line) -> String {
    let elapsed = (ContinuousClock.now - line.started) / Duration.seconds(1)
    guard let progress = line.progress, let first = line.first else { return time(elapsed) }
    var words = progress.total > 0 ? "\(progress.unit) \(progress.done)/\(progress.total)" : time(elapsed)
    if !progress.detail.isEmpty { words += ", \(progress.detail)" }
    if let rate = progress.rate { words += ", \(Int(saturating: rate)) \(progress.rateUnit)" }
    let (steps, seconds) = (progress.done - first.done, (ContinuousClock.now - first.time) / Duration.seconds(1))
    if steps > 0, progress.total > progress.done {
      words += ", \(time(seconds * Double(progress.total - progress.done) / Double(steps))) left"
    }
    return words
  }

  /// `12.3 s`, `3:05` or `2:03:05`
  static func time(_ seconds: Double) -> String {
    // Longer than anybody waits; also what no clock shows, as where a declared cost is out of all proportion.
    guard seconds < 1e9 else { return "years" }
    if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
    let whole = Int(saturating: seconds.rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole < 3600 ? "\(whole / 60):\(two(whole % 60))" : "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
  }

  private func say(_ word: String, _ text: String, colour: Int = 0) { if !quiet { always(word, text, colour: colour) } }

  private func always(_ word: String, _ text: String, colour: Int = 0) {
    clear()
    let padded = word + String(repeating: " ", count: max(1, 10 - word.count))
    Console.say((colours && colour > 0 ? "\u{1B}[\(colour)m\(padded)\u{1B}[0m" : padded) + text)
  }
}
