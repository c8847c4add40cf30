/// What is to become of an instance without a result, none of whose jobs is in the queue any more.
package enum JobVerdict: Sendable, Equatable {
  case submit(JobNeeds, raises: Int, repeats: Int)
  /// Not to be submitted again unless a person asks; why, in words.
  case leave(String)

  private static let mostRepeats = 3
  private static let mostRaises = 1

  /// - Parameters:
  ///   - fresh: the needs of an instance nothing is known of.
  ///   - largest: the most that the partition gives.
  ///   - asked: whether a person asks: then everything is tried again.
  package static func of(
    _ job: SubmittedJob?, _ end: JobEnd?, fresh: JobNeeds, largest: JobNeeds, asked: Bool
  ) -> JobVerdict {
    guard let job else { return .submit(fresh, raises: 0, repeats: 0) }
    let end = end.flatMap { $0.job == job.job ? $0 : nil }
    let number = "job \(job.job)"
    func again(_ needs: JobNeeds? = nil, repeats: Int = 0) -> JobVerdict {
      .submit(needs ?? job.needs, raises: job.raises + (needs == nil ? 0 : 1), repeats: repeats)
    }
    func raised(memory: Bool, time: Bool, _ words: String) -> JobVerdict {
      guard asked || job.raises < mostRaises else { return .leave("\(words), also with more than at first: \(Self.words(job.needs))") }
      let needs = JobNeeds(
        minutes: time ? min(2 * job.needs.minutes, largest.minutes) : job.needs.minutes,
        megabytes: memory ? min(2 * (job.needs.megabytes ?? 4096), largest.megabytes ?? .max) : job.needs.megabytes, cpus: job.needs.cpus)
      guard needs != job.needs else { return asked ? again() : .leave("\(words), and the partition gives no more: \(Self.words(needs))") }
      return again(needs)
    }
    /// Nothing came of it that counts.
    func repeated(_ words: String) -> JobVerdict {
      if asked { return again() }
      return job.repeats < mostRepeats ? again(repeats: job.repeats + 1) : .leave("\(words), \(job.repeats + 1) times")
    }
    if job.lastState == SubmittedJob.cancelledByPerson { return asked ? again() : .leave("\(number) was ended by ccr cancel") }
    switch end?.end {
    case .failed where !asked: return .leave(end?.words ?? "")
    case .memory: return raised(memory: true, time: false, "\(number) was killed for want of memory")
    case .time: return raised(memory: false, time: true, "\(number) came to its time limit")
    // It came further, so it is no repetition.
    case .saved: return again()
    case .stopped, .atWork, nil:
      switch job.lastState {
      case "OUT_OF_MEMORY": return raised(memory: true, time: false, "\(number) was killed for want of memory")
      case "TIMEOUT", "DEADLINE":
        if end?.end == .stopped, end?.place != "" { return again() }
        return raised(memory: false, time: true, "\(number) came to its time limit")
      case "NODE_FAIL", "BOOT_FAIL", "PREEMPTED": return repeated("\(number) ended with the node, or was preempted (\(job.lastState))")
      case "CANCELLED" where end != nil:
        return asked ? again() : .leave("\(number) was cancelled; its checkpoint, where it has one, is kept")
      default:
        guard let end else { return repeated("\(number) was cancelled before it began") }
        if end.end == .stopped {
          return asked ? again() : .leave("\(number) was asked to end, as scancel does; its checkpoint, where it has one, is kept")
        }
        // Killed without a word, and the cluster has forgotten why: it may have been either.
        return raised(
          memory: true, time: true,
          "\(number) was killed without a word (\(job.lastState.isEmpty ? "the cluster does not say why" : job.lastState))")
      }
    case .failed: return again()
    // Removed since, or by a key that is not the one here.
    case .done:
      return repeated("\(number) is done, but not by the key asked for: nodes may compute with different kernels (docs/cluster.md)")
    case .absent: return repeated("\(number) did not find what it reads from")
    case .busy: return repeated("\(number) waited for somebody else who executes it")
    case .unreached: return repeated("\(number) ended before its turn came")
    }
  }

  private static func words(_ needs: JobNeeds) -> String {
    "\(needs.minutes) minutes" + (needs.megabytes.map { ", \($0) MiB" } ?? "")
  }
}
