import Artifacts
import Testing
import Workflow

/// `methods` and `datasets` of pipeline.json: an entry says all that makes a method, or a data set.
struct MethodTests {
  /// A study of two stages with methods, whose results a third one gathers by the rows of its layout.
  static func pipeline(
    methods: String = #"""
    "base": {"title": "Base", "stage": "train", "rate": 1, "net": {"widths": [1, 2], "deep": {"a": 1, "b": 2}}, "batch": 5},
    "wide": {"like": "base", "title": "Wide", "net": {"widths": [9], "deep": {"b": 3}}},
    "wider": {"like": "wide", "rate": 7, "batch": null},
    "plain": {"stage": "cluster", "title": "Plain", "algorithm": "simple", "restarts": 10}
    """#,
    datasets: String = #"""
    "one": {"title": "One", "published": "cifar-10", "size": 32},
    "two": {"like": "one", "title": "Two", "size": 64, "ingest": {"subset": 9}}
    """#,
    exclude: String = "[]", rows: String = #"["base", "plain"]"#, rules: String = "", extra: String = ""
  ) -> String {
    let rows = rows.replacing("[\"", with: "[{\"method\": \"").replacing("\", \"", with: "\"}, {\"method\": \"").replacing(
      "\"]", with: "\"}, {\"method\": null}]")
    return """
      {
        "pipeline": 1,
        "methods": {\(methods)},
        "datasets": {\(datasets)},
        "profiles": {"p": {"axes": {"dataset": ["one", "two"], "seed": [0, 1]}, "let": {"epochs": 6}\(exclude == "[]" ? "" : ", \"exclude\": \(exclude)")}},
        "stages": {
          "ingest": {"program": "i", "matrix": {"dataset": "*"}, "outputs": {"images": "i.h5"}},
          "train": {"program": "t", "matrix": {"dataset": "*", "method": "methods", "seed": "*"}, "inputs": {"images": "ingest.images"}, "outputs": {"out": "t.h5"}},
          "cluster": {"program": "c", "matrix": {"dataset": "*", "method": "methods"}, "outputs": {"out": "c.h5"}},
          "map": {
            "program": "m", "matrix": {"dataset": "*", "method": "train", "seed": "*"}, "byDefault": {"method": "$figureMethod", "seed": "$firstSeed"},
            "inputs": {"points": "train.out"}, "outputs": {"map": "m.png"}
          },
          "figure": {"program": "f", "inputs": {"maps": {"gather": "map.map", "where": {"method": "$figureMethod"}}}, "outputs": {"png": "f.png"}},
          "table": {
            "program": "e",
            "inputs": {"trained": {"gather": "train.out", "where": {"method": {"setting": "layout.rows.method"}}}},
            "outputs": {"md": "t.md"}
          }
        },
        "settings": [
          {
            "let": {"batch": 2, "epochs": 200, "figureMethod": "base"},
            "ingest": {"size": "$size"},
            "train": {"method": "$algorithm", "batch": "$batch", "epochs": "$epochs", "snapshots": "$snapshots"},
            "cluster": {"method": "$algorithm"},
            "map": {"title": "$methodTitle on $datasetTitle", "epoch": "$figureEpoch"},
            "figure": {"title": "$figureMethodTitle", "first": "$firstDatasetTitle"},
            "table": {"layout": {"rows": \(rows), "columns": "$columns"}, "titles": "$titles"}
          }\(rules.isEmpty ? "" : ",\n\(rules)")
        ]\(extra)
      }
      """
  }

  private func plan(_ text: String = pipeline(), overrides: [String] = []) throws -> Plan {
    try Plan(Pipeline(parsing: text, path: "pipeline.json", overrides: overrides), profile: "p")
  }

  private func parameters(_ name: String, _ text: String = pipeline(), overrides: [String] = []) throws -> JSONValue? {
    try plan(text, overrides: overrides).instances.first { $0.name == name }?.parameters
  }

  // MARK: Entries

  @Test func entriesMergeMemberByMemberAlongTheirChain() throws {
    let wide = try parameters("train[dataset=one,method=wide,seed=0]")
    #expect(wide?["net"] == ["widths": [9], "deep": ["a": 1, "b": 3]] && wide?["rate"] == 1 && wide?["batch"] == 5)
    let wider = try parameters("train[dataset=one,method=wider,seed=0]")
    #expect(wider?["net"] == wide?["net"] && wider?["rate"] == 7)
    // Null takes away what it would be like; a member that a `let` names is that constant.
    #expect(wider?["batch"] == 2 && wider?["rate"] == 7)
  }

  @Test func aStageRunsItsOwnMethodsInTheirOrder() throws {
    let names = try plan().instances.map(\.name)
    #expect(names.filter { $0.hasPrefix("cluster") } == ["cluster[dataset=one,method=plain]", "cluster[dataset=two,method=plain]"])
    #expect(names.filter { $0.hasPrefix("train[dataset=one") && $0.hasSuffix("seed=0]") }.count == 3)
    #expect(names.first { $0.hasPrefix("train") } == "train[dataset=one,method=base,seed=0]")
  }

  /// No rule names a method in the method's stead: one that is added never runs as another.
  @Test func theProgramIsToldTheMethodsOwnName() throws {
    #expect(try parameters("cluster[dataset=one,method=plain]") == ["method": "simple", "restarts": 10])
    #expect(try parameters("train[dataset=one,method=base,seed=0]")?["method"] == "base")
    // Like inherits the algorithm.
    #expect(try parameters("train[dataset=one,method=wider,seed=0]")?["method"] == "base")
  }

  @Test func methodsWinOverDataSetsAndRulesOverBoth() throws {
    let datasets = #""one": {"size": 1, "batch": 77}, "two": {"like": "one", "title": "Two"}"#
    #expect(try parameters("train[dataset=one,method=base,seed=0]", Self.pipeline(datasets: datasets))?["batch"] == 5)
    #expect(try parameters("train[dataset=two,method=wider,seed=0]", Self.pipeline(datasets: datasets))?["batch"] == 77)
    let rules = #"{"where": {"method": "base", "dataset": "two"}, "let": {"batch": 8}}, {"where": {"seed": 1}, "train": {"rate": 3}}"#
    let text = Self.pipeline(datasets: datasets, rules: rules)
    #expect(try parameters("train[dataset=two,method=base,seed=0]", text)?["batch"] == 8)
    #expect(try parameters("train[dataset=one,method=wider,seed=1]", text)?["rate"] == 3)
  }

  @Test func dataSetsAreConstantsAndSettingsOfStages() throws {
    #expect(try parameters("ingest[dataset=one]") == ["size": 32])
    #expect(try parameters("ingest[dataset=two]") == ["size": 64, "subset": 9])
  }

  @Test func titlesFollowTheNamesTheyAreAskedFor() throws {
    #expect(try parameters("map[dataset=two,method=wide,seed=1]")?["title"] == "Wide on Two")
    #expect(try parameters("figure") == ["title": "Base", "first": "One"])
    let table = try parameters("table")
    #expect(table?["titles"] == ["base": "Base", "wide": "Wide", "wider": "wider", "plain": "Plain"])
    #expect(
      table?["layout"]?["columns"] == [
        ["dataset": "one", "label": "One", "published": "cifar-10"], ["dataset": "two", "label": "Two", "published": "cifar-10"],
      ])
  }

  // MARK: Epochs

  @Test(arguments: [
    (1, 1, 1, [0, 1]), (3, 1, 3, [0, 1, 3]), (6, 3, 6, [0, 3, 6]), (19, 9, 19, [0, 9, 19]), (20, 5, 15, [0, 5, 15, 20]),
    (200, 50, 150, [0, 50, 150, 200]), (1000, 250, 750, [0, 250, 750, 1000]),
  ])
  func epochsOfFiguresFollowFromTheirNumber(epochs: Int, middle: Int, figure: Int, snapshots: [Int]) throws {
    let text = Self.pipeline(rules: #"{"where": {"method": "wide"}, "let": {"epochs": \#(epochs)}, "map": {"middle": "$middleEpoch"}}"#)
    let map = try parameters("map[dataset=one,method=wide,seed=0]", text)
    #expect(map?["epoch"]?.integer == figure && map?["middle"]?.integer == middle)
    let kept = try parameters("train[dataset=one,method=wide,seed=0]", text)?["snapshots"]?.array?.compactMap(\.integer)
    #expect(kept == snapshots)
  }

  @Test func anEpochThatIsGivenIsKept() throws {
    let text = Self.pipeline(rules: #"{"where": {"profile": "p"}, "let": {"epochs": 200, "figureEpoch": 120}}"#)
    let train = try parameters("train[dataset=one,method=base,seed=0]", text)
    #expect(train?["snapshots"] == [0, 50, 120, 200] && train?["epochs"] == 200)
    let own = Self.pipeline(rules: #"{"let": {"snapshots": [2]}}"#)
    #expect(try parameters("train[dataset=one,method=base,seed=0]", own)?["snapshots"] == [2])
  }

  // MARK: What is asked for, and what falls away

  private func names(_ numbers: [Int], _ plan: Plan) -> [String] { numbers.map { plan.instances[$0].name } }

  @Test func mapsOfOtherMethodsAreThereToBeAskedFor() throws {
    let plan = try plan()
    func selected(_ texts: String...) throws -> [String] { names(try Selector.select(texts, in: plan), plan) }
    #expect(try selected().filter { $0.hasPrefix("map") }.count == 4, "the figure gathers all seeds of its method")
    #expect(try selected("map") == ["map[dataset=one,method=base,seed=0]", "map[dataset=two,method=base,seed=0]"])
    #expect(try selected("map[method=wide]") == ["map[dataset=one,method=wide,seed=0]", "map[dataset=two,method=wide,seed=0]"])
    #expect(try selected("map[method=wide,seed=1,dataset=two]") == ["map[dataset=two,method=wide,seed=1]"])
    #expect(try selected("wide").filter { $0.hasPrefix("map") }.count == 2)
    #expect(try !selected("train[method=wide]+").contains { $0.hasPrefix("map") })
    let other = try self.plan(overrides: ["figureMethod=wide"])
    #expect(other.instances.first { $0.name == "figure" }?.parameters["title"] == "Wide")
    #expect(try names(Selector.select(["map"], in: other), other).allSatisfy { $0.contains("method=wide") })
  }

  @Test func gathersFollowTheRows() throws {
    func gathered(_ text: String) throws -> [String] {
      let plan = try plan(text)
      return names(plan.instances.first { $0.name == "table" }?.upstream ?? [], plan)
    }
    #expect(try gathered(Self.pipeline()).allSatisfy { $0.contains("method=base") })
    #expect(try gathered(Self.pipeline(rows: #"["wide", "wider"]"#)).count == 2 * 2 * 2)
  }

  @Test func whatNeedsAnExcludedMethodFallsAwayWithIt() throws {
    let plan = try plan(Self.pipeline(exclude: #"[{"method": "base"}]"#))
    let names = plan.instances.map(\.name)
    #expect(!names.contains { $0.contains("method=base") || $0 == "figure" || $0 == "table" })
    #expect(names.contains("train[dataset=one,method=wide,seed=0]"))
    #expect(plan.leftOut.map(\.instance).sorted() == ["figure", "table"])
    #expect(plan.leftOut.first { $0.instance == "figure" }?.needs == "map[dataset=one,method=base,seed=0]")
    let error = try #require(throws: PipelineError.self) { try Selector.select(["figure"], in: plan) }
    #expect(error.problem.contains("profile p leaves out figure: it excludes map[dataset=one,method=base,seed=0]"), "\(error)")
    #expect(throws: PipelineError.self) { try Selector.select(["base"], in: plan) }
    // A row whose method is excluded takes its own results along only.
    let rows = try self.plan(Self.pipeline(exclude: #"[{"method": "wide"}]"#, rows: #"["wide", "wider"]"#))
    #expect(rows.instances.first { $0.name == "table" }?.upstream.count == 4)
  }

  // MARK: Mistakes

  @Test(arguments: [
    (
      #""a": {"stage": "train", "like": "bas"}, "base": {"stage": "train"}"#, "there is no method \"bas\"; did you mean \"base\"?",
      "/methods/a/like"
    ),
    (#""a": {"like": "a"}"#, "methods form a cycle: a → a", "/methods/a/like"),
    (#""a": {"like": "b"}, "b": {"like": "c"}, "c": {"like": "b"}"#, "methods form a cycle: b → c → b", "/methods/c/like"),
    (#""a": {}"#, "the stage of method a is missing", "/methods/a"),
    (#""a": {"stage": "trian"}"#, "there is no stage \"trian\"; did you mean \"train\"?", "/methods/a/stage"),
    (#""a": {"stage": "ingest"}"#, "axis \"method\" of stage ingest, which should run a, is missing", "/methods/a/stage"),
    (#""a": {"stage": "train", "title": 5}"#, "\"title\" of method a must be a text, not 5", "/methods/a/title"),
    (#""a": 5"#, "method a must be an object", "/methods/a"),
    (#""a b": {"stage": "train"}"#, "the name of a method must be a word", "/methods/a b"),
    (#""a": {"stage": "train", "seed": 4}"#, "a constant cannot be called like the axis \"seed\"", "/methods/a/seed"),
  ])
  func mistakesInMethodsAreNamed(_ methods: String, words: String, pointer: String) throws {
    let text = Self.pipeline(methods: methods, rules: #"{"where": {"profile": "p"}, "train": {"seed": "$seed"}}"#)
    let error = try #require(throws: PipelineError.self) { try plan(text) }
    #expect(error.problem.contains(words) && error.place.contains("(\(pointer))"), "\(error)")
  }

  @Test(arguments: [
    (
      #""one": {"size": 1, "sieze": 2}, "two": {"size": 1}"#, "a data set has no member \"sieze\"; did you mean \"size\"?",
      "/datasets/one/sieze"
    ),
    (
      #""one": {"size": 1}, "twoo": {"size": 1}"#, "\"datasets\" has no dataset \"two\"; did you mean \"twoo\"?",
      "/profiles/p/axes/dataset"
    ),
    (#""one": {"size": 1, "ingest": 5}, "two": {"size": 1}"#, "must be an object of settings", "/datasets/one/ingest"),
  ])
  func mistakesInDataSetsAreNamed(_ datasets: String, words: String, pointer: String) throws {
    let error = try #require(throws: PipelineError.self) { try plan(Self.pipeline(datasets: datasets)) }
    #expect(error.problem.contains(words) && error.place.contains("(\(pointer))"), "\(error)")
  }
}
