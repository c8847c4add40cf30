import Artifacts
import Glibc

/// A job at work: the runner on the instances the job is asked for, and what it writes down for those who look from outside.
///
/// Needs nobody: the keys of actions are computed here, from what is in the store now; a result that is there already ends the work on it at
/// once; results are committed by the job itself.
public final class JobWork {
  private let study: Study
  private let numbers: [Int]
  private let keys: [String]
  private let records: JobRecords
  private let tell: (RunEvent) -> Void
  private var ends: [String: JobEnd] = [:]
  private var noted: [String: Int] = [:]
  /// Where the work would have gone on from when the job began.
  private var places: [String: String] = [:]
  private let job: String

  /// - Parameter planned: planned keys.
  /// - Throws: `ClusterError.unknownKey`.
  public init(_ study: Study, planned: [String], tell: @escaping (RunEvent) -> Void) throws {
    self.study = study
    numbers = try study.instances(planned: planned)
    keys = study.plannedKeys()
    records = JobRecords(results: study.results)
    self.tell = tell
    job = Self.jobInQueue ?? "pid-\(getpid())"
  }

  /// The job this process is, `123` or `123_4`, as it was submitted; nil outside of Slurm.
  static var jobInQueue: String? {
    if let array = variable("SLURM_ARRAY_JOB_ID"), let index = variable("SLURM_ARRAY_TASK_ID") { return "\(array)_\(index)" }
    return variable("SLURM_JOB_ID")
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// The CPUs of the job.
  public static var cpus: Int {
    variable("SLURM_CPUS_PER_TASK").flatMap(Int.init) ?? variable("SLURM_CPUS_ON_NODE").flatMap(Int.init)
      ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// An input that another job has just committed may show late on a shared file system: looked for again for so long.
  private static let patience = Duration.seconds(60)

  /// Does the work.
  /// - Returns: the exit code: of the run, or 66 where what it reads from is not there, 75 where it is to be gone on with.
  public func perform(cpus: Int, grace: Double) throws -> Int32 {
    try records.make()
    for number in numbers { try note(number, .atWork) }
    let options = RunOptions(
      jobs: min(cpus, numbers.count), threads: cpus, keepGoing: true, force: false, grace: grace, asJob: true)
    let started = ContinuousClock.now
    var pause = Duration.seconds(1)
    while true {
      let summary = try Runner(study, options: options) { [self] in hear($0) }.run(numbers)
      let unsettled = numbers.filter { ends[name($0)] == nil }
      let isLate = !absent.isEmpty && summary.signal == 0 && !unsettled.isEmpty
      guard isLate, ContinuousClock.now - started < Self.patience else { return try leave(summary, unsettled) }
      absent = []
      usleep(UInt32(pause.components.seconds) * 1_000_000)
      pause *= 2
    }
  }

  /// What it reads from and was not there.
  private var absent: [String] = []

  private func name(_ number: Int) -> String { study.plan.instances[number].name }

  private func hear(_ event: RunEvent) {
    tell(event)
    switch event {
    case .started(let name, _):
      if let number = numbers.first(where: { self.name($0) == name }) { places[name] = place(number) }
    case .progress(let name, let progress):
      // Now and then: a shared file system does not bear more.
      guard Int(time(nil)) - noted[name, default: 0] >= 10, let number = numbers.first(where: { self.name($0) == name }) else { return }
      noted[name] = Int(time(nil))
      var end = JobEnd(job: job, end: .atWork)
      end.progress = progress.total > 0 ? "\(progress.unit) \(progress.done)/\(progress.total)" : progress.detail
      try? write(end, number)
    case .failed(let failure):
      var end = JobEnd(job: job, end: failure.wasKilled ? .memory : .failed)
      end.words = failure.reason
      ends[failure.instance] = end
    case .interrupted(let name, let isSaved):
      ends[name] = JobEnd(job: job, end: isSaved ? .saved : .time)
    case .absent(let name): absent.append(name)
    case .leftToOther(let name): ends[name] = JobEnd(job: job, end: .busy)
    default: break
    }
  }

  /// From where the stage would go on.
  private func place(_ number: Int) -> String {
    study.known(number).key.flatMap { CheckpointFolder.place(in: study.store.checkpointFolder($0.hex)) } ?? ""
  }

  /// Writes down how it ended, and goes back into the queue where that helps.
  private func leave(_ summary: RunSummary, _ unsettled: [Int]) throws -> Int32 {
    let isLimit = summary.signal == SIGUSR1
    for number in unsettled where study.known(number).result == nil {
      var end = JobEnd(job: job, end: absent.isEmpty ? .unreached : .absent)
      if !absent.isEmpty { end.words = "not in the store: \(absent.prefix(3).joined(separator: ", "))" }
      ends[name(number)] = end
    }
    // Of which it is known that they have no result: what gathers them goes on without.
    for number in numbers where study.known(number).result?.absence != nil { ends[name(number)] = nil }
    var goesOn = false
    for number in numbers {
      var end = ends[name(number)] ?? JobEnd(job: job, end: .done)
      switch end.end {
      case .saved, .time:
        end.place = place(number)
        if end.place.isEmpty, end.end == .saved { end.place = "its checkpoint" }
        if !isLimit { end = end.with(.stopped) }
        // Nothing gained since the job began: with this limit there is no end.
        if isLimit, end.end == .saved, end.place == places[name(number)] { end = end.with(.time) }
      default: break
      }
      goesOn = goesOn || end.end == .saved || end.end == .busy
      try write(end, number, ended: true)
    }
    let hopeless = numbers.contains { ends[name($0)]?.end == .time }
    if goesOn, !hopeless, let own = Self.variable("SLURM_JOB_ID") {
      // Under the same number, so that those who wait for it go on waiting.
      if SlurmCommands.requeue(own) { return EX_TEMPFAIL }
    }
    if !absent.isEmpty { return EX_NOINPUT }
    // A signal that came when all was done.
    if numbers.allSatisfy({ ends[name($0)] == nil }) { return summary.unpublished == 0 ? 0 : summary.exitCode }
    return goesOn ? EX_TEMPFAIL : summary.exitCode
  }

  private func note(_ number: Int, _ end: JobEnd.End) throws { try write(JobEnd(job: job, end: end), number) }

  private func write(_ end: JobEnd, _ number: Int, ended: Bool = false) throws {
    var end = end
    end.host = String(PartFile.machine.prefix { $0 != "." })
    end.began = Self.began
    if ended { end.ended = Int(time(nil)) }
    try records.write(end, of: keys[number])
  }

  private static let began = Int(time(nil))
}

extension Study {
  /// The key of an instance by what is in the store now, nil where something upstream is not; and its result, also one that says that it has
  /// none, nil where there is none yet.
  func known(_ number: Int) -> (key: ActionKey?, result: StoredResult?) {
    var results: [Int: StoredResult] = [:]
    for producer in plan.closure(of: [number]) {
      if let absence = absence(of: producer, { results[$0] }) {
        results[producer] = StoredResult(action: "", outputs: [:], absence: absence)
        continue
      }
      guard let key = try? key(producer, { results[$0] }) else { return (nil, nil) }
      results[producer] = store.result(key.hex)
      if producer == number { return (key, results[producer]) }
    }
    return (nil, results[number])
  }
}

extension JobEnd {
  func with(_ other: End) -> JobEnd {
    var changed = JobEnd(job: job, end: other)
    (changed.words, changed.place, changed.progress) = (words, place, progress)
    return changed
  }
}
