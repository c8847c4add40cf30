import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// A stage's `timeout` and `memory`, a repetition that says what came of it, and pipeline.json found from a folder below.
@Suite(.waiting)
struct LimitTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  private func study(_ act: String, _ limits: String) throws -> ToyStudy {
    let study = try ToyStudy(act: act)
    try study.edit("\"program\": \"./make\",", "\"program\": \"./make\", \(limits),")
    return study
  }

  @Test func aStageThatHangsIsEnded() throws {
    let study = try study("long", #""timeout": "0.4s""#)
    let start = Date()
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && Date().timeIntervalSince(start) < 20, "\(run.error)")
    #expect(run.error.contains("it had not ended within its time, \"timeout\": \"0.4s\" of stage make, so it was ended"), "\(run.error)")
    #expect(run.error.contains("reproduce:"), "\(run.error)")
    let plan = try study.ccr("plan", Self.one)
    #expect(plan.out.contains("failed  \(Self.one)  (it had not ended within its time"), "\(plan.out)")
    // A limit is no ingredient: with another the failure is still that of the same action, and with none it would go on.
    try study.edit("\"0.4s\"", "\"2 h\"")
    #expect(try study.ccr("plan", Self.one).out.contains("failed  \(Self.one)"))
  }

  @Test func aStageThatDoesNotListenIsKilled() throws {
    let study = try study("stubborn", #""timeout": "0.3s""#)
    let run = try study.ccr("run", Self.one, "--grace", "0.5")
    #expect(run.code == 1 && run.error.contains("it had not ended within its time"), "\(run.error)")
  }

  @Test func itsCheckpointIsKept() throws {
    let study = try study("patient", #""timeout": "3s""#)
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && run.error.contains("its checkpoint is saved, and the next run goes on from there"), "\(run.error)")
    let second = try study.ccr("run", Self.one)
    #expect(second.code == 0 && FileManager.default.fileExists(atPath: "\(study.folder)/data/resumed"), "\(second.error)")
  }

  @Test func aStageThatTakesTooMuchMemoryIsKilled() throws {
    let study = try study("hungry", #""memory": "40MB""#)
    let run = try study.ccr("run", Self.one)
    // What is over before anybody looks is kept, and said.
    let words = "\"memory\": \"40MB\" of stage make, so it was ended"
    #expect(run.error.contains(words) ? run.code == 1 : run.code == 0 && run.error.contains("beyond its limit of 40MB"), "\(run.error)")
    try study.edit("\"40MB\"", "\"2GiB\"")
    let second = try study.ccr("run", Self.one)
    #expect(second.code == 0 && !second.error.contains("limit"), "\(second.error)")
  }

  @Test func limitsAreNoIngredients() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try study.edit("\"program\": \"./make\",", #""program": "./make", "timeout": "$limit", "memory": "$room","#)
    try study.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"limit\": \"90 s\", \"room\": \"4GiB\"}")
    #expect(try study.run().isEmpty)
  }

  @Test(arguments: [
    (#""timeout": 60"#, "\"timeout\" must be a time such as"), (#""timeout": "60""#, "must be a time such as"),
    (#""timeout": "0s""#, "must be a time such as"), (#""timeout": "soon""#, "not \"soon\""), (#""timeout": "-1h""#, "not \"-1h\""),
    (#""timeout": "1..5h""#, "not \"1..5h\""), (#""timeout": ".h""#, "not \".h\""), (#""timeout": "1m""#, "not \"1m\""),
    (#""timeout": "9e9d""#, "not \"9e9d\""), (#""memory": "4G""#, "\"memory\" of stage make must be an amount such as"),
    (#""memory": "999999999999999999999TB""#, "must be an amount"), (#""memory": null"#, "\"memory\" must be an amount"),
    (#""memory": "$nothing""#, "constant or coordinate \"nothing\""), (#""tiemout": "1h""#, "did you mean \"timeout\"?"),
  ])
  func otherFormsAreRefused(_ limit: String, words: String) throws {
    let study = try study("none", limit)
    let plan = try study.ccr("plan")
    #expect(plan.code == 2 && plan.error.contains(words) && plan.error.contains("pipeline.json:"), "\(plan.error)")
  }

  @Test func aRepetitionSaysThatTheBytesAreEqual() throws {
    let study = try ToyStudy()
    let first = try study.ccr("run")
    #expect(!first.error.contains("equal"), "\(first.error)")
    let again = try study.ccr("run", Self.one, "--force", "--json")
    #expect(
      again.code == 0 && again.error.contains("equal     \(Self.one): executed again, it gave the bytes that are recorded"),
      "\(again.error)")
    #expect(again.error.contains("1 executed (1 again, with equal bytes)") && again.summary?["equal"]?.integer == 1, "\(again.error)")
  }

  @Test func theStudyIsFoundFromAFolderBelow() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let below = "\(study.folder)/notes/today"
    try FileManager.default.createDirectory(atPath: below, withIntermediateDirectories: true)
    func ccr(_ words: String, in folder: String) throws -> ToyStudy.Output {
      try study.shell("cd '\(folder)' && exec \(ToyStudy.binaries)/ccr \(words)")
    }
    let run = try ccr("run --json", in: below)
    #expect(run.code == 0 && run.executed == 0, "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(below)/results"))
    // Nothing is known twice under another name.
    #expect(!study.read("results/.store/digests").contains(".."))
    #expect(try ccr("show '\(Self.one)'", in: below).out.contains("lines of ../../pipeline.json"))
    // The nearest counts; where there is none, words.
    try study.write("{}", "notes/pipeline.json")
    let nearest = try ccr("plan", in: below)
    #expect(nearest.code == 2 && nearest.error.contains("../pipeline.json:1:1"), "\(nearest.error)")
    let nowhere = try ccr("plan", in: "/proc")
    #expect(nowhere.code == 2 && nowhere.error.contains("pipeline.json, here and in every folder above, is missing"), "\(nowhere.error)")
    #expect(nowhere.error.contains("--pipeline FILE"))
  }
}
