import Artifacts

/// How far a run is and how long it will take.
extension Runner {
  /// Expected seconds of every instance of the plan; 0 for what need not be executed.
  func expectedCosts() -> [Double] {
    let open = missing.keys.filter { results[$0] == nil }.sorted()
    let costs = study.costs(of: open)
    if !open.isEmpty {
      tell(.estimate(study.estimate(of: open, costs, jobs: options.jobs, threads: options.threads), free: study.freeBytes))
    }
    return study.plan.instances.indices.map { costs[$0]?.seconds.likely ?? 0 }
  }

  func report() {
    let start = ContinuousClock.now
    if let nextReport, start < nextReport { return }
    // Of many instances it takes a while; it never takes more than a twentieth of the time.
    defer { nextReport = ContinuousClock.now + max(.milliseconds(100), (ContinuousClock.now - start) * 20) }
    var remaining: Double?
    if !active.isEmpty {
      let running = Set(active.map(\.number))
      remaining = remainingTime.seconds(
        waiting: missing.keys.filter { results[$0] == nil && !running.contains($0) },
        running: active.map { ($0.number, $0.seconds) }, jobs: options.jobs)
    }
    tell(
      .counts(
        RunCounts(
          total: summary.total, executed: summary.executed, cached: summary.cached, failed: summary.failed, running: active.count,
          remaining: remaining)))
  }
}
