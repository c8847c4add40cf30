import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// The command `ccr`: regenerates the paper's tables and figures from pipeline.json.
@main
struct CCR: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ccr", abstract: "Runs the study that pipeline.json declares; what was computed before is not computed again.",
    discussion: """
      A selector names instances: train, train[method=ccr,seed=0], +X with all that X needs, X+ with all that needs X.
      Exit codes: 0 done · 1 a stage failed · 2 bad usage or pipeline.json · 3 work is pending or missing (plan and
      status with --exit-code; report, verify) · 5 other bytes (run, verify, adopt; diff --exit-code) · 7 the machine failed (disk full, no
      permission) · 66 inputs of a job are not in the store · 75 stopped, checkpoint saved · 128 + n stopped by signal n. Words for people go to standard error, data to standard output.
      """,
    // Asking git takes longer than any other start.
    version: CommandLine.arguments.contains("--version") ? Version.text : "unknown",
    subcommands: [
      Run.self, ReportCommand.self, PlanCommand.self, Why.self, Show.self, Status.self, GraphCommand.self, Doctor.self, Verify.self,
      TraceCommand.self, DiffCommand.self, LogCommand.self, Export.self, Fetch.self, Adopt.self, GarbageCollection.self, TagCommand.self,
      Schema.self, Work.self, Cancel.self,
    ])

  static func main() {
    StandardStreams.open()
    do {
      var command = try parseAsRoot()
      try command.run()
      StandardStreams.finish(0)
    } catch let code as ExitCode {
      StandardStreams.finish(code.rawValue)
    } catch let error as any ExplainedError {
      Console.say("error: \(error.problem)\nremedy: \(error.remedy)")
      StandardStreams.end(error.kind == .inputOutput ? 7 : 2)
    } catch {
      if exitCode(for: error) == .success {
        print(fullMessage(for: error))
        StandardStreams.finish(0)
      }
      Console.say(fullMessage(for: error))
      StandardStreams.end(2)
    }
  }
}

/// What every verb takes.
struct StudyOptions: ParsableArguments {
  @Option(help: "The profile of pipeline.json.")
  var profile = "quick"
  @Option(
    help: ArgumentHelp("The pipeline file; default: pipeline.json here, or in the nearest folder above that has one.", valueName: "file"))
  var pipeline: String?
  @Option(help: ArgumentHelp("Keep results in this folder instead of results/ beside the pipeline file.", valueName: "folder"))
  var results: String?
  @Option(
    help: ArgumentHelp("Publish tables and figures below this folder instead of the folder of the pipeline file.", valueName: "folder"))
  var publish: String?

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "For this run alone: STAGE.NAME=VALUE, methods.METHOD.NAME=VALUE, datasets.…, profiles.PROFILE.axes.AXIS=VALUES, or a constant, such as"
        + " epochs=5; the value is JSON or a word. May be repeated; wins over the whole pipeline file.", valueName: "name=value"))
  var set: [String] = []
  @Option(
    name: [.customShort("S"), .customLong("sweep")], parsing: .singleValue,
    help: ArgumentHelp(
      "For this run alone, several values: train.temperature=0.2,0.5,1.0 makes an axis of the instances whose setting it is, and of all that needs"
        + " them. Names as with --set. May be repeated.", valueName: "name=values"))
  var sweep: [String] = []

  /// What was recorded, whatever the pipeline file says now.
  func records() -> Records { Records(pipeline: pipeline ?? StudyFolder.pipelineFile ?? StudyFolder.name, results: results) }

  /// The pipeline file as it is named, or found.
  /// - Throws: `PipelineError` where there is none.
  func pipelineFile() throws(PipelineError) -> String {
    if let found = pipeline ?? StudyFolder.pipelineFile { return found }
    throw PipelineError(
      .missing(
        what: "\(StudyFolder.name), here and in every folder above,",
        remedy: "go to the folder of a study, or name its file with --pipeline FILE"))
  }

  /// - Throws: `PipelineError`, `JSONError` or `FileError`, before anything is written.
  func study() throws -> Study {
    return try Study(
      path: pipelineFile(), profile: profile, results: results, programFolder: OwnFolder.path, publish: publish, overrides: set,
      sweeps: sweep)
  }
}

/// How much of this machine a run takes.
struct MachineOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "How many stages at once; default: one for each core.")
  var jobs: Int?
  @Option(help: "Threads that all stages share; default: one for each core. Results do not depend on it.")
  var threads: Int?

  var allJobs: Int { jobs ?? Self.cores }
  var allThreads: Int { threads ?? Self.cores }
  private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs must be at least 1, not \(jobs)") }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, not \(threads)") }
  }
}

/// The study that the working folder belongs to.
enum StudyFolder {
  static let name = "pipeline.json"

  /// `pipeline.json`, `../pipeline.json`, … : the nearest that there is, as git looks for its folder.
  static var pipelineFile: String? {
    var path = name
    while access(path, F_OK) != 0 {
      let folder = path.dropLast(name.count)
      guard let here = realpath(folder.isEmpty ? "." : String(folder), nil) else { return nil }
      defer { free(here) }
      if strlen(here) == 1 { return nil }
      path = "../" + path
    }
    return path
  }
}

/// Standard input, output and error of this process.
enum StandardStreams {
  /// Opens those that are closed: else the next file that is opened, perhaps a lock, would be taken for standard error. Whatever else this
  /// process inherited is kept from the stages: a stage that outlives its runner would keep it open.
  static func open() {
    for descriptor in 3..<Int32(1024) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    // A file beyond the limit is an error with words, not an end without.
    signal(SIGXFSZ, SIG_IGN)
    // A parent that ignores the end of its children leaves it to them, who then could not know how theirs ended.
    signal(SIGCHLD, SIG_DFL)
    // Four for each stage at work.
    var files = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 {
      files.rlim_cur = min(files.rlim_max, max(files.rlim_cur, 65_536))
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    }
    while true {
      let descriptor = Glibc.open("/dev/null", O_RDWR)
      if descriptor > STDERR_FILENO { close(descriptor) }
      if descriptor < 0 || descriptor > STDERR_FILENO { return }
    }
  }

  /// Ends the process; with 7 where what was printed could not be written, as on a full disk.
  static func finish(_ code: Int32) -> Never {
    if fflush(nil) != 0 {
      Console.say(
        "error: standard output cannot be written: \(String(cString: strerror(errno)))\nremedy: send it elsewhere, or free some space")
      end(7)
    }
    end(code)
  }

  /// Ends the process without the farewells of libraries: OpenBLAS waits in its own for threads that it could not start where memory is short.
  static func end(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }
}

/// Words for people go to standard error, data to standard output.
enum Console {
  static func say(_ text: String) { put(text + "\n") }

  static func put(_ text: String) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count, isRead() {
      // No more at a time than a pipe that has room takes at once.
      let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress?.advanced(by: written), min(bytes.count - written, 4096)) }
      if count <= 0 { return }
      written += count
    }
  }

  /// Waits for who reads standard error; where nobody does, until this process is asked to stop, which it could not hear otherwise.
  private static func isRead() -> Bool {
    var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    while poll(&descriptor, 1, 100) <= 0 { if StopRequest.isThere { return false } }
    return true
  }
}
