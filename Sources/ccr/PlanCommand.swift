import ArgumentParser
import Artifacts
import Workflow

/// `ccr plan`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows what a run would execute, why, and what it would take.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to plan, with all it needs.")
  var selectors: [String] = []
  @OptionGroup var machine: MachineOptions
  @Flag(help: "Print JSON.")
  var json = false
  @Flag(help: "End with code 3 where anything is not as it should be: to be executed, published, or recorded as without a result.")
  var exitCode = false
  @OptionGroup(title: "Cluster") var cluster: ClusterOptions

  func run() throws {
    let study = try options.study()
    if cluster.executor == .slurm {
      try ClusterPlan(study: study, selectors: selectors, options: options, cluster: cluster).show(json: json)
      return
    }
    if !json { ProgressDisplay(quiet: false).warn(study.warnings) }
    let selected = study.plan.closure(of: try study.select(selectors))
    let standings = try study.standings()
    let pending = selected.filter { standings[$0].isPending }
    let estimate = pending.isEmpty ? nil : study.estimate(of: pending, jobs: machine.allJobs, threads: machine.allThreads)
    if json {
      let list = selected.map { number -> JSONValue in
        let standing = standings[number]
        return [
          "instance": .string(standing.instance.name), "state": .string(standing.state.rawValue), "reason": .string(standing.reason),
          "action": standing.action.map(JSONValue.string) ?? .null, "parameters": standing.instance.parameters,
        ]
      }
      let document: JSONValue = [
        "profile": .string(study.plan.profile), "instances": .array(list), "estimate": estimate.map(EstimateDisplay.json) ?? .null,
      ]
      print(document.pretty)
    } else {
      for number in selected {
        let (state, reason) = (standings[number].state.rawValue, standings[number].reason)
        print(
          state + String(repeating: " ", count: max(1, 8 - state.count)) + standings[number].instance.name
            + (reason.isEmpty ? "" : "  (\(reason))"))
      }
      let counts = [Standing.State.hit, .publish, .run, .maybe, .failed, .running].map { state in
        (state, selected.count { standings[$0].state == state })
      }
      for left in study.plan.leftOut where selectors.isEmpty {
        print("left out \(left.instance)  (the profile excludes \(left.needs), which it needs)")
      }
      print(counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue)" }.joined(separator: ", "))
      if let estimate {
        print("\n\(EstimateDisplay.table(estimate))")
        if let words = EstimateDisplay.lackOfRoom(estimate, free: study.freeBytes) { ProgressDisplay(quiet: false).warn([words]) }
      }
    }
    if exitCode, selected.contains(where: { standings[$0].state != .hit }) { throw ExitCode(3) }
  }
}

/// `ccr why`
struct Why: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Names what changed since an instance was last executed, with old and new value, and the chain upstream.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to explain.")
  var selectors: [String]

  func run() throws {
    let study = try options.study()
    for line in try study.why(study.select(selectors)) { print(line) }
  }
}

/// `ccr graph`
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "graph", abstract: "Draws what feeds what.")
  @OptionGroup var options: StudyOptions
  @Argument(help: "What to draw; everything without selectors.")
  var selectors: [String] = []
  @Option(help: "text, dot or mermaid.")
  var format = Graph.Format.text
  @Flag(help: "A box for each instance instead of each stage.")
  var instances = false

  func run() throws {
    let study = try options.study()
    print(Graph(study.plan, try study.select(selectors), everyInstance: instances).text(format))
  }
}

extension Graph.Format: ExpressibleByArgument {}
