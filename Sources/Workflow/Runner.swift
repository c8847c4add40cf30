import Artifacts
import Glibc

/// How a run is to go.
public struct RunOptions: Sendable {
  public var jobs = 1
  public var threads = 1
  public var keepGoing = false
  public var force = false

  public init(jobs: Int, threads: Int, keepGoing: Bool, force: Bool) {
    self.jobs = jobs
    self.threads = threads
    self.keepGoing = keepGoing
    self.force = force
  }
}

/// What became of a run.
public struct RunSummary: Sendable {
  public var executed = 0
  public var cached = 0
  public var failed = 0
  public var skipped = 0
  /// The signal that ended the run early, 0 for none.
  public var signal: Int32 = 0
  /// Whether the machine, not a stage, failed.
  public var machineFailed = false
}

/// What a run tells while it goes.
public enum RunEvent {
  case started(String)
  case progress(String, JSONValue)
  case warning(String, String)
  case finished(String, seconds: Double)
  case cached(String)
  case interrupted(String)
  case differs(String, ports: [String])
  /// The reason, the last lines of the log, its path, and the command that reproduces it.
  case failed(String, reason: String, log: [String], path: String, command: String)
  case overall(done: Int, of: Int, running: Int)
}

/// Executes a plan: one loop that starts what is ready, listens to what runs and publishes what has ended.
public final class Runner {
  private struct Running {
    let number: Int
    let key: ActionKey
    let process: ChildProcess
    let lock: Int32
    let started: ContinuousClock.Instant
    let previous: StoredResult?
  }

  private let study: Study
  private let options: RunOptions
  private let tell: (RunEvent) -> Void
  private var results: [Int: StoredResult] = [:]
  private var running: [Running] = []
  private var forced: Set<Int> = []

  public init(_ study: Study, options: RunOptions, tell: @escaping (RunEvent) -> Void) {
    self.study = study
    self.options = options
    self.tell = tell
  }

  /// Runs the selected instances and what they need.
  public func run(_ selected: [Int]) throws -> RunSummary {
    try study.store.prepare()
    Interrupts.listen()
    var summary = RunSummary()
    let order = study.plan.closure(of: selected)
    if options.force { forced = Set(selected) }
    var pending = order
    var broken: Set<Int> = []
    while !pending.isEmpty || !running.isEmpty {
      if Interrupts.signal != 0, summary.signal == 0 {
        summary.signal = Interrupts.signal
        running.forEach { $0.process.terminate() }
        pending = []
      }
      var (blocked, waiting) = (false, [Int]())
      for number in pending {
        let instance = study.plan.instances[number]
        if instance.upstream.contains(where: broken.contains) {
          broken.insert(number)
          summary.skipped += 1
          continue
        }
        guard instance.upstream.allSatisfy({ results[$0] != nil }), let key = try study.key(number, { results[$0] }) else {
          waiting.append(number)
          continue
        }
        if !forced.contains(number), let result = study.store.result(key.hex) {
          try finish(number, result)
          summary.cached += 1
          tell(.cached(instance.name))
          continue
        }
        if blocked || running.count >= options.jobs || running.contains(where: { $0.key.hex == key.hex }) {
          blocked = running.count >= options.jobs
          waiting.append(number)
          continue
        }
        guard let lock = try study.store.lock(key.hex) else {
          waiting.append(number)
          continue
        }
        // Another runner may have finished it between the look and the lock.
        if !forced.contains(number), study.store.result(key.hex) != nil {
          close(lock)
          waiting.append(number)
          continue
        }
        try start(number, key, lock, share: max(1, min(options.jobs, pending.count)))
      }
      pending = waiting
      for job in running {
        for event in job.process.newEvents() {
          let name = study.plan.instances[job.number].name
          if let message = event["message"]?.string { tell(.warning(name, message)) } else { tell(.progress(name, event)) }
        }
        guard let status = job.process.poll() else { continue }
        running.removeAll { $0.process === job.process }
        try end(job, status, &summary, &broken)
        if summary.failed > 0, !options.keepGoing { pending = [] }
      }
      tell(.overall(done: order.count - pending.count - running.count, of: order.count, running: running.count))
      if !running.isEmpty || !pending.isEmpty { usleep(20_000) }
    }
    study.store.cache.save()
    return summary
  }

  private func start(_ number: Int, _ key: ActionKey, _ lock: Int32, share: Int) throws {
    let instance = study.plan.instances[number]
    let attempt = study.store.attemptFolder(key.hex)
    Folder.remove(attempt)
    try Folder.make(attempt)
    let request = try study.request(number, { results[$0] }, attempt: attempt, key: key, threads: max(1, options.threads / share))
    try AtomicFile.write(request.pretty + "\n", to: "\(attempt)/request.json")
    let program = try study.programs.program(instance.program)
    let process = try ChildProcess(
      program.path, ["--request", "\(attempt)/request.json"], standardOutput: "\(attempt)/stdout", standardError: "\(attempt)/log",
      events: true, data: study.dataFolder)
    running.append(
      Running(
        number: number, key: key, process: process, lock: lock, started: .now,
        previous: forced.contains(number) ? study.store.result(key.hex) : nil))
    tell(.started(instance.name))
  }

  private func end(_ job: Running, _ status: ChildProcess.Status, _ summary: inout RunSummary, _ broken: inout Set<Int>) throws {
    defer { close(job.lock) }
    let instance = study.plan.instances[job.number]
    let attempt = study.store.attemptFolder(job.key.hex)
    let seconds = (ContinuousClock.now - job.started) / Duration.seconds(1)
    func fail(_ reason: String) throws {
      summary.failed += 1
      broken.insert(job.number)
      let log = (try? AtomicFile.read("\(attempt)/log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let program = try study.programs.program(instance.program)
      tell(
        .failed(
          instance.name, reason: reason, log: log.split(separator: "\n").suffix(20).map(String.init), path: "\(attempt)/log",
          command: "CCR_DATA='\(study.dataFolder)' '\(program.path)' --request '\(attempt)/request.json'"))
    }
    switch status {
    case .exited(0):
      do {
        let provenance: JSONValue = ["seconds": .number((seconds * 1000).rounded() / 1000), "program": .string(instance.program)]
        let result = try study.store.publish(job.key, instance, from: attempt, provenance: provenance)
        Folder.remove(attempt)
        Folder.remove(study.store.checkpointFolder(job.key.hex))
        if let previous = job.previous {
          let ports = result.outputs.filter { previous.outputs[$0.key]?.digest != $0.value.digest }.map(\.key).sorted()
          if !ports.isEmpty { tell(.differs(instance.name, ports: ports)) }
        }
        forced.remove(job.number)
        try finish(job.number, result)
        summary.executed += 1
        tell(.finished(instance.name, seconds: seconds))
      } catch let error as any ExplainedError {
        summary.machineFailed = summary.machineFailed || error.kind == .inputOutput
        try fail("\(error.problem); \(error.remedy)")
      }
    case .exited(EX_TEMPFAIL):
      broken.insert(job.number)
      summary.skipped += 1
      tell(.interrupted(instance.name))
    default:
      if summary.signal != 0 {
        broken.insert(job.number)
        summary.skipped += 1
        tell(.interrupted(instance.name))
      } else {
        if status == .exited(ErrorKind.inputOutput.rawValue) { summary.machineFailed = true }
        try fail("\(status)")
      }
    }
  }

  /// Links the result and copies what is to be published.
  private func finish(_ number: Int, _ result: StoredResult) throws {
    results[number] = result
    let instance = study.plan.instances[number]
    try study.store.link(result, instance, results: study.results, profile: study.plan.profile)
    guard let publish = instance.publish else { return }
    try Folder.make("\(study.folder)/\(publish)")
    for output in instance.outputs {
      guard let stored = result.outputs[output.port] else { continue }
      let place = "\(study.folder)/\(publish)/\(output.file)"
      if FileStamp(place) != nil, try study.store.cache.digest(of: place) == stored.digest { continue }
      try AtomicFile.write(AtomicFile.read(study.store.casPath(stored.digest)), to: place)
    }
  }
}

/// TERM and INT of the runner.
enum Interrupts {
  nonisolated(unsafe) fileprivate static var received: sig_atomic_t = 0
  static var signal: Int32 { Int32(received) }

  static func listen() {
    for number in [SIGTERM, SIGINT] { Glibc.signal(number) { Interrupts.received = sig_atomic_t($0) } }
  }
}
