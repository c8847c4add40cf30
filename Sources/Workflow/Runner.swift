import Artifacts
import Glibc

/// Executes a plan: one loop that starts what is ready, listens to what runs and records what has ended.
public final class Runner {
  private let study: Study
  private let options: RunOptions
  private let tell: (RunEvent) -> Void
  private var summary = RunSummary()
  private var results: [Int: StoredResult] = [:]
  /// How many producers an instance still waits for; those not in the run are absent.
  private var missing: [Int: Int] = [:]
  private var consumers: [Int: [Int]] = [:]
  /// Instances whose key is known and whose result is not there, longest chain first.
  private var ready: [(number: Int, key: ActionKey)] = []
  private var waiting: Set<Int> = []
  private var active: [Execution] = []
  private var forced: Set<Int> = []
  private var executedKeys: Set<String> = []
  /// Whether nothing more is to be started.
  private var stopping = false
  private var stopsSeen = 0
  private lazy var costs = expectedCosts()
  private lazy var remainingTime = RemainingTime(stages: study.plan.instances.map(\.stage), expected: costs)
  private lazy var schedule = Schedule(upstream: study.plan.instances.map(\.upstream), cost: costs)

  public init(_ study: Study, options: RunOptions, tell: @escaping (RunEvent) -> Void) {
    self.study = study
    self.options = options
    self.tell = tell
  }

  /// Runs the selected instances and what they need.
  /// - Throws: `FileError` where the results folder cannot be used; stages at work are stopped first.
  public func run(_ selected: [Int]) throws -> RunSummary {
    try study.store.prepare()
    let wakeups = Wakeups.listen()
    let order = study.plan.closure(of: selected)
    summary.total = order.count
    if options.force { forced = Set(selected) }
    for number in order {
      let upstream = study.plan.instances[number].upstream.unique
      missing[number] = upstream.count
      for producer in upstream { consumers[producer, default: []].append(number) }
    }
    do {
      for root in order.filter({ missing[$0] == 0 }) { try settle(root) }
      while true {
        try startWhatCan()
        report()
        if active.isEmpty, ready.isEmpty { break }
        wait(on: wakeups)
        obeySignals()
        try lookAtActive()
      }
    } catch {
      stop(SIGTERM)
      active.forEach { $0.wait() }
      study.remember()
      throw error
    }
    study.remember()
    return summary
  }

  // MARK: From known inputs to a result

  /// Decides whether an instance, all of whose producers have results, is to be executed.
  private func settle(_ number: Int) throws {
    guard let key = try study.key(number, { results[$0] }) else { return }
    if forced.contains(number), !executedKeys.contains(key.hex) {
      enqueue(number, key)
      return
    }
    switch study.store.content(key.hex) {
    case .whole(let result): try finish(number, result, cached: true)
    case .damaged(_, let damage):
      tell(.damaged(study.plan.instances[number].name, damage))
      enqueue(number, key)
    case .nothing: enqueue(number, key)
    }
  }

  private func enqueue(_ number: Int, _ key: ActionKey) {
    if stopping { return }
    ready.append((number, key))
    ready.sort { (schedule.priority[$0.number], $1.number) > (schedule.priority[$1.number], $0.number) }
  }

  private func finish(_ number: Int, _ result: StoredResult, cached: Bool) throws {
    results[number] = result
    if cached { summary.cached += 1 } else { summary.executed += 1 }
    try study.present(result, number)
    for consumer in consumers[number] ?? [] {
      missing[consumer, default: 1] -= 1
      if missing[consumer] == 0 { try settle(consumer) }
    }
  }

  // MARK: Starting

  private func startWhatCan() throws {
    var at = 0
    while at < ready.count {
      let (number, key) = ready[at]
      // An equal key at work: its result will be this one's too.
      if active.contains(where: { $0.key.hex == key.hex }) {
        at += 1
        continue
      }
      let distinct = Set(ready[at...].map(\.key.hex)).count
      guard
        let threads = Schedule.threads(
          total: options.threads, jobs: options.jobs, inUse: active.reduce(0) { $0 + $1.threads }, running: active.count, ready: distinct)
      else { return }
      guard let lock = try study.store.lock(key.hex) else {
        if waiting.insert(number).inserted { tell(.waiting(study.plan.instances[number].name)) }
        at += 1
        continue
      }
      ready.remove(at: at)
      // Another runner may have finished it meanwhile.
      if !forced.contains(number) || executedKeys.contains(key.hex), let result = study.store.result(key.hex) {
        close(lock)
        try finish(number, result, cached: true)
        at = 0
        continue
      }
      try start(number, key, lock, threads)
    }
  }

  private func start(_ number: Int, _ key: ActionKey, _ lock: Int32, _ threads: Int) throws {
    let instance = study.plan.instances[number]
    let program = try study.programs.program(instance.program)
    active.append(
      try Execution(
        number, key, program: program.path, request: study.request(number, { results[$0] }, key: key, threads: threads),
        attempt: study.store.attemptFolder(key.hex), checkpoints: study.store.checkpointFolder(key.hex), data: study.data, threads: threads,
        lock: lock))
    tell(.started(instance.name, threads: threads))
  }

  // MARK: Watching

  /// Sleeps until something happens; looks anyway after a while, more often where another runner's lock is waited for.
  private func wait(on wakeups: Int32) {
    var descriptors = [pollfd(fd: wakeups, events: Int16(POLLIN), revents: 0)]
    descriptors += active.filter { !$0.isOver }.map { pollfd(fd: $0.eventPipe, events: Int16(POLLIN), revents: 0) }
    _ = poll(&descriptors, UInt(descriptors.count), waiting.isEmpty ? 200 : 50)
    // A pipe whose writer has gone is always readable; its process is about to end.
    if descriptors.dropFirst().contains(where: { $0.revents & Int16(POLLHUP) != 0 }) { usleep(1000) }
    Wakeups.drain()
  }

  private func obeySignals() {
    let (count, signal) = Wakeups.stopRequests
    guard count > stopsSeen else { return }
    stopsSeen = count
    summary.signal = signal
    stop(count == 1 ? SIGTERM : SIGKILL)
  }

  private func stop(_ signal: Int32) {
    stopping = true
    ready = []
    active.forEach { $0.signal(signal) }
  }

  private func lookAtActive() throws {
    for execution in active {
      let name = study.plan.instances[execution.number].name
      if !execution.isOver { execution.poll() }
      for event in execution.newEvents() {
        switch event["event"]?.string {
        case "progress":
          let progress = StageProgress(event)
          if progress.total > 0 {
            remainingTime.progressed(
              execution.number, seconds: execution.seconds, share: Double(progress.done) / Double(progress.total))
          }
          tell(.progress(name, progress))
        case "warning":
          let message = event["message"]?.string ?? ""
          execution.warnings.append(message)
          tell(.warning(name, message))
        default: break
        }
      }
      guard let (status, usage) = execution.end else { continue }
      if let published = execution.publication {
        active.removeAll { $0 === execution }
        try record(execution, usage, published)
      } else if status != .exited(0) {
        active.removeAll { $0 === execution }
        try giveUp(execution, status, usage)
      } else if publishing.insert(ObjectIdentifier(execution)).inserted {
        execution.publish(
          Publication(
            attempt: study.store.attemptFolder(execution.key.hex), outputs: study.plan.instances[execution.number].outputs,
            objects: "\(study.store.folder)/cas"))
      }
    }
  }

  private var publishing: Set<ObjectIdentifier> = []

  // MARK: Ends

  private func record(_ execution: Execution, _ usage: ChildProcess.Usage, _ published: Result<[Publication.File], any Error>) throws {
    publishing.remove(ObjectIdentifier(execution))
    let number = execution.number
    let instance = study.plan.instances[number]
    do {
      let files = try published.get()
      let (result, differing) = try study.store.commit(
        execution.key.hex, files, provenance: study.provenance(execution, usage, files))
      let attempt = study.store.attemptFolder(execution.key.hex)
      rename("\(attempt)/log.txt", "\(study.store.actionFolder(execution.key.hex))/log.txt")
      Folder.remove(attempt)
      Folder.remove(study.store.checkpointFolder(execution.key.hex))
      executedKeys.insert(execution.key.hex)
      forced.remove(number)
      if !differing.isEmpty {
        summary.differing += 1
        let kept = result.outputs.contains { output in files.contains { $0.port == output.key && $0.digest != output.value } }
        tell(.differs(instance.name, ports: differing, kept: kept))
      }
      remainingTime.executed(number, seconds: execution.seconds)
      tell(.finished(instance.name, seconds: execution.seconds))
      try finish(number, result, cached: false)
    } catch let error as any ExplainedError {
      if error.kind == .inputOutput { summary.machineFailed = true }
      fail(execution, "\(error.problem); \(error.remedy)")
      return
    }
    // Others that waited for the same key.
    let same = ready.filter { $0.key.hex == execution.key.hex }.map(\.number)
    ready.removeAll { $0.key.hex == execution.key.hex }
    for number in same { try settle(number) }
  }

  private func giveUp(_ execution: Execution, _ status: ChildProcess.Status, _ usage: ChildProcess.Usage) throws {
    let name = study.plan.instances[execution.number].name
    if status == .exited(EX_TEMPFAIL) {
      summary.interrupted += 1
      tell(.interrupted(name, checkpoint: true))
    } else if summary.signal != 0 || stopping, case .killed(let signal) = status, [SIGTERM, SIGKILL].contains(signal) {
      tell(.interrupted(name, checkpoint: false))
    } else {
      if status == .exited(ErrorKind.inputOutput.rawValue) { summary.machineFailed = true }
      fail(execution, StageFailure.words(status, usage))
    }
  }

  private func fail(_ execution: Execution, _ reason: String) {
    let name = study.plan.instances[execution.number].name
    let attempt = study.store.attemptFolder(execution.key.hex)
    summary.failed += 1
    let record: JSONValue = ["instance": .string(name), "reason": .string(reason), "command": .string(execution.command)]
    try? AtomicFile.write(record.pretty + "\n", to: "\(attempt)/failure.json")
    tell(
      .failed(
        StageFailure(
          instance: name, reason: reason, log: StageFailure.tail("\(attempt)/log.txt"), logPath: "\(attempt)/log.txt",
          command: execution.command)))
    if !options.keepGoing {
      stopping = true
      ready = []
    } else {
      // The same would fail again.
      ready.removeAll { $0.key.hex == execution.key.hex }
    }
  }

  // MARK: Estimates

  private func expectedCosts() -> [Double] {
    let instances = study.plan.instances
    let last = instances.indices.map { number -> Double? in
      if missing[number] == nil { return 0 }
      return study.resultFolder.provenance(instances[number]).now?["seconds"]?.double
    }
    return Schedule.costs(last: last, stages: instances.map(\.stage), declared: instances.map(\.cost))
  }

  private func report() {
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
