import Artifacts
import Workflow

/// What a run will take, in words, in a table and in JSON.
enum EstimateDisplay {
  /// "about 19 days on this machine (12 days to 31 days) with 2 jobs: …"
  static func sentence(_ estimate: Estimate) -> String {
    var words =
      "about \(Quantity.time(estimate.elapsed.likely)) on this machine (\(range(estimate.elapsed))) with \(estimate.jobs) "
      + "job\(estimate.jobs == 1 ? "" : "s"): \(estimate.instances) instance\(estimate.instances == 1 ? "" : "s"), "
      + "\(Quantity.time(estimate.cpuSeconds.likely)) of processor time, \(Quantity.bytes(estimate.memory)) of memory, "
      + "\(Quantity.bytes(estimate.outputs)) of results"
    if estimate.unknown > 0 {
      words += "; a guess for \(estimate.unknown) of them, which never ran and whose programs do not count their work"
    }
    return words
  }

  /// Whether the results fit, in words; nil where they do.
  static func lackOfRoom(_ estimate: Estimate, free: Double?) -> String? {
    guard let free, estimate.outputs > free else { return nil }
    return
      "the results need about \(Quantity.bytes(estimate.outputs)), and \(Quantity.bytes(free)) are free: make room, or keep them elsewhere with --results"
  }

  static func table(_ estimate: Estimate) -> String {
    var rows = [["stage", "instances", "time", "from – to", "processor", "memory", "results", "known from"]]
    for stage in estimate.stages {
      rows.append([
        stage.name, "\(stage.instances)", Quantity.time(stage.seconds.likely), range(stage.seconds), Quantity.time(stage.cpuSeconds.likely),
        Quantity.bytes(stage.memory), Quantity.bytes(stage.outputs), stage.basis,
      ])
    }
    rows.append([
      "in all", "\(estimate.instances)", Quantity.time(estimate.elapsed.likely), range(estimate.elapsed),
      Quantity.time(estimate.cpuSeconds.likely), Quantity.bytes(estimate.memory), Quantity.bytes(estimate.outputs), "",
    ])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() { line += cell + String(repeating: " ", count: widths[column] - cell.count + 2) }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
    let chain =
      "The longest chain, \(estimate.chainStages.joined(separator: " → ")), takes \(Quantity.time(estimate.chain.likely)) "
      + "(\(range(estimate.chain))): no number of jobs is faster."
    return "\(sentence(estimate))\n\n\(lines.joined(separator: "\n"))\n\(chain)"
  }

  static func json(_ estimate: Estimate) -> JSONValue {
    func span(_ span: Span) -> JSONValue { .array([span.low, span.likely, span.high].map { .number(($0 * 1000).rounded() / 1000) }) }
    let stages = estimate.stages.map { stage -> JSONValue in
      [
        "stage": .string(stage.name), "instances": .integer(stage.instances), "seconds": span(stage.seconds),
        "cpuSeconds": span(stage.cpuSeconds), "memory": .number(stage.memory.rounded()), "outputs": .number(stage.outputs.rounded()),
        "basis": .string(stage.basis),
      ]
    }
    return [
      "jobs": .integer(estimate.jobs), "threads": .integer(estimate.threads), "instances": .integer(estimate.instances),
      "seconds": span(estimate.elapsed), "cpuSeconds": span(estimate.cpuSeconds), "memory": .number(estimate.memory.rounded()),
      "outputs": .number(estimate.outputs.rounded()), "chainSeconds": span(estimate.chain),
      "chain": .array(estimate.chainStages.map(JSONValue.string)), "unknown": .integer(estimate.unknown), "stages": .array(stages),
    ]
  }

  private static func range(_ span: Span) -> String { "\(Quantity.time(span.low)) to \(Quantity.time(span.high))" }
}
