import Artifacts
import Glibc

/// The commands of a cluster, each with a limit in time. Slurm counts calls, so there are few: one sbatch for an array, one squeue for a look.
package struct SlurmCommands {
  /// A job as squeue shows it.
  package struct Job: Sendable {
    /// `123`, or `123_4` for a job of an array.
    package let id: String
    package let name: String
    /// `PENDING`, `RUNNING`, …
    package let state: String
    package let reason: String

    /// Without the place in an array.
    var number: String { String(id.prefix { $0 != "_" }) }

    /// Whether it will still do something.
    package var isLive: Bool {
      [
        "PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESIZING", "SIGNALING",
        "STAGE_OUT", "STOPPED", "SPECIAL_EXIT", "RESV_DEL_HOLD",
      ]
      .contains(state)
    }
    package var isAtWork: Bool { ["RUNNING", "COMPLETING", "SUSPENDED"].contains(state) }
  }

  /// What became of a call.
  struct Answer {
    let code: Int32
    let out: String
    let error: String

    /// Its words in one line.
    var words: String {
      let lines = (error + "\n" + out).split(separator: "\n").map { Printable.text(String($0)) }
      return lines.isEmpty ? "it ended with \(code) and said nothing" : lines.suffix(3).joined(separator: " / ")
    }
  }

  private let folder: String
  private let patience: Duration

  /// - Parameter folder: for scripts and words; made where missing.
  /// - Throws: `ClusterError.noCommand` where this is no machine of a cluster; `FileError`.
  package init(folder: String, patience: Duration = .seconds(60)) throws {
    try Folder.make(folder)
    (self.folder, self.patience) = (folder, patience)
    for name in ["sbatch", "squeue"] where Self.path(name) == nil { throw ClusterError.noCommand(name) }
  }

  /// Where a command is, by PATH.
  static func path(_ name: String) -> String? {
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 && !Folder.isFolder($0) }
  }

  /// Runs a command of the cluster to its end.
  /// - Parameter input: a file for its standard input.
  /// - Throws: `ClusterError.noCommand`; `PipelineError` where it does not answer in time.
  func call(_ name: String, _ arguments: [String], input: String = "/dev/null") throws -> Answer {
    guard let path = Self.path(name) else { throw ClusterError.noCommand(name) }
    let words = "\(folder)/\(PartFile.uniqueName()).words"
    defer { unlink(words) }
    let (status, out) = try ChildProcess.run(
      path, arguments, environment: Self.environment, within: patience, input: input, errors: words)
    let code: Int32 =
      switch status {
      case .exited(let code): code
      case .killed(let signal): 128 + signal
      }
    let error = (try? AtomicFile.read(words)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return Answer(code: code, out: String(decoding: out, as: UTF8.self), error: error)
  }

  /// The environment of this process without what describes a job it runs in: sbatch would take that for options, and hand it on.
  private static var environment: [String] {
    var (variables, at) = ([String](), environ)
    while let entry = at.pointee {
      let text = String(cString: entry)
      if !text.hasPrefix("SLURM") || text.hasPrefix("SLURM_CONF=") { variables.append(text) }
      at += 1
    }
    return variables
  }

  // MARK: Looking

  /// The jobs of these names that the cluster still knows, whoever submitted them, each job of an array by itself.
  /// - Throws: `ClusterError.refused`: then nothing is known of any job.
  package func jobs(named names: [String]) throws -> [Job] {
    if names.isEmpty { return [] }
    let arguments = ["--noheader", "--array", "--states=all", "--format=%i|%j|%T|%r", "--name=\(names.joined(separator: ","))"]
    let answer = try call("squeue", arguments)
    guard answer.code == 0 else { throw ClusterError.refused(command: "squeue", words: answer.words) }
    return Self.jobs(in: answer.out).filter { names.contains($0.name) }
  }

  package static func jobs(in text: String) -> [Job] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 4, let first = fields[0].first, first.isNumber else { return nil }
      return Job(id: fields[0], name: fields[1], state: fields[2], reason: fields[3])
    }
  }

  /// How many jobs this user has in the queue, each job of an array counted.
  func queuedJobs() throws -> Int {
    let answer = try call("squeue", ["--noheader", "--array", "--format=%i", "--user=\(getuid())"])
    guard answer.code == 0 else { throw ClusterError.refused(command: "squeue", words: answer.words) }
    return answer.out.split(separator: "\n").count { $0.first?.isNumber == true }
  }

  // MARK: Doing

  /// Submits a script, once: where sbatch does not answer, or not with a number, the job's name is looked up before anything else.
  /// - Parameter before: the numbers of the jobs that had this name already.
  /// - Returns: the job's number; nil where the cluster takes no more jobs of this user now.
  /// - Throws: `ClusterError`.
  func submit(_ script: String, name: String, before: Set<String> = [], say: (String) -> Void) throws -> String? {
    let file = "\(folder)/\(name).sh"
    try AtomicFile.write(script, to: file)
    var complaint = ""
    for pause: UInt32 in [2, 10, 0] {
      do {
        let answer = try call("sbatch", ["--parsable"], input: file)
        if let id = Self.number(in: answer.out), answer.code == 0 { return id }
        if answer.code != 0, Self.meansFull(answer.words) { return nil }
        complaint = answer.words
      } catch let error as PipelineError { complaint = error.problem }
      // Many failures of sbatch are of the way to the controller, or back: the job may be there, or have been there and ended.
      say("sbatch gave no number for \(name) (\(complaint)); looking whether the cluster has it")
      sleep(1)
      if let job = try jobs(named: [name]).first(where: { !before.contains($0.number) }) { return job.number }
      sleep(pause)
    }
    throw ClusterError.refused(command: "sbatch", words: complaint)
  }

  /// The number in what `sbatch --parsable` prints, `123` or `123;cluster`; sites print more, before and after.
  package static func number(in text: String) -> String? {
    text.split(separator: "\n").reversed().lazy.map { line in line.prefix { $0 != ";" }.filter { !$0.isWhitespace } }
      .first { !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }
  }

  /// Whether words of sbatch say that a limit of jobs is reached, which is no fault.
  package static func meansFull(_ words: String) -> Bool {
    ["MaxSubmitJob", "GrpSubmitJob", "job submit limit", "Resource temporarily unavailable", "MaxJobCount", "MaxSubmitPU", "too many jobs"]
      .contains { words.contains($0) }
  }

  /// Ends jobs; those that have ended are no fault.
  func cancel(_ ids: [String]) throws {
    for start in stride(from: 0, to: ids.count, by: 500) {
      let answer = try call("scancel", Array(ids[start..<min(ids.count, start + 500)]))
      guard answer.code == 0 || answer.words.contains("already complet") || answer.words.contains("Invalid job id") else {
        throw ClusterError.refused(command: "scancel", words: answer.words)
      }
    }
  }

  /// Puts the job this process runs in back into the queue, under the same number, which ends it.
  /// - Returns: whether that was done.
  package static func requeue(_ job: String) -> Bool {
    guard let path = path("scontrol") else { return false }
    return (try? ChildProcess.run(path, ["requeue", job], environment: environment))?.0 == .exited(0)
  }
}
