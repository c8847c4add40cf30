import Artifacts
import Foundation
import StageKit
import TestSupport
import Testing

/// The real programs on a small real subset: 150 images of Fashion-MNIST, one epoch, two methods. Serial: each test uses both cores.
@Suite(.waiting, .serialized)
struct QuickStudyTests {
  /// `.build/release` of this package: where the test bundle lies.
  private static let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-e2e-\(UUID().uuidString)"

  /// A copy of the study, made small.
  init() throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(Self.root)/data/published.json", toPath: "\(folder)/data/published.json")
    let path = "\(Self.root)/pipeline.json"
    let study = try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
    let small: JSONValue = [
      "where": ["profile": "quick"],
      "let": ["epochs": 1, "snapshots": [0, 1], "middleEpoch": 1, "figureEpoch": 1, "widths": [16, 128], "blocks": [1, 1]],
      "ingest": ["subset": 150], "tsne": ["iterations": 60, "exaggerationIterations": 30],
    ]
    let members = try #require(study.object).map { member -> JSONValue.Member in
      member.name == "settings" ? .init("settings", .array((member.value.array ?? []) + [small])) : member
    }
    try write(.object(members))
  }

  private func write(_ study: JSONValue) throws { try AtomicFile.write(study.pretty, to: "\(folder)/pipeline.json") }

  private func edit(_ old: String, _ new: String) throws {
    let text = String(decoding: try AtomicFile.read("\(folder)/pipeline.json"), as: UTF8.self)
    #expect(text.contains(old), "\(old) is not in the study")
    try AtomicFile.write(text.replacingOccurrences(of: old, with: new), to: "\(folder)/pipeline.json")
  }

  @discardableResult
  private func ccr(_ arguments: String...) throws -> (code: Int32, out: String, error: String) { try ccr(arguments) }

  private func ccr(_ arguments: [String]) throws -> (code: Int32, out: String, error: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(Self.programs)/ccr")
    process.arguments = [arguments[0], "--pipeline", "\(folder)/pipeline.json"] + arguments.dropFirst()
    let (out, error) = ("\(folder)/out-\(UUID().uuidString)", "\(folder)/err-\(UUID().uuidString)")
    for file in [out, error] { try AtomicFile.write("", to: file) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: error)
    try process.run()
    process.waitUntilExit()
    func text(_ path: String) throws -> String { String(decoding: try AtomicFile.read(path), as: UTF8.self) }
    return (process.terminationStatus, try text(out), try text(error))
  }

  private func status(_ results: String) throws -> JSONValue {
    try JSONValue.parse(ccr("status", "--json", "--results", "\(folder)/\(results)").out, file: "status")
  }

  private func digests(_ results: String) throws -> [String: String] {
    let status = try status(results)
    return Dictionary(
      uniqueKeysWithValues: (status["instances"]?.array ?? []).compactMap { instance in
        instance["state"]?.string == "hit" ? instance["instance"]?.string.map { ($0, instance["outputs"]?.canonical ?? "") } : nil
      })
  }

  private func executed(_ run: (code: Int32, out: String, error: String)) throws -> Int? {
    #expect(run.code == 0, "\(run.error)")
    let line = try #require(run.out.split(separator: "\n").last.map(String.init))
    return try JSONValue.parse(line, file: "run")["executed"]?.integer
  }

  /// Table 4, Figure 3, and what every other method of the catalogue gives for one seed.
  private static let everything =
    ["+tabulate[output=table4]", "+tabulate[output=figure3]"]
    + (deepMethods + classicalMethods).map { "evaluate[method=\($0),seed=0]" }
  private static let deepMethods = ["ae", "dae", "decnn", "vae", "jule", "dec", "dac", "dccm", "iic", "pica", "dcdc", "ccr"]
  private static let classicalMethods = ["kmeans", "sc", "ac", "ac-mnn", "nmf"]

  private func runEverything(_ options: String...) throws -> Int? { try executed(ccr(["run", "--json"] + Self.everything + options)) }

  @Test func tablesComeOutOnceAndEqualAtAnyThreads() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try runEverything("--threads", "1", "--jobs", "1", "--results", "\(folder)/a")
    #expect((first ?? 0) > 20)
    #expect(try runEverything("--results", "\(folder)/a") == 0)
    let table = try JSONValue.parse(
      String(decoding: AtomicFile.read("\(folder)/paper-tables/quick/table4.json"), as: UTF8.self), file: "table4")
    let cells = try #require(table["cells"]?.array)
    #expect(cells.count == 9)
    for cell in cells {
      #expect(cell["mean"]?.double.map { $0 > -0.1 && $0 <= 1 } == true)
      #expect(cell["seeds"]?.array?.count == 3 && cell["sources"]?.array?.count == 3)
      // The control of equal updates is not in the paper.
      #expect((cell["published"]?.double != nil) == (cell["row"]?.string?.hasSuffix("equal updates") == false))
    }
    #expect(try AtomicFile.read("\(folder)/paper-tables/quick/figure3.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    // The same again elsewhere, with two threads and two jobs: every digest equal.
    _ = try runEverything("--threads", "2", "--jobs", "2", "--results", "\(folder)/b")
    let (a, b) = (try digests("a"), try digests("b"))
    // Two panels of Figure 3 are one action in this small study, and so are both rows without over-clustering, whose epochs are one alike:
    // there are more results than executions.
    #expect(a.count == (first ?? 0) + 10 && a == b)
    try expectRecorded(status("a"))
    try expectProvenAndTraced(cells[0])
    // The published table, held against both results, against none, and with one digit changed.
    let tables = "\(folder)/paper-tables/quick"
    for results in ["a", "b"] {
      let verified = try ccr("verify", "--against", tables, "--results", "\(folder)/\(results)")
      #expect(verified.code == 0 && verified.out == "table4: 9 of 9 cells reproduced to the bit\n", "\(verified)")
    }
    let nothing = try ccr("verify", "--against", tables, "--results", "\(folder)/c")
    #expect(nothing.code == 3 && nothing.out.contains("0 of 9") && nothing.out.contains("has no result here"), "\(nothing)")
    let text = String(decoding: try AtomicFile.read("\(tables)/table4.json"), as: UTF8.self)
    let output = try #require(cells[0]["sources"]?.array?.first?["output"]?.string)
    try AtomicFile.write(text.replacingOccurrences(of: output, with: String(output.reversed())), to: "\(tables)/table4.json")
    let other = try ccr("verify", "--against", tables, "--results", "\(folder)/a")
    #expect(other.code == 5 && other.out.contains("differs") && !other.out.contains("9 of 9"), "\(other)")
  }

  /// Every byte of both results is what it was, executing again gives it, and a cell's chain leads to the original files.
  private func expectProvenAndTraced(_ cell: JSONValue) throws {
    let results = ["--results", "\(folder)/a"]
    let same = try ccr("diff", "\(folder)/a", "\(folder)/b")
    #expect(same.out == "nothing differs\n", "\(same)")
    let read = try ccr("verify", results[0], results[1])
    #expect(read.code == 0 && read.out.contains("all are what they were"), "\(read)")
    let sources = (cell["sources"]?.array ?? []).compactMap { $0["instance"]?.string }
    let source = try #require(sources.first)
    let again = try ccr("verify", "--reexecute", source, results[0], results[1])
    #expect(again.code == 0 && again.out == "equal    \(source)\n1 executed again: every byte is equal\n", "\(again)")
    let name = ["row", "dataset", "metric"].compactMap { cell[$0]?.string }.joined(separator: "/")
    let trace = try ccr("trace", "table4", "--cell", name, results[0], results[1])
    #expect(trace.code == 0 && trace.out.hasPrefix("table4 \(name): 0."), "\(trace)")
    for source in sources { #expect(trace.out.contains("\n  ← \(source)\n"), "\(trace.out)") }
    #expect(trace.out.contains("← weights: train[") && trace.out.contains("← images: ingest[dataset=fashion-mnist]"), "\(trace.out)")
    let command = "ccr run 'tabulate[output=table4]' --profile quick \(results.joined(separator: " "))"
    #expect(trace.out.hasSuffix("\nregenerate: \(command)\n"), "\(trace.out)")
  }

  /// Every machine with AVX2 and FMA must give the bytes that one of them gave: `study-digests.json`. Pictures, which depend on cairo, and tables,
  /// which name keys, are left out; t-SNE's maps and classical methods, whose principal components and eigenvectors are OpenBLAS's, where it is
  /// another OpenBLAS.
  ///
  /// To record them anew, after a change that is meant to change them: CCR_RECORD_DIGESTS=1 swift test … --filter QuickStudyTests.
  private func expectRecorded(_ status: JSONValue) throws {
    let instances = (status["instances"]?.array ?? []).filter { $0["state"]?.string == "hit" }
    let results = instances.flatMap { instance -> [JSONValue.Member] in
      guard let name = instance["instance"]?.string, !name.hasPrefix("tabulate") else { return [] }
      return (instance["outputs"]?.object ?? []).filter { !["picture", "svg", "pdf", "sheet"].contains($0.name) }
        .map { JSONValue.Member("\(name).\($0.name)", $0.value) }
    }.sorted { $0.name < $1.name }
    let library = try ccr("doctor").out.split(separator: "\n").first { $0.drop { $0 == " " || $0 == "!" }.hasPrefix("OpenBLAS") }
    let openBLAS = library?.split(separator: " ").last { $0 != "OpenBLAS" && !$0.contains("/") }.map(String.init) ?? ""
    let path = "\(Self.root)/Tests/EndToEndTests/study-digests.json"
    if ProcessInfo.processInfo.environment["CCR_RECORD_DIGESTS"] != nil {
      let record: JSONValue = ["OpenBLAS": .string(openBLAS), "results": .object(results)]
      try AtomicFile.write(record.pretty + "\n", to: path)
    }
    let recorded = try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
    let sameLibrary = recorded["OpenBLAS"]?.string == openBLAS
    if !sameLibrary {
      let other = recorded["OpenBLAS"]?.string ?? ""
      print("t-SNE's maps and classical methods are not compared: they were recorded with OpenBLAS \(other), this is \(openBLAS)")
    }
    let expected = (recorded["results"]?.object ?? []).filter { member in
      sameLibrary || !member.name.hasPrefix("tsne") && !Self.classicalMethods.contains { member.name.contains("method=\($0),") }
    }
    #expect(expected.count > 60)
    for member in expected {
      let found = results.first { $0.name == member.name }?.value.string ?? "nothing"
      #expect(found == member.value.string, "\(member.name)")
    }
  }

  @Test func aChangedSettingRerunsWhatDependsOnItAndIsNamed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try executed(ccr("run", "tsne[panel=end]", "--json")) == 5)
    #expect(try executed(ccr("run", "tsne[panel=end]", "--json", "--force")) == 1)
    try edit("\"perplexity\": 30", "\"perplexity\": 25")
    let why = try ccr("why", "tsne[panel=end]").out
    #expect(why.contains("parameters.perplexity: 30 → 25"), "\(why)")
    #expect(try executed(ccr("run", "tsne[panel=end]", "--json")) == 1)
    try ccr("export", "tsne[panel=end]", "--to", "\(folder)/pictures")
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/pictures") == ["tsne-fashion-mnist-ccr-seed0-end.png"])
    for (format, start) in [("pdf", "%PDF-"), ("svg", "<?xml")] {
      let exported = try ccr("export", "tsne[panel=end]", "--format", format, "--to", "\(folder)/\(format)")
      #expect(exported.out == "\(folder)/\(format)/tsne-fashion-mnist-ccr-seed0-end.\(format)\n", "\(exported)")
      #expect(try AtomicFile.read("\(folder)/\(format)/tsne-fashion-mnist-ccr-seed0-end.\(format)").starts(with: Array(start.utf8)))
    }
    let none = try ccr("export", "tsne[panel=end]", "--format", "jpg", "--to", "\(folder)/none")
    #expect(none.code == 2 && none.error.contains("jpg") && none.error.contains("pdf"), "\(none)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/none"))
  }

  @Test func aDamagedResultIsMadeAnew() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try executed(ccr("run", "evaluate[method=kmeans,seed=0]", "--json")) == 3)
    let before = try digests("results")
    let link = "\(folder)/results/quick/cluster/dataset=fashion-mnist,method=kmeans,seed=0/assignments.h5"
    let file = URL(fileURLWithPath: link).resolvingSymlinksInPath().path
    try FileManager.default.removeItem(atPath: file)
    try AtomicFile.write("damaged", to: file)
    #expect(try executed(ccr("run", "evaluate[method=kmeans,seed=0]", "--json")) == 1)
    #expect(try digests("results") == before)
  }

  @Test(arguments: [
    ("\"learningRate\": 0.003", "\"learningRat\": 0.003", "did you mean \"learningRate\"?"),
    ("\"perplexity\": 30", "\"perplexity\": \"high\"", "must be number"), ("\"perplexity\": 30", "\"perplexity\": -1", "must be 2 to 1000"),
    ("\"ingest.images\"", "\"ingst.images\"", "did you mean \"ingest\"?"), ("\"train.weights\"", "\"embed.features\"", "cycle"),
    ("\"pipeline\": 1", "\"pipeline\": 1,,", "expected a member name"),
    ("\"weights\": \"train.weights\"", "\"weights\": \"ingest.labels\"", "may not see labels"),
    // What the programs know of each other's settings.
    ("\"snapshots\": [0, 1]", "\"snapshots\": [0, 2]", "must be at most epochs, 1, not 2"),
    (
      "\"figureEpoch\": 1,", "\"figureEpoch\": 2,",
      "\"epoch\" of tsne[dataset=fashion-mnist,method=ccr,seed=0,panel=end] must be one that is kept, 0, 1, not 2"
    ),
    ("\"blocks\": [1, 1]", "\"blocks\": [1]", "must have one number for each of the 2 widths, and not 1"),
    ("\"mean\": [0.286]", "\"mean\": [0.286, 0.3]", "must have 1 numbers, one for each channel"),
    ("\"std\": [0.353]", "\"std\": []", "must have 1 numbers, one for each channel"),
    ("\"resize\": 20", "\"resize\": 19", "must be at most augmentation.resize, 19, not 20"),
    ("\"cropScale\": [0.5, 1]", "\"cropScale\": [1, 0.5]", "must be two numbers, the least first"),
    ("\"perplexity\": 30", "\"perplexity\": 50", "must be below a third of the 150 points, not 50"),
    ("\"firstPoint\": 0", "\"firstPoint\": 150", "must be below the number of images, 150, not 150"),
    ("\"subset\": 150", "\"subset\": 70001", "must not be 70001: there are 70000 images"),
    ("\"subset\": 150", "\"subset\": 9", "must be at most the number of images to cluster, 9, not 10"),
    ("\"dcdcOverClusters\": 70,", "\"dcdcOverClusters\": 1,", "must be 2 to 100000, not 1"),
    ("\"clusters\": \"$clusters\"", "\"clusters\": 151", "must be at most the number of images to cluster, 150, not 151"),
    // Layouts.
    ("\"rowHeading\": \"Losses\"", "\"rowHeadin\": \"Losses\"", "did you mean \"rowHeading\"?"),
    ("\"method\": \"jule\", \"published\"", "\"method\": \"jlue\", \"published\"", "did you mean \"jule\"?"),
    ("\"published\": \"irl\"}", "\"published\": \"irk\"}", "did you mean \"irl\"?"),
    ("{\"setting\": \"layout.rows.method\"}", "[\"kmeans\", \"ccr\"]", "the scores of method sc are not gathered"),
    ("\"method\": {\"setting\": \"layout.rows.method\"}, ", "", "has no row for evaluate[dataset=fashion-mnist,method="),
    ("\"dataset\": \"$firstDataset\", \"label\"", "\"dataset\": \"fashion-mnits\", \"label\"", "did you mean \"fashion-mnist\"?"),
    ("\"figureWidth\": 1600", "\"figureWidth\": \"wide\"", "\"width\" must be an integer"),
  ])
  func mistakesAreExplainedBeforeAnythingRuns(_ old: String, _ new: String, words: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try edit(old, new)
    let run = try ccr("run", "--json")
    #expect(run.code == 2)
    #expect(run.error.contains(words) && run.error.contains("pipeline.json:") && run.error.contains("remedy:"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/results/quick"))
  }

  /// Also of methods that assign without probabilities, such as the auto-encoder.
  @Test func mapsAndCasesAreThereForEveryMethod() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let planned = try ccr(["plan"] + Self.deepMethods.map { "tsne[method=\($0),seed=0]" })
    #expect(planned.code == 0, "\(planned.error)")
    let run = try ccr("run", "--set", "figureMethod=ae", "figure3", "figure4")
    #expect(run.code == 0, "\(run.error)")
    let scores = try Scores.read("\(folder)/results/quick/evaluate/dataset=fashion-mnist,method=ae,seed=0/scores.json")
    #expect(scores.cases.count == 10 && scores.cases.contains { !$0.successes.isEmpty } && scores.varianceByClass.count == 10)
  }

  @Test func aStageThatFailsSaysHowToSeeItAgain() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: "\(folder)/data/fashion-mnist", withIntermediateDirectories: true)
    try AtomicFile.write("no images", to: "\(folder)/data/fashion-mnist/train-images-idx3-ubyte")
    let run = try ccr("run", "ingest")
    #expect(run.code == 1)
    #expect(run.error.contains("remedy:") && run.error.contains("reproduce"), "\(run.error)")
    #expect(try ccr("run", "trian").error.contains("did you mean \"train\"?"))
  }

  @Test func theLastEpochIsKeptAndWhatEachSettingComesFromIsShown() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try edit("\"snapshots\": [0, 1]", "\"snapshots\": [0]")
    #expect(try ccr("run", "evaluate[method=dcdc,seed=0]").code == 0)
    let results = "\(folder)/results/quick"
    let name = "dataset=fashion-mnist,method=dcdc,seed=0"
    #expect(try WeightsFile.epochs("\(results)/train/\(name)/weights.h5") == [0, 1])
    #expect(try Scores.read("\(results)/evaluate/\(name)/scores.json").last.epoch == 1)
    // A data set's own number of clusters holds for every method.
    try edit("\"dcdcOverClusters\": 70,", "\"dcdcOverClusters\": \"$overClusters\",")
    let shown = try ccr("show", "train[method=dcdc,seed=0]")
    #expect(shown.code == 0 && shown.out.contains("network.heads = [128, 10]"), "\(shown.out)\(shown.error)")
    #expect(shown.out.contains(", method dcdc, over [\"$overClusters\", \"$clusters\"] of line"), "\(shown.out)")
  }
}
