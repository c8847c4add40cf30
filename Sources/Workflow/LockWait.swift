import Glibc

/// Waiting for an action that somebody else executes. A stage whose runner is gone is of no use to anybody: it is asked to end, which saves
/// its checkpoint, and killed where it does not.
final class LockWait {
  private let grace: Double
  private var looks = 0
  private var told = ""
  private var asked: (group: pid_t, killTime: ContinuousClock.Instant)?

  /// - Parameter grace: seconds between the request to end and the end.
  init(grace: Double) { self.grace = grace }

  /// Looks who has it.
  /// - Returns: words for the person, where there is something new to say.
  func look(_ owner: ActionOwner?) -> String? {
    looks += 1
    // A lock may be held for a moment by who only looks for leftovers.
    guard looks > 1 else { return nil }
    if let group = owner?.orphans {
      guard let asked, asked.group == group else {
        kill(-group, SIGTERM)
        asked = (group, .now + .seconds(grace))
        return new("\(owner?.words ?? ""); it was asked to end, and is killed in \(Int(grace)) s")
      }
      if ContinuousClock.now > asked.killTime { kill(-group, SIGKILL) }
      return nil
    }
    return new(owner?.words ?? "another ccr executes it")
  }

  private func new(_ words: String) -> String? {
    if words == told { return nil }
    told = words
    return words
  }
}
