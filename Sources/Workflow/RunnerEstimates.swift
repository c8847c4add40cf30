import Artifacts

/// How far a run is and how long it will take.
extension Runner {
  func expectedCosts() -> [Double] {
    let instances = study.plan.instances
    let last = instances.indices.map { number -> Double? in
      if missing[number] == nil { return 0 }
      return study.resultFolder.provenance(instances[number]).now?["seconds"]?.double
    }
    return Schedule.costs(last: last, stages: instances.map(\.stage), declared: instances.map(\.cost))
  }

  func report() {
    let now = ContinuousClock.now
    if let reported, now - reported < .milliseconds(100) { return }
    reported = now
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
