import ArgumentParser
import Artifacts
import DeepClustering
import Gradients
import Tensors

struct TrainStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "One training step of CCR: forward of originals and of augmented images, the losses, backward, Adam.")

  @Option(help: "Height and width of the images.") var size = 32
  @Option(help: "Channels of the images.") var channels = 3
  @Option(help: "Original images in a step.") var batch = 50
  @Option(help: "Augmented copies of each.") var repeats = 3
  @Option(help: "Outputs of the head.") var clusters = 10
  @Option(help: "Threads.") var threads = 2
  @Option(help: "Steps to time.") var steps = 7
  @Option(help: "Channels of every stage.") var widths = "64,128,256,512"
  @Option(help: "Blocks of every stage.") var blocks = "3,4,6,3"
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(size, channels, batch, repeats, threads, steps) >= 1, clusters >= 2 else {
      throw ValidationError("size, channels, batch, repeats, threads and steps are at least 1, clusters at least 2")
    }
    guard numbers(widths).count == numbers(blocks).count, !numbers(widths).isEmpty else {
      throw ValidationError("--widths and --blocks are lists of equal length, such as 16,32,64 and 1,1,1")
    }
  }

  func run() throws {
    BLASCore.restartIfOutdated()
    Memory.keepFreedPages()
    let team = ThreadTeam(threads: threads)
    let network = ResidualNetwork(
      inputChannels: channels, widths: numbers(widths), blocks: numbers(blocks), heads: [clusters], seed: 0)
    let adam = Adam(parameters: network.parameters, learningRate: 0.001)
    let loss = StructuralContrast(
      temperature: 0.5, temperatureInside: true, instanceWeight: 1, clusterWeight: 1, relationWeight: 0.004, relationReduction: .sum,
      balanceWeight: 1)
    let all = batch * (1 + repeats)
    let images = images(all)
    func step() {
      let tape = Tape(team: team, training: true)
      let p = network.probabilities(network.features(images, batches: [batch, all - batch], on: tape), head: 0, on: tape)
      let result = loss.evaluate(p.value.rows(0..<batch), p.value.rows(batch..<all))
      tape.backward([(p, Tensor(joining: [result.originals, result.augmented]))])
      adam.step(team: team)
    }
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

  private func numbers(_ list: String) -> [Int] { list.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 } }

  private func images(_ count: Int) -> Tensor {
    var stream = RandomStream(seed: 0, purpose: .test)
    return Tensor(shape: [count, size, size, channels], (0..<count * size * size * channels).map { _ in stream.uniform(-1.7, 1.7) })
  }
}
