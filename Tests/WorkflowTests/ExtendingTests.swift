import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// A second file extends the first, and one run sets something for itself.
@Suite(.waiting)
struct ExtendingTests {
  private func parameter(_ study: ToyStudy, _ name: String, _ instance: String, file: String = "mine.json", set: [String] = []) throws
    -> JSONValue?
  {
    let plan = try Plan(Pipeline(path: "\(study.folder)/\(file)", overrides: set), profile: "quick")
    return plan.instances.first { $0.name == instance }?.parameters[name]
  }

  private func extended(_ text: String) throws -> ToyStudy {
    let study = try ToyStudy()
    try study.write("{\"extends\": \"pipeline.json\", \(text)}", "mine.json")
    return study
  }

  private static let x = "make[dataset=a,method=x,seed=0]"
  private static let y = "make[dataset=a,method=y,seed=0]"

  @Test func membersMergeRulesAreAppendedAndNullTakesAway() throws {
    let study = try extended(
      """
      "profiles": {"quick": {"axes": {"seed": [7]}}, "large": {"exclude": null, "axes": {"dataset": ["a"]}}},
      "stages": {"make": {"cost": 9}},
      "settings": [{"make": {"text": "mine"}}, {"where": {"method": "x"}, "let": {"rate": 0.5}}]
      """)
    let x = "make[dataset=b,method=x,seed=7]"
    #expect(try parameter(study, "text", x) == "mine" && parameter(study, "rate", x) == 0.5)
    #expect(try parameter(study, "rate", "make[dataset=b,method=y,seed=7]") == 0.25)
    let pipeline = try Pipeline(path: "\(study.folder)/mine.json")
    #expect(pipeline.warnings.isEmpty, "what a second file says otherwise is meant")
    #expect(try Plan(pipeline, profile: "large").instances.count { $0.stage == "make" } == 2 * 3)
  }

  @Test func mistakesAreNamedInTheFileTheyStandIn() throws {
    let study = try extended("\"settings\": [{\"make\": {\"rtae\": 1}}]")
    let output = try study.ccr("plan", "--pipeline", "\(study.folder)/mine.json")
    #expect(output.code == 2 && output.error.contains("mine.json:1:") && output.error.contains("did you mean \"rate\"?"), "\(output.error)")
    try study.edit("\"weight\": 1", "\"wieght\": 1")
    let base = try extended("\"settings\": []")
    try base.edit("\"weight\": 1", "\"wieght\": 1")
    let other = try base.ccr("plan", "--pipeline", "\(base.folder)/mine.json")
    #expect(other.error.contains("pipeline.json:") && other.error.contains("did you mean \"weight\"?"), "\(other.error)")
  }

  @Test func filesInACircleOrMissingAreRefused() throws {
    let study = try ToyStudy()
    try study.write("{\"extends\": \"b.json\"}", "a.json")
    try study.write("{\"extends\": \"./a.json\"}", "b.json")
    let error = try #require(throws: PipelineError.self) { try Pipeline(path: "\(study.folder)/a.json") }
    #expect(error.problem.contains("extended files form a cycle"), "\(error)")
    try study.write("{\"extends\": \"nothing.json\"}", "c.json")
    #expect(throws: FileError.self) { try Pipeline(path: "\(study.folder)/c.json") }
    try study.write("{\"extends\": 5}", "d.json")
    #expect(throws: PipelineError.self) { try Pipeline(path: "\(study.folder)/d.json") }
  }

  @Test func filesAreRelativeToTheFileThatNamesThem() throws {
    let study = try ToyStudy()
    try FileManager.default.createDirectory(atPath: "\(study.folder)/sub", withIntermediateDirectories: true)
    try study.write("{\"extends\": \"../pipeline.json\"}", "sub/mine.json")
    let plan = try Plan(Pipeline(path: "\(study.folder)/sub/mine.json"), profile: "quick")
    guard case .file(let path)? = plan.instances.first(where: { $0.stage == "source" })?.inputs.first?.source else {
      Issue.record("source has no file")
      return
    }
    #expect(try AtomicFile.read(path) == Array("one\ntwo\n".utf8))
  }

  // MARK: --set

  @Test func whatIsSetForOneRunWinsOverEverything() throws {
    let study = try ToyStudy()
    func value(_ name: String, _ instance: String, _ set: String...) throws -> JSONValue? {
      try parameter(study, name, instance, file: "pipeline.json", set: set)
    }
    #expect(try value("rate", Self.y, "make.rate=3") == 3)
    #expect(try value("rate", "make[dataset=a,method=y,seed=9]", "profiles.quick.axes.seed=[9]") == 0.25)
    #expect(try value("rate", Self.y, "rate=4") == 4 && value("rate", Self.x, "$rate=4") == 4)
    #expect(try value("rate", Self.y, "make.rate=3", "make.rate=5") == 5)
    #expect(try value("text", Self.x, "make.text=word") == "word" && value("text", Self.x, "make.text=$dataset!") == "a!")
  }

  @Test func itEntersTheKeyAndIsShown() throws {
    let study = try ToyStudy()
    #expect(try study.run()["make"] == 8)
    #expect(try study.run("--set", "make.rate=3") == ["make": 8, "score": 8, "table": 1])
    #expect(try study.run() == [:], "without it all is found again")
    let output = try study.ccr("show", Self.y, "--set", "make.rate=3")
    #expect(output.out.contains("rate = 3\n") && output.out.contains("rate = 3  (--set, over \"$rate\" of line"), "\(output.out)")
  }

  @Test(arguments: [
    ("mkae.rate=1", "there is no stage or constant \"mkae\"; did you mean \"make\"?"), ("make.rtae=1", "did you mean \"rate\"?"),
    ("raet=1", "did you mean \"rate\"?"), ("make=1", "make.NAME=VALUE"),
    ("profiles.quik.axes.seed=[0]", "there is no profile \"quik\"; did you mean \"quick\"?"), ("make.rate", "STAGE.NAME=VALUE"),
    ("make..rate=1", "STAGE.NAME=VALUE"),
    ("seed=4", "a constant cannot be called like the axis \"seed\""), ("make.rate=fast", "must be number, not \"fast\""),
  ])
  func unknownNamesAreRefusedInWords(_ text: String, words: String) throws {
    for verb in ["plan", "run"] {
      let study = try ToyStudy()
      let output = try study.ccr(verb, "--set", text)
      #expect(output.code == 2 && output.error.contains(words) && output.error.contains("--set"), "\(output.error)")
      #expect(study.executedInstances.isEmpty)
    }
  }
}
