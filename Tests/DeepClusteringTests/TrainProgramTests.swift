import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// The real `train` and `embed` on 120 made-up images: killed, interrupted, called with bad input. Serial: each test times processes.
@Suite("Programs train and embed", .waiting, .serialized)
struct TrainProgramTests {
  /// Where the test bundle lies, the programs lie.
  private static let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
  private static let exitInterrupted: Int32 = 75
  private static let exitBadInput: Int32 = 65
  private static let exitNoResult: Int32 = 69

  let folder = FileManager.default.temporaryDirectory.path + "/train-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = RandomStream(seed: 7, purpose: .test)
    var pixels: [UInt8] = []
    for image in 0..<120 {
      for at in 0..<256 {
        let bar: UInt8 = (at / 64 + image) % 4 == 0 ? 150 : 0
        pixels.append(UInt8(random.integer(below: 80)) + bar)
      }
    }
    try ImagesFile.write(
      ImageSet(name: "bars", height: 16, width: 16, channels: 1, pixels: pixels, index: (0..<120).map(Int32.init), verified: false),
      to: "\(folder)/images.h5")
  }

  private static let network =
    ["network.widths=[8,16]", "network.blocks=[1,1]", "network.heads=[12,4]", "network.sobel=true"]
    + ["network.mean=[0.3]", "network.std=[0.3]"]
  static let augmentation = [
    "augmentation.resize=16", "augmentation.size=14", "augmentation.cropScale=[0.5,1]", "augmentation.cropRatio=[0.75,1.3333333333]",
    "augmentation.brightness=0.4", "augmentation.contrast=0.4", "augmentation.saturation=0.4", "augmentation.hue=0.4",
    "augmentation.greyProbability=0.2", "augmentation.flipProbability=0.5", "augmentation.rotationDegrees=10",
    "augmentation.rotationProbability=0.5",
  ]
  private static let settings =
    network + augmentation + [
      "method=ccr", "seed=3", "epochs=3", "snapshots=[0,3]", "batch=10", "repeats=2", "learningRate=0.003", "temperature=0.5",
      "temperatureInside=true",
      "instanceWeight=1", "clusterWeight=1", "relationWeight=0.004", "relationReduction=sum", "balanceWeight=1",
    ]

  /// A started program and where its words go.
  struct Running {
    let process: Process
    let errors: String

    /// Waits for the end; the exit code, or −signal.
    func end() throws -> (code: Int32, words: String) {
      process.waitUntilExit()
      let words = String(decoding: try AtomicFile.read(errors), as: UTF8.self)
      return (process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus, words)
    }
  }

  func start(
    _ program: String, _ arguments: [String], settings: [String], environment: [String: String] = [:]
  ) throws -> Running {
    let process = Process()
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = URL(fileURLWithPath: "\(Self.programs)/\(program)")
    process.arguments = arguments + settings.flatMap { ["--set", $0] }
    let errors = "\(folder)/errors-\(UUID().uuidString)"
    #expect(FileManager.default.createFile(atPath: errors, contents: nil))
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    return Running(process: process, errors: errors)
  }

  func train(
    to name: String, checkpoints: Bool, threads: Int = 1, images: String = "images.h5", views: String? = nil, settings: [String] = [],
    environment: [String: String] = [:]
  ) throws -> Running {
    try start(
      "train",
      [
        "--input", "images=\(folder)/\(images)", "--output", "weights=\(folder)/\(name).h5", "--output", "history=\(folder)/\(name).csv",
        "--threads", "\(threads)",
      ] + (views.map { ["--input", "views=\(folder)/\($0)"] } ?? [])
        + (checkpoints ? ["--checkpoint", "\(folder)/\(name).checkpoints"] : []),
      settings: Self.settings + settings, environment: environment)
  }

  func digests(_ name: String) throws -> [ContentDigest] {
    [try ContentDigest.ofFile("\(folder)/\(name).h5"), try ContentDigest.ofFile("\(folder)/\(name).csv")]
  }

  private func checkpoints(_ name: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name).checkpoints")) ?? []).filter { !$0.hasSuffix(".part") }
      .sorted()
  }

  /// Lets a program go on until it has written a checkpoint beyond `count`.
  private func waitForCheckpoint(after count: String?, of name: String, _ running: Running) {
    while running.process.isRunning, (checkpoints(name).last ?? "") <= (count ?? "") { usleep(1000) }
  }

  @Test("asked to stop after a checkpoint: exit code 75, and later, at 2 threads, the bytes of an uninterrupted run at 1")
  func interrupted() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Long enough that the signal comes before the end.
    let long = ["epochs=60"]
    #expect(try train(to: "whole", checkpoints: false, settings: long).end().code == 0)
    let running = try train(to: "parts", checkpoints: true, threads: 2, settings: long)
    waitForCheckpoint(after: nil, of: "parts", running)
    kill(running.process.processIdentifier, SIGTERM)
    let (code, words) = try running.end()
    #expect(code == Self.exitInterrupted && words.contains("the checkpoint is saved"), "\(words)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/parts.h5"))
    #expect(try train(to: "parts", checkpoints: true, threads: 2, settings: long).end().code == 0)
    #expect(try digests("parts") == digests("whole"))
  }

  @Test("asked to stop without a folder for checkpoints: it ends by the signal and says that nothing is saved")
  func interruptedWithoutCheckpoints() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let running = try train(to: "none", checkpoints: false, settings: ["epochs=1000"])
    while running.process.isRunning, try AtomicFile.read(running.errors).isEmpty { usleep(1000) }
    kill(running.process.processIdentifier, SIGTERM)
    let (code, words) = try running.end()
    #expect(code == -SIGTERM && words.hasSuffix("stopped: nothing is saved; run again to begin anew\n"), "\(words.suffix(200))")
  }

  @Test("fewer images than a batch: said, and trained in one step")
  func fewerImagesThanABatch() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (code, words) = try train(to: "run", checkpoints: false, settings: ["batch=121"]).end()
    #expect(code == 0 && words.contains("warning: the 120 images to cluster are fewer than a batch of 121"), "\(words)")
  }

  @Test("killed at 20 random moments, at 1 and 2 threads in turn: the bytes of an uninterrupted run")
  func killedAtRandomMoments() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Of which every start does a part.
    let long = ["epochs=60"]
    #expect(try train(to: "whole", checkpoints: false, settings: long).end().code == 0)
    var kills = 0
    for seed in 101...120 {
      var random = RandomStream(seed: UInt64(seed), purpose: .test)
      let running = try train(to: "parts", checkpoints: true, threads: 1 + seed % 2, settings: long)
      usleep(UInt32(50_000 + random.integer(below: 250_000)))
      kill(running.process.processIdentifier, SIGKILL)
      let (code, words) = try running.end()
      #expect(code == -SIGKILL || code == 0, "seed \(seed): \(words)")
      if code != 0 { kills += 1 }
    }
    // A fast machine may end before the last of them.
    #expect(kills >= 5, "\(kills)")
    #expect(try train(to: "parts", checkpoints: true, threads: 2, settings: long).end().code == 0)
    #expect(try digests("parts") == digests("whole"))
  }

  @Test("checkpoints cut short or with a bit flipped, one or both: a warning, and the same bytes")
  func damagedAtRandom() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try train(to: "whole", checkpoints: true).end().code == 0)
    let whole = try digests("whole")
    let kept = checkpoints("whole").map { "\(folder)/whole.checkpoints/\($0)" }
    try #require(kept.count == 2)
    let content = try kept.map { try AtomicFile.read($0) }
    for seed in 201...212 {
      var random = RandomStream(seed: UInt64(seed), purpose: .test)
      // The newest always, both every third time: then training starts anew.
      for number in seed % 3 == 0 ? [0, 1] : [1] {
        var bytes = content[number]
        let at = random.integer(below: bytes.count)
        if seed % 2 == 0 { bytes.removeSubrange(at...) } else { bytes[at] ^= UInt8(1 << random.integer(below: 8)) }
        try AtomicFile.write(bytes, to: kept[number])
      }
      let (code, words) = try train(to: "whole", checkpoints: true).end()
      #expect(code == 0 && words.contains("warning"), "seed \(seed): \(words)")
      #expect(try digests("whole") == whole, "seed \(seed)")
      try? FileManager.default.removeItem(atPath: "\(folder)/whole.checkpoints")
      try FileManager.default.createDirectory(atPath: "\(folder)/whole.checkpoints", withIntermediateDirectories: true)
      for (file, bytes) in zip(kept, content) { try AtomicFile.write(bytes, to: file) }
    }
  }

  @Test("a damaged newest checkpoint: a warning, and the same bytes")
  func damaged() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try train(to: "whole", checkpoints: true).end().code == 0)
    let whole = try digests("whole")
    let newest = "\(folder)/whole.checkpoints/\(try #require(checkpoints("whole").last))"
    var bytes = try AtomicFile.read(newest)
    bytes[bytes.count / 2] ^= 1
    try AtomicFile.write(bytes, to: newest)
    let (code, words) = try train(to: "whole", checkpoints: true).end()
    #expect(code == 0 && words.contains("warning") && words.contains("damaged"))
    #expect(try digests("whole") == whole)
    // Other settings start anew.
    let (other, said) = try train(to: "whole", checkpoints: true, settings: ["seed=4"]).end()
    #expect(other == 0 && said.contains("other settings"))
    #expect(try digests("whole") != whole)
  }

  @Test("other kernels of OpenBLAS: the same bytes, and the same checkpoints, since training does not use it")
  func otherKernels() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try train(to: "run", checkpoints: true, environment: ["OPENBLAS_CORETYPE": "Haswell"]).end().code == 0)
    #expect(try train(to: "anew", checkpoints: true, environment: ["OPENBLAS_CORETYPE": "Sandybridge"]).end().code == 0)
    #expect(try digests("anew") == digests("run"))
    let other = try train(to: "run", checkpoints: true, environment: ["OPENBLAS_CORETYPE": "Sandybridge"]).end()
    #expect(other.code == 0 && !other.words.contains("warning"), "\(other.words)")
  }

  @Test(
    "bad input: one problem, one remedy, exit code 65, no output",
    arguments: [
      ("snapshots=[0,9]", "snapshots"), ("network.mean=[0.1,0.2]", "mean"), ("network.blocks=[1]", "blocks"),
      ("augmentation.size=20", "size"), ("learningRate=fast", "learningRate"), ("batch=1", "batch"), ("relationReduction=max", "sum"),
      ("epocs=3", "epochs"),
    ])
  func badSettings(setting: String, word: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (code, words) = try train(to: "none", checkpoints: false, settings: [setting]).end()
    #expect(code == Self.exitBadInput && words.contains("error: ") && words.contains("remedy: ") && words.contains(word), "\(words)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/none.h5"))
  }

  @Test("images that are none, or too few: exit code 65")
  func badImages() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AtomicFile.write("no pictures", to: "\(folder)/text.h5")
    try ImagesFile.write(
      ImageSet(name: "one", height: 16, width: 16, channels: 1, pixels: [UInt8](repeating: 0, count: 256), index: [0], verified: false),
      to: "\(folder)/one.h5")
    for images in ["missing.h5", "text.h5", "one.h5"] {
      let (code, words) = try train(to: "none", checkpoints: false, images: images).end()
      #expect(code == Self.exitBadInput && words.contains(images) && words.contains("remedy: "), "\(words)")
    }
  }

  @Test("embed: every asked epoch, rows that sum to 1, assignments of the last head; the same at 1 and 2 threads")
  func embed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try train(to: "run", checkpoints: false).end().code == 0)
    func embed(_ name: String, threads: Int, settings: [String] = []) throws -> (code: Int32, words: String) {
      try start(
        "embed",
        [
          "--input", "images=\(folder)/images.h5", "--input", "weights=\(folder)/run.h5", "--output", "features=\(folder)/\(name).f.h5",
          "--output", "assignments=\(folder)/\(name).a.h5", "--threads", "\(threads)",
        ], settings: Self.network + ["method=ccr", "seed=3", "resize=16", "size=14", "snapshots=[0,3]", "batch=50"] + settings
      ).end()
    }
    #expect(try embed("one", threads: 1).code == 0)
    #expect(try embed("two", threads: 2).code == 0)
    for kind in ["f", "a"] {
      #expect(try ContentDigest.ofFile("\(folder)/one.\(kind).h5") == ContentDigest.ofFile("\(folder)/two.\(kind).h5"))
    }
    #expect(try AssignmentsFile.epochs("\(folder)/one.a.h5") == [0, 3])
    #expect(try FeaturesFile.read("\(folder)/one.f.h5", epoch: 3).shape == [120, 16])
    let assignments = try AssignmentsFile.read("\(folder)/one.a.h5", epoch: 3)
    #expect(assignments.probabilities.map(\.shape) == [[120, 12], [120, 4]])
    let p = assignments.probabilities[1].scalars
    for image in 0..<120 {
      let row = Array(p[image * 4..<(image + 1) * 4])
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      #expect(row[Int(assignments.clusters[image])] == row.max())
    }
    let (code, words) = try embed("none", threads: 1, settings: ["network.widths=[8,32]"])
    #expect(code == Self.exitBadInput && words.contains("body.1.conv1.weight"), "\(words)")
    // As diverged training would have left them.
    let diverged = try WeightsFile.read("\(folder)/run.h5", epoch: 3).map { entry in
      (entry.name, entry.name == "stem.0.weight" ? Tensor(shape: entry.tensor.shape, entry.tensor.scalars.map { $0 * .nan }) : entry.tensor)
    }
    try WeightsFile.write([(3, diverged)], to: "\(folder)/run.h5")
    let (bad, complaint) = try embed("none", threads: 1, settings: ["snapshots=[3]"])
    #expect(bad == Self.exitNoResult && complaint.contains("epoch 3") && complaint.contains("training diverged"), "\(complaint)")
    let (late, said) = try embed("none", threads: 1, settings: ["snapshots=[2]"])
    #expect(late == Self.exitBadInput && said.contains("epoch_0002"), "\(said)")
  }

  /// What the untrained network of a method's example makes of grey images of 8 × 8 pixels, by the program `embed`.
  private func embedUntrained(
    _ method: String, _ pixels: [UInt8], scored: Int, batch: Int, _ name: String
  ) throws -> (assignments: Assignments, features: Tensor) {
    let example = try #require(MethodExample.all.first { $0.type.name == method })
    let model = example.type.model(try example.settings(), channels: 1, size: MethodExample.size, seed: 5)
    try WeightsFile.write([(2, model.weights)], to: "\(folder)/weights.h5")
    let network = try #require(example.parameters["network"])
    try ImagesFile.write(
      ImageSet(
        name: "some", height: 8, width: 8, channels: 1, scored: scored, pixels: Pixels(pixels),
        index: (0..<pixels.count / 64).map { Int32($0) }, verified: false), to: "\(folder)/\(name).h5")
    let run = try start(
      "embed",
      [
        "--input", "images=\(folder)/\(name).h5", "--input", "weights=\(folder)/weights.h5", "--threads", "1",
        "--output", "features=\(folder)/\(name).f.h5", "--output", "assignments=\(folder)/\(name).a.h5",
      ], settings: ["method=\(method)", "seed=3", "resize=8", "size=8", "snapshots=[]", "batch=\(batch)", "network=\(network.compact)"]
    ).end()
    #expect(run.code == 0, "\(run.words)")
    return (
      try AssignmentsFile.read("\(folder)/\(name).a.h5", epoch: 2), try FeaturesFile.read("\(folder)/\(name).f.h5", epoch: 2)
    )
  }

  /// As STL-10 is: of 120 images the first 60 are clustered. The others have no part in what k-means, merging or batch statistics make of these.
  @Test("embed: what the images behind the clustered ones show changes nothing", arguments: ["ae", "jule", "dac"])
  func unscored(method: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func embed(_ name: String, count: Int, rest: (Int) -> UInt8) throws -> (clusters: [Int32], features: [Float]) {
      var random = RandomStream(seed: 7, purpose: .test)
      var pixels: [UInt8] = []
      for image in 0..<count {
        for at in 0..<64 {
          let bar: UInt8 = (at / 16 + image) % 4 == 0 ? 150 : 0
          pixels.append(image < 60 ? UInt8(random.integer(below: 80)) + bar : rest(at))
        }
      }
      let (found, features) = try embedUntrained(method, pixels, scored: 60, batch: 50, name)
      #expect(found.clusters.count == count && features.shape[0] == count)
      #expect(found.probabilities.allSatisfy { $0.shape[0] == count && $0.scalars.allSatisfy(\.isFinite) })
      return (found.clusters, features.rows(0..<60).scalars)
    }
    let alone = try embed("alone", count: 60) { _ in 0 }
    let black = try embed("black", count: 120) { _ in 0 }
    let striped = try embed("striped", count: 120) { $0 % 2 == 0 ? 255 : 10 }
    for other in [black, striped] {
      #expect(Array(other.clusters.prefix(60)) == alone.clusters && other.features == alone.features)
      // Heads assign them too.
      #expect(other.clusters.dropFirst(60).allSatisfy { method == "dac" ? $0 >= 0 : $0 == -1 })
    }
  }

  /// Batches of neighbours in a set sorted by class would be normalised by the statistics of one class.
  @Test(
    "embed: of networks that take batch statistics, a set sorted by class gets the clusters of a shuffled one", arguments: ["dac", "dccm"])
  func sorted(method: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var random = RandomStream(seed: 7, purpose: .test)
    // Three kinds of pictures that differ in brightness too, 60 of each.
    var pictures: [[UInt8]] = []
    for image in 0..<180 {
      let kind = image / 60
      var picture: [UInt8] = []
      for at in 0..<64 {
        let light = at / 20 == kind ? 150 : 30 * kind
        picture.append(UInt8(light + random.integer(below: 40)))
      }
      pictures.append(picture)
    }
    func probabilities(_ name: String, order: [Int]) throws -> [[Float]] {
      let (assignments, _) = try embedUntrained(method, order.flatMap { pictures[$0] }, scored: order.count, batch: 60, name)
      let found = try #require(assignments.probabilities.last).scalars
      var rows = [[Float]](repeating: [], count: 180)
      for (place, image) in order.enumerated() { rows[image] = Array(found[place * 3..<place * 3 + 3]) }
      return rows
    }
    let shuffled = try probabilities("shuffled", order: random.permutation(180))
    func difference(_ rows: [[Float]]) -> Float {
      zip(rows, shuffled).map { zip($0, $1).map { abs($0 - $1) }.max() ?? 1 }.reduce(0, +) / 180
    }
    let inOrder = difference(try probabilities("sorted", order: Array(0..<180)))
    // As batches of neighbours would be.
    let byClass = difference(
      try (0..<3).flatMap { kind in try probabilities("alone", order: Array(kind * 60..<(kind + 1) * 60)).filter { !$0.isEmpty } })
    #expect(inOrder < 0.4 * byClass, "\(inOrder) \(byClass)")
  }
}
