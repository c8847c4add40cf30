import Artifacts
import Testing
import Workflow

/// From the text of pipeline.json to instances: matrices, settings, inputs, selectors.
struct PlanTests {
  /// A study of stages `first` and `second` with the parts that differ between tests.
  private func plan(
    profile: String = "p", axes: String = #"{"dataset": ["a", "b"], "seed": [0, 1]}"#, more: String = "",
    first: String = #""matrix": {"dataset": "*", "seed": "*"}"#, second: String = #""matrix": {"dataset": "*"}"#,
    settings: String = "[]"
  ) throws -> Plan {
    let text = """
      {
        "pipeline": 1,
        "profiles": {"p": {"axes": \(axes)\(more)}, "q": {"axes": {"dataset": ["c"], "seed": [5]}}},
        "stages": {
          "second": {"program": "second", \(second), "outputs": {"out": "second.txt"}},
          "first": {"program": "first", \(first), "outputs": {"out": "first.txt", "log": "$stem.csv"}}
        },
        "settings": [{"let": {"stem": "log"}}, \(settings.dropFirst())
      """.replacing(", ]", with: "]") + "}"
    return try Plan(Pipeline(parsing: text, path: "pipeline.json"), profile: profile)
  }

  private func names(_ plan: Plan) -> [String] { plan.instances.map(\.name) }

  // MARK: Matrix

  @Test func starsTakeTheProfilesValues() throws {
    #expect(
      try names(plan()) == [
        "second[dataset=a]", "second[dataset=b]", "first[dataset=a,seed=0]", "first[dataset=a,seed=1]", "first[dataset=b,seed=0]",
        "first[dataset=b,seed=1]",
      ])
    #expect(try names(plan(profile: "q")) == ["second[dataset=c]", "first[dataset=c,seed=5]"])
  }

  @Test func axesBorrowTheValuesOfOtherStages() throws {
    let plan = try plan(
      axes: #"{"dataset": ["a"], "seed": [0]}"#, first: #""matrix": {"dataset": "*", "method": ["x", "y"], "seed": "*"}"#,
      second: #""matrix": {"method": ["first", "z"]}"#)
    #expect(names(plan).prefix(3) == ["second[method=x]", "second[method=y]", "second[method=z]"])
  }

  @Test func exclusionsLeaveOutWhatMatchesOnAllTheirAxes() throws {
    let plan = try plan(more: #", "exclude": [{"dataset": "a", "seed": 1}]"#)
    #expect(
      names(plan) == [
        "second[dataset=a]", "second[dataset=b]", "first[dataset=a,seed=0]", "first[dataset=b,seed=0]", "first[dataset=b,seed=1]",
      ])
  }

  @Test func inclusionsAddValuesAndWinOverExclusions() throws {
    let plan = try plan(
      more: #", "exclude": [{"dataset": "a", "seed": 1}], "include": [{"dataset": "a", "seed": [1, 7], "method": "x"}]"#,
      first: #""matrix": {"dataset": "*", "method": ["x", "y"], "seed": "*"}"#)
    let first = names(plan).filter { $0.hasPrefix("first") }
    #expect(first.count == 8 - 2 + 2)
    #expect(first.suffix(2) == ["first[dataset=a,method=x,seed=1]", "first[dataset=a,method=x,seed=7]"])
    #expect(!first.contains("first[dataset=a,method=y,seed=1]"))
    // `second` has the axis dataset only: nothing new for it.
    #expect(names(plan).filter { $0.hasPrefix("second") } == ["second[dataset=a]", "second[dataset=b]"])
  }

  // MARK: Settings

  private func parameters(_ settings: String, of name: String = "first[dataset=a,seed=0]") throws -> JSONValue? {
    try plan(settings: settings).instances.first { $0.name == name }?.parameters
  }

  @Test func laterRulesWinMemberByMember() throws {
    let settings = """
      [
        {"first": {"net": {"widths": [1, 2], "blocks": 3}, "rate": 1}},
        {"where": {"dataset": "a"}, "first": {"net": {"widths": [9]}}},
        {"where": {"dataset": ["a", "b"], "seed": 1}, "first": {"rate": 2}},
        {"where": {"profile": "q"}, "first": {"rate": 3}}
      ]
      """
    #expect(try parameters(settings) == ["net": ["widths": [9], "blocks": 3], "rate": 1])
    #expect(try parameters(settings, of: "first[dataset=a,seed=1]") == ["net": ["widths": [9], "blocks": 3], "rate": 2])
    #expect(try parameters(settings, of: "first[dataset=b,seed=0]") == ["net": ["widths": [1, 2], "blocks": 3], "rate": 1])
  }

  @Test func namesArePutInAfterMerging() throws {
    let settings = """
      [
        {"let": {"k": 10, "heads": [128, "$k"], "net": {"heads": "$heads", "title": "$dataset of $profile, $$5"}}, "first": {"net": "$net", "seed": "$seed"}},
        {"where": {"dataset": "a"}, "let": {"k": 20}}
      ]
      """
    #expect(try parameters(settings) == ["net": ["heads": [128, 20], "title": "a of p, $5"], "seed": 0])
    #expect(try parameters(settings, of: "first[dataset=b,seed=1]")?["net"]?["heads"] == [128, 10])
  }

  @Test func namesStandInFileNames() throws {
    let plan = try plan(settings: #"[{"where": {"seed": 1}, "let": {"stem": "$dataset-$seed"}}]"#)
    #expect(plan.instances.filter { $0.stage == "first" }.map { $0.outputs[1].file } == ["log.csv", "a-1.csv", "log.csv", "b-1.csv"])
  }

  @Test func rulesWithoutEffectAreNamed() throws {
    let text = """
      {"pipeline": 1, "profiles": {"p": {"axes": {"seed": [0]}}}, "stages": {"s": {"program": "s", "matrix": {"seed": "*"}}},
       "settings": [
        {"where": {"seed": 0}, "s": {"a": 1, "b": 1}},
        {"where": {"seed": [0]}, "s": {"a": 2}}
      ]}
      """
    let warnings = try Pipeline(parsing: text, path: "pipeline.json").warnings
    #expect(warnings == ["pipeline.json:3: s.a has no effect: line 4 sets it for the same instances"])
  }

  // MARK: Inputs

  @Test func inputsComeFromTheInstanceThatSharesTheCoordinates() throws {
    let plan = try plan(first: #""matrix": {"dataset": "*", "seed": "*"}, "inputs": {"in": "second.out"}"#)
    for instance in plan.instances where instance.stage == "first" {
      #expect(instance.upstream.map { plan.instances[$0].coordinates["dataset"] } == [instance.coordinates["dataset"]])
    }
  }

  @Test func gatheredInputsComeInAnOrderOfTheirOwn() throws {
    for seeds in ["[10, 2, 1]", "[1, 2, 10]"] {
      let plan = try plan(
        axes: #"{"dataset": ["b", "a"], "seed": "# + seeds + "}",
        second: #""matrix": {"dataset": "*"}, "inputs": {"in": {"gather": "first.out", "where": {"dataset": "$dataset"}}}"#)
      let gathering = try #require(plan.instances.first { $0.name == "second[dataset=b]" })
      #expect(gathering.upstream.map { plan.instances[$0].name } == [1, 2, 10].map { "first[dataset=b,seed=\($0)]" })
    }
  }

  @Test func exactlyOneAlternativeMustExist() throws {
    func alternatives(_ second: String) throws -> Plan {
      let text = """
        {"pipeline": 1, "profiles": {"p": {"axes": {}}}, "stages": {
          "x": {"program": "x", "matrix": {"m": ["k"]}, "outputs": {"o": "o"}},
          "y": {"program": "y", "matrix": {"m": \(second)}, "outputs": {"o": "o"}},
          "z": {"program": "z", "matrix": {"m": ["x", "y"]}, "inputs": {"i": ["x.o", "y.o"]}}
        }}
        """
      return try Plan(Pipeline(parsing: text, path: "pipeline.json"), profile: "p")
    }
    let plan = try alternatives(#"["l"]"#)
    #expect(plan.instances.filter { $0.stage == "z" }.map { plan.instances[$0.upstream[0]].name } == ["x[m=k]", "y[m=l]"])
    #expect(throws: PipelineError.self) { try alternatives(#"["k"]"#) }
  }

  // MARK: Selectors

  private func selected(_ selectors: String...) throws -> [String] {
    let plan = try plan(
      first: #""matrix": {"dataset": "*", "seed": "*"}, "inputs": {"in": "second.out"}"#, second: #""matrix": {"dataset": "*"}"#)
    return try Selector.select(selectors, in: plan).map { plan.instances[$0].name }
  }

  @Test func selectorsNameStagesPlacesAndNeighbours() throws {
    #expect(try selected().count == 6)
    #expect(try selected("second") == ["second[dataset=a]", "second[dataset=b]"])
    #expect(try selected("first[seed=1]") == ["first[dataset=a,seed=1]", "first[dataset=b,seed=1]"])
    #expect(try selected("first[dataset=a, seed=1]") == ["first[dataset=a,seed=1]"])
    #expect(try selected("+first[dataset=a,seed=1]") == ["second[dataset=a]", "first[dataset=a,seed=1]"])
    #expect(try selected("second[dataset=b]+") == ["second[dataset=b]", "first[dataset=b,seed=0]", "first[dataset=b,seed=1]"])
    #expect(try selected("first[seed=0]", "first[dataset=a]").count == 3)
    #expect(try selected("+second[dataset=b]+") == selected("second[dataset=b]+"))
    #expect(try selected("b") == ["second[dataset=b]", "first[dataset=b,seed=0]", "first[dataset=b,seed=1]"])
    #expect(try selected("b[seed=1]") == ["first[dataset=b,seed=1]"])
    #expect(try selected("+b[seed=1]") == ["second[dataset=b]", "first[dataset=b,seed=1]"])
  }

  @Test(arguments: [
    ("frist", "did you mean \"first\"?"), ("first[sed=1]", "did you mean \"seed\"?"), ("first[seed=3]", "has no seed \"3\""),
    ("first[seed]", "not of the form axis=value"), ("first[seed=1", "a ] is missing"), ("", "names no stage"), ("+", "names no stage"),
    ("first[]", "not of the form"), ("[seed=1]", "names no stage"), ("c", "there is no stage or value of an axis \"c\""),
    ("a[sed=1]", "did you mean \"seed\"?"), ("a[seed=3]", "a in profile p has no seed \"3\""),
  ])
  func unknownSelectorsGetTheNearestSpelling(_ selector: String, words: String) throws {
    let error = try #require(throws: PipelineError.self) { try selected(selector) }
    #expect(error.problem.contains(words), "\(error)")
    #expect(!error.remedy.isEmpty)
  }

  // MARK: Schedule

  @Test func longestChainsComeFirst() {
    // 0 → 1 → 2, 3 alone: the chain of three short ones outweighs the single long one.
    let schedule = Schedule(upstream: [[], [0], [1], []], cost: [2, 2, 2, 5])
    #expect(schedule.priority == [6, 4, 2, 5])
    #expect(Schedule.costs(last: [4, nil, nil, 0], stages: ["a", "a", "b", "c"], declared: [1, 1, 7, 1]) == [4, 4, 7, 0])
  }

  @Test func threadsAreSharedByWhatCanStart() {
    func threads(_ total: Int, _ jobs: Int, inUse: Int = 0, running: Int = 0, ready: Int) -> Int? {
      Schedule.threads(total: total, jobs: jobs, inUse: inUse, running: running, ready: ready)
    }
    #expect(threads(2, 2, ready: 1) == 2)
    #expect(threads(2, 2, ready: 9) == 1)
    #expect(threads(2, 2, inUse: 2, running: 1, ready: 3) == nil)
    #expect(threads(8, 2, ready: 5) == 4)
    #expect(threads(8, 2, inUse: 4, running: 1, ready: 5) == 4)
    #expect(threads(1, 3, inUse: 1, running: 1, ready: 5) == 1)
    #expect(threads(1, 1, ready: 5) == 1)
    #expect(threads(4, 4, inUse: 4, running: 4, ready: 5) == nil)
    #expect(threads(4, 4, ready: 0) == nil)
  }

  /// However stages come and go, what runs has at least a thread each and never more than asked for together.
  @Test func threadsNeverExceedTheBudget() {
    for total in 1...9 {
      for jobs in 1...9 {
        for ready in 1...9 {
          var running: [Int] = []
          while let threads = Schedule.threads(
            total: total, jobs: jobs, inUse: running.reduce(0, +), running: running.count, ready: ready - running.count)
          {
            #expect(threads >= 1)
            running.append(threads)
          }
          #expect(!running.isEmpty && running.reduce(0, +) <= max(total, jobs))
        }
      }
    }
  }

  @Test func graphsNameStagesOrInstances() throws {
    let plan = try plan(
      axes: #"{"dataset": ["a"], "seed": [0, 1]}"#, first: #""matrix": {"dataset": "*", "seed": "*"}, "inputs": {"in": "second.out"}"#)
    let all = Array(plan.instances.indices)
    #expect(Graph(plan, all, everyInstance: false).text(.text) == "second\nfirst × 2  ← second")
    #expect(Graph(plan, all, everyInstance: false).text(.mermaid) == "graph LR\n  n0[\"second\"]\n  n1[\"first × 2\"]\n  n0 --> n1")
    let dot = Graph(plan, all, everyInstance: true).text(.dot)
    #expect(dot.contains("n2 [label=\"first[dataset=a,seed=1]\"];") && dot.contains("n0 -> n2;"))
  }
}
