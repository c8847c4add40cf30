import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// `evaluate`, `tsne` and `tabulate` as programs, on clusters without a class, images without labels and names in any script.
@Suite(.waiting)
struct FigureProgramsTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-figures-\(UUID().uuidString)"

  /// Sixty images of 4 × 4: of three clusters, number 1 is empty and number 2 can be mapped to no class where there is only one.
  private func prepare(classNames: [String]) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let clusters = (0..<60).map { Int32($0 % 3 == 0 ? 0 : 2) }
    let probabilities = Tensor(
      shape: [60, 3], clusters.enumerated().flatMap { place, cluster in (0..<3).map { $0 == cluster ? 0.6 + Float(place) / 200 : 0.1 } })
    try AssignmentsFile.write([Assignments(epoch: 2, clusters: clusters, probabilities: [probabilities])], to: "\(folder)/assignments.h5")
    try LabelsFile.write(
      Labels(values: [Int32](repeating: classNames.isEmpty ? -1 : 0, count: 60), classNames: classNames), to: "\(folder)/labels.h5")
    try ImagesFile.write(
      ImageSet(
        name: "some", height: 4, width: 4, channels: 1, pixels: Pixels((0..<960).map { UInt8($0 % 251) }), index: (0..<60).map { $0 },
        verified: false), to: "\(folder)/images.h5")
    let done = try run(
      "evaluate", ["--parameters", #"{"cases": 2, "seed": 0}"#], inputs: ["assignments", "labels"], output: "scores=\(folder)/scores.json")
    #expect(done.code == 0, "\(done.error)")
  }

  private func run(
    _ program: String, _ arguments: [String], inputs: [String] = [], output: String? = nil
  ) throws -> Programs.Output {
    let files = inputs.flatMap { ["--input", "\($0)=\(folder)/\($0).h5"] } + (output.map { ["--output", $0] } ?? [])
    return try Programs.run(program, arguments + files)
  }

  private func gathered(_ name: String, _ file: String, _ coordinates: JSONValue = ["seed": 0]) -> JSONValue {
    ["instance": .string(name), "coordinates": coordinates, "action": "a", "output": "o", "path": .string("\(folder)/\(file)")]
  }

  private func tabulate(_ figure: String, _ layout: JSONValue, _ port: String, gathered: JSONValue) throws -> Programs.Output {
    let request: JSONValue = [
      "instance": .string("tabulate[output=\(figure)]"), "inputs": .object([]), "gathered": gathered,
      "outputs": .object([.init(port, .string("\(folder)/\(figure).\(port == "picture" ? "png" : port)"))]),
      "parameters": ["output": .string(figure), "profile": "own", "layout": layout, "titles": [:]],
      "threads": 1,
    ]
    try AtomicFile.write(request.canonical, to: "\(folder)/request.json")
    return try run("tabulate", ["--request", "\(folder)/request.json"])
  }

  private func figure4(_ layout: JSONValue) throws -> Programs.Output {
    try tabulate(
      "figure4", layout, "picture",
      gathered: ["scores": [gathered("evaluate", "scores.json")], "images": [gathered("ingest", "images.h5")]])
  }

  private let layout: JSONValue = ["title": "Figure 4", "titleWithoutLabels": "Clusters", "width": 900, "confident": 2]

  @Test func figureFourHasARowForEveryCluster() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(classNames: ["cat"])
    let scores = try Scores.read("\(folder)/scores.json")
    #expect(scores.clusterClasses == [-1, -1, 0] && scores.cases.map(\.cluster) == [0, 1, 2])
    #expect(scores.cases.map(\.mappedClass) == [-1, -1, 0])
    // Nobody in cluster 0 is in the right place; nobody is in cluster 1.
    #expect(scores.cases[0].successes.isEmpty && scores.cases[0].failures.count == 4 && scores.cases[0].failureClasses == [0, 0, 0, 0])
    #expect(scores.cases[1].successes.isEmpty && scores.cases[1].failures.isEmpty && scores.cases[2].successes.count == 4)
    let done = try figure4(layout)
    #expect(done.code == 0 && done.error.isEmpty, "\(done.error)")
    #expect(try PNGImage.read("\(folder)/figure4.png").width == 900)
  }

  /// A cluster without images has no spread: its 0 would be the tightest of all. Methods may have unequal numbers of seeds.
  @Test func figureFiveLeavesOutWhatHasNoSpread() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(classNames: [])
    let variances = try Scores.read("\(folder)/scores.json").varianceByCluster
    #expect(variances.count == 3 && variances[1] == 0 && variances[0] > 0 && variances[2] > 0)
    let runs: [(String, Int)] = [("x", 0), ("x", 1), ("y", 0)]
    let scores = runs.map { gathered("evaluate", "scores.json", ["method": .string($0), "dataset": "d", "seed": .integer($1)]) }
    let done = try tabulate(
      "figure5",
      [
        "title": "Classes", "titleWithoutLabels": "Clusters", "width": 900,
        "series": [["method": "x", "label": "One"], ["method": "y", "label": "Other"]],
      ], "svg", gathered: ["scores": .array(scores)])
    #expect(done.code == 0 && done.error.isEmpty, "\(done.error)")
    let drawn = String(decoding: try AtomicFile.read("\(folder)/figure5.svg"), as: UTF8.self)
    let mean = String(format: "%.3f", (variances[0] + variances[2]) / 2)
    #expect(drawn.contains("3 clusters. Means over them: One \(mean), Other \(mean)."), "\(drawn)")
    #expect(drawn.contains("<title>0, Other: ") && !drawn.contains("<title>1, "), "\(drawn)")
  }

  @Test func namesThatCannotBeSetAreNamedInAWarning() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(classNames: ["猫"])
    let done = try figure4(layout)
    #expect(done.code == 0 && done.error.contains("warning: DejaVu Sans") && done.error.contains("class 0 (猫)"), "\(done.error)")
  }

  @Test func imagesWithoutLabelsAreColouredByCluster() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(classNames: [])
    #expect(try figure4(layout).code == 0)
    let settings = #"""
      {"title": "t", "epoch": 2, "firstPoint": 10, "points": 40, "perplexity": 5, "iterations": 20, "exaggeration": 12,
      "exaggerationIterations": 5, "pictureSize": 500}
      """#
    try FileManager.default.copyItem(atPath: "\(folder)/assignments.h5", toPath: "\(folder)/points.h5")
    func map(_ inputs: [String]) throws -> (embedding: Embedding, picture: PNGImage) {
      let done = try run(
        "tsne", ["--parameters", settings, "--output", "picture=\(folder)/tsne.png"], inputs: inputs, output: "embedding=\(folder)/tsne.h5")
      #expect(done.code == 0, "\(done.error)")
      return (try EmbeddingFile.read("\(folder)/tsne.h5"), try PNGImage.read("\(folder)/tsne.png"))
    }
    let coloured = try map(["points", "labels", "assignments"])
    #expect(coloured.embedding.clusters == (10..<50).map { Int32($0 % 3 == 0 ? 0 : 2) })
    let plain = try map(["points", "labels"])
    #expect(plain.embedding.clusters.isEmpty && plain.embedding.points.scalars == coloured.embedding.points.scalars)
    /// Whether any pixel is red: cluster 2's colour.
    func isRed(_ picture: PNGImage) -> Bool {
      stride(from: 0, to: picture.pixels.count, by: 3).contains {
        picture.pixels[$0] > 180 && picture.pixels[$0 + 1] < 90 && picture.pixels[$0 + 2] < 90
      }
    }
    #expect(isRed(coloured.picture) && !isRed(plain.picture))
  }

  @Test(arguments: [
    (#""width": 0, "confident": 2"#, #""width" must be 200 to 10000, not 0"#), (#""width": 900"#, #""confident" is missing"#),
    (#""width": 900, "confident": -1"#, #""confident" must be 0 to 100, not -1"#),
    (#""width": 900, "confident": 2, "titel": """#, #"there is no "titel" here; did you mean "title"?"#),
  ])
  func layoutsAreChecked(members: String, complaint: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(classNames: ["cat"])
    let done = try figure4(JSONValue.parse("{\"title\": \"t\", \(members)}", file: "layout"))
    #expect(done.code == 65 && done.error.contains(complaint), "\(done.error)")
    #expect(done.error.contains("remedy: correct it in pipeline.json"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/figure4.png"))
  }
}
