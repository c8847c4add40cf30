import Artifacts
import Foundation
import TestSupport
import Testing

/// `ccr gc` and `ccr tag`: what is reached stays, what goes leaves its digests behind, and runs at work lose nothing.
@Suite(.waiting)
struct CleanupTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  /// A study whose `make` was executed with two settings; the present one is the second.
  private func study() throws -> ToyStudy {
    let study = try ToyStudy()
    _ = try study.run()
    try study.edit("$method-$seed", "$method+$seed")
    _ = try study.run()
    return study
  }

  private func objects(_ study: ToyStudy) -> Int { study.files("results/.store/cas").count }

  /// A process that is just beginning may not hold its lock yet: only who keeps all others from beginning may take its file for abandoned.
  @Test func onlyWhoRemovesClearsPins() throws {
    let study = try study()
    try study.write("", "results/.store/pins/elsewhere.0.1")
    #expect(try study.ccr("gc").code == 0)
    #expect(study.files("results/.store/pins").contains { $0.hasSuffix("/elsewhere.0.1") })
    #expect(try study.ccr("gc", "--delete").code == 0)
    #expect(!study.files("results/.store/pins").contains { $0.hasSuffix("/elsewhere.0.1") })
  }

  @Test func whatNothingReachesGoesAndComesBackWithItsDigests() throws {
    let study = try study()
    let (now, all) = (try study.digests(), objects(study))
    let dry = try study.ccr("gc")
    #expect(dry.code == 0 && dry.out.contains("17 results, ") && dry.out.contains("would be removed: --delete does it"), "\(dry.out)")
    #expect(objects(study) == all)
    let gc = try study.ccr("gc", "--delete")
    #expect(gc.code == 0 && gc.out.contains("17 results, ") && gc.out.contains("19 results stay"), "\(gc.out)\(gc.error)")
    #expect(objects(study) == all - 17)
    #expect(try study.digests() == now)
    #expect(try study.run() == [:])
    let verify = try study.ccr("verify")
    #expect(verify.code == 0 && verify.out.contains("the files of 17 results were removed by ccr gc"), "\(verify.out)")
    #expect(try study.ccr("gc", "--delete").out.contains("0 bytes were removed"))
    // Going back costs executions, whose bytes are held against what was recorded.
    try study.edit("$method+$seed", "$method-$seed")
    let plan = try study.ccr("plan").out
    #expect(plan.contains("run     \(Self.one)  (its files were removed by ccr gc)"), "\(plan)")
    #expect(try study.run() == ["make": 8, "score": 8, "table": 1])
    #expect(try study.ccr("verify").code == 0)
  }

  @Test func otherBytesThanBeforeTheCleanupAreReported() throws {
    let study = try ToyStudy(act: "random")
    _ = try study.run(Self.one)
    try study.edit("\"act\": \"random\"", "\"act\": \"none\"")
    _ = try study.run(Self.one)
    #expect(try study.ccr("gc", "--delete").out.contains("1 results, "))
    try study.edit("\"act\": \"none\"", "\"act\": \"random\"")
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 5 && run.error.contains("out came out with other bytes than recorded"), "\(run.error)")
  }

  @Test func tagsOtherProfilesAndWhatFoldersShowStays() throws {
    let study = try ToyStudy()
    #expect(try study.ccr("tag", "first").error.contains("run `ccr run"))
    _ = try study.run()
    #expect(try study.ccr("tag", "first", "score[method=x]").out == "first names 10 results\n")
    _ = try study.run("--profile", "large")
    try study.edit("$method-$seed", "$method+$seed")
    _ = try study.run()
    // Of the old results: 10 that the tag names, and what results/large shows.
    let gc = try study.ccr("gc", "--delete").out
    #expect(gc.contains("5 results, "), "\(gc)")
    #expect(gc.contains("no profile plans as it is now, but a folder of results shows them"), "\(gc)")
    #expect(try study.ccr("tag").out.hasPrefix("first  10 results of profile quick, 20"))
    try FileManager.default.removeItem(atPath: "\(study.folder)/results/large")
    #expect(try study.ccr("gc", "--delete").out.contains("11 results, "))
    #expect(try study.ccr("tag", "first", "--remove").code == 0)
    #expect(try study.ccr("gc", "--delete").out.contains("8 results, "))
    #expect(try study.ccr("tag", "first", "--remove").error.contains("there is no tag \"first\""))
    #expect(try study.ccr("tag", "../first").code == 2)
    #expect(try study.run() == [:])
  }

  @Test func sizeAndAgeLimitWhatGoes() throws {
    let study = try study()
    #expect(try study.ccr("gc", "--delete", "--older-than", "1h").out.contains("0 bytes were removed"))
    let sizes = study.files("results/.store/cas").map { (try? AtomicFile.read($0).count) ?? 0 }
    let most = sizes.reduce(0, +) - 1
    let some = try study.ccr("gc", "--delete", "--max-size", "\(most)")
    #expect(some.out.contains("1 results, "), "\(some.out)")
    let none = try study.ccr("gc", "--delete", "--max-size", "10")
    #expect(none.out.contains("16 results, ") && none.error.contains("more than 10 bytes: profiles, tags or runs reach it"), "\(none)")
    for file in study.files("results/.store/actions") where file.hasSuffix("result.json") {
      var times = [timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000_000, tv_usec: 0)]
      utimes(file, &times)
    }
    try study.edit("$method+$seed", "$method,$seed")
    _ = try study.run()
    #expect(try study.ccr("gc", "--delete", "--older-than", "30d").out.contains("17 results, "))
    for wrong in [["--max-size", "much"], ["--older-than", "30"], ["--older-than", "-1d"]] {
      #expect(try study.start(["gc"] + wrong).output().code == 2)
    }
    #expect(try study.run() == [:])
  }

  @Test func whatIsLeftOverGoesAndWhatIsHeldStays() throws {
    let study = try ToyStudy(act: "fail")
    _ = try study.ccr("run", Self.one)
    try study.edit("\"act\": \"fail\"", "\"act\": \"pause\"")
    let stray = String(repeating: "ab", count: 32)
    let run = try study.during(["run", Self.one, "--json"], executions: 3) {
      try FileManager.default.createDirectory(atPath: "\(study.folder)/results/.store/cas/ab", withIntermediateDirectories: true)
      for path in ["cas/ab/\(stray)", "cas/ab/\(stray).aside-1", "locks/\(stray)"] { try study.write("x", "results/.store/\(path)") }
      let held = study.files("results/.store/locks").filter { !$0.hasSuffix(stray) }
      #expect(held.count == 1)
      let dry = try study.ccr("gc").out
      for words in [
        "1 outputs that no record names", "1 failed attempts", "1 damaged outputs that were set aside", "1 lock files that nobody",
      ] {
        #expect(dry.contains(words), "\(dry)")
      }
      #expect(try study.ccr("gc", "--delete").code == 0)
      #expect(study.files("results/.store/locks") == held && objects(study) == 1)
      #expect(study.files("results/.store/attempts").allSatisfy { !$0.hasSuffix("failure.json") })
      try study.go()
    }
    #expect(run.code == 0 && run.executed == 1, "\(run.error)")
    #expect(study.executedInstances.count { $0 == Self.one } == 2)
  }

  /// A result that a run at work has found, though nothing else reaches it, stays until that run ends.
  @Test func whatARunAtWorkUsesStays() throws {
    let study = try ToyStudy(act: "pause")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      // Nothing shows or plans the source any more.
      try FileManager.default.removeItem(atPath: "\(study.folder)/results/quick")
      try study.edit("\"text\": \"$dataset\"", "\"text\": \"$dataset!\"")
      let gc = try study.ccr("gc", "--delete").out
      #expect(gc.contains("0 bytes were removed"), "\(gc)")
      try study.go()
    }
    #expect(run.code == 0 && !run.error.contains("altered"), "\(run.error)")
    #expect(try study.ccr("gc", "--delete").out.contains("1 results, "))
  }

  @Test func runnersLoseNothingBesideACollector() throws {
    let round = try Rounds.race(runners: 8, profiles: ["quick", "twin", "large"], asking: false, collecting: true)
    #expect(round.failures.isEmpty, "\(round.failures)")
    #expect(round.executions == round.actions)
  }
}
