import Artifacts
import Glibc

/// Executes a plan: one loop that starts what is ready, listens to what runs and records what has ended.
public final class Runner {
  /// Where an instance stands in this run.
  enum Phase {
    /// For results of its producers.
    case waiting
    /// Its key is known, and its result is not there.
    case ready
    case active
    case done(cached: Bool)
    case failed
  }

  let study: Study
  let options: RunOptions
  let tell: (RunEvent) -> Void
  var summary = RunSummary()
  var results: [Int: StoredResult] = [:]
  var phases: [Int: Phase] = [:]
  /// How many producers an instance still waits for; those not in the run are absent.
  var missing: [Int: Int] = [:]
  var consumers: [Int: [Int]] = [:]
  /// Instances all of whose producers have results, and of which is not known yet whether they are to be executed.
  var unsettled: [Int] = []
  var ready = ReadyQueue()
  /// What is to be executed of that which was looked at before the estimate, by number; nil once that is made.
  var unrated: [Int: ReadyAction]? = [:]
  var active: [Execution] = []
  /// Instances that wait for an equal key at work in this run.
  var twins: [String: [Int]] = [:]
  var waits: [Int: LockWait] = [:]
  /// Instances that wait for their program to be whole.
  private var beingWritten: Set<Int> = []
  /// Instances something of which was changed just before they were to start: settled anew at the next look, not before, since somebody may
  /// change it all the time.
  var changing: [Int] = []
  /// How often in a row.
  private var changes: [Int: Int] = [:]
  /// Since when nothing is at work but others are waited for.
  var alone: ContinuousClock.Instant?
  var forced: Set<Int> = []
  /// What a job may execute; nil for everything.
  private var mayExecute: Set<Int>?
  var executedKeys: Set<String> = []
  /// Instances that gave the bytes of their recorded result again.
  var equal: Set<Int> = []
  /// Executions whose outputs were still being hashed when the run was to end at once.
  var left: [Execution] = []
  /// How often in a row what an instance made was discarded.
  var discards: [Int: Int] = [:]
  /// How often a result was altered after it was made.
  var alterations: [Int: Int] = [:]
  /// Failed attempts of earlier runs, by instance.
  private var failedAttempts: [String: [String]] = [:]
  /// Whether nothing more is to be started.
  var stopping = false
  private var stopsSeen = 0
  private static let settledAtOnce = 64
  private static let mostUnsaid = 20
  /// When stages that were asked to end are killed.
  private var killTime: ContinuousClock.Instant?
  var nextReport: ContinuousClock.Instant?
  private lazy var costs = expectedCosts()
  lazy var remainingTime = RemainingTime(stages: study.plan.instances.map(\.stage), expected: costs)
  private lazy var schedule = Schedule(upstream: study.plan.instances.map(\.upstream), cost: costs)

  public init(_ study: Study, options: RunOptions, tell: @escaping (RunEvent) -> Void) {
    self.study = study
    self.options = options
    self.tell = tell
  }

  /// Runs the selected instances and what they need.
  /// - Throws: `FileError` where the results folder cannot be used; stages at work are stopped first.
  public func run(_ selected: [Int]) throws -> RunSummary {
    let wakeups = try Wakeups.listen()
    // Jobs leave it to who submits them.
    if !options.asJob { study.store.clearLeftovers() }
    failedAttempts = study.store.failedAttempts(profile: study.plan.profile)
    let order = study.plan.closure(of: selected)
    summary.total = order.count
    if options.force { forced = Set(selected) }
    if options.asJob { mayExecute = Set(selected) }
    for number in order {
      let upstream = study.plan.instances[number].upstream.unique
      phases[number] = .waiting
      missing[number] = upstream.count
      for producer in upstream { consumers[producer, default: []].append(number) }
    }
    unsettled = order.reversed().filter { missing[$0] == 0 }
    settle()
    let first = unrated ?? [:]
    unrated = nil
    // What the estimate learns of this machine is kept there.
    if !first.isEmpty { try study.store.prepare() }
    for action in first.values { enqueue(action) }
    do {
      while true {
        for number in changing { again(number) }
        changing = []
        try startWhatCan()
        report()
        if active.isEmpty, ready.isEmpty, unsettled.isEmpty, changing.isEmpty { break }
        wait(on: wakeups)
        try lookAtActive()
        leaveToOthers()
      }
    } catch {
      stop(SIGTERM)
      while active.contains(where: { !$0.isOver }) {
        wait(on: wakeups)
        // Whose words nobody reads cannot save its checkpoint.
        for execution in active {
          execution.poll()
          _ = execution.newEvents()
        }
      }
      study.remember()
      throw error
    }
    passNotices()
    study.remember()
    if !options.asJob {
      // What follows is no loop that would hear them. A job, which a cluster asks to end, first writes down how it ended.
      Wakeups.leave()
      if summary.signal == 0, Wakeups.stopRequests.count > stopsSeen { summary.signal = Wakeups.stopRequests.signal }
    }
    return summary
  }

  // MARK: From known inputs to a result

  /// Decides for all instances whose producers have results whether they are to be executed; those found done may let others follow.
  ///
  /// Some at a time, so that what they use is written down, and their programs are looked at, once for all of these.
  private func settle() {
    while !unsettled.isEmpty {
      let some = Array(unsettled.suffix(Self.settledAtOnce).reversed())
      unsettled.removeLast(some.count)
      var actions: [ReadyAction] = []
      study.programs.lookingOnce {
        for number in some where !stopping {
          if isAskedToStop { unsettled.append(number) } else if let action = action(number) { actions.append(action) }
        }
      }
      study.store.pins.hold(actions.map(\.key.hex))
      // Objects that must be read take their time.
      for action in actions where !stopping {
        if isAskedToStop { unsettled.append(action.number) } else { settle(action) }
      }
      if isAskedToStop { return }
    }
  }

  /// Whether there was a request to end that is not obeyed yet.
  var isAskedToStop: Bool { Wakeups.stopRequests.count > stopsSeen }

  /// What an instance asks for whose producers have results; nil where it needs nothing, or never will.
  private func action(_ number: Int) -> ReadyAction? {
    guard case .waiting = phases[number], missing[number] == 0 else { return nil }
    do {
      if let absence = study.absence(of: number, { results[$0] }) {
        settled(number, StoredResult(action: "", outputs: [:], absence: absence))
        return nil
      }
      return try study.action(number) { results[$0] }.map { ReadyAction(number: number, key: $0.key, ingredients: $0.ingredients) }
    } catch {
      // A program that did not answer before the run was asked to stop has not failed, nor one that somebody writes.
      if isAskedToStop {
        unsettled.append(number)
      } else if let error = error as? UnstartableProgram, error.isBeingWritten {
        if beingWritten.insert(number).inserted {
          tell(.waiting(study.plan.instances[number].name, "somebody writes its program \(error.path)"))
        }
        changing.append(number)
      } else {
        fail(number, error)
      }
      return nil
    }
  }

  private func settle(_ action: ReadyAction) {
    let (number, key) = (action.number, action.key.hex)
    // One settled before it may have been taken back, or asked for it twice.
    guard case .waiting = phases[number], missing[number] == 0 else { return }
    if forced.contains(number), !executedKeys.contains(key) { return enqueue(action) }
    let name = study.plan.instances[number].name
    let content = study.store.content(key, as: .object)
    if isAskedToStop { return unsettled.append(number) }
    switch content {
    case .whole(let result):
      if !study.store.hasProvenance(result) {
        let remedy = "`\(study.command(name, force: true))` executes it again and writes it"
        tell(.warning(name, "its provenance.json was altered after it was written; \(remedy)"))
      }
      finish(number, result, cached: true)
    case .damaged(_, let damage):
      tell(.damaged(name, damage))
      enqueue(action)
    case .nothing, .collected: enqueue(action)
    }
  }

  private func enqueue(_ action: ReadyAction) {
    guard mayExecute?.contains(action.number) ?? true else { return passBy(action.number) }
    phases[action.number] = .ready
    if unrated != nil {
      unrated?[action.number] = action
      return
    }
    ready.insert(action, priority: schedule.priority[action.number])
  }

  func finish(_ number: Int, _ result: StoredResult, cached: Bool) {
    if let absence = result.absence {
      let name = study.plan.instances[number].name
      summary.failed += 1
      tell(
        .failed(
          StageFailure(
            instance: name, reason: "\(absence) (as recorded; `\(study.command(name, force: true))` does it again)", log: [],
            logPath: "\(study.store.actionFolder(result.action))/log.txt", command: "")))
      return settled(number, result)
    }
    phases[number] = .done(cached: cached)
    results[number] = result
    discards[number] = nil
    if cached { summary.cached += 1 } else { summary.executed += 1 }
    present(result, number)
    for key in failedAttempts.removeValue(forKey: study.plan.instances[number].name) ?? [] { study.store.removeFailedAttempt(key) }
    release(number)
  }

  /// Lets those that wait for an instance know that it is settled.
  func release(_ number: Int) {
    for consumer in consumers[number] ?? [] {
      guard case .waiting = phases[consumer] else { continue }
      missing[consumer, default: 1] -= 1
      if missing[consumer] == 0 { unsettled.append(consumer) }
    }
  }

  // MARK: Starting

  private func startWhatCan() throws {
    var held: [ReadyAction] = []
    settle()
    while !ready.isEmpty, !stopping, !isAskedToStop {
      // While the outputs of one are hashed, the next is at work.
      let working = active.filter { !$0.isOver }
      guard
        let threads = Schedule.threads(
          total: options.threads, jobs: options.jobs, inUse: working.reduce(0) { $0 + $1.threads }, running: working.count,
          ready: ready.distinctKeys)
      else { break }
      guard let action = ready.popFirst() else { break }
      if active.contains(where: { $0.key.hex == action.key.hex }) {
        // Its result will be this one's too.
        twins[action.key.hex, default: []].append(action.number)
      } else if try !start(action, threads) {
        held.append(action)
      }
      settle()
    }
    for action in held where !stopping && !ready.contains(action.number) {
      if case .ready = phases[action.number] { enqueue(action) }
    }
  }

  /// Starts an action, unless it need not be, or its inputs are not what they were.
  /// - Returns: false where another runner executes it, or this process may open no more files just now.
  private func start(_ action: ReadyAction, _ threads: Int) throws -> Bool {
    do {
      return try startNow(action, threads)
    } catch let error as FileError where error.isForWantOfDescriptors && !active.isEmpty {
      return false
    }
  }

  private func startNow(_ action: ReadyAction, _ threads: Int) throws -> Bool {
    let number = action.number
    let name = study.plan.instances[number].name
    var ingredients = action.ingredients
    let objects = study.objects(of: number) { results[$0] }
    if isAskedToStop { return false }
    switch objects {
    case .altered(let producer):
      tell(.damaged(study.plan.instances[producer].name, "its result was altered"))
      again(number)
      takeBack(producer)
      return true
    case .whole(let objects): ingredients.objects = objects
    }
    ingredients.sources = study.sources(of: number) { results[$0] }
    if !ingredients.program.isInPlace || ingredients.change != nil {
      lookLater(number)
      return true
    }
    try study.store.prepare()
    guard let lock = try study.store.lock(action.key.hex) else {
      let wait = waits[number] ?? LockWait(grace: options.grace)
      waits[number] = wait
      let owner = ActionOwner(attempt: study.store.attemptFolder(action.key.hex))
      if let words = wait.look(owner, locks: study.store.locks(action.key.hex)) { tell(.waiting(name, words)) }
      return false
    }
    waits[number] = nil
    // Another runner may have finished it meanwhile.
    if !forced.contains(number) || executedKeys.contains(action.key.hex) {
      let content = study.store.content(action.key.hex, as: .object)
      if isAskedToStop {
        lock.release()
        return false
      }
      if case .whole(let result) = content {
        lock.release()
        finish(number, result, cached: true)
        return true
      }
    }
    // Where that cannot be known, it is once the stage has ended.
    let isOther = (try? study.changeOfOriginals(number, ingredients)) != nil
    guard !isOther, let program = HeldProgram(ingredients.program) else {
      lock.release()
      lookLater(number)
      return true
    }
    study.store.notices.setAsideFile(study.store.checkpointFolder(action.key.hex))
    let execution: Execution
    do {
      execution = try Execution(
        number, action.key, program, ingredients, request: study.request(number, { results[$0] }, key: action.key, threads: threads),
        attempt: study.store.attemptFolder(action.key.hex), checkpoints: study.store.checkpointFolder(action.key.hex), data: study.data,
        threads: threads, lock: lock)
    } catch let error as UnstartableProgram {
      Folder.remove(study.store.attemptFolder(action.key.hex))
      lock.release()
      guard error.isBeingWritten else {
        fail(number, error)
        return true
      }
      if beingWritten.insert(number).inserted { tell(.waiting(name, "somebody writes its program \(error.path)")) }
      return false
    } catch {
      lock.release()
      throw error
    }
    beingWritten.remove(number)
    changes[number] = nil
    phases[number] = .active
    active.append(execution)
    tell(.started(name, threads: threads))
    return true
  }

  private func lookLater(_ number: Int) {
    changing.append(number)
    changes[number, default: 0] += 1
    let words = "a file that it is made from, or its program, is written all the time"
    if changes[number] == Self.mostUnsaid { tell(.waiting(study.plan.instances[number].name, words)) }
  }

  // MARK: Watching

  /// Sleeps until something happens; looks anyway after a while, more often where another runner's lock is waited for.
  private func wait(on wakeups: Int32) {
    var descriptors = [pollfd(fd: wakeups, events: Int16(POLLIN), revents: 0)]
    descriptors += active.filter(\.hasEventPipe).map { pollfd(fd: $0.eventPipe, events: Int16(POLLIN), revents: 0) }
    let looksAtMemory = active.contains { study.plan.instances[$0.number].limits.memory != nil }
    let patience: Int32 = (ready.isEmpty || waits.isEmpty && beingWritten.isEmpty) && changing.isEmpty && !looksAtMemory ? 200 : 50
    _ = poll(&descriptors, UInt(descriptors.count), active.map(\.patience).reduce(patience, min))
    Wakeups.drain()
    obeySignals()
  }

  private func obeySignals() {
    let (count, signal) = Wakeups.stopRequests
    if count > stopsSeen {
      let isFirst = stopsSeen == 0
      stopsSeen = count
      summary.signal = signal
      if isFirst, count == 1, !active.isEmpty { tell(.stopping(stages: active.count, seconds: options.grace)) }
      let isPatient = isFirst && count == 1
      stop(isPatient ? SIGTERM : SIGKILL)
      if !isPatient { leavePublications() }
    }
    if let killTime, ContinuousClock.now > killTime { stop(SIGKILL) }
  }

  /// Starts nothing more, and asks the stages at work to end, or kills them.
  private func stop(_ signal: Int32) {
    startNothing()
    active.forEach { $0.signal(signal) }
    killTime = signal == SIGKILL ? nil : .now + .seconds(options.grace)
  }
}
