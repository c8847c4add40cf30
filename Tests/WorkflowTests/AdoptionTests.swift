import Artifacts
import Foundation
import TestSupport
import Testing

/// `ccr adopt`: results of a program that changed nothing are taken over on evidence, and on nothing else.
@Suite(.waiting)
struct AdoptionTests {
  private static let one = "make[dataset=a,method=x,seed=0]"
  private static let other = "make[dataset=b,method=x,seed=1]"

  /// A finished study whose `make` got a comment.
  private func study() throws -> ToyStudy {
    let study = try ToyStudy()
    _ = try study.run()
    try study.edit("\n# \n", "\n# a comment\n", in: "make")
    try? FileManager.default.removeItem(atPath: "\(study.folder)/data/executed")
    return study
  }

  @Test func aCommentCostsOneExecutionOfEachMethod() throws {
    let study = try study()
    let before = try study.digests("twin").filter { $0.key.hasPrefix("source") }
    let adopt = try study.ccr("adopt", "make")
    #expect(adopt.code == 0 && adopt.out.contains("6 adopted, not executed; 2 executed again, every byte equal"), "\(adopt)")
    #expect(Set(study.executedInstances.map { String($0.dropFirst("make[dataset=a,".count).prefix(8)) }) == ["method=x", "method=y"])
    #expect(study.executedInstances.count == 2 && !before.isEmpty)
    // Nothing is left to execute but the table, which says what it stands on.
    let plan = try study.ccr("plan").out
    #expect(plan.components(separatedBy: "(adopted, not executed)").count == 7, "\(plan)")
    #expect(plan.contains("inputs.scores.score[dataset=") && plan.contains("adopted: absent → true"), "\(plan)")
    #expect(try study.run() == ["table": 1])
    let adopted = try #require(
      adopt.out.split(separator: "\n").first { $0.hasPrefix("adopted") }?.split(separator: " ").last.map(String.init))
    let why = try study.ccr("why", adopted).out
    #expect(why.contains("adopted, not executed: from action ") && why.contains(" came out equal to the byte"), "\(why)")
    #expect(why.contains("the program's code"), "\(why)")
    let place = adopted.dropFirst("make[".count).dropLast()
    let provenance = try JSONValue.parse(study.read("results/quick/make/\(place)/provenance.json"), file: "provenance")
    let evidence = try #require(provenance["adopted"]?["evidence"]?.array?.first)
    #expect(evidence["instance"]?.string?.hasPrefix("make[") == true && evidence["outputs"]?["out"]?.string != nil)
    #expect(try study.ccr("trace", adopted).out.contains("adopted, not executed: from action "))
    #expect(try study.ccr("verify").code == 0)
    // Executing it makes it like any other.
    #expect(try study.ccr("verify", "--reexecute", adopted).code == 0)
    #expect(try !study.ccr("why", adopted).out.contains("adopted"))
    #expect(try study.ccr("run", "make", "--force", "--json").executed == 8)
    // The table of before stands on executed results, and is there.
    #expect(try study.run() == [:])
    #expect(try !study.ccr("plan").out.contains("adopted"))
  }

  /// Evidence of one program is none for another that it was while the samples were executed.
  @Test func aProgramBuiltAgainMeanwhileIsNoEvidence() throws {
    let study = try ToyStudy(act: "pause")
    try study.go()
    _ = try study.run()
    unlink("\(study.folder)/data/go")
    try study.edit("\n# \n", "\n# a comment\n", in: "make")
    try study.edit("echo \"score", "echo \"another score", in: "score")
    try? FileManager.default.removeItem(atPath: "\(study.folder)/data/executed")
    let adopt = try study.during(["adopt", "make", "score", "--jobs", "1"], executions: 1) {
      // What the score is by now computes as before, but is not what was asked about.
      try study.edit("echo \"another score", "echo \"score", in: "score")
      try study.edit("\n# \n", "\n# mended\n", in: "score")
      try study.go()
    }
    #expect(adopt.code == 5 && adopt.out.contains("nothing was adopted"), "\(adopt)")
  }

  @Test(arguments: ["", "if [ \"$(field text)\" = y-1 ]; then echo more; fi; ", "if [ \"${text#y}\" != \"$text\" ]; then echo more; fi; "])
  func aProgramThatDiffersAdoptsNothing(_ mark: String) throws {
    let study = try ToyStudy()
    _ = try study.run()
    let store = study.files("results/.store/actions")
    // The second differs in one instance of one method alone, which is the sample where all of that method are.
    let sample = mark.contains("y-1") ? "4" : "1"
    try study.edit("{ echo \"make", "text=$(field text); { \(mark.isEmpty ? "echo more; " : mark)echo \"make", in: "make")
    let adopt = try study.ccr("adopt", "make", "--sample", sample)
    #expect(adopt.code == 5 && adopt.out.contains("nothing was adopted") && adopt.out.contains("differs"), "\(adopt)")
    #expect(adopt.out.contains("made.txt line 1: make "), "\(adopt.out)")
    #expect(study.files("results/.store/actions") == store && study.files("results/.store/again").isEmpty)
    #expect(try study.run()["make"] == 8)
  }

  @Test func onlyProgramsMayHaveChanged() throws {
    let study = try study()
    try study.edit("\"rate\": 0.25", "\"rate\": 0.5")
    let adopt = try study.ccr("adopt", "make")
    #expect(adopt.code == 0 && adopt.out.contains("3 adopted, not executed; 1 executed again"), "\(adopt)")
    #expect(adopt.out.contains("(more than its program changed: parameters.rate: 0.25 → 0.5)"), "\(adopt.out)")
    #expect(try study.run()["make"] == 4)
    #expect(try study.ccr("adopt", "make").out.contains("nothing to adopt"))
    #expect(try study.ccr("adopt", "make", "--sample", "0").code == 2)
  }

  /// A compiler changes all programs at once; each is proven by its own samples, on the results of those before it.
  @Test func chainsAreAdoptedTogether() throws {
    let study = try study()
    for name in ["source", "score"] { try study.edit("\n# \n", "\n# a comment\n", in: name) }
    try study.write("kernels 2", "libtoyblas.so")
    let adopt = try study.ccr("adopt", "+score")
    #expect(adopt.code == 0 && adopt.out.contains("13 adopted, not executed; 5 executed again"), "\(adopt)")
    #expect(try study.run() == ["table": 1])
  }

  @Test func aSampleThatFailsAdoptsNothing() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try study.edit("{ echo \"make", "exit 65; { echo \"make", in: "make")
    let adopt = try study.ccr("adopt", "make")
    #expect(adopt.code == 1 && adopt.out.contains("it could not be executed again"), "\(adopt)")
  }

  /// An execution counts for more than evidence.
  @Test func anAdoptedResultThatTurnsOutOtherwiseIsReplaced() throws {
    let study = try ToyStudy()
    // Seed 1 takes longest, so that seed 0 is the sample.
    try study.edit("{ echo \"make", "[ \"$(field text)\" != x-1 ] || sleep 1; { echo \"make", in: "make")
    _ = try study.run()
    try study.edit("|| sleep 1; {", "|| more=more; { printf \"$more\"; ", in: "make")
    #expect(try study.ccr("adopt", "make[method=x]").code == 0)
    let run = try study.ccr("run", "make[method=x,seed=1]", "--force")
    #expect(run.code == 5 && run.error.contains("only adopted, so that the new result takes its place"), "\(run.error)")
    #expect(study.read("results/quick/make/dataset=a,method=x,seed=1/made.txt").hasPrefix("more"))
  }
}
