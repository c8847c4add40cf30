import ArgumentParser
import Artifacts
import Glibc
import Tensors

/// The command line every stage program shares.
public enum StageProgram {
  /// Parses the arguments, checks the request, runs the body and ends the process with the stage's exit code.
  /// - Parameter savesCheckpoints: whether the body, given a folder for checkpoints, saves one and throws `StageInterrupted` when it is asked to
  ///   stop. All other stages end at once.
  public static func run(
    _ description: StageDescription, savesCheckpoints: Bool = false, _ body: (StageJob) throws -> Void
  ) -> Never {
    var request = StageRequest()
    do {
      let arguments = try StageArguments.parse(description)
      if let file = arguments.check {
        print(try PlannedRun.answers(file, description).pretty)
        Glibc.exit(0)
      }
      if arguments.calibrate {
        BLAS.restartWithPreferredCore()
        print(Calibration.json().compact)
        Glibc.exit(0)
      }
      if arguments.describe {
        BLAS.restartWithPreferredCore(for: description.usesBLAS)
        print(description.json.pretty)
        Glibc.exit(0)
      }
      if arguments.originals {
        print(try description.originals(for: arguments.stageRequest()).pretty)
        Glibc.exit(0)
      }
      BLAS.restartWithPreferredCore(for: description.usesBLAS)
      request = try arguments.stageRequest()
      let job = try StageJob(description, request)
      Interruption.listen(savesCheckpoint: savesCheckpoints && job.checkpointFolder != nil)
      var planned = PlannedRun(job.settings, request)
      try description.check?(&planned)
      if description.usesBLAS, let missing = BLAS.reserve(threads: job.team.threads) {
        throw StageError.memory(bytes: missing, lower: job.team.threads > 1 ? ["--threads"] : [])
      }
      try body(job)
      Glibc.exit(0)
    } catch is StageInterrupted {
      Lines.ofProcess.say("stopped: the checkpoint is saved; run again to go on")
      Glibc.exit(EX_TEMPFAIL)
    } catch let error as any ExplainedError {
      Lines.ofProcess.say(request.naming("error: \(error.problem)\nremedy: \(error.remedy)"))
      if error.kind == .noResult { EventStream().sendToRunner(["event": "noResult", "reason": .string(request.naming(error.problem))]) }
      // Without the exit handlers of libraries: where memory is short, OpenBLAS's never return.
      _exit(error.kind.rawValue)
    } catch {
      Lines.ofProcess.say("error: \(error)\nremedy: report this with the command and its request")
      Glibc.exit(ErrorKind.bug.rawValue)
    }
  }
}

extension BLAS {
  /// Starts this program anew with the OpenBLAS kernels this CPU deserves, once, unless the user chose them: Debian's OpenBLAS
  /// takes processors newer than itself for very old ones, and it chooses when it is loaded.
  public static func restartWithPreferredCore(for usesBLAS: Bool = true) {
    guard usesBLAS, getenv("OPENBLAS_CORETYPE") == nil, let core = preferredCoreType() else { return }
    setenv("OPENBLAS_CORETYPE", core, 1)
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
  }
}

/// The flags of a stage program.
struct StageArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Do what this file asks; the runner's way.", valueName: "request.json"))
  var request: String?
  @Flag(help: "Print ports, settings and numeric class as JSON.")
  var describe = false
  @Option(help: ArgumentHelp("Print what can be said of planned runs before they begin, as JSON; the plan's way.", valueName: "runs.json"))
  var check: String?
  @Flag(help: "Print how fast this machine computes, as JSON; what the plan estimates with.")
  var calibrate = false
  @Flag(help: "Print which files of the data folder would be read, as JSON.")
  var originals = false
  @Option(help: ArgumentHelp("All hyperparameters as one JSON object.", valueName: "json"))
  var parameters: String?
  @Option(name: .long, parsing: .singleValue, help: ArgumentHelp("Read a port from a file.", valueName: "port=file"))
  var input: [String] = []
  @Option(name: .long, parsing: .singleValue, help: ArgumentHelp("Write a port to a file.", valueName: "port=file"))
  var output: [String] = []
  @Option(
    name: .long, parsing: .singleValue, help: ArgumentHelp("Set a hyperparameter; the value is JSON or a word.", valueName: "name=value"))
  var set: [String] = []
  @Option(help: "How many threads to use; results do not depend on it.")
  var threads: Int?
  @Option(help: ArgumentHelp("Keep checkpoints in this folder.", valueName: "folder"))
  var checkpoint: String?

  static func parse(_ description: StageDescription) throws -> StageArguments {
    if CommandLine.arguments.dropFirst().contains(where: { $0 == "--help" || $0 == "-h" }) {
      print(help(description))
      Glibc.exit(0)
    }
    do {
      return try StageArguments.parse()
    } catch {
      Lines.ofProcess.say(StageArguments.message(for: error) + "\nSee \(description.name) --help.")
      Glibc.exit(EX_USAGE)
    }
  }

  private static func help(_ description: StageDescription) -> String {
    func lines(_ title: String, _ rows: [(String, String)]) -> String {
      guard !rows.isEmpty else { return "" }
      let width = rows.map { $0.0.count }.max() ?? 0
      return "\n\n\(title)\n"
        + rows.map { "  " + $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }.joined(separator: "\n")
    }
    func ports(_ ports: [Port]) -> [(String, String)] { ports.map { ($0.name, $0.help + ($0.optional ? " (optional)" : "")) } }
    func settings(_ settings: [SettingSchema]) -> [(String, String)] {
      settings.map { ($0.name, "\($0.type): \($0.help)" + ($0.legalValues.map { " (\($0))" } ?? "")) }
    }
    let variants = description.schema.variants.map { all in
      all.variants.map { lines("SETTINGS OF \(all.selector.uppercased()) \($0.name) (--set)", settings($0.settings)) }.joined()
    }
    return description.summary + "\n\n" + StageArguments.helpMessage(columns: 120).replacing("stage_arguments", with: description.name)
      + lines("INPUTS (--input)", ports(description.inputs)) + lines("GATHERED INPUTS (by --request only)", ports(description.gathered))
      + lines("OUTPUTS (--output)", ports(description.outputs)) + lines("SETTINGS (--set)", settings(description.schema.settings))
      + (variants ?? "")
  }

  /// The request these flags make.
  func stageRequest() throws -> StageRequest {
    var result = try request.map { try StageRequest(file: $0) } ?? StageRequest()
    if let parameters { result.parameters = try JSONValue.parse(parameters, file: "--parameters") }
    for text in input { result.inputs.merge([try Self.pair("--input", text)]) { $1 } }
    for text in output { result.outputs.merge([try Self.pair("--output", text)]) { $1 } }
    for text in set {
      let (name, value) = try Self.pair("--set", text)
      result.set(name, (try? JSONValue.parse(value, file: "--set \(name)")) ?? .string(value))
    }
    if let threads { result.threads = threads }
    if let checkpoint { result.checkpoint = checkpoint }
    return result
  }

  private static func pair(_ flag: String, _ text: String) throws(StageError) -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { throw .malformedFlag(flag, text) }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}
