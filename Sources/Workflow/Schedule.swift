/// In which order ready instances start, and with how many threads. Decides how long a run takes and nothing else.
package struct Schedule {
  /// Expected seconds of an instance and of the longest chain of those that wait for it: the longest chain starts first, so that no
  /// long chain is left over for one core at the end.
  package let priority: [Double]

  /// - Parameters:
  ///   - upstream: for every instance what it reads from; all of smaller number.
  ///   - cost: expected seconds by instance; 0 for what need not be executed.
  package init(upstream: [[Int]], cost: [Double]) {
    var longest = cost
    for number in upstream.indices.reversed() {
      for producer in upstream[number] { longest[producer] = max(longest[producer], cost[producer] + longest[number]) }
    }
    priority = longest
  }

  /// The threads for the next stage to start: an equal share of those not in use, for as many stages as could start now.
  /// - Returns: nil where it had better wait until a stage ends.
  package static func threads(total: Int, jobs: Int, inUse: Int, running: Int, ready: Int) -> Int? {
    guard running < jobs, ready > 0 else { return nil }
    // Every job has at least one thread, even where fewer are asked for than jobs.
    let free = max(total, jobs) - inUse
    return free < 1 ? nil : max(1, min(total, free / min(jobs - running, ready)))
  }
}
