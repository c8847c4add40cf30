import ArgumentParser
import Artifacts
import Glibc

/// How long `ccr` itself takes, and how much memory, with stages that do next to nothing.
struct RunnerScale: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runner",
    abstract: "ccr itself: first run and no-op of 100 chained stages, no-op of 500 instances, plans of 10,000 and 100,000.")

  /// DVC 3.64 on one of the same machines, the same chain of 100 stages, each a `cp`; seconds.
  private static let peer = (first: 17.3, nothing: 1.58)
  /// Of calls that are short, the fastest of so many counts: the others were disturbed.
  private static let repetitions = 5

  @Flag(help: "Print one line of JSON.") var json = false

  func run() throws {
    let folder = "\(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")/ccr-scale-\(getpid())"
    defer { _ = try? Call(["/bin/rm", "-rf", folder]) }
    var rows: [(work: String, call: Call, goal: Double?, peer: Double?)] = []
    func row(_ work: String, goal: Double? = nil, peer: Double? = nil, times: Int = Self.repetitions, _ arguments: [String]) throws {
      let calls = try (0..<times).map { _ in try Call(["\(Self.ownFolder)/ccr"] + arguments) }
      guard let best = calls.min(by: { $0.seconds < $1.seconds }) else { return }
      rows.append((work, best, goal, peer))
    }
    let chain = try Self.study("\(folder)/chain", stages: 100, instances: 1)
    try row("first run of 100 chained stages", peer: Self.peer.first, times: 1, ["run", "--quiet"] + chain)
    try row("no-op of 100 chained stages", goal: 0.05, peer: Self.peer.nothing, ["run", "--quiet"] + chain)
    let many = try Self.study("\(folder)/many", stages: 1, instances: 500)
    try row("first run of 500 instances", times: 1, ["run", "--quiet"] + many)
    try row("no-op of 500 instances", goal: 0.12, ["run", "--quiet"] + many)
    for count in [10_000, 100_000] {
      let wide = try Self.study("\(folder)/\(count)", stages: 1, instances: count)
      try row("plan of \(count) instances", goal: count == 10_000 ? 1 : 10, times: count == 10_000 ? 3 : 1, ["plan"] + wide)
    }
    if json {
      let list = rows.map { row -> JSONValue in
        [
          "work": .string(row.work), "seconds": .number(Stopwatch.rounded(row.call.seconds, 3)),
          "processor_seconds": .number(Stopwatch.rounded(row.call.processor, 3)), "peak_mib": .integer(row.call.peakMebibytes),
        ]
      }
      return print(JSONValue.array(list).canonical)
    }
    print("| work | ccr | processor | memory | goal | DVC 3.64 |\n|---|---|---|---|---|---|")
    for row in rows {
      print(
        "| \(row.work) | \(Stopwatch.rounded(row.call.seconds, 3)) s | \(Stopwatch.rounded(row.call.processor, 3)) s "
          + "| \(row.call.peakMebibytes) MiB | \(row.goal.map { "≤ \($0) s" } ?? "—") | \(row.peer.map { "\($0) s" } ?? "—") |")
    }
  }

  private static var ownFolder: String {
    let path = realpath("/proc/self/exe", nil).map { path in
      defer { free(path) }
      return String(cString: path)
    }
    return path.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) } ?? "."
  }

  /// Writes a pipeline of stages that each read the one before, in so many instances.
  /// - Returns: the arguments that name it.
  private static func study(_ folder: String, stages: Int, instances: Int) throws -> [String] {
    let name = folder.split(separator: "/").last.map(String.init) ?? ""
    _ = try Call(["/bin/mkdir", "-p", folder])
    let numbers = JSONValue.array((0..<instances).map(JSONValue.integer))
    let list = (0..<stages).map { number -> JSONValue.Member in
      let input: [JSONValue.Member] = number == 0 ? [] : [.init("in", .string("s\(number - 1).out"))]
      return .init("s\(number)", ["program": "./one", "matrix": ["n": "*"], "inputs": .object(input), "outputs": ["out": "o.txt"]])
    }
    let settings = (0..<stages).map { JSONValue.Member("s\($0)", ["n": "$n", "stage": .integer($0)]) }
    let pipeline: JSONValue = [
      "pipeline": 1, "profiles": ["quick": ["axes": ["n": numbers]]], "stages": .object(list), "settings": .array([.object(settings)]),
    ]
    try AtomicFile.write(pipeline.canonical, to: "\(folder)/pipeline.json")
    // With the shell's own commands only.
    let program = #"""
      #!/bin/sh
      if [ "$1" = --describe ]; then
        echo '{"name": "one", "version": 1, "inputs": [{"name": "in", "optional": true}], "outputs": [{"name": "out"}],'
        echo '"settings": [{"name": "n", "type": "integer"}, {"name": "stage", "type": "integer"}], "usesBLAS": false}'
        exit
      fi
      section=
      while read -r name value rest; do
        case "$name" in
          '"outputs":') section=outputs; [ "$value" = '{"out":' ] && out="${rest#\"}" && out="${out%%\"*}";;
          '"out":') [ "$section" = outputs ] && out="${value#\"}" && out="${out%%\"*}";;
          '"n":'|'"parameters":') text="$text $value $rest";;
        esac
      done < "$2"
      echo "$text" > "$out"
      """#
    try AtomicFile.write(program + "\n", to: "\(folder)/one")
    chmod("\(folder)/one", 0o755)
    return ["--pipeline", "\(folder)/pipeline.json", "--results", "\(folder)/results-\(name)"]
  }
}

/// A program that was called and has ended well.
struct Call {
  let seconds, processor: Double
  let peakMebibytes: Int

  init(_ words: [String]) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    var arguments = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    var (child, status, usage) = (pid_t(), Int32(0), rusage())
    let code = posix_spawn(&child, words[0], &actions, nil, &arguments, environ)
    guard code == 0 else { throw FileError.failed(operation: "start", path: words[0], errno: code) }
    let (seconds, _) = Stopwatch.once { wait4(child, &status, 0, &usage) }
    guard status == 0 else { throw ValidationError("\(words.joined(separator: " ")) ended with \(status)") }
    self.seconds = seconds
    processor = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    peakMebibytes = Int(usage.ru_maxrss >> 10)
  }
}
