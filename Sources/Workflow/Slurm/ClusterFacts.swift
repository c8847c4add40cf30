import Artifacts
import Glibc

/// What a cluster says of itself before anything is submitted.
public struct ClusterFacts: Sendable {
  public struct Partition: Sendable {
    public let name: String
    public let isDefault: Bool
    /// nil for no limit.
    public let minutes: Int?
    /// Of its largest node.
    public let cpus, megabytes: Int
    /// CPUs of all nodes that are up.
    public let allCPUs: Int
  }

  /// The partition that jobs go to.
  public let partition: Partition
  /// Jobs in an array.
  public let arraySize: Int
  /// Jobs that this user may have in the queue; nil where the cluster does not say.
  public let submitLimit: Int?

  /// Asks the cluster, and holds the options against it.
  /// - Throws: `ClusterError`.
  init(_ commands: SlurmCommands, _ options: SlurmOptions) throws {
    let nodes = try commands.call("sinfo", ["--noheader", "--format=%P|%l|%c|%m|%C"])
    guard nodes.code == 0 else { throw ClusterError.refused(command: "sinfo", words: nodes.words) }
    let partitions = Self.partitions(in: nodes.out)
    let named = options.partition.flatMap { name in partitions.first { $0.name == name } }
    let usual = options.partition == nil ? partitions.first(where: \.isDefault) ?? partitions.first : nil
    guard let partition = named ?? usual else {
      throw ClusterError.unknownPartition(options.partition ?? "", known: partitions.map(\.name))
    }
    if let most = partition.minutes, let asked = options.limit, asked > most {
      throw ClusterError.tooLong(minutes: asked, partition: partition.name, most: most)
    }
    if let asked = options.cpusPerJob, asked > partition.cpus {
      throw ClusterError.tooMuch(what: "CPUs", asked: asked, partition: partition.name, most: partition.cpus)
    }
    if let asked = options.megabytes, asked > partition.megabytes {
      throw ClusterError.tooMuch(what: "MiB of memory", asked: asked, partition: partition.name, most: partition.megabytes)
    }
    self.partition = partition
    let config = (try? commands.call("scontrol", ["show", "config"]))?.out ?? ""
    arraySize = Self.value("MaxArraySize", in: config) ?? 1000
    let limits = [Self.value("MaxJobCount", in: config), Self.associationLimit(commands, config), options.maxJobs]
    submitLimit = limits.compactMap { $0 }.min()
  }

  package static func partitions(in text: String) -> [Partition] {
    var found: [String: Partition] = [:]
    var order: [String] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5 else { continue }
      let isDefault = fields[0].hasSuffix("*")
      let name = isDefault ? String(fields[0].dropLast()) : fields[0]
      func number(_ text: some StringProtocol) -> Int { Int(text.prefix { $0.isNumber }) ?? 0 }
      let counts = fields[4].split(separator: "/").map(number)
      let before = found[name]
      if before == nil { order.append(name) }
      found[name] = Partition(
        name: name, isDefault: isDefault, minutes: try? SlurmOptions.minutes(fields[1], ""),
        cpus: max(number(fields[2]), before?.cpus ?? 0), megabytes: max(number(fields[3]), before?.megabytes ?? 0),
        allCPUs: (before?.allCPUs ?? 0) + (counts.count == 4 ? counts[0] + counts[1] : 0))
    }
    return order.compactMap { found[$0] }
  }

  /// `MaxArraySize            = 1001`
  package static func value(_ name: String, in config: String) -> Int? {
    config.split(separator: "\n").first { $0.hasPrefix(name) && $0.dropFirst(name.count).first.map { " =".contains($0) } ?? false }
      .flatMap { line in line.split(separator: "=").last.flatMap { Int($0.filter { !$0.isWhitespace }) } }
  }

  /// The least limit of the user's associations, by the accounting database; it may be away, or there is none.
  private static func associationLimit(_ commands: SlurmCommands, _ config: String) -> Int? {
    guard config.contains("accounting_storage/slurmdbd"), let user = getpwuid(getuid()).map({ String(cString: $0.pointee.pw_name) }),
      let answer = try? commands.call(
        "sacctmgr", ["--noheader", "--parsable2", "show", "associations", "where", "user=\(user)", "format=MaxSubmitJobs,GrpSubmitJobs"]),
      answer.code == 0
    else { return nil }
    return answer.out.split(separator: "\n").flatMap { $0.split(separator: "|").compactMap { Int($0) } }.filter { $0 > 0 }.min()
  }
}
