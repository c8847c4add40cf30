import ArgumentParser
import Artifacts
import DeepClustering
import Gradients
import StageKit
import Tensors

struct TrainStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "One training step of CCR: forward of originals and of augmented images, the losses, backward, Adam.")

  @OptionGroup var shape: NetworkOptions
  @Option(help: "Original images in a step.") var batch = 50
  @Option(help: "Augmented copies of each.") var repeats = 3
  @Option(help: "Threads.") var threads = 2
  @Option(help: "Steps to time.") var steps = 7
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(batch, repeats, threads, steps) >= 1 else {
      throw ValidationError("batch, repeats, threads and steps are at least 1")
    }
  }

  func run() throws {
    BLAS.restartWithPreferredCore()
    Memory.keepFreedPages()
    let team = ThreadTeam(threads: threads)
    let network = ResidualNetwork(
      inputChannels: shape.channels, widths: shape.widths, blocks: shape.blocks, heads: [shape.clusters], seed: 0)
    let loss = CCRLoss(
      temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: 0.004, relationReduction: .sum,
      balanceWeight: 1)
    let training = CCRStep(network, loss: loss, adam: Adam(parameters: network.parameters, learningRate: 0.001))
    let all = batch * (1 + repeats)
    let images = images(all)
    func step() { training.run(images, originals: batch, head: 0, team: team) }
    for _ in 0..<3 { step() }
    let warmPeak = ResidentMemory.peakMebibytes
    let seconds = Stopwatch.median(of: steps, step)
    let peak = ResidentMemory.peakMebibytes
    let rate = Double(all) / seconds
    if json {
      let line = JSONValue.object([
        .init("seconds_per_step", .number(Stopwatch.rounded(seconds, 4))), .init("images_per_second", .number(Stopwatch.rounded(rate, 1))),
        .init("threads", .integer(threads)), .init("blas_core", .string(BLAS.coreName)),
        .init("numeric_class", .string(NumericClass.current)), .init("peak_megabytes", .integer(peak)),
        .init("peak_growth_megabytes", .integer(peak - warmPeak)),
      ])
      print(line.canonical)
    } else {
      let speed = "\(Stopwatch.rounded(seconds, 4)) s a step, \(Stopwatch.rounded(rate, 1)) images/s"
      print("\(speed), \(peak) MiB, \(threads) threads, \(BLAS.coreName)")
    }
  }

  private func images(_ count: Int) -> Tensor {
    var stream = RandomStream(seed: 0, purpose: .test)
    return Tensor(
      shape: [count, shape.size, shape.size, shape.channels],
      (0..<count * shape.size * shape.size * shape.channels).map { _ in stream.uniform(-1.7, 1.7) })
  }
}
