import Artifacts
import Foundation
import TestSupport
import Testing

/// Each ingredient of a key changed once, and each thing that is none: the plan executes exactly what has the ingredient, and `why` names it.
/// Of what is executed then, and what that spares, see `CachingTests`.
@Suite(.waiting)
struct MutationMatrixTests {
  struct Mutation: Sendable {
    let name: String
    /// How many instances of each stage are to be executed, as far as is known before.
    var runs: [String: Int] = [:]
    /// What `why` says of `instance`.
    var words = ""
    var instance = "make[dataset=a,method=x,seed=0]"
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var change: @Sendable (ToyStudy) throws -> Void = { _ in }
  }

  private static let score = "score[dataset=a,method=x,seed=0]"
  private static let source = "source[dataset=a]"
  private static let counts = ["source": 2, "make": 8, "score": 8, "table": 1]

  /// An edit of the pipeline file.
  private static func edit(
    _ name: String, _ old: String, _ new: String, _ runs: [String: Int], _ words: String,
    of instance: String = "make[dataset=a,method=x,seed=0]"
  ) -> Mutation {
    Mutation(name: name, runs: runs, words: words, instance: instance) { try $0.edit(old, new) }
  }

  private static func rule(_ place: String, _ setting: String, _ runs: [String: Int], _ words: String, of instance: String) -> Mutation {
    edit(
      "a rule where \(place)", "\"let\": {\"rate\": 0.25}}", "\"let\": {\"rate\": 0.25}}, {\"where\": {\(place)}, \(setting)}", runs, words,
      of: instance)
  }

  private static func set(_ setting: String, _ runs: [String: Int], _ words: String, of instance: String) -> Mutation {
    Mutation(name: "--set \(setting)", runs: runs, words: words, instance: instance, arguments: ["--set", setting])
  }

  /// The code, the version and the name of each of the four programs.
  private static let programs: [Mutation] = ["source", "make", "score", "table"].flatMap { stage -> [Mutation] in
    let instance = ["source": source, "score": score, "table": "table"][stage] ?? "make[dataset=a,method=x,seed=0]"
    let runs = [stage: counts[stage] ?? 0]
    return [
      Mutation(name: "the code of \(stage)", runs: runs, words: "the program's code (program): ", instance: instance) {
        try $0.edit("\n# \n", "\n# edited\n", in: stage)
      },
      Mutation(name: "the version of \(stage)", runs: runs, words: "version: 1 → 2", instance: instance) {
        try $0.edit("\"version\": 1", "\"version\": 2", in: stage)
      },
      Mutation(name: "the interface of \(stage)", runs: runs, words: "stage: \"\(stage)\" → \"renamed\"", instance: instance) {
        try $0.edit("\"name\": \"\(stage)\",", "\"name\": \"renamed\",", in: stage)
      },
    ]
  }

  private static let settings: [Mutation] = [
    edit(
      "a text of source", "\"text\": \"$dataset\"", "\"text\": \"$dataset!\"", ["source": 2], "parameters.text: \"a\" → \"a!\"", of: source),
    edit("a text of make", "$method-$seed", "$method.$seed", ["make": 8], "parameters.text: \"x-0\" → \"x.0\""),
    edit("a constant", "\"rate\": 0.001", "\"rate\": 0.002", ["make": 4], "parameters.rate: 0.001 → 0.002"),
    edit(
      "the last digit of a number", "\"rate\": 0.001", "\"rate\": 0.0010000000000000002", ["make": 4],
      "parameters.rate: 0.001 → 0.0010000000000000002"),
    edit("the sign of a number", "\"rate\": 0.001", "\"rate\": -0.001", ["make": 4], "parameters.rate: 0.001 → -0.001"),
    edit(
      "a constant of a method", "\"rate\": 0.25", "\"rate\": 1", ["make": 4], "parameters.rate: 0.25 → 1",
      of: "make[dataset=a,method=y,seed=0]"),
    edit("a setting that changes no byte", "\"silent\": \"s\"", "\"silent\": \"t\"", ["make": 8], "parameters.silent: \"s\" → \"t\""),
    edit("a capital letter", "\"silent\": \"s\"", "\"silent\": \"S\"", ["make": 8], "parameters.silent: \"s\" → \"S\""),
    edit("a blank", "\"silent\": \"s\"", "\"silent\": \"s \"", ["make": 8], "parameters.silent: \"s\" → \"s \""),
    edit("a letter with a mark", "\"silent\": \"s\"", "\"silent\": \"ş\"", ["make": 8], "parameters.silent: \"s\" → \"ş\""),
    edit("an empty text", "\"silent\": \"s\"", "\"silent\": \"\"", ["make": 8], "parameters.silent: \"s\" → \"\""),
    edit("what a stage does", "\"act\": \"none\"", "\"act\": \"tick\"", ["make": 8], "parameters.act: \"none\" → \"tick\""),
    edit("an integer", "\"weight\": 1", "\"weight\": 2", ["score": 8], "parameters.weight: 1 → 2", of: score),
    edit(
      "a large integer", "\"weight\": 1", "\"weight\": 9007199254740993", ["score": 8], "parameters.weight: 1 → 9007199254740993", of: score
    ),
    edit("a title", "\"title\": \"all\"", "\"title\": \"$profile\"", ["table": 1], "parameters.title: \"all\" → \"quick\"", of: "table"),
    set("source.text=z", ["source": 2], "parameters.text: \"a\" → \"z\"", of: source),
    set("make.silent=u", ["make": 8], "parameters.silent: \"s\" → \"u\"", of: "make[dataset=b,method=y,seed=1]"),
    set("rate=0.5", ["make": 8], "parameters.rate: 0.001 → 0.5", of: "make[dataset=a,method=x,seed=0]"),
    set("score.weight=7", ["score": 8], "parameters.weight: 1 → 7", of: score),
    set("table.title=one", ["table": 1], "parameters.title: \"all\" → \"one\"", of: "table"),
    rule(
      "\"dataset\": \"a\"", "\"make\": {\"silent\": \"t\"}", ["make": 4], "parameters.silent: \"s\" → \"t\"",
      of: "make[dataset=a,method=y,seed=1]"),
    rule(
      "\"method\": \"x\"", "\"make\": {\"silent\": \"t\"}", ["make": 4], "parameters.silent: \"s\" → \"t\"",
      of: "make[dataset=b,method=x,seed=1]"),
    rule("\"seed\": 1", "\"score\": {\"weight\": 5}", ["score": 4], "parameters.weight: 1 → 5", of: "score[dataset=b,method=x,seed=1]"),
    rule(
      "\"dataset\": \"b\", \"seed\": [0]", "\"let\": {\"rate\": 3}", ["make": 2], "parameters.rate: 0.001 → 3",
      of: "make[dataset=b,method=x,seed=0]"),
    rule("\"profile\": \"quick\"", "\"source\": {\"text\": \"q\"}", ["source": 2], "parameters.text: \"a\" → \"q\"", of: source),
  ]

  private static let inputs: [Mutation] = [
    Mutation(name: "the OpenBLAS library", runs: ["make": 8], words: "the OpenBLAS library (OpenBLAS): ") {
      try $0.write("kernels 2", "libtoyblas.so")
    },
    Mutation(
      name: "the numeric class", runs: ["make": 8], words: "numericClass: \"toy/none\" → \"toy/Haswell\"",
      environment: ["OPENBLAS_CORETYPE": "Haswell"]),
    Mutation(name: "the content of a file", runs: ["source": 2], words: "(file table.txt)", instance: source) {
      try $0.write("three\n", "table.txt")
    },
    Mutation(name: "a line more", runs: ["source": 2], words: "inputs.words: ", instance: source) {
      try $0.write("one\ntwo\n\n", "table.txt")
    },
    Mutation(name: "a byte less", runs: ["source": 2], words: "inputs.words: ", instance: source) { try $0.write("one\ntwo", "table.txt") },
    Mutation(name: "one bit", runs: ["source": 2], words: "inputs.words: ", instance: source) { try $0.write("one\ntwn\n", "table.txt") },
    Mutation(name: "an empty file", runs: ["source": 2], words: "inputs.words: ", instance: source) { try $0.write("", "table.txt") },
    Mutation(name: "a link to another file", runs: ["source": 2], words: "inputs.words: ", instance: source) {
      unlink("\($0.folder)/table.txt")
      symlink("pipeline.json", "\($0.folder)/table.txt")
    },
    Mutation(name: "a file of another name and content", runs: ["source": 2], words: "(file other.txt)", instance: source) {
      try $0.write("other\n", "other.txt")
      try $0.edit("{\"file\": \"table.txt\"}", "{\"file\": \"other.txt\"}")
    },
    edit("an input from a file", "\"words\": \"source.out\"", "\"words\": {\"file\": \"table.txt\"}", ["make": 8], "inputs.words: "),
    edit("another producer", "\"made\": \"make.out\"", "\"made\": \"source.out\"", ["score": 8], "inputs.made: ", of: score),
    edit(
      "less gathered by seed", "{\"gather\": \"score.out\"}", "{\"gather\": \"score.out\", \"where\": {\"seed\": 0}}", ["table": 1],
      "is no longer gathered", of: "table"),
    edit(
      "less gathered by method", "{\"gather\": \"score.out\"}", "{\"gather\": \"score.out\", \"where\": {\"method\": [\"y\"]}}",
      ["table": 1],
      "is no longer gathered", of: "table"),
    edit(
      "other things gathered", "{\"gather\": \"score.out\"}", "{\"gather\": \"make.out\"}", ["table": 1], "inputs.scores ← make[",
      of: "table"),
    edit(
      "a seed more", "\"quick\": {\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [0, 1]}}",
      "\"quick\": {\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [0, 1, 5]}}", ["make": 4, "score": 4],
      "← score[dataset=a,method=x,seed=5]: first time",
      of: "table"),
    edit(
      "a data set less", "\"quick\": {\"axes\": {\"dataset\": [\"a\", \"b\"]", "\"quick\": {\"axes\": {\"dataset\": [\"a\"]", ["table": 1],
      "is no longer gathered", of: "table"),
    edit("a method less", "\"method\": [\"x\", \"y\"]", "\"method\": [\"y\"]", ["table": 1], "is no longer gathered", of: "table"),
  ]

  static let others: [Mutation] = [
    Mutation(name: "the time of a file") { try $0.write("one\ntwo\n", "table.txt") },
    Mutation(name: "a time long ago") {
      var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
      utimes("\($0.folder)/table.txt", &times)
    },
    Mutation(name: "the rights of a file") { chmod("\($0.folder)/table.txt", 0o600) },
    Mutation(name: "a second name of a file") { link("\($0.folder)/table.txt", "\($0.folder)/twin.txt") },
    Mutation(name: "a link to the same content") {
      rename("\($0.folder)/table.txt", "\($0.folder)/elsewhere.txt")
      symlink("elsewhere.txt", "\($0.folder)/table.txt")
    },
    Mutation(name: "the name of a file that is read") {
      rename("\($0.folder)/table.txt", "\($0.folder)/renamed.txt")
      try $0.edit("{\"file\": \"table.txt\"}", "{\"file\": \"renamed.txt\"}")
    },
    Mutation(name: "the time of a program") { try $0.write($0.read("make"), "make", mode: 0o755) },
    Mutation(name: "the name of a program") {
      try $0.write($0.read("make"), "make-renamed", mode: 0o755)
      try $0.edit("\"program\": \"./make\"", "\"program\": \"./make-renamed\"")
    },
    edit("the spelling of a number", "0.001", "1.0e-3", [:], ""), edit("another spelling of it", "0.001", "0.00100", [:], ""),
    edit("an integer with a point", "\"weight\": 1", "\"weight\": 1.0", [:], ""),
    edit("an escaped letter", "\"silent\": \"s\"", "\"silent\": \"\\u0073\"", [:], ""),
    edit("the order of values", "\"method\": [\"x\", \"y\"]", "\"method\": [\"y\", \"x\"]", [:], ""),
    edit("the order of settings", "\"silent\": \"s\", \"act\": \"none\"", "\"act\": \"none\", \"silent\": \"s\"", [:], ""),
    edit("a constant nobody uses", "\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"unused\": 7}", [:], ""),
    edit("a constant in place of a value", "\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"s\": \"s\"}", [:], ""),
    edit(
      "a rule that says the same", "{\"where\": {\"method\": \"y\"}",
      "{\"where\": {\"seed\": 0}, \"score\": {\"weight\": 1}}, {\"where\": {\"method\": \"y\"}", [:], ""),
    edit("the name of an output's file", "\"made.txt\"", "\"renamed.txt\"", [:], ""),
    edit("the cost", "\"program\": \"./make\"", "\"cost\": 5, \"program\": \"./make\"", [:], ""),
    edit("blank lines", "{\n  \"pipeline\": 1,", "{\n\n\n\t\"pipeline\" : 1 ,", [:], ""),
    edit(
      "another profile", "\"twin\": {\"axes\": {\"dataset\": [\"a\", \"b\"], \"seed\": [0, 1]}}",
      "\"twin\": {\"axes\": {\"dataset\": [\"a\"], \"seed\": [7]}}", [:], ""),
    Mutation(name: "the profile's name", arguments: ["--profile", "twin"]),
    Mutation(name: "a setting set to what it is", arguments: ["--set", "make.silent=s"]),
    Mutation(name: "where tables go", arguments: ["--publish", "/tmp/nowhere"]),
    Mutation(name: "variables of the user", environment: ["LANG": "de_DE.UTF-8", "OMP_NUM_THREADS": "7", "HOME": "/", "TZ": "Asia/Tokyo"]),
    Mutation(name: "what was learned of files") { unlink("\($0.folder)/results/.store/digests") },
    Mutation(name: "what was learned of programs") { unlink("\($0.folder)/results/.store/programs.json") },
    Mutation(name: "links to results") { try FileManager.default.removeItem(atPath: "\($0.folder)/results/quick/make") },
    Mutation(name: "a file nobody names") { try $0.write("x", "data/unrelated") },
  ]

  /// One study that is finished, changed and put back again and again.
  @Test func ingredientsAndOthers() throws {
    let ingredients = Self.programs + Self.settings + Self.inputs
    #expect(ingredients.count >= 40 && Self.others.count >= 20)
    let study = try ToyStudy()
    _ = try study.run()
    for mutation in ingredients + Self.others { try study.restoring { try check(mutation, study) } }
  }

  private func check(_ mutation: Mutation, _ study: ToyStudy) throws {
    try mutation.change(study)
    let plan = try study.start(["plan", "--json"] + mutation.arguments, environment: mutation.environment).output()
    let instances = try JSONValue.parse(plan.out, file: mutation.name)["instances"]?.array ?? []
    let runs = instances.filter { $0["state"]?.string == "run" }.compactMap {
      $0["instance"]?.string.map { String($0.prefix { $0 != "[" }) }
    }
    #expect(Dictionary(grouping: runs) { $0 }.mapValues(\.count) == mutation.runs, "\(mutation.name): \(runs)\(plan.error)")
    if mutation.runs.isEmpty {
      #expect(instances.allSatisfy { ["hit", "publish"].contains($0["state"]?.string) } && !instances.isEmpty, "\(mutation.name)")
    } else {
      let why = try study.start(["why", mutation.instance] + mutation.arguments, environment: mutation.environment).output()
      #expect(why.out.contains(mutation.words), "\(mutation.name): \(why.out)\(why.error)")
    }
  }
}

extension ToyStudy {
  /// Does something to the study, and puts every file back.
  fileprivate func restoring(_ body: () throws -> Void) throws {
    let kept = "\(folder)-kept"
    try FileManager.default.copyItem(atPath: folder, toPath: kept)
    defer {
      try? FileManager.default.removeItem(atPath: folder)
      try? FileManager.default.moveItem(atPath: kept, toPath: folder)
    }
    try body()
  }
}
