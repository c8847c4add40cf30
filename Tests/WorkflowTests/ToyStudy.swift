import Artifacts
import Foundation
import Testing
import Workflow

/// A study of four tiny shell programs in a folder of its own, run by the real `ccr`.
///
///     source[dataset] → make[dataset,method,seed] → score[dataset,method,seed] → table
///
/// Every program writes its name, its settings and its inputs into its output, and its instance into `data/executed`.
final class ToyStudy {
  static let binaries = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path

  let folder: String

  init() throws {
    // A suite that runs in the background of a script has these ignored, and would hand that on.
    for number in [SIGINT, SIGQUIT] { signal(number, SIG_DFL) }
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path + "/ccr-toy-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    try write("one\ntwo\n", "table.txt")
    try write("kernels 1", "libtoyblas.so")
    try write("iterations 1", "libtoyarpack.so")
    try write(Self.pipeline, "pipeline.json")
    try program("source", inputs: ["words"], settings: [("text", "string")], writes: #"echo "source $(field text)"; cat "$(field words)""#)
    try program(
      "make", inputs: ["words"], settings: [("text", "string"), ("rate", "number"), ("silent", "string"), ("act", "string")],
      usesBLAS: true, writes: #"echo "make $(field text) $(number rate) $noise"; cat "$(field words)""#)
    try program(
      "score", inputs: ["made"], settings: [("weight", "integer")], writes: #"echo "score $(number weight)"; cat "$(field made)""#)
    try program(
      "table", gathered: ["scores"], settings: [("title", "string")],
      writes: #"echo "table $(field title)"; grep -o '"path": "[^"]*"' "$request" | cut -d'"' -f4 | while read f; do cat "$f"; done"#)
  }

  /// - Parameter act: what every `make` does besides its work; see `acts`.
  convenience init(act: String) throws {
    try self.init()
    try edit("\"act\": \"none\"", "\"act\": \"\(act)\"")
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static let pipeline = """
    {
      "pipeline": 1,
      "profiles": {
        "quick": {"axes": {"dataset": ["a", "b"], "seed": [0, 1]}},
        "twin": {"axes": {"dataset": ["a", "b"], "seed": [0, 1]}},
        "large": {"axes": {"dataset": ["a", "b"], "seed": [0, 1, 2]}, "exclude": [{"dataset": "b", "method": "y"}]}
      },
      "stages": {
        "source": {"program": "./source", "matrix": {"dataset": "*"}, "inputs": {"words": {"file": "table.txt"}}, "outputs": {"out": "words.txt"}},
        "make": {
          "program": "./make",
          "matrix": {"dataset": "*", "method": ["x", "y"], "seed": "*"},
          "inputs": {"words": "source.out"},
          "outputs": {"out": "made.txt"}
        },
        "score": {
          "program": "./score",
          "matrix": {"dataset": "*", "method": "make", "seed": "*"},
          "inputs": {"made": "make.out"},
          "outputs": {"out": "score.txt"}
        },
        "table": {
          "program": "./table",
          "inputs": {"scores": {"gather": "score.out"}},
          "outputs": {"out": "table.txt"},
          "publish": "tables/$profile"
        }
      },
      "settings": [
        {
          "let": {"rate": 0.001},
          "source": {"text": "$dataset"},
          "make": {"text": "$method-$seed", "rate": "$rate", "silent": "s", "act": "none"},
          "score": {"weight": 1},
          "table": {"title": "all"}
        },
        {"where": {"method": "y"}, "let": {"rate": 0.25}}
      ]
    }
    """
  static let instances = 2 + 8 + 8 + 1

  /// Writes a program.
  /// - Parameters:
  ///   - settings: names and types.
  ///   - variants: what `--describe` says of the settings of each method.
  ///   - writes: shell commands whose output is the output; `field NAME` gives a text of the request, `number NAME` a number.
  func program(
    _ name: String, inputs: [String] = [], gathered: [String] = [], settings: [(String, String)] = [],
    variants: JSONValue? = nil, usesBLAS: Bool = false, comment: String = "", version: Int = 1, writes: String
  ) throws {
    func ports(_ names: [String]) -> JSONValue { .array(names.map { ["name": .string($0), "optional": false] }) }
    var description: [JSONValue.Member] = [
      .init("name", .string(name)), .init("version", .integer(version)), .init("inputs", ports(inputs)),
      .init("gathered", ports(gathered)), .init("outputs", ports(["out"])),
      .init("settings", .array(settings.map { ["name": .string($0.0), "type": .string($0.1)] })), .init("usesBLAS", .bool(usesBLAS)),
    ]
    if let variants { description.append(.init("variants", variants)) }
    if usesBLAS {
      description += [
        .init("numericClass", "toy/CORE"), .init("blasLibrary", .string("\(folder)/libtoyblas.so")),
        .init("arpackLibrary", .string("\(folder)/libtoyarpack.so")),
      ]
    }
    let act = settings.contains { $0.0 == "act" } ? Self.acts : ""
    let script = """
      #!/bin/sh
      # \(comment)
      if [ "$1" = --describe ]; then
        sed "s/CORE/${OPENBLAS_CORETYPE:-none}/" <<'END'
      \(JSONValue.object(description).pretty)
      END
        exit
      fi
      request="$2"
      field() { grep -o "\\"$1\\": \\"[^\\"]*\\"" "$request" | head -n 1 | cut -d'"' -f4; }
      number() { grep -o "\\"$1\\": [0-9.e-]*" "$request" | head -n 1 | sed 's/.*: //'; }
      instance="$(field instance)"
      echo "$instance" >> "$CCR_DATA/executed"
      \(act)
      { \(writes); } > "$(field out)"
      """
    try write(script + "\n", name, mode: 0o755)
  }

  /// What a toy does besides writing its output; what it starts in the background has its output open.
  private static let acts = #"""
    case "$(field act)" in
      fail) echo "error: the toy is broken" >&2; echo "remedy: mend the toy" >&2; exit 65;;
      full) exit 74;;
      killed) kill -9 $$;;
      once) if [ ! -e "$CCR_DATA/once" ]; then touch "$CCR_DATA/once"; kill -9 $$; fi;;
      silent) exit 0;;
      absent) echo "the toy diverges"; echo '{"event": "noResult", "reason": "it diverged in epoch 3"}' > "/proc/self/fd/$CCR_EVENTS_FD"; exit 69;;
      absent-until-go) if [ ! -e "$CCR_DATA/go" ]; then
        echo '{"event": "noResult", "reason": "it diverged in epoch 3"}' > "/proc/self/fd/$CCR_EVENTS_FD"; exit 69; fi;;
      absent-extra) echo x > "$(dirname "$(field out)")/extra.txt"
        echo '{"event": "noResult", "reason": "it diverged in epoch 3"}' > "/proc/self/fd/$CCR_EVENTS_FD"; exit 69;;
      absent-cut) printf '{"event": "noResult", "reason": "it diverged in epoch 3"}' > "/proc/self/fd/$CCR_EVENTS_FD"; exit 69;;
      slow) sleep 0.15;;
      tick) sleep 0.02;;
      late) sleep 0.5; kill -9 $$;;
      long) sleep 30;;
      hungry) head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null;;
      patient) trap 'touch "$(field checkpoint)/saved"; exit 75' TERM
        touch "$CCR_DATA/listening"
        if [ -e "$(field checkpoint)/saved" ]; then touch "$CCR_DATA/resumed"; else sleep 30 & wait; fi;;
      saving) trap 'sleep 0.7; touch "$(field checkpoint)/saved"; exit 75' TERM
        touch "$CCR_DATA/listening"
        [ -e "$(field checkpoint)/saved" ] || { sleep 30 & wait; };;
      patient-later) if [ -e "$CCR_DATA/go" ]; then
        trap 'touch "$(field checkpoint)/saved"; exit 75' TERM
        touch "$CCR_DATA/listening"
        if [ -e "$(field checkpoint)/saved" ]; then touch "$CCR_DATA/resumed"; else sleep 30 & wait; fi
        fi;;
      keep) if [ -e "$(field checkpoint)/saved" ]; then touch "$CCR_DATA/resumed"; else
        while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done; touch "$(field checkpoint)/saved"; fi;;
      loud) trap 'touch "$CCR_DATA/asked"; exit 75' TERM
        for k in $(seq 60); do echo "{\"event\": \"warning\", \"message\": \"$(head -c 3000 /dev/zero | tr '\0' x)\"}" >&3; done
        sleep 30 & wait;;
      climb) place="$(field checkpoint)/step"; height=$(cat "$CCR_DATA/height"); step=$(cat "$place" 2> /dev/null || echo 0); stop=
        # Slurm and the runner both say TERM, to all processes of the stage: nothing is started from here on but the sleep.
        trap 'stop=1' TERM
        while [ "$step" -lt "$height" ]; do
          sleep 0.5; step=$((step + 1)); echo "$instance $step" >> "$CCR_DATA/steps"
          if [ -n "$stop" ]; then echo "$step" > "$place"; exit 75; fi
        done;;
      eat) head -c 700M /dev/zero | tail > /dev/null;;
      random) noise=$(date +%N);;
      pause) while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done;;
      tell-pause) echo '{"event": "warning", "message": "the toy waits"}' >&3
        while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done;;
      spoil) chmod +w "$(field words)"; echo spoiled >> "$(field words)";;
      extra) echo x > "$(dirname "$(field out)")/extra.txt";;
      quick-child) chrt --idle 0 sleep 31 & sleep 0.1;;
      leaving-once) if [ ! -e "$CCR_DATA/once" ]; then touch "$CCR_DATA/once"; setsid sleep 43 > /dev/null 2>&1 & sleep 42; fi;;
      meddling-child) head -c 20000000 /dev/zero > "$(field out)"
        setsid sh -c 'for n in $(seq 1000 1400); do printf $n 1<> "$0"; sleep 0.005; done' "$(field out)" > /dev/null 2>&1 &
        exit;;
      huge) truncate -s 40G "$(field out)"; exit;;
      odd) folder="$(dirname "$(field out)")"; touch "$folder/$(printf '\377x')"; mkdir "$folder/closed"; touch "$folder/closed/x"; chmod 555 "$folder/closed";;
      stubborn) trap '' TERM; touch "$CCR_DATA/listening"; sleep 30; sleep 30;;
      stubborn-once) if [ ! -e "$CCR_DATA/once" ]; then touch "$CCR_DATA/once"; trap '' TERM; touch "$CCR_DATA/listening"; sleep 30; sleep 30; fi;;
      flood) while :; do echo '{"event": "progress", "done": 1, "total": 2, "unit": "step"}'; done >&3;;
      blob) cat /dev/zero >&3;;
      numbers) for n in 1e300 -1e300 99999999999999999999 -9223372036854775808 9223372036854775807 0.5; do
          echo "{\"event\": \"progress\", \"done\": $n, \"total\": $n, \"unit\": \"step\", \"rate\": $n}"
        done >&3; sleep 0.3;;
      colour) printf '\033[31mred\033[0m \033]0;title\007\n' >&2; exit 65;;
      talk) echo '{"event": "progress", "done": 1, "total": 2, "unit": "step"}' >&3
        echo '{"event": "warning", "message": "the toy is worn"}' >&3;;
    esac
    """#

  func write(_ text: String, _ name: String, mode: Int = 0o644) throws {
    try AtomicFile.write(text, to: "\(folder)/\(name)")
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name)")
  }

  func read(_ name: String) -> String { (try? AtomicFile.read("\(folder)/\(name)")).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// Replaces text in a file of the study; the text must be there.
  func edit(_ old: String, _ new: String, in name: String = "pipeline.json") throws {
    let text = read(name)
    #expect(text.contains(old), "\(old) is not in \(name)")
    try AtomicFile.write(text.replacingOccurrences(of: old, with: new), to: "\(folder)/\(name)")
    if name != "pipeline.json" {
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
    }
  }

  // MARK: Running

  struct Output {
    let code: Int32
    let out: String
    let error: String
    /// What the last line of `run --json` says.
    var summary: JSONValue? { out.split(separator: "\n").last.flatMap { try? JSONValue.parse(String($0), file: "summary") } }
    var executed: Int? { summary?["executed"]?.integer }
  }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> (Process, output: () -> Output) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(Self.binaries)/ccr")
    process.arguments = [arguments[0], "--pipeline", "\(folder)/pipeline.json"] + arguments.dropFirst()
    process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }
    let (out, error) = ("\(folder)/.out-\(UUID().uuidString)", "\(folder)/.err-\(UUID().uuidString)")
    for file in [out, error] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: error)
    try process.run()
    return (
      process,
      {
        process.waitUntilExit()
        func text(_ path: String) -> String { (try? AtomicFile.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        let result = Output(code: process.terminationStatus, out: text(out), error: text(error))
        for file in [out, error] { try? FileManager.default.removeItem(atPath: file) }
        return result
      }
    )
  }

  @discardableResult
  func ccr(_ arguments: String..., environment: [String: String] = [:]) throws -> Output {
    try start(arguments, environment: environment).output()
  }

  /// Runs everything and expects success.
  /// - Returns: how many instances of each stage were executed.
  func run(_ arguments: String..., environment: [String: String] = [:]) throws -> [String: Int] {
    try? FileManager.default.removeItem(atPath: "\(folder)/data/executed")
    let output = try start(["run", "--json"] + arguments, environment: environment).output()
    #expect(output.code == 0, "\(output.error)")
    let stages = executedInstances.map { String($0.prefix { $0 != "[" }) }
    #expect(output.executed == stages.count)
    return Dictionary(grouping: stages) { $0 }.mapValues(\.count)
  }

  var executedInstances: [String] { read("data/executed").split(separator: "\n").map(String.init) }

  /// Starts something and does something else beside it.
  func during(_ arguments: [String], executions: Int, _ body: () throws -> Void) throws -> Output {
    let (_, output) = try start(arguments)
    try waitForExecutions(executions)
    try body()
    return output()
  }

  /// Lets the toys that pause go on.
  func go() throws { try write("", "data/go") }

  /// Writes into a file of the study in place.
  func append(_ text: String, to path: String) throws {
    chmod(path, 0o755)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }

  /// The object in the store that a link of the results points to.
  func object(_ link: String) -> String { URL(fileURLWithPath: "\(folder)/\(link)").resolvingSymlinksInPath().path }

  /// Waits until so many toys have started.
  func waitForExecutions(_ count: Int) throws { try waitFor("\(count) toys have started") { executedInstances.count >= count } }

  /// Waits until a toy has said what TERM means to it.
  func waitUntilListening() throws {
    try waitFor("the stage listens") { FileManager.default.fileExists(atPath: "\(folder)/data/listening") }
  }

  /// Waits until a `ccr` at work has said something on standard error.
  func waitUntilSaid(_ words: String) throws {
    try waitFor("\"\(words)\" was said") {
      try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(".err-") }
        .contains { String(decoding: try AtomicFile.read("\(folder)/\($0)"), as: UTF8.self).contains(words) }
    }
  }

  /// Waits until something is so; a machine may be busy, but not for a minute.
  func waitFor(_ what: String, _ isSo: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(60)
    while try !isSo() {
      try #require(Date() < deadline, "not within a minute: \(what); \(executedInstances)")
      usleep(10_000)
    }
  }

  func study(_ profile: String = "quick") throws -> Study {
    try Study(path: "\(folder)/pipeline.json", profile: profile, results: nil, programFolder: folder)
  }

  /// Digest of every output by instance.
  func digests(_ profile: String = "quick") throws -> [String: [String]] {
    Dictionary(uniqueKeysWithValues: try study(profile).standings().map { ($0.instance.name, $0.outputs.map(\.digest)) })
  }

  /// Files below a folder of the results, sorted.
  func files(_ name: String) -> [String] {
    (FileManager.default.subpaths(atPath: "\(folder)/\(name)") ?? []).sorted().map { "\(folder)/\(name)/\($0)" }.filter {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }
}
