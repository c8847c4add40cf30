import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What is said before anything runs: by the programs' own checks, of the file's form, and of settings that overrule each other.
@Suite(.waiting)
struct PlanningTests {
  // MARK: Programs that check

  /// The toys `make` and `score` with checks: `make` promises the number of its seed, `score` refuses one above its weight.
  private func checking() throws -> ToyStudy {
    let study = try ToyStudy()
    for (name, answer) in [
      ("make", #"{"facts": {"out": {"images": 7}}, "warnings": ["the toy is small"]}"#),
      (
        "score",
        #"'"$(if grep -q '"weight": 9' "$2" && grep -q '"images": 7' "$2"; then echo '{"error": {"setting": "weight", "complaint": "must be at most 7, not 9"}}'; else echo '{"facts": {}}'; fi)"'"#
      ),
    ] {
      let script = study.read(name).replacingOccurrences(of: "\"usesBLAS\"", with: "\"checks\": true, \"usesBLAS\"")
        .replacingOccurrences(
          of: "request=\"$2\"",
          with: """
            if [ "$1" = --check ]; then
              echo \(name) >> "$CCR_DATA/checked"
              n=$(grep -o '"parameters"' "$2" | wc -l)
              printf '['; for i in $(seq "$n"); do [ "$i" = 1 ] || printf ','; printf '%s' '\(answer)'; done; echo ']'
              exit
            fi
            request="$2"
            """)
      try study.write(script, name, mode: 0o755)
    }
    return study
  }

  @Test func programsRefuseWhatCouldNotWorkAtItsPlace() throws {
    let study = try checking()
    #expect(try study.ccr("plan").code == 0)
    try study.edit("\"weight\": 1", "\"weight\": 9")
    for verb in ["plan", "run", "status"] {
      let output = try study.ccr(verb)
      #expect(output.code == 2 && output.error.contains("(/settings/0/score/weight)"), "\(output.error)")
      #expect(
        output.error.contains("setting \"weight\" of score[dataset=a,method=x,seed=0] must be at most 7, not 9"), "\(output.error)")
    }
    #expect(study.executedInstances.isEmpty)
  }

  @Test func warningsOfChecksAreSaidOnceForAllInstances() throws {
    let study = try checking()
    let error = try study.ccr("plan").error
    #expect(error.contains("make[dataset=a,method=x,seed=0] and 7 more: the toy is small"), "\(error)")
    #expect(error.components(separatedBy: "the toy is small").count == 2)
  }

  @Test func escapeSequencesOfProgramsAreShown() throws {
    let study = try checking()
    try study.edit("the toy is small", "the toy is \\u001b[31msmall", in: "make")
    let error = try study.ccr("plan").error
    #expect(error.contains("the toy is ␛[31msmall"), "\(error)")
  }

  @Test func answersAreRememberedUntilSomethingChanges() throws {
    let study = try checking()
    _ = try study.run()
    func asked() -> [String] { study.read("data/checked").split(separator: "\n").map(String.init) }
    // Programs just written are looked at again until a later write would show in their stamps.
    let before = asked()
    #expect(Set(before) == ["make", "score"])
    _ = try study.ccr("plan")
    #expect(asked() == before)
    try study.edit("\"weight\": 1", "\"weight\": 2")
    _ = try study.ccr("plan")
    #expect(asked() == before + ["score"])
    // What is remembered is not believed when it was changed.
    let file = "results/.store/checks.json"
    try study.write(study.read(file).replacingOccurrences(of: "small", with: "great"), file)
    let error = try study.ccr("plan").error
    #expect(error.contains("the toy is small") && !error.contains("great"), "\(error)")
  }

  @Test func aProgramThatDoesNotAnswerIsEndedAndNamed() throws {
    let study = try ToyStudy()
    try study.write("#!/bin/sh\nsleep 300 & sleep 300\n", "score", mode: 0o755)
    let start = ContinuousClock.now
    let output = try study.ccr("plan")
    #expect(output.code == 2 && output.error.contains("score --describe did not answer within 20 seconds"), "\(output.error)")
    #expect(ContinuousClock.now - start < .seconds(60))
    try study.write("#!/bin/sh\nwhile :; do echo 0123456789012345678901234567890123456789; done\n", "score", mode: 0o755)
    let endless = try study.ccr("plan")
    #expect(endless.code == 2 && endless.error.contains("score --describe"), "\(endless.error)")
  }

  // MARK: The file

  @Test(arguments: [
    ("\"pipeline\": 1", "\"pipeline\": 2", "of version 2 of the format; this ccr reads version 1 only"),
    ("\"pipeline\": 1", "\"pipeline\": \"one\"", "of version \"one\" of the format"), ("\"pipeline\": 1,", "", "is missing"),
    ("\"program\": \"./table\"", "\"cost\": \"much\", \"program\": \"./table\"", "cost must be a number above 0, not \"much\""),
  ])
  func versionsAndCostsAreSaidInWords(_ old: String, _ new: String, words: String) throws {
    let study = try ToyStudy()
    try study.edit(old, new)
    let output = try study.ccr("plan")
    #expect(output.code == 2 && output.error.contains(words), "\(output.error)")
  }

  /// What refers to another along hundreds is nobody's meaning, and has an end.
  @Test func longChainsOfNamesAreRefused() throws {
    let constants = (1...1000).map { "\"c\($0)\": \"$c\($0 - 1)\"" }.joined(separator: ", ")
    let stages = (1...300).map {
      "\"s\($0)\": {\"program\": \"./score\", \"matrix\": {\"dataset\": \"*\", \"method\": \"\($0 == 1 ? "make" : "s\($0 - 1)")\", \"seed\": \"*\"}, \"inputs\": {\"made\": \"make.out\"}, \"outputs\": {\"out\": \"o\"}}, "
    }.joined()
    for (old, new, words) in [
      ("\"let\": {\"rate\": 0.001}", "\"let\": {\"c0\": 0.5, \(constants), \"rate\": \"$c1000\"}", "constants name each other"),
      ("\"source\": {\"program\"", "\(stages)\"source\": {\"program\"", "axis method is borrowed along 100 stages"),
    ] {
      let study = try ToyStudy()
      try study.edit(old, new)
      let plan = try study.ccr("plan")
      #expect(plan.code == 2 && plan.error.contains(words), "\(plan.error.prefix(500))")
    }
  }

  /// Each of forty constants names the one before twice: the last would have 2⁴⁰ values.
  @Test func constantsThatGrowWithoutBoundAreRefused() throws {
    for (first, pair) in [("[0]", "[\"$NAME\", \"$NAME\"]"), ("\"a\"", "\"$NAME$NAME\""), ("[0]", "{\"a\": \"$NAME\", \"b\": \"$NAME\"}")] {
      let constants = (1...40).map { "\"c\($0)\": \(pair.replacing("NAME", with: "c\($0 - 1)"))" }.joined(separator: ", ")
      let study = try ToyStudy()
      try study.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"c0\": \(first), \(constants), \"rate\": \"$c40\"}")
      let plan = try study.ccr("plan")
      #expect(plan.code == 2 && plan.error.contains("grows beyond 100000 values and characters"), "\(plan.error.prefix(500))")
    }
  }

  @Test func aByteOrderMarkAndAHugeCostAreFine() throws {
    let study = try ToyStudy()
    try study.edit("\"program\": \"./make\"", "\"cost\": 1e308, \"program\": \"./make\"")
    #expect(try study.ccr("plan", "--json").code == 0)
    try study.write("\u{FEFF}" + study.read("pipeline.json"), "pipeline.json")
    #expect(try study.run().values.reduce(0, +) == ToyStudy.instances)
  }

  @Test func aFolderInThePlaceOfTheFileIsSaid() throws {
    let study = try ToyStudy()
    try FileManager.default.removeItem(atPath: "\(study.folder)/pipeline.json")
    try FileManager.default.createDirectory(atPath: "\(study.folder)/pipeline.json", withIntermediateDirectories: false)
    let output = try study.ccr("plan")
    #expect(output.code == 2 && output.error.contains("name a file there, not a folder"), "\(output.error)")
  }

  @Test func progressOfAnySizeIsShown() throws {
    let study = try ToyStudy()
    try study.edit(
      "{ echo \"make",
      #"echo '{"event": "progress", "done": -9223372036854775807, "total": 9223372036854775807, "rate": 1e300, "rateUnit": "x"}' >&3; echo '{"event": "progress", "done": 1e300, "total": 99999999999999999999, "rate": -1e300}' >&3; { echo "make"#,
      in: "make")
    #expect(try study.run()["make"] == 8)
  }

  @Test func whatWasStoppedSaysWhereItGoesOn() throws {
    let study = try ToyStudy()
    try study.edit(
      "{ echo \"make",
      #"printf 'contrastive-clustering checkpoint 2\nof\nthese\nepoch 3\n...' > "$(field checkpoint)/checkpoint-00000001"; exit 75; { echo "make"#,
      in: "make")
    #expect(try study.ccr("run", "make[dataset=a,method=x,seed=0]").code == 75)
    let plan = try study.ccr("plan").out
    #expect(plan.contains("run     make[dataset=a,method=x,seed=0]  (goes on from epoch 3)"), "\(plan)")
    #expect(plan.contains("run     make[dataset=b,method=x,seed=0]  (first time, after source[dataset=b])"), "\(plan)")
  }

  // MARK: Settings that overrule each other

  private func origin(_ name: String, of instance: String, in study: ToyStudy) throws -> SettingOrigin {
    let study = try study.study()
    let number = try #require(study.plan.instances.firstIndex { $0.name == instance })
    return try #require(study.origins(number).first { $0.name == name })
  }

  @Test func everyValueSaysWhenceItComesAndWhatItOverrules() throws {
    let study = try ToyStudy()
    let overruled = try origin("rate", of: "make[dataset=a,method=y,seed=0]", in: study)
    #expect(overruled.value == 0.25 && overruled.steps.map(\.name) == ["rate", "$rate"])
    let step = try #require(overruled.steps.last)
    #expect(step.place.condition == "method=y" && step.place.value == 0.25)
    #expect(step.overruled.map(\.value) == [0.001] && step.overruled.map(\.condition) == [""])
    #expect(overruled.text.contains("where method=y, over 0.001 of line"), "\(overruled.text)")
    let own = try origin("rate", of: "make[dataset=a,method=x,seed=0]", in: study)
    #expect(own.value == 0.001 && own.steps.allSatisfy(\.overruled.isEmpty))
    let text = try origin("text", of: "make[dataset=a,method=x,seed=0]", in: study)
    #expect(text.value == "x-0" && text.steps.map(\.place.value) == ["$method-$seed"] && text.text.hasPrefix("text = \"x-0\"  (line "))
    let output = try study.ccr("show", "make[dataset=a,method=y,seed=0]")
    #expect(output.code == 0 && output.out.contains("rate = 0.25"), "\(output.out)")
    let json = try JSONValue.parse(study.ccr("show", "make", "--json").out, file: "show")
    #expect(json.array?.count == 8)
  }

  // MARK: Size

  @Test func producersAreFoundByTheirCoordinates() throws {
    let axis = (0..<3000).map(String.init).joined(separator: ",")
    let text = """
      {"pipeline": 1, "profiles": {"p": {"axes": {"i": [\(axis)], "j": ["a", "b"]}}}, "stages": {
        "first": {"program": "f", "matrix": {"j": "*", "i": "*"}, "outputs": {"o": "o"}},
        "second": {"program": "s", "matrix": {"i": "*"},
          "inputs": {"all": {"gather": "first.o", "where": {"i": "$i"}}, "some": {"gather": "first.o", "where": {"i": [0, 7], "j": "b"}}}, "outputs": {"o": "o"}},
        "third": {"program": "t", "matrix": {"i": "*"}, "inputs": {"in": "second.o"}}}}
      """
    let plan = try Plan(Pipeline(parsing: text, path: "pipeline.json"), profile: "p")
    #expect(plan.instances.count == 12_000)
    let names = plan.instances.map(\.name)
    for number in [0, 1, 1499, 2999] {
      let second = try #require(names.firstIndex(of: "second[i=\(number)]"))
      #expect(
        plan.instances[second].upstream.map { names[$0] } == [
          "first[j=a,i=\(number)]", "first[j=b,i=\(number)]", "first[j=b,i=0]", "first[j=b,i=7]",
        ])
      let third = try #require(names.firstIndex(of: "third[i=\(number)]"))
      #expect(plan.instances[third].upstream == [second])
    }
  }
}
