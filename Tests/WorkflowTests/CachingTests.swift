import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What is in the key and what is not: each ingredient changed once executes exactly what depends on it, and `why` names it.
@Suite(.waiting)
struct CachingTests {
  struct Mutation: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// How many instances of each stage are executed then.
    let executed: [String: Int]
    /// What `ccr why` says of `instance` before the run.
    let words: String
    var instance = "make[dataset=a,method=x,seed=0]"
    var environment: [String: String] = [:]
    let change: @Sendable (ToyStudy) throws -> Void
  }

  static let ingredients: [Mutation] = [
    Mutation(
      testDescription: "a setting", executed: ["score": 8, "table": 1], words: "parameters.weight: 1 → 2",
      instance: "score[dataset=a,method=x,seed=0]"
    ) {
      try $0.edit("\"weight\": 1", "\"weight\": 2")
    },
    Mutation(
      testDescription: "a setting of some instances", executed: ["make": 4, "score": 4, "table": 1], words: "parameters.rate: 0.25 → 0.5",
      instance: "make[dataset=a,method=y,seed=0]"
    ) {
      try $0.edit("\"rate\": 0.25", "\"rate\": 0.5")
    },
    Mutation(testDescription: "a setting that changes no byte", executed: ["make": 8], words: "parameters.silent: \"s\" → \"t\"") {
      try $0.edit("\"silent\": \"s\"", "\"silent\": \"t\"")
    },
    Mutation(testDescription: "the program's code", executed: ["make": 8], words: "the program's code") {
      try $0.edit("\n# \n", "\n# edited\n", in: "make")
    },
    Mutation(
      testDescription: "the code of a gathered stage", executed: ["score": 8, "table": 1], words: "the program's code",
      instance: "score[dataset=b,method=y,seed=1]"
    ) {
      try $0.edit("\n# \n", "\n# edited\n", in: "score")
    },
    Mutation(testDescription: "the ARPACK library", executed: ["make": 8], words: "the ARPACK library") {
      try $0.write("iterations 2", "libtoyarpack.so")
    },
    Mutation(testDescription: "the OpenBLAS library", executed: ["make": 8], words: "the OpenBLAS library") {
      try $0.write("kernels 2", "libtoyblas.so")
    },
    Mutation(
      testDescription: "the numeric class", executed: ["make": 8], words: "numericClass: \"toy/none\" → \"toy/Haswell\"",
      environment: ["OPENBLAS_CORETYPE": "Haswell"]
    ) { _ in },
    Mutation(
      testDescription: "a file", executed: ["source": 2, "make": 8, "score": 8, "table": 1], words: "(file table.txt)",
      instance: "source[dataset=a]"
    ) {
      try $0.write("three\n", "table.txt")
    },
    Mutation(testDescription: "the version of a stage", executed: ["source": 2], words: "version: 1 → 2", instance: "source[dataset=b]") {
      try $0.edit("\"version\": 1", "\"version\": 2", in: "source")
    },
  ]

  @Test(arguments: ingredients)
  func ingredientsExecuteExactlyWhatDependsOnThem(_ mutation: Mutation) throws {
    let study = try ToyStudy()
    #expect(try study.run() == ["source": 2, "make": 8, "score": 8, "table": 1])
    #expect(try study.run() == [:])
    try mutation.change(study)
    let why = try study.ccr("why", mutation.instance, environment: mutation.environment).out
    #expect(why.contains(mutation.words), "\(why)")
    #expect(try study.run(environment: mutation.environment) == mutation.executed)
    let after = try study.ccr("why", mutation.instance, environment: mutation.environment).out
    #expect(after.contains("up to date") && after.contains(mutation.words), "\(after)")
    #expect(try study.run(environment: mutation.environment) == [:])
  }

  static let others: [Mutation] = [
    Mutation(testDescription: "the time of a file", executed: [:], words: "") { try $0.write("one\ntwo\n", "table.txt") },
    Mutation(testDescription: "the place of everything", executed: [:], words: "") { study in
      for name in ["results", "table.txt"] {
        try FileManager.default.copyItem(atPath: "\(study.folder)/\(name)", toPath: "\(study.folder)/moved-\(name)")
        try FileManager.default.removeItem(atPath: "\(study.folder)/\(name)")
        try FileManager.default.moveItem(atPath: "\(study.folder)/moved-\(name)", toPath: "\(study.folder)/\(name)")
      }
    },
    Mutation(testDescription: "the spelling of a number", executed: [:], words: "") { try $0.edit("0.001", "1.0e-3") },
    Mutation(testDescription: "the order of axes' values", executed: [:], words: "") {
      try $0.edit("\"method\": [\"x\", \"y\"]", "\"method\": [\"y\", \"x\"]")
      try $0.edit("\"seed\": [0, 1]}", "\"seed\": [1, 0]}")
    },
    Mutation(testDescription: "the order of stages and keys", executed: [:], words: "") {
      try $0.edit("\"silent\": \"s\", \"act\": \"none\"", "\"act\": \"none\", \"silent\": \"s\"")
    },
    Mutation(testDescription: "a constant in place of a value", executed: [:], words: "") {
      try $0.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"unused\": 7, \"w\": 1}")
      try $0.edit("\"weight\": 1", "\"weight\": \"$w\"")
    },
    Mutation(testDescription: "the name of a file", executed: [:], words: "") { try $0.edit("\"made.txt\"", "\"renamed.txt\"") },
    Mutation(testDescription: "the cost", executed: [:], words: "") {
      try $0.edit("\"program\": \"./make\"", "\"cost\": 5, \"program\": \"./make\"")
    },
    Mutation(
      testDescription: "a variable of the user", executed: [:], words: "", environment: ["LANG": "de_DE.UTF-8", "OMP_NUM_THREADS": "7"]
    ) { _ in },
    Mutation(testDescription: "the copy of a table", executed: [:], words: "") { try $0.write("scribble", "tables/quick/table.txt") },
  ]

  @Test(arguments: others)
  func whatIsNotInTheKeyExecutesNothing(_ mutation: Mutation) throws {
    let study = try ToyStudy()
    _ = try study.run("--jobs", "1", "--threads", "1")
    let (before, table) = (try study.digests(), study.read("tables/quick/table.txt"))
    try mutation.change(study)
    #expect(try study.run("--jobs", "3", "--threads", "5", environment: mutation.environment) == [:])
    #expect(try study.digests() == before)
    #expect(study.read("tables/quick/table.txt") == table)
    for file in study.files("results/quick") { #expect(!study.read(String(file.dropFirst(study.folder.count + 1))).isEmpty) }
  }

  @Test func profilesShareResults() throws {
    let study = try ToyStudy()
    _ = try study.run()
    #expect(try study.run("--profile", "twin") == [:])
    #expect(study.read("tables/twin/table.txt") == study.read("tables/quick/table.txt"))
    // Seed 2 is new for both data sets, but b has no method y; the table gathers others.
    #expect(try study.run("--profile", "large") == ["make": 3, "score": 3, "table": 1])
  }

  @Test func equalKeysAreExecutedOnce() throws {
    let study = try ToyStudy()
    try study.edit("$method-$seed", "same")
    try study.edit("\"let\": {\"rate\": 0.25}", "\"let\": {\"rate\": 0.001}")
    try study.edit("\"act\": \"none\"", "\"act\": \"slow\"")
    let output = try study.ccr("run", "--json", "--jobs", "4")
    #expect(study.executedInstances.count { $0.hasPrefix("make") } == 2)
    #expect(output.executed == 2 + 2 + 2 + 1)
    #expect(output.summary?["cached"]?.integer == ToyStudy.instances - 7)
  }

  @Test func aTableNamesTheResultsItWasMadeFrom() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let keys = try study.study().standings()
    let table = try JSONValue.parse(study.read("results/quick/table/all/provenance.json"), file: "provenance")
    let scores = try #require(table["key"]?["inputs"]?["scores"]?.object)
    #expect(scores.count == 8)
    for source in scores {
      let standing = try #require(keys.first { $0.instance.name == source.name })
      #expect(source.value["action"]?.string == standing.action)
      #expect(source.value["output"]?.string == standing.outputs.first?.digest)
      #expect(source.value["coordinates"]?["dataset"] == standing.instance.coordinates["dataset"])
    }
  }

  @Test func forcingExecutesExactlyTheSelectedAndCompares() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try FileManager.default.removeItem(atPath: "\(study.folder)/data/executed")
    let same = try study.ccr("run", "make[method=x]", "--force", "--json")
    #expect(same.code == 0 && same.executed == 4)
    #expect(Set(study.executedInstances) == Set(["a", "b"].flatMap { d in [0, 1].map { "make[dataset=\(d),method=x,seed=\($0)]" } }))
    #expect(try study.ccr("run", "--force").code == 2)
  }

  @Test func otherBytesUnderTheSameKeyAreReported() throws {
    let study = try ToyStudy(act: "random")
    _ = try study.run()
    let before = try study.digests()
    let again = try study.ccr("run", "make[dataset=a,method=x,seed=0]", "--force")
    #expect(again.code == 5)
    #expect(again.error.contains("not deterministic") && again.error.contains("make[dataset=a,method=x,seed=0]"), "\(again.error)")
    // The first outcome stays, so nothing downstream moves; the other is kept beside it.
    #expect(try study.digests() == before)
    #expect(try study.run() == [:])
    #expect(study.files("results/.store/actions").count { $0.hasSuffix("outcome-1.json") } == 1)
  }

  @Test func planSaysWhatAndWhy() throws {
    let study = try ToyStudy()
    #expect(try study.ccr("plan", "--exit-code").code == 3)
    _ = try study.run()
    #expect(try study.ccr("plan", "--exit-code").code == 0)
    try study.edit("\"silent\": \"s\"", "\"silent\": \"t\"")
    let plan = try study.ccr("plan").out
    #expect(plan.contains("run     make[dataset=a,method=x,seed=0]  (parameters.silent: \"s\" → \"t\")"), "\(plan)")
    #expect(
      plan.contains("maybe   score[dataset=a,method=x,seed=0]  (unless make[dataset=a,method=x,seed=0] comes out unchanged)"), "\(plan)")
    #expect(plan.contains("2 hit, 8 run, 9 maybe"), "\(plan)")
    let why = try study.ccr("why", "table").out
    #expect(why.contains("← score[dataset=a,method=x,seed=0]") && why.contains("parameters.silent"), "\(why)")
    // Planning wrote nothing that a run would not find.
    #expect(try study.run() == ["make": 8])
  }

  @Test func originalsCountWhereTheSettingsDoNotPinThem() throws {
    let study = try ToyStudy()
    try study.write("x", "data/original")
    let answer = #"[{\"name\": \"original\", \"path\": \"$CCR_DATA/original\"}]"#
    let script = study.read("source").replacingOccurrences(
      of: "request=\"$2\"", with: "if [ \"$1\" = --originals ]; then echo \"\(answer)\"; exit; fi\nrequest=\"$2\"")
    try study.write(
      script.replacingOccurrences(of: "\"usesBLAS\": false", with: "\"usesBLAS\": false, \"originals\": {\"pinnedBy\": \"verify\"}")
        .replacingOccurrences(of: "\"type\": \"string\"}", with: "\"type\": \"string\"}, {\"name\": \"verify\", \"type\": \"boolean\"}"),
      "source", mode: 0o755)
    try study.edit("\"text\": \"$dataset\"", "\"text\": \"$dataset\", \"verify\": true")
    _ = try study.run("source")
    try study.write("y", "data/original")
    #expect(try study.run("source") == [:])
    try study.edit("\"verify\": true", "\"verify\": false")
    #expect(try study.run("source") == ["source": 2])
    try study.write("z", "data/original")
    let why = try study.ccr("why", "source[dataset=a]").out
    let changes = why.split(separator: "\n").filter { $0.contains("originals.original: ") }
    #expect(changes.count == 1 && !why.contains("[["), "\(why)")
    let sides = try #require(changes.first).split(separator: ": ")[1].components(separatedBy: " → ")
    #expect(sides.count == 2 && sides[0] != sides[1], "\(why)")
    #expect(try study.run("source") == ["source": 2])
    try FileManager.default.removeItem(atPath: "\(study.folder)/data/original")
    // Absent originals are the stage's own business; planning goes on.
    #expect(try study.ccr("plan").code == 0)
  }
}
