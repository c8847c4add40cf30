import ArgumentParser
import Artifacts
import DeepClustering
import Gradients
import StageKit
import Tensors

struct InferenceRate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inference", abstract: "What the stage embed computes: features and probabilities, batch normalisation in inference mode.")

  @OptionGroup var shape: NetworkOptions
  @Option(help: "Images at once; the stage takes 200.") var batch = 200
  @Option(help: "Threads.") var threads = 2
  @Option(help: "Batches to time.") var repetitions = 7
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(batch, threads, repetitions) >= 1 else { throw ValidationError("batch, threads and repetitions are at least 1") }
  }

  func run() throws {
    BLAS.restartWithPreferredCore()
    Memory.keepFreedPages()
    let team = ThreadTeam(threads: threads)
    let network = ResidualNetwork(
      inputChannels: shape.channels, widths: shape.widths, blocks: shape.blocks, heads: [shape.clusters], seed: 0)
    let images = Noise.tensor([batch, shape.size, shape.size, shape.channels], item: 0)
    let seconds = Stopwatch.median(of: repetitions) {
      let tape = Tape(team: team, training: false)
      _ = network.probabilities(network.features(images, batches: [batch], on: tape), head: 0, on: tape)
    }
    let rate = Stopwatch.rounded(Double(batch) / seconds, 1)
    let line: JSONValue = [
      "images_per_second": .number(rate), "seconds_per_batch": .number(Stopwatch.rounded(seconds, 4)), "batch": .integer(batch),
      "threads": .integer(threads), "blas_core": .string(BLAS.coreName),
    ]
    print(json ? line.canonical : "inference: \(rate) images/s, \(threads) threads, \(BLAS.coreName)")
  }
}
