import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// What stages say of what they cannot do: whose file it is, and advice that fits the settings.
@Suite(.waiting)
struct StageWordsTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-words-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  private static let training: JSONValue = [
    "network": ["widths": [8], "blocks": [1], "heads": [4], "sobel": false, "mean": [0.3], "std": [0.3]],
    "augmentation": [
      "resize": 8, "size": 8, "cropScale": [0.5, 1], "cropRatio": [1, 1], "brightness": 0, "contrast": 0, "saturation": 0, "hue": 0,
      "greyProbability": 0, "flipProbability": 0, "rotationDegrees": 0, "rotationProbability": 0,
    ],
    "method": "ccr", "seed": 0, "epochs": 2, "snapshots": [], "batch": 10, "repeats": 1, "learningRate": 0.003, "temperature": 0.5,
    "temperatureInside": true,
    "instanceWeight": 1, "clusterWeight": 1, "relationWeight": 0.004, "relationReduction": "sum", "balanceWeight": 1,
  ]

  private func training(_ changes: [String: JSONValue]) -> JSONValue {
    .object((Self.training.object ?? []).map { .init($0.name, changes[$0.name] ?? $0.value) })
  }

  private func writeImages() throws {
    var stream = RandomStream(seed: 1, purpose: .test)
    let pixels = (0..<20 * 64).map { _ in UInt8(stream.integer(below: 256)) }
    try ImagesFile.write(
      ImageSet(name: "x", height: 8, width: 8, channels: 1, pixels: pixels, index: (0..<20).map { $0 }, verified: false),
      to: "\(folder)/images.h5")
  }

  private func train(_ parameters: JSONValue, _ more: [String] = []) throws -> Programs.Output {
    try Programs.run("train", trainArguments(parameters) + more)
  }

  private func trainArguments(_ parameters: JSONValue) -> [String] {
    ["--input", "images=\(folder)/images.h5", "--parameters", parameters.canonical]
      + ["weights=\(folder)/w.h5", "history=\(folder)/h.csv"].flatMap { ["--output", $0] }
  }

  /// Every stage that reads a result is given one that is no HDF5 or JSON, as the runner gives it: by its path in the store.
  @Test(arguments: [
    ("train", ["images"]), ("augment", ["images"]), ("embed", ["images", "weights"]), ("cluster", ["images"]),
    ("evaluate", ["assignments", "labels"]), ("tsne", ["points", "labels"]),
  ])
  func errorsNameTheInstanceAndNoHash(program: String, ports: [String]) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let hash = ContentDigest.of(Array("no result".utf8)).hex
    try AtomicFile.write("no result", to: "\(folder)/\(hash)")
    let settings: [String: JSONValue] = [
      "train": Self.training,
      "augment": .object(
        (Self.training.object ?? []).filter { ["augmentation", "seed", "repeats"].contains($0.name) } + [
          .init("passes", 1), .init("sheetImages", 1),
        ]),
      "embed": .object(
        (Self.training.object ?? []).filter { ["method", "seed", "network", "snapshots", "batch"].contains($0.name) } + [
          .init("resize", 8), .init("size", 8),
        ]),
      "cluster": ["method": "kmeans", "clusters": 2, "restarts": 1, "iterations": 1, "tolerance": 0, "seed": 0],
      "evaluate": ["cases": 1, "seed": 0],
      "tsne": [
        "title": "t", "epoch": 0, "firstPoint": 0, "points": 10, "perplexity": 2, "iterations": 1, "exaggeration": 1,
        "exaggerationIterations": 0, "pictureSize": 400,
      ],
    ]
    let description = try JSONValue.parse(Programs.run(program, ["--describe"]).out, file: program)
    let outputs = (description["outputs"]?.array ?? []).compactMap { $0["name"]?.string }
    let request: JSONValue = [
      "instance": .string("\(program)[seed=0]"), "inputs": .object(ports.map { .init($0, .string("\(folder)/\(hash)")) }),
      "gathered": .object([]), "producers": .object(ports.map { .init($0, .string("out of maker[port=\($0)]")) }),
      "outputs": .object(outputs.map { .init($0, .string("\(folder)/\($0)")) }),
      "parameters": try #require(settings[program]), "threads": 1,
    ]
    try AtomicFile.write(request.pretty, to: "\(folder)/request.json")
    let output = try Programs.run(program, ["--request", "\(folder)/request.json"])
    #expect(output.code == 65 && output.error.contains("the out of maker[port="), "\(output.error)")
    #expect(output.error.contains("remedy: ") && !output.error.contains(hash), "\(output.error)")
  }

  @Test func gatheredResultsAreNamedByTheirInstances() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let hash = ContentDigest.of(Array("no result".utf8)).hex
    try AtomicFile.write("{}", to: "\(folder)/\(hash)")
    let one: JSONValue = [
      "instance": "evaluate[seed=0]", "coordinates": ["seed": 0], "action": "a", "output": .string(hash),
      "path": .string("\(folder)/\(hash)"),
    ]
    let request: JSONValue = [
      "instance": "tabulate[output=figure4]", "inputs": .object([]), "gathered": ["scores": [one], "images": [one]],
      "outputs": ["picture": .string("\(folder)/p.png")],
      "parameters": [
        "output": "figure4", "profile": "own", "titles": [:],
        "layout": ["title": "t", "titleWithoutLabels": "c", "width": 900, "confident": 2],
      ], "threads": 1,
    ]
    try AtomicFile.write(request.pretty, to: "\(folder)/request.json")
    let output = try Programs.run("tabulate", ["--request", "\(folder)/request.json"])
    #expect(output.code == 65 && output.error.contains("of evaluate[seed=0] is no scores.json"), "\(output.error)")
    #expect(!output.error.contains(hash), "\(output.error)")
  }

  /// The last epoch is always kept, so nobody is told to leave it out.
  @Test(arguments: [(1, true), (2, false)])
  func adviceOnDivergedTrainingFitsTheEpoch(bad: Int, advised: Bool) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func assignments(_ epoch: Int) -> Assignments {
      Assignments(
        epoch: epoch, clusters: [0, 1], probabilities: [Tensor(shape: [2, 2], epoch == bad ? [.nan, .nan, 0, 1] : [1, 0, 0, 1])])
    }
    try AssignmentsFile.write([assignments(1), assignments(2)], to: "\(folder)/a.h5")
    try LabelsFile.write(Labels(values: [0, 1], classNames: ["a", "b"]), to: "\(folder)/l.h5")
    let files = ["--input", "assignments=\(folder)/a.h5", "--input", "labels=\(folder)/l.h5", "--output", "scores=\(folder)/s.json"]
    let output = try Programs.run("evaluate", files + ["--parameters", #"{"cases": 1, "seed": 0}"#])
    #expect(output.code == 69 && output.error.contains("at epoch \(bad) are not all finite"), "\(output.error)")
    #expect(output.error.contains("train again with a lower learningRate"), "\(output.error)")
    #expect(output.error.contains("leave that epoch out of snapshots") == advised, "\(output.error)")
  }

  /// What a program says of a planned run.
  private func checked(_ program: String, _ parameters: JSONValue, _ inputs: JSONValue) throws -> JSONValue? {
    let runs: JSONValue = ["runs": [["parameters": parameters, "inputs": inputs]]]
    try AtomicFile.write(runs.pretty, to: "\(folder)/runs.json")
    return try JSONValue.parse(Programs.run(program, ["--check", "\(folder)/runs.json"]).out, file: "answers").array?.first
  }

  @Test func aNetworkOtherThanTheTrainedOneIsRefusedByThePlan() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let trained = try checked("train", Self.training, ["images": ["facts": ["images": 20, "channels": 1]]])
    let weights = try #require(trained?["facts"]?["weights"])
    func embedding(_ network: JSONValue?) throws -> JSONValue? {
      let parameters: JSONValue = [
        "method": "ccr", "seed": 0, "network": network ?? .null, "resize": 8, "size": 8, "snapshots": [2], "batch": 10,
      ]
      return try checked("embed", parameters, ["images": ["facts": ["images": 20, "channels": 1]], "weights": ["facts": weights]])
    }
    let network = try #require(Self.training["network"]?.object)
    let answered = try embedding(Self.training["network"])
    #expect(answered?["facts"] != nil && answered?["error"] == nil, "\(String(describing: answered))")
    let other = try embedding(.object(network.map { $0.name == "sobel" ? .init("sobel", true) : $0 }))
    #expect(
      other?["error"]?.compact.contains("must be the network that is trained, with all its settings alike") == true,
      "\(String(describing: other))")
  }

  /// The plan says it before anything runs, the stage when it runs.
  @Test func aBatchLargerThanTheSetIsSaid() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func answer(_ batch: Int) throws -> JSONValue? {
      try checked("train", training(["batch": .integer(batch)]), ["images": ["facts": ["images": 20]]])
    }
    #expect(
      try answer(21)?["warnings"]?.array?.first?.string == "a batch of 21 is more than the 20 images there are: every step takes them all")
    #expect(try answer(20)?["warnings"]?.array?.isEmpty == true)
    try writeImages()
    let output = try train(training(["batch": 21]))
    #expect(output.code == 0 && output.error.contains("the 20 images to cluster are fewer than a batch of 21"), "\(output.error)")
  }

  /// Under a limit on memory a stage says what it lacks, and advises only what can still be lowered.
  @Test(arguments: [
    ("tsne", 1, false, "threads"), ("tsne", 4, true, "threads"), ("train", 1, false, "batch"), ("train", 100_000, true, "batch"),
    ("train", 2, false, "network"), ("cluster", 9000, true, "exactUpTo"),
  ])
  func tooLittleMemoryIsSaidBefore(program: String, number: Int, advised: Bool, what: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var arguments: [String]
    var kilobytes = 250_000
    if program == "tsne" {
      let points = Tensor(shape: [60, 4], (0..<240).map { Float($0 % 17) })
      try FeaturesFile.write([(0, points)], to: "\(folder)/f.h5")
      try LabelsFile.write(Labels(values: [Int32](repeating: -1, count: 60), classNames: []), to: "\(folder)/l.h5")
      let settings: JSONValue = [
        "title": "t", "epoch": 0, "firstPoint": 0, "points": 60, "perplexity": 5, "iterations": 2, "exaggeration": 1,
        "exaggerationIterations": 0, "pictureSize": 400,
      ]
      arguments = [
        "--input", "points=\(folder)/f.h5", "--input", "labels=\(folder)/l.h5", "--output", "embedding=\(folder)/e.h5", "--output",
        "picture=\(folder)/p.png", "--parameters", settings.canonical, "--threads", "\(number)",
      ]
    } else if program == "cluster" {
      // All pairs of 9,000 images take 1.6 GB.
      try ImagesFile.write(
        ImageSet(
          name: "x", height: 1, width: 1, channels: 1, pixels: (0..<number).map { UInt8($0 % 251) }, index: (0..<Int32(number)).map { $0 },
          verified: false), to: "\(folder)/images.h5")
      let settings: JSONValue = [
        "method": "sc", "clusters": 2, "seed": 0, "scaleNeighbour": 7, "neighbours": 10, "exactUpTo": .integer(number), "restarts": 1,
      ]
      arguments = ["--input", "images=\(folder)/images.h5", "--output", "assignments=\(folder)/a.h5", "--parameters", settings.canonical]
      kilobytes = 1_000_000
    } else {
      // Images so large that two of them are more than there is; or so many at once.
      let side = number == 1 ? 4096 : 8
      let count = number == 1 ? 2 : 100_000
      try ImagesFile.write(
        ImageSet(
          name: "x", height: 8, width: 8, channels: 1, pixels: [UInt8](repeating: 7, count: count * 64),
          index: (0..<Int32(count)).map { $0 },
          verified: false), to: "\(folder)/images.h5")
      let augmentation = (Self.training["augmentation"]?.object ?? []).map { member -> JSONValue.Member in
        ["resize", "size"].contains(member.name) ? .init(member.name, .integer(side)) : member
      }
      // Of a network that is too large not even the weights may be drawn.
      let network: JSONValue = [
        "widths": [4096, 4096], "blocks": [1, 1], "heads": [4], "sobel": false, "mean": [0.3], "std": [0.3],
      ]
      var changes: [String: JSONValue] = ["batch": .integer(max(2, number)), "augmentation": .object(augmentation)]
      if what == "network" { changes["network"] = network }
      arguments = trainArguments(training(changes))
      kilobytes = 600_000
    }
    let limited = ["-c", "ulimit -v \(kilobytes); exec \"$0\" \"$@\"", "\(Programs.folder)/\(program)"] + arguments
    let output = try Programs.run("/bin/bash", limited)
    #expect(output.code == 74 && output.error.contains("error: there is too little memory: at least "), "\(output.code) \(output.error)")
    #expect(output.error.contains("remedy: raise the limit (`ulimit -v`"), "\(output.error)")
    #expect(output.error.contains(what == "threads" ? "lower --threads" : "lower \(what)") == advised, "\(output.error)")
  }

  /// Passes are as many as the user wants, and a sheet no larger than one can look at.
  @Test func aContactSheetHasARoomOfItsOwn() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ImagesFile.write(
      ImageSet(
        name: "x", height: 8, width: 8, channels: 1, pixels: [UInt8](repeating: 7, count: 100 * 64), index: (0..<100).map { $0 },
        verified: false), to: "\(folder)/images.h5")
    let settings: JSONValue = .object(
      (Self.training.object ?? []).filter { ["augmentation", "seed"].contains($0.name) } + [
        .init("passes", 1000), .init("repeats", 3), .init("sheetImages", 100),
      ])
    let files = ["--input", "images=\(folder)/images.h5", "--output", "views=\(folder)/v.h5", "--output", "sheet=\(folder)/s.png"]
    let output = try Programs.run("augment", files + ["--parameters", settings.canonical])
    #expect(output.code == 0, "\(output.error)")
    let words = "warning: the contact sheet has room for 186 of 1000 passes, 100 of 100 images and 3 of 3 augmented copies"
    #expect(output.error.contains(words), "\(output.error)")
    let sheet = try PNGImage.read("\(folder)/s.png")
    #expect(sheet.width == 186 * 4 * 30 + 6 && sheet.height == 100 * 30 + 6)
  }

  /// As many classes as ImageNet has. The bound is on the processor's time, which other work on the machine hardly changes.
  @Test func aThousandClassesAreScoredWithinASecond() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var stream = RandomStream(seed: 3, purpose: .test)
    let epochs = (1...4).map { epoch in
      let clusters = (0..<2000).map { _ in Int32(stream.integer(below: 1000)) }
      let probabilities = clusters.flatMap { cluster in (0..<1000).map { $0 == cluster ? Float(0.5) : Float(0.5 / 999) } }
      return Assignments(epoch: epoch, clusters: clusters, probabilities: [Tensor(shape: [2000, 1000], probabilities)])
    }
    try AssignmentsFile.write(epochs, to: "\(folder)/a.h5")
    try LabelsFile.write(
      Labels(values: (0..<2000).map { $0 % 1000 }, classNames: (0..<1000).map { "class \($0)" }), to: "\(folder)/l.h5")
    let files = ["--input", "assignments=\(folder)/a.h5", "--input", "labels=\(folder)/l.h5", "--output", "scores=\(folder)/s.json"]
    let timed = ["-c", "TIMEFORMAT='%U %S'; time \"$0\" \"$@\"", "\(Programs.folder)/evaluate"] + files
    let output = try Programs.run("/bin/bash", timed + ["--parameters", #"{"cases": 4, "seed": 0}"#])
    #expect(output.code == 0, "\(output.error)")
    let times = (output.error.split(separator: "\n").last ?? "").split(separator: " ").compactMap { Double($0) }
    #expect(times.count == 2 && times.reduce(0, +) < 1, "\(output.error)")
    let start = ContinuousClock.now
    #expect(try Scores.read("\(folder)/s.json").confusion.count == 1000)
    print("evaluate of 1,000 classes: \(times) s; read in \(ContinuousClock.now - start)")
  }
}
