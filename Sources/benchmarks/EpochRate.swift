import ArgumentParser
import Artifacts
import Foundation
import Tensors

/// The program `train` itself, to be compared with `train-step`: what augmentation, reading, checkpoint and results cost beside the steps.
struct EpochRate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "epoch", abstract: "The program train, from its start to its written weights: augmentation and checkpoints included.")

  @OptionGroup var shape: NetworkOptions
  @Option(help: "Original images in a step.") var batch = 50
  @Option(help: "Augmented copies of each.") var repeats = 3
  @Option(help: "Original images.") var images = 1000
  @Option(help: "Epochs.") var epochs = 1
  @Option(help: "Threads.") var threads = 2
  @Flag(help: "Print one line of JSON.") var json = false

  mutating func validate() throws {
    guard batch >= 2, images >= batch, min(repeats, epochs, threads) >= 1 else {
      throw ValidationError("batch is at least 2, images at least batch, repeats, epochs and threads at least 1")
    }
  }

  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ccr-epoch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try writeImages(to: "\(folder)/images.h5")
    let (seconds, status) = try Stopwatch.once { try train(in: folder) }
    guard status == 0 else {
      throw EpochError(status: status, words: String(decoding: try AtomicFile.read("\(folder)/errors"), as: UTF8.self))
    }
    let rate = Stopwatch.rounded(Double(images * (1 + repeats) * epochs) / seconds, 1)
    let time = Stopwatch.rounded(seconds, 3)
    let line: JSONValue = [
      "images_per_second": .number(rate), "seconds": .number(time), "images": .integer(images), "epochs": .integer(epochs),
      "threads": .integer(threads),
    ]
    print(json ? line.canonical : "\(epochs) epoch\(epochs == 1 ? "" : "s") of training: \(rate) images/s, \(time) s, \(threads) threads")
  }

  /// Noise of the size of Fashion-MNIST where it is grey, of the size of the views where it is coloured.
  private func writeImages(to path: String) throws {
    let side = shape.channels == 1 ? 28 : shape.size
    var stream = RandomStream(seed: 0, purpose: .test)
    let pixels = (0..<images * side * side * shape.channels).map { _ in UInt8(truncatingIfNeeded: stream.nextBits()) }
    try ImagesFile.write(
      ImageSet(
        name: "noise", height: side, width: side, channels: shape.channels, pixels: pixels, index: (0..<Int32(images)).map { $0 },
        verified: false), to: path)
  }

  /// - Returns: the program's exit code.
  private func train(in folder: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("train")
    process.arguments = [
      "--input", "images=\(folder)/images.h5", "--output", "weights=\(folder)/weights.h5", "--output", "history=\(folder)/history.csv",
      "--checkpoint", "\(folder)/checkpoints", "--threads", "\(threads)", "--parameters", parameters.canonical,
    ]
    try AtomicFile.write("", to: "\(folder)/errors")
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: "\(folder)/errors")
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// pipeline.json's settings of CCR: for grey images those of the quick profile, for coloured ones those of CIFAR-10 at this size.
  /// One head and no Sobel filter, as in `train-step`.
  private var parameters: JSONValue {
    let grey = shape.channels == 1
    func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.integer)) }
    return [
      "method": "ccr",
      "network": [
        "widths": list(shape.widths), "blocks": list(shape.blocks), "heads": list([shape.clusters]), "sobel": false,
        "mean": .array(Array(repeating: 0.5, count: shape.channels)), "std": .array(Array(repeating: 0.25, count: shape.channels)),
      ],
      "augmentation": [
        "resize": .integer(grey ? shape.size : shape.size * 5 / 4), "size": .integer(shape.size), "cropScale": [grey ? 0.5 : 0.2, 1],
        "cropRatio": [0.75, 1.3333333333], "brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.4, "greyProbability": 0.2,
        "flipProbability": grey ? 0 : 0.5, "rotationDegrees": grey ? 25 : 0, "rotationProbability": 0.5,
      ],
      "seed": 0, "epochs": .integer(epochs), "snapshots": list([epochs]), "batch": .integer(batch), "repeats": .integer(repeats),
      "learningRate": 0.003, "temperature": 0.5, "temperatureInside": true, "instanceWeight": 1, "clusterWeight": 1,
      "relationWeight": 0.004, "relationReduction": "sum", "balanceWeight": 1,
    ]
  }
}

/// The program `train` failed.
struct EpochError: ExplainedError {
  let status: Int32
  let words: String

  var problem: String { "the program train ended with code \(status):\n\(words)" }
  var remedy: String { "run make build, so that train and benchmarks are of one state" }
  var kind: ErrorKind { .bug }
}
