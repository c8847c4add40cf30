import ArgumentParser
import Artifacts
import Workflow

/// `ccr status`
struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what is there; never waits, also during a run.")
  @OptionGroup var options: StudyOptions
  @Flag(help: "Print JSON.")
  var json = false
  @Flag(help: "End with code 3 where anything is missing or out of date.")
  var exitCode = false

  func run() throws {
    let study = try options.study()
    let all = try study.standings()
    // What runs only where it is asked for is missing to nobody; shown where it was asked for.
    let asked = Set(study.plan.byDefault)
    let standings = all.indices.filter { asked.contains($0) || all[$0].hasResult }.map { all[$0] }
    if json {
      let list = standings.map { standing -> JSONValue in
        [
          "instance": .string(standing.instance.name), "state": .string(standing.state.rawValue),
          "action": standing.action.map(JSONValue.string) ?? .null,
          "outputs": .object(standing.outputs.map { .init($0.port, .string($0.digest)) }),
        ]
      }
      let jobs = try study.jobLines().map { line -> JSONValue in
        [
          "instance": .string(line.instance), "job": .string(line.job), "state": .string(line.state.rawValue), "words": .string(line.words),
          "log": .string(line.log),
        ]
      }
      let document: JSONValue = ["profile": .string(study.plan.profile), "instances": .array(list), "jobs": .array(jobs)]
      print(document.pretty)
    } else {
      for stage in study.plan.stages {
        let all = standings.filter { $0.instance.stage == stage }
        let done = all.count(where: \.hasResult)
        print("\(stage): \(done) of \(all.count) done")
        for standing in all where [.failed, .running, .publish].contains(standing.state) {
          print("  \(standing.state.rawValue)  \(standing.instance.name)  (\(standing.reason))")
        }
      }
      for line in try study.jobLines() {
        let state = line.state.rawValue + String(repeating: " ", count: max(1, 9 - line.state.rawValue.count))
        print("\(state)\(line.instance)  (job \(line.job)\(line.words.isEmpty ? "" : ": \(line.words)"))")
      }
      print("results in \(study.results)/\(study.plan.profile)")
    }
    if exitCode, standings.contains(where: { $0.state != .hit }) { throw ExitCode(3) }
  }
}

/// `ccr export`
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Copies results out under readable names; of stages that make pictures the pictures only.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to export.")
  var selectors: [String]
  @Option(name: .customLong("to"), help: ArgumentHelp("The folder to copy to; made where missing.", valueName: "folder"))
  var target: String
  @Option(help: ArgumentHelp("Only this output; may be repeated.", valueName: "output"))
  var port: [String] = []
  @Option(help: ArgumentHelp("Only files of this format, such as pdf or svg for papers; pictures are png otherwise.", valueName: "ending"))
  var format: String?

  func run() throws {
    let study = try options.study()
    for name in try study.export(study.select(selectors), ports: port, format: format, to: target) { print("\(target)/\(name)") }
  }
}

/// `ccr doctor`
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what this machine computes with and whether everything is there.")
  @OptionGroup var options: StudyOptions

  func run() throws {
    let findings = try options.study().diagnosis()
    let width = findings.map(\.subject.count).max() ?? 0
    for finding in findings {
      let space = String(repeating: " ", count: width - finding.subject.count + 2)
      print((finding.isTrouble ? "!  " : "   ") + finding.subject + space + finding.text)
    }
    if findings.contains(where: \.isTrouble) { throw ExitCode(7) }
  }
}
