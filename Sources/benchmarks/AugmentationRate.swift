import ArgumentParser
import Artifacts
import Datasets
import Tensors

struct AugmentationRate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "augmentation", abstract: "Augmented views of colour images: random crop, jitter of all four kinds, greying, flip.")

  @Option(help: "Height and width of the images and the views.") var size = 32
  @Option(help: "Images.") var images = 2000
  @Option(help: "Threads.") var threads = 1
  @Option(help: "Times to make all views.") var repetitions = 7
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard min(size, images, threads, repetitions) >= 1 else {
      throw ValidationError("size, images, threads and repetitions are at least 1")
    }
  }

  func run() throws {
    var stream = RandomStream(seed: 0, purpose: .test)
    let pixels = (0..<images * size * size * 3).map { _ in UInt8(truncatingIfNeeded: stream.nextBits()) }
    let set = ImageSet(
      name: "noise", height: size, width: size, channels: 3, pixels: pixels, index: (0..<Int32(images)).map { $0 }, verified: false)
    // The colour sets' settings in pipeline.json; the work depends little on them.
    let augmentation = Augmentation(
      resize: size, size: size, cropScale: 0.2...1, cropRatio: 0.75...4 / 3, brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4,
      greyProbability: 0.2, flipProbability: 0.5, rotationDegrees: 0, rotationProbability: 0)
    let team = ThreadTeam(threads: threads)
    let numbers = Array(0..<images)
    let seconds = try Stopwatch.median(of: repetitions) {
      _ = try Views.augmented(set, numbers: numbers, pass: 0, seed: 0, repeats: 1, augmentation: augmentation, team: team)
    }
    let rate = Stopwatch.rounded(Double(images) / seconds, 0)
    let result: JSONValue = [
      "what": "augmentation", "size": .integer(size), "threads": .integer(threads), "imagesPerSecond": .number(rate),
    ]
    print(json ? result.compact : "\(Int(rate)) views/s of \(size) × \(size), \(threads) thread\(threads == 1 ? "" : "s")")
  }
}
