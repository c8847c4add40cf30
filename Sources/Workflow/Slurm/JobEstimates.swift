import Artifacts

/// What the work on an instance takes, as far as earlier runs have measured it.
struct JobEstimate {
  let seconds: Double
  /// Whether a run has measured it, of this instance or of its stage.
  let isMeasured: Bool
  let peakBytes: Int?

  /// Stages of a declared cost below this take part in jobs of others as long as nothing has measured them.
  static let smallCost = 5.0

  /// Whether it shares a job.
  func isShort(_ options: SlurmOptions, cost: Double) -> Bool {
    isMeasured ? seconds < options.bundleMinutes * 60 : options.bundleMinutes > 0 && cost < Self.smallCost
  }

  /// With head room: twice the time and ten minutes, half as much memory again and 512 MiB.
  func needs(_ options: SlurmOptions) -> JobNeeds {
    let minutes = isMeasured ? min(options.minutes, Int((seconds / 30).rounded(.up)) + 10) : options.minutes
    let measured = peakBytes.map { bytes in
      let (most, step) = ((bytes >> 20) * 3 / 2 + 512, bytes >> 33 > 0 ? 4096 : 1024)
      return (most + step - 1) / step * step
    }
    // Less than the person asks for where less was measured; never more of a guess than he allows.
    return JobNeeds(minutes: minutes, megabytes: measured ?? options.megabytes, cpus: options.cpus)
  }
}

extension Study {
  /// Expected work of every instance: as much as the last time, else as other instances of its stage with the same coordinates but data set and
  /// seed, else as its stage, else by its stage's declared cost.
  func jobEstimates(_ options: SlurmOptions) -> [JobEstimate] {
    let measured = plan.instances.map { instance -> (seconds: Double, bytes: Int?)? in
      guard let provenance = resultFolder.provenance(instance).now, let seconds = provenance["seconds"]?.double else { return nil }
      return (seconds, provenance["peakBytes"]?.integer)
    }
    var (alike, stages): ([String: (seconds: Double, bytes: Int)], [String: (seconds: Double, bytes: Int)]) = ([:], [:])
    func kind(_ instance: Instance) -> String {
      let others = instance.coordinates.values.filter { !["dataset", "seed"].contains($0.name) }
      return "\(instance.stage) \(JSONValue.object(others).canonical)"
    }
    for (instance, found) in zip(plan.instances, measured) {
      guard let found else { continue }
      for (name, isKind) in [(kind(instance), true), (instance.stage, false)] {
        let before = isKind ? alike[name] : stages[name]
        let most = (max(before?.seconds ?? 0, found.seconds), max(before?.bytes ?? 0, found.bytes ?? 0))
        if isKind { alike[name] = most } else { stages[name] = most }
      }
    }
    let largest = plan.instances.map(\.cost).max() ?? 1
    return zip(plan.instances, measured).map { instance, found in
      if let found { return JobEstimate(seconds: found.seconds, isMeasured: true, peakBytes: found.bytes) }
      if let like = alike[kind(instance)] ?? stages[instance.stage] {
        return JobEstimate(seconds: like.seconds, isMeasured: true, peakBytes: like.bytes == 0 ? nil : like.bytes)
      }
      // For want of better knowledge: a minute for each unit of cost, or, of a large stage, a quarter of the limit for the largest.
      let isSmall = instance.cost < JobEstimate.smallCost
      let seconds = isSmall ? 60 * instance.cost : Double(options.minutes) * 15 * instance.cost / largest
      return JobEstimate(seconds: seconds, isMeasured: false, peakBytes: nil)
    }
  }
}
