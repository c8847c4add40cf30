import Artifacts
import Workflow

/// `ccr plan --executor slurm`: what would be submitted, and what it comes to.
struct ClusterPlan {
  let study: Study
  let selectors: [String]
  let options: StudyOptions
  let cluster: ClusterOptions

  func show(json: Bool) throws {
    let run = ClusterRun(study: study, selectors: selectors, options: options, cluster: cluster, quiet: true)
    let forecast = try run.submission().forecast()
    if json {
      print(document(forecast).pretty)
      return
    }
    let rows = forecast.lines.map { line in
      [
        "wave \(line.wave)", "\(line.arrays) array\(line.arrays == 1 ? "" : "s")", "\(line.jobs) job\(line.jobs == 1 ? "" : "s")",
        "\(line.instances) instance\(line.instances == 1 ? "" : "s")",
        "\(line.cpus) CPU\(line.cpus == 1 ? "" : "s"), \(line.megabytes.map { "\($0) MiB" } ?? "memory as usual"), limit \(Self.limit(line.minutes))",
        "\(Self.hours(line.coreHours)) core-hours", line.stages,
      ]
    }
    let widths = (0..<7).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      print(row.enumerated().map { $1 + String(repeating: " ", count: $0 == 6 ? 0 : widths[$0] - $1.count + 2) }.joined())
    }
    let jobs = forecast.lines.reduce(0) { $0 + $1.jobs }
    let waves = forecast.lines.last?.wave ?? 0
    if jobs == 0 { return print("nothing to submit") }
    print(
      "\(jobs) jobs in \(forecast.lines.reduce(0) { $0 + $1.arrays }) arrays and \(waves) wave\(waves == 1 ? "" : "s"), \(Self.hours(forecast.coreHours)) core-hours, "
        + "longest chain \(ProgressDisplay.time(forecast.longestChain))")
    print(
      "expected end \(ProgressDisplay.time(forecast.seconds)) after the beginning, where all \(forecast.partitionCPUs) CPUs of "
        + "partition \(forecast.partition) are free; waiting in the queue is not counted")
    if let limit = forecast.submitLimit { print("the cluster takes \(limit) jobs at once, one of them submits the next wave") }
    if forecast.isGuess { print("a guess: no run has measured some of these stages; the first jobs will") }
  }

  private static func limit(_ minutes: Int) -> String { "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)" }
  private static func hours(_ hours: Double) -> String { hours < 10 ? "\((hours * 100).rounded() / 100)" : "\(Int(hours.rounded()))" }

  private func document(_ forecast: SubmissionForecast) -> JSONValue {
    let lines = forecast.lines.map { line -> JSONValue in
      [
        "wave": .integer(line.wave), "stages": .string(line.stages), "arrays": .integer(line.arrays), "jobs": .integer(line.jobs),
        "instances": .integer(line.instances),
        "minutes": .integer(line.minutes), "megabytes": line.megabytes.map(JSONValue.integer) ?? .null, "cpus": .integer(line.cpus),
        "coreHours": .number(line.coreHours),
      ]
    }
    let keys = study.plannedKeys()
    let planned = keys.indices.map { JSONValue.Member(study.plan.instances[$0].name, .string(keys[$0])) }
    return [
      "arrays": .array(lines), "coreHours": .number(forecast.coreHours), "longestChainSeconds": .number(forecast.longestChain),
      "seconds": .number(forecast.seconds), "isGuess": .bool(forecast.isGuess), "partition": .string(forecast.partition),
      "plannedKeys": .object(planned),
    ]
  }
}
