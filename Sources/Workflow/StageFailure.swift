import Artifacts
import Glibc

/// A failed execution, for people: what, why, the end of its log, and how to see it again.
public struct StageFailure: Sendable {
  public let instance: String
  public let reason: String
  /// The last lines of its log, none where it was not started.
  public let log: [String]
  public let logPath: String
  /// The shell command that does the same again, empty where it was not started.
  public let command: String
  /// Whether it was killed by force and nobody had asked for that: as kernels do where memory runs out.
  var wasKilled = false

  static let logLines = 20

  /// What an end means.
  static func words(_ status: ChildProcess.Status, _ usage: ChildProcess.Usage) -> String {
    switch status {
    case .exited(let code):
      let meaning: [Int32: String] = [
        EX_USAGE: "it did not understand its request", ErrorKind.noResult.rawValue: "it came to an end without a result",
        ErrorKind.badInput.rawValue: "bad input",
        ErrorKind.bug.rawValue: "a defect of the program", ErrorKind.inputOutput.rawValue: "the machine failed: input or output",
        71: "this processor lacks instructions that it was built for", 127: "it could not be started: a library is missing",
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
    guard let descriptor = try? RegularFile.open(path) else { return [] }
    defer { close(descriptor) }
    let most = 16_384
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - most), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: most)
    let count = max(0, read(descriptor, &bytes, most))
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").suffix(logLines).map { Printable.text(String($0)) }
  }
}

/// How far a stage is, by its own account.
public struct StageProgress: Sendable {
  /// 0 to 10¹⁵.
  public let done, total: Int
  public let unit, detail: String
  /// Finite and not negative.
  public let rate: Double?
  public let rateUnit: String

  /// A program may write anything: numbers out of range count as 0, or as no rate.
  init(_ event: JSONValue) {
    func count(_ name: String) -> Int { event[name]?.integer.flatMap { (0...Self.most).contains($0) ? $0 : nil } ?? 0 }
    func text(_ name: String) -> String? { event[name]?.string.map { Printable.text(String($0.prefix(1000))) } }
    done = count("done")
    total = count("total")
    unit = text("unit") ?? ""
    detail = text("detail") ?? ""
    rate = event["rate"]?.double.flatMap { (0...Double(Self.most)).contains($0) ? $0 : nil }
    rateUnit = text("rateUnit") ?? "/s"
  }

  private static let most = 1_000_000_000_000_000
}

/// Text of others, as a terminal may show it.
enum Printable {
  /// Control characters, by which a text could move the cursor or rename the window, become pictures of themselves.
  static func text(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 9: result.append(" ")
      case 0..<32: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
      case 127: result.append("\u{2421}")
      case 128..<160, 0x202A...0x202E, 0x2066...0x2069: result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
