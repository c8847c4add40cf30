import Foundation
import Testing

/// A real Slurm of one node, started for the tests of this process and stopped with it (`scripts/one-node-slurm.sh`).
enum OneNodeSlurm {
  /// Whether the long form is asked for: `make test-slurm`.
  static let isLong = ProcessInfo.processInfo.environment["CCR_SLURM"] == "long"

  /// Whether there can be one here; where not, words say so.
  static let isHere: Bool = {
    var missing = ["munged", "slurmctld", "slurmd", "sbatch"].filter { command in
      !["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].contains { access("\($0)/\(command)", X_OK) == 0 }
    }
    if getuid() != 0 { missing.append("root") }
    if !missing.isEmpty {
      print("the tests on a real Slurm are left out: there is no \(missing.joined(separator: ", no ")) (make test-slurm)")
    }
    return missing.isEmpty
  }()

  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../../scripts/one-node-slurm.sh"

  /// Its slurm.conf; it runs from the first use on.
  static let configuration: String = {
    let folder = FileManager.default.temporaryDirectory.path + "/ccr-slurm-\(UUID().uuidString)"
    // Not by Foundation, which would wait for the daemons.
    var (child, status) = (pid_t(), Int32(0))
    let words: [String] = ["/bin/sh", script, "start", folder, String(getpid())]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    var variables: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin:/usr/sbin:/sbin"), nil]
    defer { (arguments + variables).forEach { free($0) } }
    #expect(posix_spawn(&child, "/bin/sh", nil, nil, &arguments, &variables) == 0)
    waitpid(child, &status, 0)
    #expect(status == 0, "Slurm does not start: \(folder)/log")
    return "\(folder)/slurm.conf"
  }()

  static var environment: [String: String] {
    ["SLURM_CONF": configuration, "CCR_SLURM_SECONDS": "5", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
  }

  /// Calls a command of Slurm.
  @discardableResult
  static func slurm(_ command: String, _ arguments: String...) -> (code: Int32, out: String) {
    call("/usr/bin/env", [command] + arguments, environment)
  }

  /// Jobs that were put back into the queue begin again after two minutes; here at once.
  static func hasten() {
    for line in slurm("squeue", "--noheader", "--states=PENDING", "--format=%i %r").out.split(separator: "\n")
    where line.hasSuffix(" BeginTime") {
      slurm("scontrol", "update", "jobid=\(line.prefix { $0 != " " })", "StartTime=now")
    }
  }

  private static func call(_ program: String, _ arguments: [String], _ environment: [String: String]) -> (code: Int32, out: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"].merging(environment) { $1 }
    let file = FileManager.default.temporaryDirectory.path + "/ccr-words-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: file, contents: nil)
    defer { unlink(file) }
    process.standardOutput = FileHandle(forWritingAtPath: file)
    process.standardError = process.standardOutput
    do { try process.run() } catch { return (127, "\(error)") }
    process.waitUntilExit()
    return (process.terminationStatus, (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
  }

  /// Waits for something to become true.
  static func wait(_ what: String, seconds: Double = 60, until condition: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try !condition() {
      try #require(Date() < deadline, "\(what): \(slurm("squeue").out)")
      usleep(100_000)
    }
  }
}

extension ToyStudy {
  /// `ccr` beside the real Slurm.
  func cluster(_ arguments: String..., path: String? = nil) throws -> Output { try clusterStart(arguments, path: path).output() }

  func clusterStart(_ arguments: [String], path: String? = nil) throws -> (Process, output: () -> Output) {
    var environment = OneNodeSlurm.environment
    if let path { environment["PATH"] = "\(path):\(environment["PATH"] ?? "")" }
    let flags = ["run", "plan"].contains(arguments[0]) ? ["--executor", "slurm", "--cpus-per-job", "1", "--memory", "500"] : []
    return try start([arguments[0]] + flags + arguments.dropFirst(), environment: environment)
  }

  /// Runs to the end, without the pauses that Slurm puts before jobs that begin again.
  func clusterHastened(_ arguments: [String], _ trouble: () throws -> Void = {}) throws -> Output {
    let (process, output) = try clusterStart(arguments)
    try trouble()
    while process.isRunning {
      OneNodeSlurm.hasten()
      sleep(1)
    }
    return output()
  }

  /// How many instances have no result.
  func missing() throws -> Int { try study().standings().count { !$0.hasResult } }

  /// Every instance was executed, none twice.
  func expectEachOnce(_ count: Int = ToyStudy.instances) {
    let executed = executedInstances
    #expect(executed.count == count && Set(executed).count == count, "\(executed.sorted())")
  }

  /// The logs of all jobs, for messages.
  var jobLogs: String {
    files("results/.slurm/logs").map { "\($0):\n\((try? String(contentsOfFile: $0, encoding: .utf8)) ?? "")" }.joined()
  }
}
