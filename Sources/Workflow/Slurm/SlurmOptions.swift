import Artifacts

/// What jobs ask the cluster for. Nothing of it is in any key.
public struct SlurmOptions: Sendable {
  /// nil for the cluster's default.
  public var partition: String?
  /// nil for the user's default.
  public var account: String?
  /// The limit of a job whose duration nothing has measured, and the longest limit of any, in minutes; nil for a day, or the partition's.
  public var limit: Int?
  /// CPUs of a job; nil for four, or as many as the partition's nodes have.
  public var cpusPerJob: Int?
  /// Memory of a job whose need nothing has measured, in MiB; nil for the cluster's default.
  public var megabytes: Int?
  /// How many jobs may be queued or at work at once, this study's steward among them; nil for as many as the cluster takes.
  public var maxJobs: Int?
  /// Instances that take less than so many minutes share jobs.
  public var bundleMinutes = 2.0
  /// Further options of sbatch, as they are written: `--qos=long`.
  public var others: [String] = []

  public init() {}

  var minutes: Int { limit ?? 1440 }
  var cpus: Int { cpusPerJob ?? 4 }

  /// With what a partition gives where nobody asked for anything.
  func settled(_ partition: ClusterFacts.Partition) -> SlurmOptions {
    var options = self
    options.limit = limit ?? min(1440, partition.minutes ?? 1440)
    options.cpusPerJob = cpusPerJob ?? max(1, min(4, partition.cpus))
    return options
  }

  /// What a profile of pipeline.json says under `slurm`.
  /// - Throws: `ClusterError.option` at a name or a value that has no meaning.
  public init(_ json: JSONValue?) throws(ClusterError) {
    for member in json?.object ?? [] { try set(member.name, member.value) }
  }

  static let names = ["partition", "account", "time", "cpus", "memory", "maxJobs", "bundle", "sbatch"]

  mutating func set(_ name: String, _ value: JSONValue) throws(ClusterError) {
    func text() throws(ClusterError) -> String {
      guard let text = value.string ?? value.integer.map(String.init), !text.isEmpty, !text.contains(where: \.isNewline) else {
        throw .option("\"\(name)\" of the profile's \"slurm\"", complaint: "must be a word, not \(value.compact)")
      }
      return text
    }
    func count() throws(ClusterError) -> Int {
      guard let count = value.integer, count > 0 else {
        throw .option("\"\(name)\" of the profile's \"slurm\"", complaint: "must be a whole number above 0, not \(value.compact)")
      }
      return count
    }
    switch name {
    case "partition": partition = try text()
    case "account": account = try text()
    case "time": limit = try Self.minutes(text(), "\"time\"")
    case "memory": megabytes = try Self.megabytes(text(), "\"memory\"")
    case "cpus": cpusPerJob = try count()
    case "maxJobs": maxJobs = try Self.atLeastTwo(count(), "\"maxJobs\"")
    case "bundle":
      guard let number = value.double, (0...1440).contains(number) else {
        throw .option("\"bundle\" of the profile's \"slurm\"", complaint: "must be minutes, 0 to 1440, not \(value.compact)")
      }
      bundleMinutes = number
    case "sbatch":
      others = try (value.array ?? [value]).map { element throws(ClusterError) in try Self.option(element.string ?? element.compact) }
    default:
      throw .option(
        "\"\(name)\" of the profile's \"slurm\"",
        complaint: "is not known; known: \(Self.names.joined(separator: ", "))"
          + (NearestSpelling.of(name, among: Self.names).map { "; did you mean \"\($0)\"?" } ?? ""))
    }
  }

  /// The steward, which submits the next wave, is a job too.
  public static func atLeastTwo(_ jobs: Int, _ name: String) throws(ClusterError) -> Int {
    guard jobs > 1 else { throw .option(name, complaint: "must be at least 2: one of them submits what comes after the other") }
    return jobs
  }

  /// An option that goes to sbatch as it is, in a line of its own.
  public static func option(_ text: String) throws(ClusterError) -> String {
    guard text.hasPrefix("--"), text.count > 2, !text.contains(where: \.isNewline) else {
      throw .option("\"\(text)\"", complaint: "is no option of sbatch such as --qos=long")
    }
    return text
  }

  /// `90`, `1:30:00`, `30:00` (minutes and seconds), `2-12`, `2-12:30` or `2-12:30:00`, as Slurm reads them; whole minutes, rounded up.
  public static func minutes(_ text: String, _ name: String) throws(ClusterError) -> Int {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let clock = parts.last?.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) } ?? []
    let numbers = clock.compactMap { $0 }
    let days = parts.count == 2 ? Int(parts[0]) : 0
    guard let days, numbers.count == clock.count, (1...3).contains(numbers.count), numbers.allSatisfy({ (0...1_000_000).contains($0) }),
      (0...10_000).contains(days)
    else { throw .option(name, complaint: "must be minutes or a time as Slurm writes it, such as 2-12:00:00, not \(text)") }
    let seconds: Int
    if parts.count == 2 {
      seconds = zip(numbers, [3600, 60, 1]).reduce(days * 86_400) { $0 + $1.0 * $1.1 }
    } else {
      let units = [[60], [60, 1], [3600, 60, 1]][numbers.count - 1]
      seconds = zip(numbers, units).reduce(0) { $0 + $1.0 * $1.1 }
    }
    guard seconds > 0 else { throw .option(name, complaint: "must be above 0") }
    return (seconds + 59) / 60
  }

  /// `4000` (MiB), `4000M` or `16G`.
  public static func megabytes(_ text: String, _ name: String) throws(ClusterError) -> Int {
    let scales: [Character: Int] = ["M": 1, "m": 1, "G": 1024, "g": 1024, "T": 1 << 20, "t": 1 << 20]
    let scale = text.last.flatMap { scales[$0] }
    guard let number = Int(scale == nil ? text : String(text.dropLast())), (1...1_000_000_000).contains(number) else {
      throw .option(name, complaint: "must be MiB, or a number with M, G or T, not \(text)")
    }
    return number * (scale ?? 1)
  }
}
