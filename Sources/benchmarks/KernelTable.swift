import ArgumentParser
import Artifacts
import StageKit
import Tensors

struct KernelTable: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Checks every kernel of a training step against its plain twin, then times it beside the matrix products of this machine.")

  @Option(help: "Images in a batch.") var images = 200
  @Option(help: "Threads.") var threads = 2
  @Option(help: "Times to call each kernel.") var repetitions = 5
  @Flag(help: "Only the quick profile's network, 20 images, each kernel timed once.") var quick = false
  @Option(help: "Only kernels whose name and shape contain this text, such as \"17² × 64 → 64\".") var matching = ""
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(images, threads, repetitions) >= 1 else { throw ValidationError("images, threads and repetitions are at least 1") }
  }

  func run() throws {
    BLAS.restartWithPreferredCore()
    Memory.keepFreedPages()
    let team = ThreadTeam(threads: threads)
    let count = quick ? 20 : images
    let all = ConvolutionKernels.all(images: count, quick: quick, team: team) + LayerKernels.all(images: count, quick: quick, team: team)
    let kernels = all.filter { matching.isEmpty || "\($0.name), \($0.shape)".contains(matching) }
    guard !kernels.isEmpty else { throw ValidationError("no kernel's name and shape contain \"\(matching)\"") }
    let errors = try kernels.map { try $0.check() }
    let peak = GemmPeak.measure(threads: threads)
    let rows = zip(kernels, errors).map { kernel, error in
      let count = quick ? 1 : repetitions
      let busy = Stopwatch.processorSeconds
      let seconds = Stopwatch.median(of: count, kernel.call)
      return Row(
        kernel: kernel, error: error, seconds: seconds, processorSeconds: (Stopwatch.processorSeconds - busy) / Double(count + Stopwatch.uncounted), peak: peak)
    }
    if json {
      let table: JSONValue = [
        "cpu": .string(Machine.cpuModel), "blas_core": .string(BLAS.coreName), "threads": .integer(threads), "images": .integer(count),
        "gemm_gflops": .number(Stopwatch.rounded(peak, 1)), "kernels": .array(rows.map(\.json)),
      ]
      print(table.canonical)
    } else {
      print("\(Machine.cpuModel), OpenBLAS \(BLAS.coreName), \(threads) threads, GEMM \(Int(peak)) GFLOP/s, \(count) images")
      for row in rows { print(row.line) }
    }
  }

  private struct Row {
    let kernel: Kernel
    let error: Float
    let seconds: Double
    /// Of all threads: what a busy machine makes longer least.
    let processorSeconds: Double
    /// GFLOP/s of a large matrix product.
    let peak: Double

    var json: JSONValue {
      let speed: [JSONValue.Member] =
        switch kernel.work {
        case .flop(let flop):
          [
            .init("gflops", .number(Stopwatch.rounded(flop / seconds / 1e9, 1))),
            .init("peak_share", .number(Stopwatch.rounded(flop / seconds / 1e9 / peak, 3))),
          ]
        case .bytes(let bytes): [.init("gbytes_per_second", .number(Stopwatch.rounded(bytes / seconds / 1e9, 1)))]
        }
      return .object(
        [
          .init("kernel", .string(kernel.name)), .init("shape", .string(kernel.shape)),
          .init("milliseconds", .number(Stopwatch.rounded(seconds * 1e3, 3))),
          .init("processor_milliseconds", .number(Stopwatch.rounded(processorSeconds * 1e3, 3))), .init("relative_error", .number(Double(error))),
        ] + speed)
    }

    var line: String {
      let speed =
        switch kernel.work {
        case .flop(let flop): "\(Int(flop / seconds / 1e9)) GFLOP/s, \(Int((flop / seconds / 1e7 / peak).rounded())) % of GEMM"
        case .bytes(let bytes): "\(Int(bytes / seconds / 1e9)) GB/s"
        }
      return "\(kernel.name), \(kernel.shape): \(Stopwatch.rounded(seconds * 1e3, 2)) ms, \(Stopwatch.rounded(processorSeconds * 1e3, 2)) ms of processor, \(speed)"
    }
  }
}
