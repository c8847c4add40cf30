import ArgumentParser
import Artifacts
import Glibc
import Workflow

/// `ccr plan`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "plan", abstract: "Shows what a run would execute, and why.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to show.") var selectors: [String] = []
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let study = try options.study()
    let selected = try Selector.select(selectors, in: study.plan)
    let standings = try study.standings()
    if json {
      let list = selected.map { number -> JSONValue in
        let standing = standings[number]
        return [
          "instance": .string(standing.instance.name), "state": .string(standing.state.rawValue), "reason": .string(standing.reason),
          "parameters": standing.instance.parameters,
        ]
      }
      let document: JSONValue = ["profile": .string(study.plan.profile), "instances": .array(list)]
      print(document.pretty)
      return
    }
    for number in selected {
      let standing = standings[number]
      let state = standing.state.rawValue + String(repeating: " ", count: 6 - standing.state.rawValue.count)
      print("\(state) \(standing.instance.name)" + (standing.reason.isEmpty ? "" : "  (\(standing.reason))"))
    }
    let counts = [Study.State.hit, .run, .maybe].map { state in "\(selected.count { standings[$0].state == state }) \(state.rawValue)" }
    print(counts.joined(separator: ", "))
  }
}

/// `ccr why`
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Names what changed since an instance last ran, with old and new value.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to explain.") var selectors: [String]

  func run() throws {
    let study = try options.study()
    for line in try study.why(Selector.select(selectors, in: study.plan)) { print(line) }
  }
}

/// `ccr status`
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what is there; takes no lock, also during a run.")
  @OptionGroup var options: StudyOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let study = try options.study()
    let standings = try study.standings()
    if json {
      let list = standings.map { standing -> JSONValue in
        [
          "instance": .string(standing.instance.name), "state": .string(standing.state.rawValue),
          "action": standing.action.map(JSONValue.string) ?? .null,
          "outputs": .object(standing.outputs.map { .init($0.port, .string($0.digest)) }),
        ]
      }
      let document: JSONValue = ["profile": .string(study.plan.profile), "instances": .array(list)]
      print(document.pretty)
      return
    }
    var stages: [String] = []
    for standing in standings where !stages.contains(standing.instance.stage) { stages.append(standing.instance.stage) }
    for stage in stages {
      let all = standings.filter { $0.instance.stage == stage }
      print("\(stage): \(all.count { $0.state == .hit }) of \(all.count) done")
    }
  }
}

/// `ccr graph`
struct Graph: ParsableCommand {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, dot, mermaid }
  static let configuration = CommandConfiguration(abstract: "Draws which stage feeds which.")
  @OptionGroup var options: StudyOptions
  @Option(help: "text, dot or mermaid.") var format = Format.text

  func run() throws {
    let study = try options.study()
    let edges = study.plan.stageEdges
    switch format {
    case .text: for edge in edges { print("\(edge.from) → \(edge.to)") }
    case .dot: print("digraph {\n" + edges.map { "  \"\($0.from)\" -> \"\($0.to)\"\n" }.joined() + "}")
    case .mermaid: print("graph LR\n" + edges.map { "  \($0.from) --> \($0.to)" }.joined(separator: "\n"))
    }
  }
}

/// `ccr export`
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copies results out under readable names; of t-SNE the pictures only.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to export.") var selectors: [String]
  @Option(name: .customLong("to"), help: ArgumentHelp("The folder to copy to; made where missing.", valueName: "folder")) var target: String

  func run() throws {
    let study = try options.study()
    let standings = try study.standings()
    let selected = try Selector.select(selectors, in: study.plan)
    if mkdir(target, 0o755) != 0, errno != EEXIST { throw FileError.failed(operation: "make folder", path: target, errno: errno) }
    var (copied, missing) = (0, 0)
    for number in selected {
      let standing = standings[number]
      if standing.state != .hit { missing += 1 }
      let values = standing.instance.coordinates.values.map {
        $0.name == "seed" ? "seed\($0.value.canonical)" : $0.value.string ?? $0.value.canonical
      }
      for (file, path) in standing.paths where standing.instance.stage != "tsne" || file.hasSuffix(".png") {
        let parts = file.split(separator: ".", maxSplits: 1).map(String.init)
        let stem = parts[0] == standing.instance.stage ? [parts[0]] : [standing.instance.stage, parts[0]]
        let name = (stem.prefix(1) + values + stem.dropFirst()).joined(separator: "-") + (parts.count > 1 ? ".\(parts[1])" : "")
        try AtomicFile.write(AtomicFile.read(path), to: "\(target)/\(name)")
        copied += 1
      }
    }
    Console.say("\(copied) files copied to \(target)")
    if missing > 0 {
      throw PipelineError(
        "\(missing) of the selected instances have no result yet", remedy: "run `ccr run \(selectors.joined(separator: " "))` first")
    }
  }
}

/// `ccr doctor`
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what this machine computes with and whether everything is there.")
  @OptionGroup var options: StudyOptions

  func run() throws {
    let study = try options.study()
    for line in try study.diagnosis() { print(line) }
  }
}
