import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// `-S NAME=VALUE,VALUE`: an axis for one run.
@Suite(.waiting)
struct SweepTests {
  private func names(_ study: ToyStudy, _ sweeps: String...) throws -> [String] {
    let plan = try Plan(Pipeline(path: "\(study.folder)/pipeline.json", sweeps: sweeps), profile: "quick")
    return plan.instances.map(\.name)
  }

  @Test func aSettingBecomesAnAxisOfItsStageAndOfAllThatNeedIt() throws {
    let study = try ToyStudy()
    let names = try names(study, "make.rate=0.2,0.5,1.0")
    #expect(names.count == 2 + 3 * (8 + 8 + 1))
    #expect(names.contains("source[dataset=a]") && names.contains("make[dataset=a,method=x,seed=0,rate=0.2]"))
    #expect(names.contains("score[dataset=b,method=y,seed=1,rate=1]") && names.contains("table[rate=0.5]"))
  }

  @Test func namesKeysAndProvenanceSaySo() throws {
    let study = try ToyStudy()
    let sweep = ["-S", "make.rate=0.2,0.5"]
    let run = try study.start(["run", "--json"] + sweep).output()
    #expect(run.code == 0 && run.executed == 2 + 2 * 17, "\(run.error)")
    for rate in ["0.2", "0.5"] {
      let place = "results/quick/make/dataset=a,method=x,seed=0,rate=\(rate)"
      #expect(study.read("\(place)/made.txt").hasPrefix("make x-0 \(rate) "))
      let provenance = try JSONValue.parse(study.read("\(place)/provenance.json"), file: "provenance")
      #expect(provenance["instance"]?.string == "make[dataset=a,method=x,seed=0,rate=\(rate)]")
      #expect(provenance["key"]?["parameters"]?["rate"]?.canonical == rate && provenance["sweep"]?["make.rate"]?.canonical == rate)
      // Each value's table is of that value alone, in a folder of its own.
      let table = study.read("tables/quick/rate=\(rate)/table.txt")
      #expect(table.split(separator: "\n").count { $0.hasPrefix("make ") } == 8)
      #expect(table.split(separator: "\n").filter { $0.hasPrefix("make ") }.allSatisfy { $0.contains(" \(rate) ") }, "\(table)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(study.folder)/tables/quick/table.txt"))
    // The same again, one of its values set alone, and selected ones: nothing new but what gathers, which names its sources.
    #expect(try study.start(["run", "--json"] + sweep).output().executed == 0)
    #expect(try study.ccr("run", "--json", "score", "--set", "make.rate=0.5").executed == 0)
    #expect(try study.start(["run", "--json", "make[rate=0.5]"] + sweep).output().executed == 0)
    let why = try study.start(["show", "make[dataset=a,method=x,seed=0,rate=0.5]"] + sweep).output()
    #expect(why.out.contains("rate = 0.5") && why.out.contains("-S make.rate"), "\(why.out)\(why.error)")
  }

  /// Only where the setting is: the stage's other methods have no such axis, and are made once.
  @Test func otherMethodsAreLeftAlone() throws {
    let study = try ToyStudy()
    try study.edit(#""make": {"text": "$method-$seed", "rate": "$rate", "silent""#, #""make": {"text": "$method-$seed", "silent""#)
    try study.edit(#"{"where": {"method": "y"}, "let": {"rate": 0.25}}"#, #"{"where": {"method": "y"}, "make": {"rate": 0.25}}"#)
    let names = try names(study, "make.rate=1,2")
    #expect(names.filter { $0.hasPrefix("make") }.count == 4 + 2 * 4)
    #expect(names.contains("make[dataset=a,method=x,seed=0]") && names.contains("score[dataset=a,method=y,seed=0,rate=2]"))
    let plan = try Plan(Pipeline(path: "\(study.folder)/pipeline.json", sweeps: ["make.rate=1,2"]), profile: "quick")
    // A table of each value, with the methods that have none.
    for table in plan.instances where table.stage == "table" { #expect(table.upstream.count == 8) }
  }

  @Test func constantsListsAndSeveralAtOnce() throws {
    let study = try ToyStudy()
    let both = try names(study, "rate=1,2", "score.weight=1,7")
    #expect(both.filter { $0.hasPrefix("make") }.count == 8 * 2 && both.filter { $0.hasPrefix("score") }.count == 8 * 4)
    #expect(both.contains("score[dataset=a,method=x,seed=0,rate=2,weight=7]"))
    #expect(both.filter { $0.hasPrefix("table") }.count == 4)
    #expect(try names(study, "make.text=[1,2],word").contains("make[dataset=a,method=x,seed=0,text=1+2]"))
  }

  @Test(arguments: [
    ("make.rate", "-S must be STAGE.NAME=VALUE,VALUE"), ("make.rate=", "-S must be"), ("make.rate=1,,2", "-S must be"),
    ("make.ratee=1,2", "did you mean \"rate\"?"), ("mkae.rate=1,2", "no stage or constant \"mkae\""),
    ("make.rate=1,1.0", "says 1 twice"), ("make.rate=a b,c", "which folders are named by"),
    (#"make.rate={"a":1},2"#, "which folders are named by"),
    ("seed=0,1", "seed is an axis already"), ("profiles.quick.axes.seed=0,1", "seed is an axis already"),
    ("make.text=../x,y", "which folders are named by"),
  ])
  func otherFormsAreRefused(_ sweep: String, words: String) throws {
    let study = try ToyStudy()
    let plan = try study.ccr("plan", "-S", sweep)
    #expect(plan.code == 2 && (plan.error).contains(words), "\(plan.error)")
  }
}
