/// How long the rest of a run will take, by what it has shown so far.
package struct RemainingTime {
  private struct Sample {
    let seconds, share: Double
  }

  private let stages: [String]
  private let expected: [Double]
  /// Seconds of the instances of a stage that this run has executed.
  private var executed: [String: (seconds: Double, count: Double)] = [:]
  /// The first and the last word of a running instance about how much is done: what a checkpoint had done counts for nothing.
  private var progress: [Int: (first: Sample, last: Sample)] = [:]

  /// - Parameters:
  ///   - stages: the stage of every instance.
  ///   - expected: seconds of every instance as far as is known before the run.
  package init(stages: [String], expected: [Double]) {
    (self.stages, self.expected) = (stages, expected)
  }

  package mutating func executed(_ number: Int, seconds: Double) {
    executed[stages[number], default: (0, 0)].seconds += seconds
    executed[stages[number], default: (0, 0)].count += 1
    progress[number] = nil
  }

  /// - Parameter share: of the instance's work that is done, 0 to 1, after so many seconds.
  package mutating func progressed(_ number: Int, seconds: Double, share: Double) {
    let sample = Sample(seconds: seconds, share: share)
    progress[number] = (progress[number]?.first ?? sample, sample)
  }

  /// Seconds until all is done.
  /// - Parameters:
  ///   - waiting: instances that have not started.
  ///   - running: those that have, and for how many seconds.
  package func seconds(waiting: [Int], running: [(number: Int, seconds: Double)], jobs: Int) -> Double {
    let left = running.map { self.left($0.number, after: $0.seconds) }
    var whole: [String: (seconds: Double, count: Double)] = [:]
    for (instance, left) in zip(running, left) {
      whole[stages[instance.number], default: (0, 0)].seconds += instance.seconds + left
      whole[stages[instance.number], default: (0, 0)].count += 1
    }
    let later = waiting.reduce(0.0) { sum, number in
      let like = executed[stages[number]] ?? whole[stages[number]]
      return sum + (expected[number] == 0 ? 0 : like.map { $0.seconds / $0.count } ?? expected[number])
    }
    let side = Double(max(1, min(jobs, waiting.count + running.count)))
    return max(left.max() ?? 0, (left.reduce(0, +) + later) / side)
  }

  private func left(_ number: Int, after seconds: Double) -> Double {
    if let (first, last) = progress[number], last.share > first.share {
      return max(0, (1 - last.share) * (last.seconds - first.seconds) / (last.share - first.share) - (seconds - last.seconds))
    }
    let expected = executed[stages[number]].map { $0.seconds / $0.count } ?? self.expected[number]
    return max(0, expected - seconds)
  }
}
