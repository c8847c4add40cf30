import Glibc

/// Waiting for an action that somebody else executes. A stage whose runner is gone is of no use to anybody: it is asked to end, which saves
/// its checkpoint, and killed where it does not; so is what a stage left behind.
final class LockWait {
  private let grace: Double
  private var looks = 0
  private var told = ""
  private var asked: (targets: [pid_t], killTime: ContinuousClock.Instant)?

  /// - Parameter grace: seconds between the request to end and the end.
  init(grace: Double) { self.grace = grace }

  /// Looks who has it.
  /// - Parameter paths: the files that who has it has locked.
  /// - Returns: words for the person, where there is something new to say.
  func look(_ owner: ActionOwner?, locks paths: [String]) -> String? {
    looks += 1
    // A lock may be held for a moment by who only looks for leftovers.
    guard looks > 1 else { return nil }
    guard let owner, owner.isGone else { return new(owner?.words ?? "another ccr executes it") }
    if let group = owner.orphans { return end([-group], owner.words) }
    // The runner is gone and so is what it started, but for what left the process group.
    let left = paths.flatMap(OpenFiles.stagesHolding).unique
    guard !left.isEmpty else { return looks > 50 ? new("a stage left a process behind that this user cannot see") : nil }
    let numbers = left.map(String.init).joined(separator: " ")
    return end(left.map { pid_t($0) }, "a stage whose ccr is gone left a process behind (`kill \(numbers)` ends it)")
  }

  /// Asks processes to end, and kills those that do not.
  /// - Parameter targets: as `kill` takes them.
  private func end(_ targets: [pid_t], _ words: String) -> String? {
    guard let asked, asked.targets == targets else {
      for target in targets { kill(target, SIGTERM) }
      asked = (targets, .now + .seconds(grace))
      return new("\(words); it was asked to end, and is killed in \(Int(grace)) s")
    }
    if ContinuousClock.now > asked.killTime { for target in targets { kill(target, SIGKILL) } }
    return nil
  }

  private func new(_ words: String) -> String? {
    if words == told { return nil }
    told = words
    return words
  }
}
