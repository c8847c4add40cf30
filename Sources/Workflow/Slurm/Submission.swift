import Artifacts
import Glibc

/// Submits what is to be executed, a wave at a time, and says how things stand. It keeps nothing in memory: what is done says the store, what is
/// queued the cluster, so that it may be killed at any instant, and any number of it may be at work at once.
public final class Submission {
  let study: Study
  let options: SlurmOptions
  let commands: SlurmCommands
  let facts: ClusterFacts
  let records: JobRecords
  let keys: [String]
  /// Of the study, in the plan's order.
  let selected: [Int]
  /// What the steward is to call.
  let command: [String]
  /// What jobs are to call.
  let workCommand: [String]
  let say: (String) -> Void

  /// - Parameters:
  ///   - command: the words by which a job calls `ccr` to submit what comes next.
  ///   - workCommand: the words by which a job calls `ccr work`, to which planned keys are appended.
  ///   - say: told what a person should know.
  /// - Throws: `ClusterError`, `FileError`, before anything is submitted.
  public init(
    _ study: Study, _ selected: [Int], options: SlurmOptions, command: [String], workCommand: [String], say: @escaping (String) -> Void
  ) throws {
    self.study = study
    self.selected = study.plan.closure(of: selected)
    records = JobRecords(results: study.results)
    commands = try SlurmCommands(folder: "\(records.folder)/scripts", patience: Self.patience)
    try records.make()
    facts = try ClusterFacts(commands, options)
    self.options = options.settled(facts.partition)
    keys = study.plannedKeys()
    (self.command, self.workCommand, self.say) = (command, workCommand, say)
  }

  /// How long a command of the cluster may take.
  static var patience: Duration {
    .seconds(getenv("CCR_SLURM_SECONDS").flatMap { Int(String(cString: $0)) }.map { max(1, $0) } ?? 60)
  }

  /// What is to be done, and what is not.
  struct Situation {
    /// With a result, or known to have none.
    var done: Set<Int> = []
    /// Those of them that are known to have none, in the plan's order; why.
    var absent: [(number: Int, words: String)] = []
    /// Jobs in the queue or at work, by instance.
    var queued: [Int: SlurmCommands.Job] = [:]
    /// Without a result, without a job, and not to be submitted again; why.
    var left: [Int: String] = [:]
    var verdicts: [Int: (needs: JobNeeds, raises: Int, repeats: Int)] = [:]
    var stewards: [SlurmCommands.Job] = []
    /// Whether this process is a steward in the queue itself.
    var isSteward = false

    /// To be submitted, in the plan's order.
    var open: [Int] { verdicts.keys.sorted() }
  }

  /// Looks at the store and, with one call, at the cluster.
  /// - Parameter asked: whether a person asks: then also what was given up is tried again.
  func look(asked: Bool) throws -> Situation {
    let standings = try study.standings()
    var situation = Situation()
    for number in selected where !standings[number].isPending { situation.done.insert(number) }
    situation.absent = selected.filter { standings[$0].isAbsent }.map { ($0, standings[$0].reason) }
    let submitted = Dictionary(
      uniqueKeysWithValues: selected.filter { !situation.done.contains($0) }.map { ($0, records.job(keys[$0])) })
    let stewards = records.stewards(study.plan.profile)
    let jobs = try commands.jobs(named: (submitted.values.compactMap { $0?.name } + stewards.map(\.name)).unique)
    let byNumber = Dictionary(jobs.map { ($0.id, $0) }) { first, _ in first }
    for steward in stewards {
      guard let job = byNumber[steward.job], job.isLive else {
        records.remove(steward: steward.name)
        continue
      }
      // The one that is looking will be gone.
      if job.id == JobWork.jobInQueue { situation.isSteward = true } else { situation.stewards.append(job) }
    }
    let estimates = study.jobEstimates(options)
    let largest = JobNeeds(
      minutes: min(2 * options.minutes, facts.partition.minutes ?? .max), megabytes: facts.partition.megabytes, cpus: facts.partition.cpus)
    for number in selected where !situation.done.contains(number) {
      var job = submitted[number] ?? nil
      if let known = job, let now = byNumber[known.job] {
        if now.isLive {
          situation.queued[number] = now
          continue
        }
        if now.state != known.lastState, known.lastState != SubmittedJob.cancelledByPerson {
          job?.lastState = now.state
          if let job { try? records.write(job) }
        }
      }
      if let lost = study.plan.instances[number].upstream.first(where: { situation.left[$0] != nil }) {
        situation.left[number] = "it reads from \(study.plan.instances[lost].name)"
        continue
      }
      let fresh = estimates[number].needs(options)
      switch JobVerdict.of(job, records.end(keys[number]), fresh: fresh, largest: largest, asked: asked) {
      case .leave(let words): situation.left[number] = words
      case .submit(let needs, let raises, let repeats): situation.verdicts[number] = (needs, raises, repeats)
      }
    }
    return situation
  }

  /// The jobs that what is open comes to, and the tasks they are made of.
  func plan(_ situation: Situation) -> (numbers: [Int], tasks: [JobTask], bundles: [JobBundle]) {
    let numbers = situation.open
    let place = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
    let estimates = study.jobEstimates(options)
    let tasks = numbers.map { number in
      let instance = study.plan.instances[number]
      let upstream = instance.upstream.unique
      let verdict = situation.verdicts[number]
      // What once needed more than its share has a job of its own.
      let isShort = verdict?.raises == 0 && estimates[number].isShort(options, cost: instance.cost)
      return JobTask(
        key: keys[number], stage: instance.stage, upstream: upstream.compactMap { place[$0] },
        queued: upstream.compactMap { situation.queued[$0]?.id }.unique, seconds: estimates[number].seconds, isShort: isShort,
        needs: verdict?.needs ?? estimates[number].needs(options))
    }
    let raised = tasks.map(\.needs.minutes).max() ?? 0
    return (numbers, tasks, JobBundle.bundles(of: tasks, longest: max(options.minutes, raised)))
  }

  /// What came of a call of `advance`.
  public struct Outcome: Sendable {
    public var done = 0
    public var total = 0
    /// Jobs submitted, and by how many calls.
    public var (jobs, arrays) = (0, 0)
    /// Instances that wait for the next wave.
    public var waiting = 0
    /// Instances in the queue or at work, those just submitted among them.
    public var queued = 0
    /// What is not to be submitted again, with words.
    public var left: [(instance: String, words: String)] = []
    /// The job that submits what comes next.
    public var steward: String?
  }

  /// Submits as much of what is open as the cluster takes, and a steward that does so again when that has ended.
  /// - Parameter asked: whether a person asks, and not a steward.
  /// - Throws: `ClusterError`, `FileError`; what was submitted before goes on.
  public func advance(asked: Bool) throws -> Outcome {
    try study.store.prepare()
    // One at a time, so that none submits what another is just submitting.
    let lock = try Self.wholeLock(records)
    defer { lock.release() }
    study.store.clearLeftovers()
    let situation = try look(asked: asked)
    var outcome = Outcome()
    outcome.done = situation.done.count
    outcome.total = selected.count
    outcome.left =
      situation.left.sorted { $0.key < $1.key }.map { (study.plan.instances[$0.key].name, $0.value) }
      + situation.absent.map { (study.plan.instances[$0.number].name, $0.words) }
    let (numbers, tasks, bundles) = plan(situation)
    var wave = try Wave(self, numbers, tasks, bundles, situation)
    try wave.submit()
    outcome.jobs = wave.jobs
    outcome.arrays = wave.arrays
    outcome.queued = situation.queued.count + wave.submitted.count
    outcome.waiting = numbers.count - wave.submitted.count
    outcome.steward = wave.steward
    return outcome
  }

  /// Waits for another that submits, or cancels, just now.
  static func wholeLock(_ records: JobRecords) throws -> ActionLock {
    let path = "\(records.folder)/lock"
    for _ in 0..<600 where !StopRequest.isThere {
      if let lock = try ActionLock.take(path, owner: "\(records.folder)/no-owner") { return lock }
      usleep(200_000)
    }
    throw ClusterError.refused(command: "ccr", words: "another ccr has been submitting jobs of these results for two minutes")
  }

  /// Shows results that are there, but whose published copies are not.
  public func present() throws {
    let standings = try study.standings()
    for number in selected where standings[number].state == .publish {
      guard let key = standings[number].key, let result = study.store.result(key.hex) else { continue }
      for fault in try study.present(result, number) { say("\(fault.instance): \(fault.problem); \(fault.remedy)") }
    }
  }
}
