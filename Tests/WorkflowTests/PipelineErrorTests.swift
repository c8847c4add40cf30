import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// Every mistake in pipeline.json is refused before anything runs, at its place, with what to do.
@Suite(.waiting)
struct PipelineErrorTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    /// What the message says.
    let words: String
    /// The JSON pointer it names.
    let pointer: String
    /// Whether the JSON schema refuses it too: mistakes of shape, not of meaning.
    var shape = false
    var testDescription: String { "\(old) → \(new)" }
  }

  static let mistakes: [Mistake] = [
    // Names
    Mistake(
      old: "\"profiles\": {", new: "\"profiles\": {\"..\": {\"axes\": {}},", words: "the name of a profile must be a word of letters",
      pointer: "/profiles"),
    Mistake(
      old: "\"seed\": [0, 1, 2]", new: "\"seed\": [0, \"0\"]", words: "the value 0 stands twice on this axis",
      pointer: "/profiles/large/axes/seed/1"),
    Mistake(
      old: "\"stages\"", new: "\"stagse\"", words: "there is no key \"stagse\"; did you mean \"stages\"?", pointer: "/stagse", shape: true),
    Mistake(
      old: "\"program\": \"./score\"", new: "\"programm\": \"./score\"", words: "did you mean \"program\"?",
      pointer: "/stages/score/programm", shape: true),
    Mistake(
      old: "\"profiles\": {", new: "\"profiles\": {\"e\": {\"axis\": {}},", words: "did you mean \"axes\"?", pointer: "/profiles/e/axis",
      shape: true),
    Mistake(
      old: "\"source.out\"", new: "\"sorce.out\"", words: "there is no stage \"sorce\"; did you mean \"source\"?",
      pointer: "/stages/make/inputs/words"),
    Mistake(
      old: "\"source.out\"", new: "\"source.our\"", words: "stage source has no output \"our\"; did you mean \"out\"?",
      pointer: "/stages/make/inputs/words"),
    Mistake(
      old: "\"method\": \"make\"", new: "\"method\": \"mak\"", words: "there is no stage \"mak\"", pointer: "/stages/score/matrix/method"),
    Mistake(
      old: "\"method\": \"make\"", new: "\"method\": \"source\"", words: "axis \"method\" of stage source",
      pointer: "/stages/score/matrix/method"),
    Mistake(
      old: "{\"dataset\": \"*\", \"method\": [", new: "{\"dataser\": \"*\", \"method\": [",
      words: "profile quick has no axis \"dataser\"; did you mean \"dataset\"?", pointer: "/stages/make/matrix/dataser"),
    Mistake(
      old: "\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [0, 1]}}",
      new: "\"axes\": {\"dataset\": [\"a\"], \"seed\": [0], \"sede\": [0]}}", words: "\"sede\"; did you mean \"seed\"?",
      pointer: "/profiles/quick/axes/sede"),
    Mistake(old: "\"let\": {\"rate\": 0.001},", new: "\"lett\": {},", words: "did you mean \"let\"?", pointer: "/settings/0/lett"),
    Mistake(
      old: "\"score\": {\"weight\": 1}", new: "\"scores\": {\"weight\": 1}", words: "did you mean \"score\"?", pointer: "/settings/0/scores"
    ),
    Mistake(
      old: "\"weight\": 1", new: "\"wieght\": 1", words: "stage score has no setting \"wieght\"; did you mean \"weight\"?",
      pointer: "/settings/0/score/wieght"),
    Mistake(
      old: "{\"method\": \"y\"}, \"let\"", new: "{\"metod\": \"y\"}, \"let\"",
      words: "there is no axis \"metod\"; did you mean \"method\"?", pointer: "/settings/1/where/metod"),
    Mistake(
      old: "{\"method\": \"y\"}, \"let\"", new: "{\"method\": \"z\"}, \"let\"", words: "axis method has no value \"z\"",
      pointer: "/settings/1/where/method"),
    Mistake(
      old: "\"$dataset\"", new: "\"$datset\"", words: "has no constant or coordinate \"datset\"; did you mean \"dataset\"?",
      pointer: "/settings/0/source/text"),
    Mistake(
      old: "{\"dataset\": \"b\", \"method\": \"y\"}", new: "{\"dataset\": \"d\"}", words: "axis dataset has no value \"d\"",
      pointer: "/profiles/large/exclude/0/dataset"),
    Mistake(
      old: "{\"gather\": \"score.out\"}", new: "{\"gather\": \"score.out\", \"where\": {\"sed\": 0}}",
      words: "stage score has no axis \"sed\"; did you mean \"seed\"?", pointer: "/stages/table/inputs/scores/where/sed"),
    Mistake(
      old: "\"inputs\": {\"made\":", new: "\"inputs\": {\"mode\":", words: "program score has no input \"mode\"; did you mean \"made\"?",
      pointer: "/stages/score/inputs/mode"),
    Mistake(
      old: "\"outputs\": {\"out\": \"score.txt\"}", new: "\"outputs\": {\"out\": \"score.txt\", \"extra\": \"e\"}",
      words: "program score has no output \"extra\"", pointer: "/stages/score/outputs/extra"),
    // Shapes and types
    Mistake(old: "\"pipeline\": 1", new: "\"pipeline\": 2", words: "\"pipeline\": 1", pointer: "/pipeline", shape: true),
    Mistake(
      old: "\"program\": \"./score\",", new: "", words: "the program of stage score is missing", pointer: "/stages/score", shape: true),
    Mistake(
      old: "\"seed\": [0, 1, 2]", new: "\"seed\": 3", words: "an axis must be a list", pointer: "/profiles/large/axes/seed", shape: true),
    Mistake(
      old: "\"seed\": [0, 1, 2]", new: "\"seed\": [0, 1.5]", words: "a word of letters", pointer: "/profiles/large/axes/seed/1", shape: true
    ),
    Mistake(
      old: "\"seed\": [0, 1, 2]", new: "\"seed\": [0, 1, 1]", words: "stands twice", pointer: "/profiles/large/axes/seed/2", shape: true),
    Mistake(
      old: "\"seed\": [0, 1, 2]", new: "\"seed\": []", words: "at least one element", pointer: "/profiles/large/axes/seed", shape: true),
    Mistake(
      old: "[\"x\", \"y\"]", new: "[\"x\", \"../y\"]", words: "a word of letters", pointer: "/stages/make/matrix/method/1", shape: true),
    Mistake(
      old: "\"source.out\"", new: "\"source\"", words: "an input must be \"stage.port\"", pointer: "/stages/make/inputs/words", shape: true),
    Mistake(old: "\"source.out\"", new: "7", words: "an input must be \"stage.port\"", pointer: "/stages/make/inputs/words", shape: true),
    Mistake(
      old: "{\"gather\": \"score.out\"}", new: "{\"gathr\": \"score.out\"}", words: "did you mean \"gather\"?",
      pointer: "/stages/table/inputs/scores/gathr", shape: true),
    Mistake(old: "\"score.txt\"", new: "5", words: "must be a file name", pointer: "/stages/score/outputs/out", shape: true),
    Mistake(old: "\"score.txt\"", new: "\"../score.txt\"", words: "a file name without folders", pointer: "/stages/score/outputs/out"),
    Mistake(old: "\"score\": {\"weight\": 1}", new: "\"score\": 1", words: "must be an object", pointer: "/settings/0/score", shape: true),
    Mistake(
      old: "\"weight\": 1", new: "\"weight\": \"heavy\"", words: "must be integer, not \"heavy\"", pointer: "/settings/0/score/weight"),
    Mistake(old: "\"weight\": 1", new: "\"weight\": 1.5", words: "must be integer, not 1.5", pointer: "/settings/0/score/weight"),
    Mistake(old: "\"weight\": 1", new: "\"weight\": 11", words: "must be 0 to 10, not 11", pointer: "/settings/0/score/weight"),
    Mistake(
      old: "\"title\": \"all\"", new: "\"title\": \"al\"", words: "must be one of all, some, not \"al\"; did you mean \"all\"?",
      pointer: "/settings/0/table/title"),
    Mistake(
      old: "\"rate\": 0.001", new: "\"rate\": \"fast\"", words: "setting \"rate\" of make[dataset=a,method=x,seed=0] must be number",
      pointer: "/settings/0/let/rate"),
    Mistake(
      old: "\"weight\": 1", new: "", words: "setting \"weight\" of score[dataset=a,method=x,seed=0] is missing", pointer: "/settings"),
    Mistake(
      old: "\"inputs\": {\"made\": \"make.out\"},", new: "", words: "input \"made\" of score[dataset=a,method=x,seed=0] is missing",
      pointer: "/stages/score"),
    Mistake(
      old: "{\"gather\": \"score.out\"}", new: "\"source.out\"", words: "input \"scores\" of table has 2 producers",
      pointer: "/stages/table/inputs/scores"),
    Mistake(
      old: "\"make.out\"}", new: "{\"gather\": \"make.out\"}}", words: "must be a single \"stage.port\", not a gathering",
      pointer: "/stages/score/inputs"),
    Mistake(
      old: "\"program\": \"./table\"", new: "\"cost\": -1, \"program\": \"./table\"", words: "cost must be a number above 0",
      pointer: "/stages/table/cost", shape: true),
    // Cycles
    Mistake(
      old: "\"words\": \"source.out\"", new: "\"words\": \"score.out\"", words: "stages form a cycle: make → score → make",
      pointer: "/stages/"),
    Mistake(
      old: "\"method\": [\"x\", \"y\"]", new: "\"method\": \"score\"", words: "values of axis method form a cycle", pointer: "/stages/"),
    Mistake(
      old: "\"let\": {\"rate\": 0.001}", new: "\"let\": {\"rate\": \"$speed\", \"speed\": \"$rate\"}",
      words: "constants form a cycle: $rate → $speed → $rate", pointer: "/settings/0/let/"),
    // Contradictions
    Mistake(
      old: "\"outputs\": {\"out\": \"words.txt\"}",
      new: "\"outputs\": [{\"out\": \"words.txt\"}, {\"where\": {\"dataset\": \"a\"}, \"out\": \"w\"}]",
      words: "two rules give the output \"out\" of source[dataset=a]", pointer: "/stages/source/outputs/1/out"),
    Mistake(
      old: "\"inputs\": {\"words\": {\"file\": \"table.txt\"}}",
      new: "\"inputs\": [{\"words\": {\"file\": \"table.txt\"}}, {\"where\": {\"dataset\": \"b\"}, \"words\": {\"file\": \"x\"}}]",
      words: "two rules give the input \"words\" of source[dataset=b]", pointer: "/stages/source/inputs/1/words"),
    Mistake(
      old: "\"outputs\": {\"out\": \"score.txt\"}", new: "\"publish\": \"all\", \"outputs\": {\"out\": \"score.txt\"}",
      words: "both publish all/score.txt", pointer: "/stages/score/publish"),
    Mistake(
      old: "{\"where\": {\"method\": \"y\"}, \"let\": {\"rate\": 0.25}}",
      new: "{\"where\": {\"method\": \"y\"}, \"source\": {\"text\": \"q\"}}",
      words: "this rule can never apply to stage source, which has no axis \"method\"", pointer: "/settings/1/source"),
    Mistake(
      old: "\"let\": {\"rate\": 0.001}", new: "\"let\": {\"rate\": 0.001, \"seed\": 4}",
      words: "a constant cannot be called like the axis \"seed\"", pointer: "/settings/0/let/seed"),
    Mistake(
      old: "\"let\": {\"rate\": 0.25}", new: "\"make\": {\"rate\": {\"a\": 1}}", words: "this changes single members of $rate, which line",
      pointer: "/settings/1/make/rate"),
  ]

  /// The toy study with ranges and choices in its programs' descriptions.
  func study(_ mistake: Mistake) throws -> ToyStudy {
    let study = try ToyStudy()
    try study.edit(
      "{\"name\": \"weight\", \"type\": \"integer\"}", "{\"name\": \"weight\", \"type\": \"integer\", \"minimum\": 0, \"maximum\": 10}",
      in: "score")
    try study.edit(
      "{\"name\": \"title\", \"type\": \"string\"}", "{\"name\": \"title\", \"type\": \"string\", \"choices\": [\"all\", \"some\"]}",
      in: "table")
    let text = study.read("pipeline.json")
    let place = try #require(text.range(of: mistake.old), "\(mistake.old) is not in the study")
    try study.write(text.replacingCharacters(in: place, with: mistake.new), "pipeline.json")
    return study
  }

  @Test(arguments: mistakes)
  func mistakesAreNamedAtTheirPlace(_ mistake: Mistake) throws {
    let study = try study(mistake)
    let error = try #require(throws: PipelineError.self) { _ = try study.study() }
    #expect(error.problem.contains(mistake.words), "\(error)")
    #expect(error.place.contains("(\(mistake.pointer)"), "\(error)")
    #expect(error.place.contains("pipeline.json:") && !error.remedy.isEmpty)
    #expect(study.files("results").isEmpty)
  }

  @Test func theWholeStudyOfTheToysIsGood() throws {
    let study = try study(Mistake(old: "\"pipeline\": 1", new: "\"pipeline\": 1", words: "", pointer: ""))
    #expect(try study.study().plan.instances.count == ToyStudy.instances)
    #expect(try study.study("large").plan.instances.count == 2 + 9 + 9 + 1)
  }

  @Test(arguments: [
    ("\"pipeline\": 1,", "\"pipeline\": 1,,", "pipeline.json:2:17: expected a member name"),
    ("\"weight\": 1}", "\"weight\": 1", "expected"), ("\"weight\": 1", "\"weight\": 1, \"weight\": 2", "does not stand twice"),
    ("\"weight\": 1", "\"weight\": 01", "expected"),
  ])
  func syntaxErrorsHaveLineAndColumn(_ old: String, _ new: String, words: String) throws {
    let study = try ToyStudy()
    try study.edit(old, new)
    for verb in ["run", "plan", "status", "graph"] {
      let output = try study.ccr(verb)
      #expect(output.code == 2 && output.out.isEmpty)
      #expect(output.error.contains(words) && output.error.contains("remedy:"), "\(output.error)")
    }
  }

  @Test func badUseEndsWithTwo() throws {
    let study = try ToyStudy()
    #expect(try study.ccr("run", "--jobs", "0").code == 2)
    #expect(try study.ccr("run", "--nonsense").code == 2)
    #expect(try study.ccr("run", "--profile", "quik").error.contains("did you mean \"quick\"?"))
    #expect(try study.ccr("run", "maek").error.contains("did you mean \"make\"?"))
    #expect(try study.ccr("run", "make[method=z]").code == 2)
    try FileManager.default.removeItem(atPath: "\(study.folder)/pipeline.json")
    let missing = try study.ccr("run")
    #expect(missing.code == 2 && missing.error.contains("there is no file"))
  }

  @Test func aMissingProgramIsNamed() throws {
    let study = try ToyStudy()
    try FileManager.default.removeItem(atPath: "\(study.folder)/score")
    let output = try study.ccr("run")
    #expect(output.code == 2 && output.error.contains("there is no program") && output.error.contains("/score"), "\(output.error)")
    try study.write("#!/bin/sh\nexit 3\n", "score", mode: 0o755)
    #expect(try study.ccr("run").error.contains("--describe failed"))
    try study.write("#!/bin/sh\necho '[]'\n", "score", mode: 0o755)
    #expect(try study.ccr("run").error.contains("prints no description"))
  }

  // MARK: Labels

  private func labels(_ stages: String) throws -> Plan {
    let text = """
      {"pipeline": 1, "profiles": {"p": {"axes": {}}}, "stages": {
        "ingest": {"program": "ingest", "outputs": {"images": "i", "labels": "l"}},
        "evaluate": {"program": "evaluate", "inputs": {"labels": "ingest.labels"}, "outputs": {"scores": "s"}},
        \(stages)
      }}
      """
    return try Plan(Pipeline(parsing: text, path: "pipeline.json"), profile: "p")
  }

  @Test func labelsMayBeReadByFew() throws {
    for program in ["evaluate", "tsne", "tabulate", "bin/tsne"] {
      #expect(
        try labels("\"x\": {\"program\": \"\(program)\", \"inputs\": {\"labels\": \"ingest.labels\", \"s\": \"evaluate.scores\"}}")
          .instances.count == 3)
    }
    #expect(try labels("\"x\": {\"program\": \"train\", \"inputs\": {\"images\": \"ingest.images\"}}").instances.count == 3)
  }

  @Test(arguments: [
    "\"train\": {\"program\": \"train\", \"inputs\": {\"images\": \"ingest.labels\"}}",
    "\"train\": {\"program\": \"train\", \"inputs\": {\"x\": [\"ingest.images\", \"ingest.labels\"]}}",
    "\"train\": {\"program\": \"train\", \"inputs\": {\"x\": {\"gather\": \"ingest.labels\"}}}",
    "\"train\": {\"program\": \"train\", \"inputs\": {\"x\": \"evaluate.scores\"}}",
    "\"train\": {\"program\": \"train\", \"inputs\": {\"x\": \"pass.o\"}}, \"pass\": {\"program\": \"tsne\", \"inputs\": {\"p\": \"evaluate.scores\"}, \"outputs\": {\"o\": \"o\"}}",
  ])
  func labelsNeverReachTraining(_ stages: String) throws {
    let error = try #require(throws: PipelineError.self) { try labels(stages) }
    #expect(error.problem.contains("stage train may not see labels: ingest.labels → "), "\(error)")
    #expect(error.remedy.contains("evaluate, tabulate, tsne"))
  }
}
