import ArgumentParser
import Glibc
import Tensors

@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmarks", abstract: "Times the project's own work, for comparison with the scripts in Benchmarks/peers.",
    subcommands: [
      TrainStep.self, AutoencoderStep.self, EpochRate.self, InferenceRate.self, AugmentationRate.self, KMeansTime.self,
      ClusteringTime.self, TSNETime.self,
      KernelTable.self,
      GemmPeak.self,
      RunnerScale.self,
    ])
}

/// Wall time and how to ask for it often enough.
enum Stopwatch {
  /// What all threads of this process have computed so far.
  static var processorSeconds: Double {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// Calls before those that count.
  static let uncounted = 2

  /// The median of the seconds that `repetitions` calls take, after those that are not counted.
  static func median(of repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
    for _ in 0..<uncounted { try body() }
    let seconds = try (0..<max(1, repetitions)).map { _ in try once(body).seconds }
    return seconds.sorted()[seconds.count / 2]
  }

  /// The seconds that one call takes, and what it gives.
  static func once<Result>(_ body: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    return ((clock.now - start) / .seconds(1), result)
  }

  /// The number with this many decimals.
  static func rounded(_ value: Double, _ decimals: Int) -> Double {
    let scale = pow(10, Double(decimals))
    return (value * scale).rounded() / scale
  }
}

enum ResidentMemory {
  /// The most memory this process has had resident at once, MiB.
  static var peakMebibytes: Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    // Linux counts in KiB.
    return usage.ru_maxrss >> 10
  }
}
