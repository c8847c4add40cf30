import Artifacts

/// An instance that was given to a cluster, as `ccr status` shows it.
public struct JobLine: Sendable {
  public enum State: String, Sendable {
    case queued
    case running
    /// Its job has ended, and there is no result.
    case ended
    /// The cluster cannot be asked.
    case unknown
  }

  public let instance: String
  public let state: State
  /// The job's number.
  public let job: String
  /// Why it waits, how far it is, or how it ended.
  public let words: String
  public let log: String
}

extension Study {
  /// What was submitted and has no result yet, with one call to the cluster; none where nothing ever was.
  public func jobLines() throws -> [JobLine] {
    let records = JobRecords(results: results)
    guard Folder.isFolder("\(records.folder)/jobs") else { return [] }
    let keys = plannedKeys()
    let standings = try standings()
    let submitted = standings.indices.filter { !standings[$0].hasResult }.compactMap { number in
      records.job(keys[number]).map { (number, $0) }
    }
    if submitted.isEmpty { return [] }
    let commands = try? SlurmCommands(folder: "\(records.folder)/scripts", patience: Submission.patience)
    let jobs = try? commands?.jobs(named: submitted.map(\.1.name).unique)
    let known = Dictionary((jobs ?? []).map { ($0.id, $0) }) { first, _ in first }
    return submitted.map { number, job in
      let end = records.end(keys[number]).flatMap { $0.job == job.job ? $0 : nil }
      func line(_ state: JobLine.State, _ words: String) -> JobLine {
        JobLine(instance: plan.instances[number].name, state: state, job: job.job, words: words, log: records.log(of: job))
      }
      if let now = known[job.job], now.isLive {
        if now.isAtWork {
          return line(.running, [end?.host, end?.progress].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", "))
        }
        let from = end.map { $0.place.isEmpty ? "" : "; goes on from \($0.place)" } ?? ""
        return line(.queued, now.reason + from)
      }
      if job.lastState == SubmittedJob.cancelledByPerson { return line(.ended, "by ccr cancel") }
      if jobs == nil { return line(.unknown, "squeue does not answer here") }
      let words = [end?.words, end?.end.rawValue, known[job.job]?.state].compactMap { $0 }.first { !$0.isEmpty }
      return line(.ended, words ?? "it never began")
    }
  }

  /// Ends all jobs of this study and profile that are queued or at work; stages that save checkpoints save one.
  /// - Parameter selected: only those of these instances; nil for all, and for those that would submit more.
  /// - Returns: how many jobs were ended.
  /// - Throws: `ClusterError`.
  public func cancelJobs(_ selected: [Int]?) throws -> Int {
    let records = JobRecords(results: results)
    let commands = try SlurmCommands(folder: "\(records.folder)/scripts", patience: Submission.patience)
    try records.make()
    let lock = try Submission.wholeLock(records)
    defer { lock.release() }
    let keys = plannedKeys()
    let stewards = selected == nil ? records.stewards(plan.profile) : []
    let submitted = (selected ?? Array(plan.instances.indices)).compactMap { records.job(keys[$0]) }
    let names = (submitted.map(\.name) + stewards.map(\.name)).unique
    let wanted = Set(submitted.map(\.job) + stewards.map(\.job))
    let live = try commands.jobs(named: names).filter { $0.isLive && wanted.contains($0.id) }.map(\.id).unique
    // Those that submit more first.
    try commands.cancel(live.filter { id in stewards.contains { $0.job == id } })
    try commands.cancel(live.filter { id in !stewards.contains { $0.job == id } })
    for job in submitted where live.contains(job.job) {
      var job = job
      job.lastState = SubmittedJob.cancelledByPerson
      try records.write(job)
    }
    for steward in stewards { records.remove(steward: steward.name) }
    return live.count
  }
}
