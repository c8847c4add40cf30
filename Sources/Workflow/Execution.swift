import Artifacts
import Dispatch
import Glibc
import Synchronization

/// One action at work: its process, its events, then the publication of its outputs.
final class Execution {
  let number: Int
  let key: ActionKey
  let program: HeldProgram
  let ingredients: Ingredients
  let threads: Int
  let command: String
  /// Held until the result is committed; the child holds a copy, so that an orphaned stage keeps its action locked.
  let lock: ActionLock
  let started = ContinuousClock.now
  let startTime: String
  private let child: ChildProcess
  private var reader: EventReader
  /// How the process ended.
  private(set) var end: (status: ChildProcess.Status, usage: ChildProcess.Usage)?
  /// Whether the runner asked it to end, or killed it.
  private(set) var wasSignalled = false
  private(set) var isPublishing = false
  /// What the stage said a person should know: the first so many of it, which a stage without end cannot exceed.
  private(set) var warnings: [String] = []
  private let outcome = Outcome()

  /// What crosses from the publishing thread to the loop.
  private final class Outcome: Sendable {
    let result = Mutex<Result<[Publication.File], any Error>?>(nil)
  }

  private static let mostWarnings = 100

  /// Keeps a warning with the result.
  /// - Returns: what to say of it; nil once the stage has given too many.
  func keep(warning: String) -> String? {
    guard warnings.count <= Self.mostWarnings else { return nil }
    warnings.append(warnings.count < Self.mostWarnings ? warning : "it gives more warnings, which are not kept")
    return warnings.last
  }

  /// Why it came to an end without a result, by its own account.
  var absence: String?

  var isOver: Bool { end != nil }
  var eventPipe: Int32 { child.pipe }
  var seconds: Double { (ContinuousClock.now - started) / Duration.seconds(1) }

  /// Writes the request and starts the program.
  /// - Parameter lock: of the action.
  init(
    _ number: Int, _ key: ActionKey, _ program: HeldProgram, _ ingredients: Ingredients, request: JSONValue, attempt: String,
    checkpoints: String, data: String, threads: Int, lock: ActionLock
  ) throws {
    self.number = number
    self.key = key
    self.program = program
    self.ingredients = ingredients
    self.threads = threads
    self.lock = lock
    startTime = UTC.now
    Folder.remove(attempt)
    for folder in [attempt, checkpoints] where mkdir(folder, 0o755) != 0 {
      guard errno == EEXIST else { throw FileError.failed(operation: "make folder", path: folder, errno: errno) }
      PartFile.removeAbandoned(in: folder)
    }
    try lock.claimAttempt("\(attempt)/\(ActionOwner.file)")
    let file = "\(attempt)/request.json"
    try AtomicFile.write(request.pretty + "\n", to: file, isLasting: false)
    let path = ingredients.program.path
    command = "CCR_DATA=\(Shell.quoted(data)) \(Shell.quoted(path)) --request \(Shell.quoted(file))"
    // A runner that is killed from here on leaves word of itself.
    lock.write(ActionOwner(stage: nil))
    child = try ChildProcess(
      path, ["--request", file], environment: StageEnvironment.variables(data: data),
      output: .file("\(attempt)/log.txt"), inherited: lock.inherited, events: true)
    lock.write(ActionOwner(stage: child.identifier))
    reader = EventReader(child.pipe)
    // Another program that was put in its place just now is not what the key says.
    hasOtherProgram = !program.isInPlace
    if hasOtherProgram { child.signal(SIGKILL) }
    isRead = !program.isScript
  }

  /// Whether the program was replaced while it was started.
  private(set) var hasOtherProgram = false
  /// Whether it is known that the program of the key was read: an interpreter opens a script by its path, some time after it was started.
  private var isRead = false
  /// How often that was asked in vain.
  private var looks = 0
  /// When to look at it again, milliseconds, if nothing happens: soon where it has just been started and is not known to be read, or where
  /// processes are left of it, whose end nobody tells.
  var patience: Int32 {
    if isOver { return 200 }
    if child.hasEnded { return 2 }
    return isRead ? 200 : min(200, 2 << Int32(min(looks, 7)))
  }

  /// The events that arrived since the last call.
  func newEvents() -> [JSONValue] {
    let events = reader.newEvents(isLast: isOver)
    if !isRead, !isOver {
      // What the interpreter has open is the program of the key, whatever stands in its place by now.
      isRead = program.isOpen(in: child.identifier) || !events.isEmpty && program.isInPlace
      looks += 1
    }
    return events
  }

  /// Whether more events can come.
  var hasEventPipe: Bool { !isOver && !reader.isAtEnd }

  /// Looks once more whether the process has ended.
  func poll() { if end == nil { end = child.poll() } }

  func signal(_ number: Int32) {
    if end != nil { return }
    wasSignalled = true
    child.signal(number)
  }

  /// The limit it went beyond, for which it was asked to end.
  private(set) var overstep: Overstep?

  func end(_ overstep: Overstep, by number: Int32) {
    self.overstep = overstep
    signal(number)
  }

  /// Memory of the stage's processes together, bytes.
  var residentBytes: Int { ProcessMemory.resident(of: child.identifier) }

  /// What was altered between the moment the key was computed and now, in words; nil where everything is what the key says.
  var change: String? {
    let isOther = hasOtherProgram || !isRead && !program.isInPlace
    if isOther || !program.isUnchanged { return "its program \(ingredients.program.path) was changed" }
    return ingredients.change.map { "\($0) was changed" }
  }

  // MARK: Publication

  /// Starts hashing and moving the outputs beside the loop, which is woken at the end.
  func publish(_ publication: Publication) {
    isPublishing = true
    DispatchQueue.global().async { [outcome] in
      let result = Result { try publication.perform() }
      outcome.result.withLock { $0 = result }
      Wakeups.wake()
    }
  }

  /// What came of the publication, nil while it goes on.
  var publication: Result<[Publication.File], any Error>? { outcome.result.withLock { $0 } }
}
