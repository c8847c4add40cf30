/// How a run is to go.
public struct RunOptions: Sendable {
  /// Stages at once.
  public let jobs: Int
  /// Threads that the stages at work share; results do not depend on them.
  public let threads: Int
  /// Whether to go on after a failure with what does not depend on it.
  public let keepGoing: Bool
  /// Whether to execute the selected instances though their results are there, and to compare.
  public let force: Bool
  /// Seconds between asking a stage to end and killing it: the time it has for saving a checkpoint.
  public let grace: Double
  /// Whether this is a job of a cluster: it executes the selected instances and nothing they need, and does not wait for long where somebody
  /// else executes one of them.
  public let asJob: Bool

  public init(jobs: Int, threads: Int, keepGoing: Bool, force: Bool, grace: Double, asJob: Bool = false) {
    self.jobs = jobs
    self.threads = threads
    self.keepGoing = keepGoing
    self.force = force
    self.grace = grace
    self.asJob = asJob
  }
}

/// What became of a run. Every instance is executed, cached, failed, interrupted or not reached.
public struct RunSummary: Sendable {
  public internal(set) var total = 0
  public internal(set) var executed = 0
  /// Found in the store, or shared with an instance of equal key.
  public internal(set) var cached = 0
  public internal(set) var failed = 0
  /// Stopped after saving a checkpoint.
  public internal(set) var interrupted = 0
  /// Executed again with other bytes than recorded.
  public internal(set) var differing = 0
  /// Executed again with the bytes that are recorded.
  public internal(set) var equal = 0
  /// Of results that are there, how often one could not be linked or copied to where it is to be published.
  public internal(set) var unpublished = 0
  /// The signal that ended the run early, 0 for none.
  public internal(set) var signal: Int32 = 0
  /// Whether the machine, not a stage, failed: disk full, no permission.
  public internal(set) var machineFailed = false

  /// Counts something beside the results that could not be written where it belongs.
  public mutating func noteUnpublished() { unpublished += 1 }

  public var unreached: Int { total - executed - cached - failed - interrupted }

  /// 0 done · 1 a stage failed · 5 executed again with other bytes · 7 the machine failed, or a result could not be published ·
  /// 75 stopped, checkpoint saved · 128 + n stopped by signal n.
  public var exitCode: Int32 {
    if failed > 0 { return machineFailed ? 7 : 1 }
    if interrupted > 0 { return 75 }
    if signal != 0 { return 128 + signal }
    if unpublished > 0 { return 7 }
    return differing > 0 ? 5 : 0
  }
}

/// What a run tells while it goes.
public enum RunEvent: Sendable {
  /// What is about to be executed will take; and how much room there is for it, bytes.
  case estimate(Estimate, free: Double?)
  case started(String, threads: Int)
  case progress(String, StageProgress)
  case warning(String, String)
  /// Another runner executes the same action; who it is, and how to end it.
  case waiting(String, String)
  /// So many stages were asked to end and are killed after so many seconds.
  case stopping(stages: Int, seconds: Double)
  /// The store had a result whose files are damaged.
  case damaged(String, String)
  /// Something an execution was made from was changed meanwhile, so it is executed again.
  case discarded(String, String)
  case finished(String, seconds: Double)
  case interrupted(String, checkpoint: Bool)
  /// Of a job: not in the store, and not the job's to make.
  case absent(String)
  /// Of a job: left to somebody else who executes it.
  case leftToOther(String)
  /// Executed again with other bytes than recorded.
  case differs(String, ports: [String], kept: Bool)
  /// Executed again with the bytes that are recorded.
  case equal(String)
  case failed(StageFailure)
  /// A result that is kept could not be shown where it belongs.
  case unpublished(PresentationFault)
  /// Something in the results folder was put right.
  case notice(String)
  /// Where things stand, ten times a second at most.
  case counts(RunCounts)
}

/// How far a run is.
public struct RunCounts: Sendable {
  public let total, executed, cached, failed, running: Int
  /// Expected seconds to the end, nil while too little is known.
  public let remaining: Double?
}
