import Artifacts

/// What a submission would come to, before anything is submitted.
public struct SubmissionForecast: Sendable {
  public struct Line: Sendable {
    public let wave: Int
    public let stages: String
    /// Calls of sbatch, their jobs, and the instances these execute.
    public fileprivate(set) var arrays, jobs, instances: Int
    /// The limit of each job.
    public let minutes: Int
    public let megabytes: Int?
    public let cpus: Int
    /// Expected CPU hours of all of them.
    public fileprivate(set) var coreHours: Double
  }

  public let lines: [Line]
  /// Expected, with all CPUs of the jobs counted.
  public let coreHours: Double
  /// Expected seconds of the longest chain of jobs: no cluster is faster.
  public let longestChain: Double
  /// Expected seconds to the end where every CPU of the partition is free, as far as so many jobs may be in the queue at once.
  public let seconds: Double
  /// Whether nothing has measured some of it.
  public let isGuess: Bool
  public let partition: String
  public let partitionCPUs: Int
  public let submitLimit: Int?
}

extension Submission {
  /// Plans all waves and submits nothing.
  public func forecast() throws -> SubmissionForecast {
    let situation = try look(asked: true)
    let (_, tasks, bundles) = plan(situation)
    let slots = facts.submitLimit.map { max(1, $0 - 1) } ?? .max
    var lines: [SubmissionForecast.Line] = []
    var (left, wave) = (Array(bundles.indices), 0)
    while !left.isEmpty {
      wave += 1
      let arrays = JobArray.wave(of: left.map { bundles[$0].among(left) }, tasks: tasks, slots: slots, most: facts.arraySize)
      var taken: Set<Int> = []
      for array in arrays {
        let jobs = array.bundles.map { left[$0] }
        taken.formUnion(jobs)
        let names = bundles[jobs[0]].tasks.map { tasks[$0].stage }.unique.joined(separator: "+")
        let instances = jobs.reduce(0) { $0 + bundles[$1].tasks.count }
        let hours = jobs.reduce(0) { $0 + bundles[$1].seconds * Double(array.needs.cpus) } / 3600
        let line = SubmissionForecast.Line(
          wave: wave, stages: names, arrays: 1, jobs: jobs.count, instances: instances, minutes: array.needs.minutes,
          megabytes: array.needs.megabytes, cpus: array.needs.cpus, coreHours: hours)
        // Arrays that differ only in what they wait for are one line.
        if let same = lines.lastIndex(where: { $0.wave == wave && $0.isLike(line) }) { lines[same].add(line) } else { lines.append(line) }
      }
      if taken.isEmpty { break }
      left.removeAll { taken.contains($0) }
    }
    var ends: [Double] = []
    for bundle in bundles { ends.append((bundle.upstream.map { ends[$0] }.max() ?? 0) + bundle.seconds) }
    let chain = ends.max() ?? 0
    let hours = lines.reduce(0) { $0 + $1.coreHours }
    let atOnce = min(facts.partition.allCPUs, min(slots, 1 << 40) * options.cpus)
    let estimates = study.jobEstimates(options)
    return SubmissionForecast(
      lines: lines, coreHours: hours, longestChain: chain, seconds: max(chain, hours * 3600 / Double(max(1, atOnce))),
      isGuess: situation.open.contains { !estimates[$0].isMeasured }, partition: facts.partition.name,
      partitionCPUs: facts.partition.allCPUs, submitLimit: facts.submitLimit)
  }
}

extension SubmissionForecast.Line {
  fileprivate func isLike(_ other: Self) -> Bool {
    (stages, minutes, megabytes, cpus) == (other.stages, other.minutes, other.megabytes, other.cpus)
  }

  fileprivate mutating func add(_ other: Self) {
    arrays += other.arrays
    jobs += other.jobs
    instances += other.instances
    coreHours += other.coreHours
  }
}
