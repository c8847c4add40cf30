import Artifacts
import Foundation
import TestSupport
import Testing

/// `ccr trace`, `ccr diff` and `ccr log`: what was recorded, without executing anything.
@Suite(.waiting)
struct InspectTests {
  private static let score = "score[dataset=a,method=x,seed=0]"

  /// A table as `tabulate` writes it, whose cells stand on scores of a study.
  private func table(_ study: ToyStudy, mean: Double) throws -> String {
    let standings = try study.study().standings()
    let cells = try ["x", "y"].map { method -> JSONValue in
      let standing = try #require(standings.first { $0.instance.name == "score[dataset=a,method=\(method),seed=0]" })
      let source: JSONValue = [
        "instance": .string(standing.instance.name), "action": .string(standing.action ?? ""),
        "output": .string(standing.outputs.first?.digest ?? ""),
      ]
      return [
        "row": .string("Method \(method)"), "dataset": "a", "metric": "ACC", "mean": .number(method == "x" ? mean : 0.5), "std": 0.01,
        "seeds": [0], "published": 0.7, "sources": [source],
      ]
    }
    let columns: JSONValue = [["dataset": "a", "label": "Data A"]]
    let table: JSONValue = ["table": "table1", "profile": "quick", "columns": columns, "cells": .array(cells)]
    return table.pretty + "\n"
  }

  @Test func traceGivesTheChainFromRecordsAlone() throws {
    let study = try ToyStudy()
    _ = try study.run("--set", "score.weight=3")
    try study.write(try table(study, mean: 0.625), "table1.json")
    // Neither the pipeline file nor the programs are needed.
    for name in ["make", "score", "table", "source"] { unlink("\(study.folder)/\(name)") }
    try study.write("{", "pipeline.json")
    let trace = try study.ccr("trace", Self.score)
    let lines = trace.out.split(separator: "\n").map(String.init)
    #expect(trace.code == 0 && lines[0] == Self.score, "\(trace.out)\(trace.error)")
    let chain = lines.filter { $0.contains("← ") }.map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(
      chain == ["← \(Self.score)", "← made: make[dataset=a,method=x,seed=0]", "← words: source[dataset=a]"], "\(trace.out)")
    #expect(trace.out.contains("words: file table.txt  ") && trace.out.contains("action "), "\(trace.out)")
    #expect(lines.last == "regenerate: ccr run '\(Self.score)' --profile quick --set score.weight=3", "\(trace.out)")
    let whole = try study.ccr("trace", "table").out
    #expect(whole.components(separatedBy: "← scores: score[").count == 9 && whole.contains("(see above)"), "\(whole)")
    #expect(try study.ccr("trace", "table.txt").out.hasPrefix("table\n"))
    #expect(try study.ccr("trace", "tabel").error.contains("did you mean \"table\"?"))
    let json = try JSONValue.parse(study.ccr("trace", Self.score, "--json").out, file: "trace")
    let input = json["steps"]?.array?.first?["inputs"]?.array?.first
    #expect(input?["instance"]?.string == "make[dataset=a,method=x,seed=0]" && input?["provenance"]?["key"] != nil)
  }

  /// A pipeline file of another name is not found by itself, so what is printed names it; pages that are handed on, without its folder.
  @Test func commandsNameTheirPipelineFile() throws {
    let study = try ToyStudy()
    let file = "\(study.folder)/study.json"
    try study.write(study.read("pipeline.json"), "study.json")
    _ = try study.run("--pipeline", file)
    let trace = try study.ccr("trace", Self.score, "--pipeline", file).out
    #expect(trace.hasSuffix("\nregenerate: ccr run '\(Self.score)' --profile quick --pipeline \(file)\n"), "\(trace)")
    let found = try study.ccr("trace", Self.score).out
    #expect(found.hasSuffix("\nregenerate: ccr run '\(Self.score)' --profile quick --pipeline study.json\n"), "\(found)")
    #expect(try study.ccr("report", "--pipeline", file).code == 0)
    let page = study.read("tables/quick/report.html")
    #expect(page.contains("<code>ccr run --pipeline study.json --profile quick 'INSTANCE' --force</code>"), "\(page)")
    #expect(!page.contains(study.folder))
    try study.write("other words", "table.txt")
    let changed = try study.ccr("run", "--pipeline", file).error
    #expect(changed.contains("shows earlier results: `ccr report --pipeline \(file)` writes it anew"), "\(changed)")
  }

  @Test func traceOfACellNamesItsSources() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let file = "\(study.folder)/table1.json"
    try study.write(try table(study, mean: 0.625), "table1.json")
    for cell in ["Method x/a/ACC", "Method x/Data A/ACC"] {
      let trace = try study.ccr("trace", file, "--cell", cell)
      #expect(
        trace.out.hasPrefix("table1 \(cell): 0.625 ± 0.01 (seed 0), published 0.7\n  ← \(Self.score)\n"), "\(trace.out)\(trace.error)")
      #expect(trace.out.contains("← words: source[dataset=a]") && !trace.out.contains("method=y"), "\(trace.out)")
    }
    // What lies beside published tables knows the pipeline file.
    try study.write(#"{"pipeline": {"file": "other.json"}}"#, "provenance.json")
    for arguments in [["trace", file], ["trace", file, "--cell", "Method x/a/ACC"]] {
      let words = try study.start(arguments).output().out
      #expect(words.hasSuffix(" --profile quick --pipeline other.json\n"), "\(words)")
    }
    let wrong = try study.ccr("trace", file, "--cell", "Method z/a/ACC")
    #expect(wrong.code == 2 && wrong.error.contains("did you mean \"Method x/a/ACC\"?"), "\(wrong.error)")
    #expect(try study.ccr("trace", "pipeline.json", "--cell", "x").code == 2)
  }

  /// Single inputs are recorded with the action that made them; results of older versions, which lack that, are found by content.
  @Test func inputsOfOlderResultsAreFoundByContent() throws {
    let study = try ToyStudy()
    _ = try study.run(Self.score)
    let provenance = "results/quick/score/dataset=a,method=x,seed=0/provenance.json"
    let made = try JSONValue.parse(study.read(provenance), file: "provenance")["sources"]?["made"]
    #expect(made?["instance"]?.string == "make[dataset=a,method=x,seed=0]" && made?["port"]?.string == "out")
    let source = try study.study().standings().first { $0.instance.name == "make[dataset=a,method=x,seed=0]" }
    #expect(made?["action"]?.string == source?.action && made?["output"]?.string == source?.outputs.first?.digest)
    let file = study.object(provenance)
    let old = study.read(provenance).replacingOccurrences(of: "\"sources\"", with: "\"unknown\"")
    try AtomicFile.write(old, to: file)
    var record = try JSONValue.read(file.replacingOccurrences(of: "provenance", with: "result"))
    record = .object((record.object ?? []).filter { $0.name != "provenance" && $0.name != "check" })
    let check = String(ContentDigest.of(Array(record.canonical.utf8)).hex.prefix(16))
    try AtomicFile.write(
      JSONValue.object((record.object ?? []) + [.init("check", .string(check))]).pretty,
      to: file.replacingOccurrences(of: "provenance", with: "result"))
    let trace = try study.ccr("trace", Self.score).out
    #expect(trace.contains("← made: make[dataset=a,method=x,seed=0]"), "\(trace)")
  }

  @Test func diffOfProfilesAndFoldersNamesWhatDiffers() throws {
    let study = try ToyStudy()
    _ = try study.run()
    _ = try study.run("--profile", "twin")
    let same = try study.ccr("diff", "quick", "twin", "--exit-code")
    #expect(same.code == 0 && same.out == "nothing differs\n", "\(same.out)")
    _ = try study.run("--profile", "twin", "--set", "score.weight=2")
    let other = try study.ccr("diff", "quick", "\(study.folder)/results/twin", "--exit-code")
    #expect(other.code == 5 && other.out.contains("changed  parameters.weight: 1 → 2  (score[dataset=a,method=x,seed=0], "), "\(other.out)")
    #expect(other.out.contains("and 6 more)") && other.out.contains("output   table out: "), "\(other.out)")
    #expect(other.out.contains("1 ingredients, 9 outputs and 0 cells differ"), "\(other.out)")
    _ = try study.run("--results", "\(study.folder)/elsewhere", "--set", "make.silent=t")
    let elsewhere = try study.ccr("diff", "\(study.folder)/results", "\(study.folder)/elsewhere").out
    #expect(elsewhere.contains("changed  parameters.silent: \"s\" → \"t\"  (make[") && elsewhere.contains(" 0 outputs "), "\(elsewhere)")
    _ = try study.ccr("tag", "now")
    #expect(try study.ccr("diff", "now", "quick").out == "nothing differs\n")
    _ = try study.run("--profile", "large")
    let large = try study.ccr("diff", "quick", "large").out
    #expect(large.contains("only in large: make[dataset=a,method=x,seed=2]") && large.contains("only in quick: make[dataset=b,method=y,"))
    let unknown = try study.ccr("diff", "quick", "larg")
    #expect(unknown.code == 2 && unknown.error.contains("did you mean \"large\"?"), "\(unknown.error)")
  }

  @Test func diffOfTablesAndCommitsNamesCells() throws {
    let study = try ToyStudy()
    func git(_ arguments: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        ["git", "-C", study.folder, "-c", "user.name=toy", "-c", "user.email=toy@localhost", "-c", "init.defaultBranch=main"] + arguments
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
    _ = try study.run()
    try FileManager.default.createDirectory(atPath: "\(study.folder)/paper-tables/quick", withIntermediateDirectories: true)
    try study.write(try table(study, mean: 0.625), "paper-tables/quick/table1.json")
    try git("init")
    try git("add", "paper-tables")
    try git("commit", "--quiet", "-m", "first")
    _ = try study.run("--set", "score.weight=2")
    try study.edit("\"weight\": 1", "\"weight\": 2")
    try study.write(try table(study, mean: 0.75), "paper-tables/quick/table1.json")
    let diff = try study.ccr("diff", "HEAD", "\(study.folder)/paper-tables/quick")
    #expect(diff.out.contains("cell     table1 Method x/a/ACC: 0.625 → 0.75 (+0.125)"), "\(diff.out)\(diff.error)")
    #expect(diff.out.contains("changed  parameters.weight: 1 → 2  (\(Self.score), "), "\(diff.out)")
    #expect(diff.out.contains("output   \(Self.score) its output: ") && diff.out.contains("1 ingredients, 2 outputs and 1 cells differ"))
    // What a profile has now is what the tables stand on.
    #expect(try study.ccr("diff", "\(study.folder)/paper-tables/quick", "quick").out == "nothing differs\n")
  }

  @Test func logsAreThoseOfTheLastExecution() throws {
    let study = try ToyStudy()
    let one = "make[dataset=a,method=x,seed=0]"
    try study.edit("\"act\": \"none\"", "\"act\": \"talk\"")
    try study.edit("echo '{\"event\": \"warning\"", "echo worn >&2; echo '{\"event\": \"warning\"", in: "make")
    #expect(try study.ccr("log", one).error.contains("run `ccr run '\(one)'` first"))
    _ = try study.run(one)
    let log = try study.ccr("log", one)
    #expect(log.out == "worn\n" && log.error.contains("\(one): 20"), "\(log.out)\(log.error)")
    try study.edit("\"act\": \"talk\"", "\"act\": \"colour\"")
    _ = try study.ccr("run", one)
    let failed = try study.ccr("log", one)
    #expect(failed.error.contains("\(one): failed: ") && failed.out.contains("␛[31mred"), "\(failed.out)\(failed.error)")
  }
}
