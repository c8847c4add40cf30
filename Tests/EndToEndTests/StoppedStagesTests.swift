import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// Stages called by hand and stopped in the middle of their work, as by Ctrl-C: they end at once, by the signal, and leave no file.
@Suite(.waiting, .serialized)
struct StoppedStagesTests {
  private static let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-stopped-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: "\(folder)/data/pictures", withIntermediateDirectories: true) }

  private func random(_ count: Int) -> [UInt8] {
    var stream = RandomStream(seed: 1, purpose: .test)
    return (0..<count).map { _ in UInt8(stream.integer(below: 256)) }
  }

  private func writeImages() throws {
    try ImagesFile.write(
      ImageSet(name: "x", height: 16, width: 16, channels: 1, pixels: random(600 * 256), index: (0..<600).map { $0 }, verified: false),
      to: "\(folder)/images.h5")
  }

  /// Starts a program, waits for the first words it says, sends the signal and waits for the end.
  private func stopped(_ program: String, _ signal: Int32, _ arguments: [String], _ settings: String) throws {
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(Self.programs)/\(program)")
    process.arguments = arguments + ["--parameters", settings]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    var words = errors.fileHandleForReading.availableData
    let sent = ContinuousClock.now
    kill(process.processIdentifier, signal)
    words += errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: words, as: UTF8.self)
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal, "\(text.suffix(300))")
    #expect(text.hasSuffix("stopped: nothing is saved; run again to begin anew\n"), "\(text.suffix(300))")
    // The work left would take minutes; the bound is far from both.
    #expect(ContinuousClock.now - sent < .seconds(10))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func cluster(signal: Int32) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try writeImages()
    try stopped(
      "cluster", signal, ["--input", "images=images.h5", "--output", "assignments=a.h5"],
      #"{"method": "kmeans", "clusters": 100, "restarts": 1000, "iterations": 1000, "tolerance": 0, "seed": 0}"#)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func augment(signal: Int32) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try writeImages()
    try stopped(
      "augment", signal, ["--input", "images=images.h5", "--output", "views=v.h5", "--output", "sheet=s.png"],
      """
      {"seed": 0, "passes": 1000, "repeats": 10, "sheetImages": 1, "augmentation": {"resize": 16, "size": 16, "cropScale": [0.5, 1],
       "cropRatio": [1, 1], "brightness": 0.4, "contrast": 0.4, "saturation": 0, "hue": 0, "greyProbability": 0, "flipProbability": 0.5,
       "rotationDegrees": 0, "rotationProbability": 0}}
      """)
  }

  /// Who reads its words goes away, as a runner does that is killed: nobody would have its result.
  @Test func aStageThatNobodyListensToEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try writeImages()
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    let command = "set -o pipefail; \"$0\" \"$@\" 2>&1 | head -n 1"
    let settings = #"{"method": "kmeans", "clusters": 100, "restarts": 1000, "iterations": 1000, "tolerance": 0, "seed": 0}"#
    let files = ["--input", "images=images.h5", "--output", "assignments=a.h5", "--parameters", settings]
    let start = ContinuousClock.now
    let ended = try Programs.run("/bin/bash", ["-c", command, "\(Programs.folder)/cluster"] + files, in: folder)
    #expect(ended.code == 128 + SIGPIPE && !ended.out.isEmpty, "\(ended.out)\(ended.error)")
    #expect(ContinuousClock.now - start < .seconds(20))
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() == before)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func tsne(signal: Int32) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let features = Tensor(shape: [1000, 8], random(8000).map { Float($0) })
    try FeaturesFile.write([(1, features)], to: "\(folder)/features.h5")
    try LabelsFile.write(Labels(values: [Int32](repeating: -1, count: 1000), classNames: []), to: "\(folder)/labels.h5")
    try stopped(
      "tsne", signal,
      ["--input", "points=features.h5", "--input", "labels=labels.h5", "--output", "embedding=e.h5", "--output", "picture=p.png"],
      """
      {"title": "x", "epoch": 1, "firstPoint": 0, "points": 1000, "perplexity": 30, "iterations": 100000, "exaggeration": 12,
       "exaggerationIterations": 250, "pictureSize": 400}
      """)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func ingest(signal: Int32) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let picture = PNGImage(width: 200, height: 200, pixels: random(120_000))
    try picture.write(to: "\(folder)/data/pictures/0.png")
    for number in 1..<1000 { link("\(folder)/data/pictures/0.png", "\(folder)/data/pictures/\(number).png") }
    // A file that is left out is told of before the first image is written.
    try AtomicFile.write("x", to: "\(folder)/data/pictures/notes.txt")
    try stopped(
      "ingest", signal, ["--output", "images=i.h5", "--output", "labels=l.h5"],
      #"{"dataset": "pictures", "subset": 0, "subsetSeed": 0, "verify": false, "imageSize": 200, "imageChannels": 3}"#)
  }
}
