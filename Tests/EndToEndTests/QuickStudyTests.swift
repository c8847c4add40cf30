import Artifacts
import Foundation
import Testing

/// The real programs on a small real subset: 150 images of Fashion-MNIST, one epoch, two methods. Serial: each test uses both cores.
@Suite(.serialized)
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
      "let": ["epochs": 1, "snapshots": [0, 1], "middleEpoch": 1, "figureEpoch": 1, "widths": [16], "blocks": [1]],
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
  private func ccr(_ arguments: String...) throws -> (code: Int32, out: String, error: String) {
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

  private func digests(_ results: String) throws -> [String: String] {
    let status = try JSONValue.parse(ccr("status", "--json", "--results", "\(folder)/\(results)").out, file: "status")
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

  @Test func tablesComeOutOnceAndEqualAtAnyThreads() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try executed(
      ccr(
        "run", "+tabulate[output=table4]", "+tabulate[output=figure3]", "--json", "--threads", "1", "--jobs", "1", "--results",
        "\(folder)/a"))
    #expect((first ?? 0) > 20)
    #expect(try executed(ccr("run", "+tabulate[output=table4]", "+tabulate[output=figure3]", "--json", "--results", "\(folder)/a")) == 0)
    let table = try JSONValue.parse(
      String(decoding: AtomicFile.read("\(folder)/paper-tables/quick/table4.json"), as: UTF8.self), file: "table4")
    let cells = try #require(table["cells"]?.array)
    #expect(cells.count == 6)
    for cell in cells {
      #expect(cell["mean"]?.double.map { $0 > -0.1 && $0 <= 1 } == true)
      #expect(cell["seeds"]?.array?.count == 3 && cell["sources"]?.array?.count == 3)
      #expect(cell["published"]?.double != nil)
    }
    #expect(try AtomicFile.read("\(folder)/paper-tables/quick/figure3.png").starts(with: [0x89, 0x50, 0x4E, 0x47]))
    // The same again elsewhere, with two threads and two jobs: every digest equal.
    _ = try executed(
      ccr(
        "run", "+tabulate[output=table4]", "+tabulate[output=figure3]", "--json", "--threads", "2", "--jobs", "2", "--results",
        "\(folder)/b"))
    let (a, b) = (try digests("a"), try digests("b"))
    // Two panels of Figure 3 are one action in this small study, so there are more results than executions.
    #expect(a.count == (first ?? 0) + 1 && a == b)
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
  ])
  func mistakesAreExplainedBeforeAnythingRuns(_ old: String, _ new: String, words: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try edit(old, new)
    let run = try ccr("run", "--json")
    #expect(run.code == 2)
    #expect(run.error.contains(words) && run.error.contains("pipeline.json:") && run.error.contains("remedy:"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/results/quick"))
  }

  @Test func aStageThatFailsSaysHowToSeeItAgain() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try edit("\"subset\": 150", "\"subset\": 70001")
    let run = try ccr("run", "ingest")
    #expect(run.code == 1)
    #expect(run.error.contains("there are 70000") && run.error.contains("reproduce"), "\(run.error)")
    #expect(try ccr("run", "trian").error.contains("did you mean \"train\"?"))
  }
}
