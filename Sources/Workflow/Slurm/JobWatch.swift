import Glibc

extension Submission {
  /// How far a study is on its cluster.
  public struct Progress: Sendable, Equatable {
    public var done = 0
    public var queued = 0
    public var running = 0
    public var total = 0
    /// What some of those at work say of themselves.
    public var words: [String] = []
  }

  /// What watching came to.
  public enum End {
    /// Nothing is left in the queue; what has no result, and why.
    case over(left: [(instance: String, words: String, log: String?)])
    /// The person wants his terminal back.
    case detached(signal: Int32)
  }

  /// Watches until everything that was submitted has ended: the store every few seconds, the cluster less and less often, at least once a minute.
  /// Where nothing is queued and something is still to be done, as where the steward was lost, it submits that.
  /// - Parameters:
  ///   - done: told of every instance that is done since the last look.
  ///   - progress: told where anything has changed.
  public func watch(done: (String) -> Void, progress: (Progress) -> Void) throws -> End {
    let wakeups = try Wakeups.listen()
    var known: Set<Int> = []
    var last = Progress()
    var (pause, nextLook) = (2.0, ContinuousClock.now)
    var helped = 0
    var isFirst = true
    while true {
      let (count, signal) = Wakeups.stopRequests
      if count > 0 { return .detached(signal: signal) }
      let standings: [Standing]
      do {
        standings = try study.standings()
      } catch let error as UnstartableProgram where error.isBeingWritten {
        usleep(200_000)
        continue
      }
      if StopRequest.isThere { continue }
      let finished = Set(selected.filter { !standings[$0].isPending })
      if !isFirst {
        for number in finished.subtracting(known).sorted() where standings[number].hasResult { done(study.plan.instances[number].name) }
      }
      (known, isFirst) = (finished, false)
      if finished.count == selected.count {
        try present()
        return .over(left: absences(standings))
      }
      if ContinuousClock.now >= nextLook {
        // The cluster may not answer for a while: the work goes on.
        if let situation = try? look(asked: false) {
          if situation.queued.isEmpty, situation.stewards.isEmpty {
            if situation.verdicts.isEmpty || helped > 20 { return .over(left: left(situation) + absences(standings)) }
            helped += 1
            let outcome: Outcome
            do {
              outcome = try advance(asked: false)
            } catch let error {
              if StopRequest.isThere { continue }
              throw error
            }
            if outcome.jobs == 0 { return .over(left: left(situation) + absences(standings)) }
          }
          let now = self.progress(situation)
          if now != last { progress(now) }
          last = now
        }
        nextLook = .now + .seconds(pause)
        pause = min(60, pause * 1.5)
      }
      var descriptor = pollfd(fd: wakeups, events: Int16(POLLIN), revents: 0)
      _ = poll(&descriptor, 1, 2000)
      Wakeups.drain()
    }
  }

  private func progress(_ situation: Situation) -> Progress {
    let running = situation.queued.filter(\.value.isAtWork)
    let words = running.keys.sorted().compactMap { number -> String? in
      guard let end = records.end(keys[number]), end.end == .atWork, !end.progress.isEmpty else { return nil }
      return "\(study.plan.instances[number].name): \(end.progress)"
    }
    return Progress(
      done: situation.done.count, queued: situation.queued.count - running.count, running: running.count, total: selected.count,
      words: words)
  }

  /// Of which it is recorded that they have no result.
  private func absences(_ standings: [Standing]) -> [(instance: String, words: String, log: String?)] {
    selected.map { standings[$0] }.filter(\.isAbsent).map { standing in
      (standing.instance.name, standing.reason, standing.action.map { "\(study.store.actionFolder($0))/log.txt" })
    }
  }

  /// What has no result; with its log where it is not for want of another.
  private func left(_ situation: Situation) -> [(instance: String, words: String, log: String?)] {
    selected.filter { !situation.done.contains($0) }.map { number in
      let instance = study.plan.instances[number]
      let isCause = !instance.upstream.contains { situation.left[$0] != nil }
      return (
        instance.name, situation.left[number] ?? "not submitted: the cluster took no more jobs",
        isCause ? records.job(keys[number]).map { records.log(of: $0) } : nil
      )
    }
  }
}
