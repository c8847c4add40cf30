import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// pipeline.schema.json, and the study that it is for.
@Suite(.waiting)
struct SchemaTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private func json(_ path: String) throws -> JSONValue {
    try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
  }

  @Test func theStudyFitsItsSchema() throws {
    let schema = try JSONSchema(json("\(Self.root)/pipeline.schema.json"))
    #expect(try schema.complaint(json("\(Self.root)/pipeline.json")) == nil)
    #expect(try schema.complaint(JSONValue.parse(ToyStudy.pipeline, file: "toy")) == nil)
  }

  /// The committed file is what `make schema` writes.
  @Test func theSchemaIsWhatTheProgramsSay() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(ToyStudy.binaries)/ccr")
    let results = FileManager.default.temporaryDirectory.path + "/ccr-schema-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: results) }
    process.arguments = ["schema", "--pipeline", "\(Self.root)/pipeline.json", "--results", results]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(text == String(decoding: try AtomicFile.read("\(Self.root)/pipeline.schema.json"), as: UTF8.self), "run `make schema`")
  }

  @Test(arguments: [
    (#""methods": {"m": {"like": "ccr", "learningRate": 0.01, "batch": "$many"}}"#, true),
    (#""methods": {"m": {"like": "ccr", "learningRate": 99}}"#, false), (#""methods": {"m": {"learningRate": "high"}}"#, false),
    (#""methods": {"m": {"stage": "trian"}}"#, false), (#""methods": {"m": {"network": {"widths": [1, "$w"]}}}"#, true),
    (#""methods": {"m": {"network": {"widths": [0]}}}"#, false), (#""settings": [{"tsne": {"perplexity": 1}}]"#, false),
    (#""settings": [{"tsne": {"perplexity": 5}}], "datasets": {"d": {"like": "pictures", "ingest": {"imageSize": 9}}}"#, true),
  ])
  func rangesAreOfferedToEditors(_ members: String, isGood: Bool) throws {
    let schema = try JSONSchema(json("\(Self.root)/pipeline.schema.json"))
    let document = try JSONValue.parse("{\"extends\": \"pipeline.json\", \(members)}", file: "mine.json")
    #expect((schema.complaint(document) == nil) == isGood)
    #expect(schema.root["$defs"]?["method"]?["properties"]?["learningRate"]?["description"]?.string?.contains("step size") == true)
  }

  @Test(arguments: PipelineErrorTests.mistakes)
  func theSchemaRefusesMistakesOfShape(_ mistake: PipelineErrorTests.Mistake) throws {
    let schema = try JSONSchema(json("\(Self.root)/pipeline.schema.json"))
    let study = try PipelineErrorTests().study(mistake)
    guard let document = try? json("\(study.folder)/pipeline.json") else { return }
    #expect((schema.complaint(document) != nil) == mistake.shape)
  }

  /// A method that is written out in a rule would run in the place of every other one.
  @Test func noRuleOfTheStudySaysAMethodInAMethodsStead() throws {
    for rule in try json("\(Self.root)/pipeline.json")["settings"]?.array ?? [] {
      for stage in rule.object ?? [] where stage.name != "where" {
        #expect(stage.value["method"].map { $0 == "$algorithm" } ?? true, "\(stage.value["method"]?.compact ?? "")")
      }
    }
  }

  /// The real declaration is good in every profile, as far as can be said without programs.
  @Test(arguments: ["quick", "glance", "cpu", "own", "paper"])
  func everyProfilePlans(_ profile: String) throws {
    let pipeline = try Pipeline(path: "\(Self.root)/pipeline.json")
    let plan = try Plan(pipeline, profile: profile)
    #expect(plan.instances.count > 15)
    #expect(pipeline.warnings.isEmpty)
    for (number, instance) in plan.instances.enumerated() {
      #expect(instance.upstream.allSatisfy { $0 < number })
      #expect(!instance.parameters.canonical.contains("$"))
    }
  }
}
