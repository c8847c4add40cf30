import Artifacts
import Glibc

/// A failed execution, for people: what, why, the end of its log, and how to see it again.
public struct StageFailure: Sendable {
  public let instance: String
  public let reason: String
  public let log: [String]
  public let logPath: String
  /// The shell command that does the same again.
  public let command: String

  static let logLines = 20

  /// What an end means.
  static func words(_ status: ChildProcess.Status, _ usage: ChildProcess.Usage) -> String {
    switch status {
    case .exited(let code):
      let meaning: [Int32: String] = [
        EX_USAGE: "it did not understand its request", ErrorKind.badInput.rawValue: "bad input",
        ErrorKind.bug.rawValue: "a defect of the program", ErrorKind.inputOutput.rawValue: "the machine failed: input or output",
        127: "it could not be started: a library is missing",
      ]
      return "exit code \(code)" + (meaning[code].map { " (\($0))" } ?? "")
    case .killed(let signal):
      let name = "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
      if signal != SIGKILL { return name }
      let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
      return "\(name), probably for want of memory: its peak was \(gibibytes(usage.peakBytes)) of \(gibibytes(memory))"
    }
  }

  private static func gibibytes(_ bytes: Int) -> String { "\(Double((bytes * 10) >> 30) / 10) GiB" }

  /// The last lines of a log, of which only the end is read.
  static func tail(_ path: String) -> [String] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    let most = 16_384
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - most), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: most)
    let count = max(0, read(descriptor, &bytes, most))
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").suffix(logLines).map(String.init)
  }
}

/// How far a stage is, by its own account.
public struct StageProgress: Sendable {
  public let done, total: Int
  public let unit, detail: String
  public let rate: Double?
  public let rateUnit: String

  init(_ event: JSONValue) {
    // What a program says may be anything; differences of these must not overflow.
    func count(_ name: String) -> Int { max(0, min(event[name]?.integer ?? 0, 1_000_000_000_000_000)) }
    (done, total) = (count("done"), count("total"))
    unit = event["unit"]?.string ?? ""
    detail = event["detail"]?.string ?? ""
    rate = event["rate"]?.double
    rateUnit = event["rateUnit"]?.string ?? "/s"
  }
}
