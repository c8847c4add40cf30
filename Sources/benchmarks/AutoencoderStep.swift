import ArgumentParser
import Artifacts
import DeepClustering
import Gradients
import Tensors

struct AutoencoderStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autoencoder-step",
    abstract: "One training step of an auto-encoder: forward, squared error of the reconstruction, backward, Adam or momentum.")

  enum Kind: String, ExpressibleByArgument, CaseIterable { case conv, stacked }

  @Option(help: "The convolutional auto-encoder with Adam, or DEC's stacked one with momentum.") var network = Kind.conv
  @Option(help: "Height and width of the images, pixels.") var size = 32
  @Option(help: "Channels of the images.") var channels = 3
  @Option(help: "Images in a step.") var batch = 256
  @Option(help: "Threads.") var threads = 2
  @Option(help: "Steps to time.") var steps = 7
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(channels, batch, threads, steps) >= 1, size >= 8, size % 8 == 0 || network == .stacked else {
      throw ValidationError("channels, batch, threads and steps are at least 1, size a multiple of 8")
    }
  }

  func run() throws {
    Memory.keepFreedPages()
    let team = ThreadTeam(threads: threads)
    var stream = RandomStream(seed: 0, purpose: .test)
    let pixels = (0..<batch * size * size * channels).map { _ in stream.uniform() }
    let step = network == .conv ? convolutional(pixels, team) : stacked(pixels, team)
    let seconds = Stopwatch.median(of: steps, step)
    let rate = Stopwatch.rounded(Double(batch) / seconds, 1)
    let line: JSONValue = [
      "seconds_per_step": .number(Stopwatch.rounded(seconds, 4)), "images_per_second": .number(rate), "threads": .integer(threads),
      "peak_megabytes": .integer(ResidentMemory.peakMebibytes),
    ]
    print(json ? line.canonical : "\(Stopwatch.rounded(seconds, 4)) s a step, \(rate) images/s, \(threads) threads")
  }

  private func convolutional(_ pixels: [Float], _ team: ThreadTeam) -> () -> Void {
    let images = Tensor(shape: [batch, size, size, channels], pixels)
    let network = ConvAutoencoder(
      size: size, channels: channels, widths: ConvAutoencoder.widths(size: size), codeSize: 128, seed: 0)
    let adam = Adam(parameters: network.parameters, learningRate: 0.001)
    return { [batch] in
      let tape = Tape(team: team, training: true)
      let code = network.encode(tape.constant(images), batches: [batch], on: tape).code
      let reconstruction = tape.sigmoid(network.decode(code, batches: [batch], on: tape))
      let loss = squaredErrorLoss(reconstruction.value, targets: images, team: team)
      tape.backward([(reconstruction, loss.gradient)])
      adam.step(team: team)
    }
  }

  private func stacked(_ pixels: [Float], _ team: ThreadTeam) -> () -> Void {
    let rows = Tensor(shape: [batch, size * size * channels], pixels)
    let network = StackedAutoencoder(inputs: size * size * channels, widths: StackedAutoencoder.widths, seed: 0)
    let descent = SGD(parameters: network.parameters, learningRate: 0.01, momentum: 0.9)
    return {
      let tape = Tape(team: team, training: true)
      let output = network.decode(network.encode(tape.constant(rows), on: tape), on: tape)
      let loss = squaredErrorLoss(output.value, targets: rows, team: team)
      tape.backward([(output, loss.gradient)])
      descent.step(team: team)
    }
  }
}
