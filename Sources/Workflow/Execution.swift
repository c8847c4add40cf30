import Artifacts
import Dispatch
import Glibc
import Synchronization

/// One action at work: its process, its events, then the publication of its outputs.
final class Execution {
  let number: Int
  let key: ActionKey
  let threads: Int
  let command: String
  /// Open until the result is committed; the child holds a copy, so that an orphaned stage keeps its action locked.
  let lock: Int32
  let started = ContinuousClock.now
  let startTime: String
  private let child: ChildProcess
  private var unread: [UInt8] = []
  /// What the stage said a person should know.
  var warnings: [String] = []
  /// How the process ended.
  private(set) var end: (status: ChildProcess.Status, usage: ChildProcess.Usage)?
  private let outcome = Outcome()

  /// What crosses from the publishing thread to the loop.
  private final class Outcome: Sendable {
    let result = Mutex<Result<[Publication.File], any Error>?>(nil)
  }

  var isOver: Bool { end != nil }
  var eventPipe: Int32 { child.pipe }
  var seconds: Double { (ContinuousClock.now - started) / Duration.seconds(1) }

  /// Writes the request and starts the program.
  init(
    _ number: Int, _ key: ActionKey, program: String, request: JSONValue, attempt: String, checkpoints: String, data: String, threads: Int,
    lock: Int32
  ) throws {
    self.number = number
    self.key = key
    self.threads = threads
    self.lock = lock
    startTime = Self.utc()
    Folder.remove(attempt)
    try Folder.make(attempt)
    try Folder.make(checkpoints)
    let file = "\(attempt)/request.json"
    try AtomicFile.write(request.pretty + "\n", to: file)
    command = "CCR_DATA=\(Self.quoted(data)) \(Self.quoted(program)) --request \(Self.quoted(file))"
    child = try ChildProcess(
      program, ["--request", file], environment: StageEnvironment.variables(data: data),
      output: .file("\(attempt)/log.txt"), inherited: lock, events: true)
    _ = fcntl(child.pipe, F_SETFL, O_NONBLOCK)
  }

  deinit { close(lock) }

  private static func utc() -> String {
    var (now, parts) = (time(nil), tm())
    gmtime_r(&now, &parts)
    var text = [CChar](repeating: 0, count: 32)
    let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || [43, 45, 46, 47, 95].contains(byte)
    }
    return plain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }

  /// The events that arrived since the last call.
  func newEvents() -> [JSONValue] {
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(child.pipe, &block, block.count)
      if count <= 0 { break }
      unread += block[..<count]
    }
    guard let end = unread.lastIndex(of: 10) else { return [] }
    let lines = unread[...end].split(separator: 10)
    unread.removeFirst(end + 1)
    return lines.compactMap { try? JSONValue.parse(String(decoding: $0, as: UTF8.self), file: "event") }
  }

  /// Looks once more whether the process has ended.
  func poll() { if end == nil { end = child.poll() } }

  func signal(_ number: Int32) { if end == nil { child.signal(number) } }

  /// Waits for the end, however long.
  func wait() { if end == nil { end = child.wait() } }

  // MARK: Publication

  /// Starts hashing and moving the outputs beside the loop, which is woken at the end.
  func publish(_ publication: Publication) {
    DispatchQueue.global().async { [outcome] in
      let result = Result { try publication.perform() }
      outcome.result.withLock { $0 = result }
      Wakeups.wake()
    }
  }

  /// What came of the publication, nil while it goes on.
  var publication: Result<[Publication.File], any Error>? { outcome.result.withLock { $0 } }
}
