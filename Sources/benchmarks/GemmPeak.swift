import ArgumentParser
import Artifacts
import StageKit
import Tensors

/// The speed of large matrix products, which every kernel is measured against and `ccr doctor` prints.
struct GemmPeak: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "gemm", abstract: "The product of two matrices of 1024 × 1024 by OpenBLAS.")

  @Option(help: "Threads.") var threads = 1
  @Flag(help: "Print one line of JSON.") var json = false

  private static let side = 1024
  /// The fastest counts: a peak is what the machine can do when nothing disturbs it.
  private static let repetitions = 15

  mutating func validate() throws {
    guard threads >= 1 else { throw ValidationError("threads are at least 1") }
  }

  func run() throws {
    BLAS.restartWithPreferredCore()
    let speed = Stopwatch.rounded(Self.measure(threads: threads), 1)
    let line: JSONValue = [
      "gflops": .number(speed), "threads": .integer(threads), "cpu": .string(Machine.cpuModel), "blas_core": .string(BLAS.coreName),
    ]
    print(json ? line.canonical : "\(speed) GFLOP/s, \(threads) threads, \(BLAS.coreName), \(Machine.cpuModel)")
  }

  /// GFLOP/s of one product of which each thread computes some rows.
  static func measure(threads: Int) -> Double {
    let matrix = Noise.tensor([side, side], item: 0)
    let product = Tensor(uninitialized: [side, side])
    let team = ThreadTeam(threads: threads)
    let fastest = (0..<repetitions).map { _ in
      Stopwatch.once {
        team.forEach(threads) { piece in
          let rows = piece * side / threads..<(piece + 1) * side / threads
          MatrixProduct.multiply(
            matrix.base + rows.lowerBound * side, matrix.base, m: rows.count, n: side, k: side, into: product.base + rows.lowerBound * side)
        }
      }.seconds
    }.min()
    return 2 * Double(side * side * side) / (fastest ?? .infinity) / 1e9
  }
}

/// What the figures were measured on.
enum Machine {
  /// The processor as Linux names it; "unknown" where it does not.
  static var cpuModel: String {
    let lines = (try? AtomicFile.read("/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
    guard let line = lines.first(where: { $0.hasPrefix("model name") }), let colon = line.firstIndex(of: ":") else { return "unknown" }
    return String(line[line.index(after: colon)...].drop { $0 == " " })
  }
}

/// Numbers to compute with, the same in every run.
enum Noise {
  /// Uniform in [−1, 1).
  static func tensor(_ shape: [Int], item: Int) -> Tensor {
    var stream = RandomStream(seed: 0, purpose: .test, item: item)
    return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in stream.uniform(-1, 1) })
  }
}
