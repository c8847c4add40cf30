import Artifacts
import Foundation
import TestSupport
import Testing

/// What the key says is what was used, whatever is changed beside a run.
@Suite(.waiting)
struct IngredientTests {
  private static let one = "make[dataset=a,method=x,seed=0]"
  private static let score = "score[dataset=a,method=x,seed=0]"

  @Test func aProgramReplacedBeforeItsStageStartsIsKeyedAnew() throws {
    let study = try ToyStudy(act: "pause")
    let run = try study.during(["run", Self.score, "--json"], executions: 2) {
      try study.edit("echo \"score ", "echo \"other ", in: "score")
      try study.go()
    }
    #expect(run.code == 0 && run.executed == 3, "\(run.error)")
    #expect(study.read("results/quick/score/dataset=a,method=x,seed=0/score.txt").hasPrefix("other"))
    #expect(try study.run(Self.score) == [:])
    // Back to the old program, whose result is not there.
    try study.edit("echo \"other ", "echo \"score ", in: "score")
    #expect(try study.run(Self.score) == ["score": 1])
    #expect(study.read("results/quick/score/dataset=a,method=x,seed=0/score.txt").hasPrefix("score"))
  }

  /// A build puts a new file in the place of a program; the one that runs, as the runner knows once it has spoken, goes on, and its result
  /// stands under its own key.
  @Test func aRunningProgramThatIsReplacedKeepsItsResult() throws {
    let study = try ToyStudy(act: "tell-pause")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      try study.waitUntilSaid("the toy waits")
      try study.edit("\n# \n", "\n# edited\n", in: "make")
      try study.go()
    }
    #expect(run.code == 0 && run.executed == 2 && !run.error.contains("discarded"), "\(run.error)")
    #expect(try study.ccr("why", Self.one).out.contains("the program's code"))
    try study.edit("\n# edited\n", "\n# \n", in: "make")
    #expect(try study.run(Self.one) == [:])
  }

  /// As `rm -r .build` does.
  @Test func aRunningProgramThatIsRemovedKeepsItsResult() throws {
    let study = try ToyStudy(act: "tell-pause")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      try study.waitUntilSaid("the toy waits")
      #expect(unlink("\(study.folder)/make") == 0)
      try study.go()
    }
    #expect(run.code == 0 && run.executed == 2, "\(run.error)")
  }

  /// It is not started with, or what was made from it is discarded, three times at most; the runner hears all the same.
  @Test func aFileThatIsWrittenAllTheTimeKeepsNobodyFromStoppingTheRun() throws {
    let study = try ToyStudy()
    let writer = Process()
    writer.executableURL = URL(fileURLWithPath: "/bin/sh")
    writer.arguments = ["-c", "while kill -0 \(getpid()) 2> /dev/null; do echo more >> \(study.folder)/table.txt; done"]
    try writer.run()
    defer { kill(writer.processIdentifier, SIGKILL) }
    let (process, output) = try study.start(["run", Self.one])
    usleep(1_500_000)
    let start = Date()
    kill(process.processIdentifier, SIGTERM)
    let run = output()
    #expect([1, 143].contains(run.code) && Date().timeIntervalSince(start) < 10, "\(run.code): \(run.error)")
    kill(writer.processIdentifier, SIGKILL)
    writer.waitUntilExit()
    #expect(try study.run(Self.one) == ["source": 1, "make": 1])
  }

  @Test func aRunningProgramThatIsWrittenIntoIsExecutedAgain() throws {
    let study = try ToyStudy(act: "pause")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      try study.append("# more\n", to: "\(study.folder)/make")
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("discarded") && run.error.contains("/make was changed while it ran"), "\(run.error)")
    #expect(try study.run(Self.one) == [:])
  }

  @Test func aFileOfThePipelineChangedDuringAStageIsReadAgain() throws {
    let study = try ToyStudy()
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string")],
      writes: #"cat "$(field words)"; while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done"#)
    let run = try study.during(["run", "source[dataset=a]", "--json"], executions: 1) {
      usleep(100_000)
      try study.write("three\n", "table.txt")
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("table.txt was changed while it ran; it is executed again"), "\(run.error)")
    #expect(study.read("results/quick/source/dataset=a/words.txt") == "three\n")
    #expect(try study.run("source[dataset=a]") == [:])
    try study.write("one\ntwo\n", "table.txt")
    #expect(try study.run("source[dataset=a]") == ["source": 1])
  }

  @Test func anObjectAlteredDuringARunReachesNoTable() throws {
    let reference = try ToyStudy(act: "none")
    _ = try reference.run()
    let study = try ToyStudy(act: "pause")
    let run = try study.during(["run", "--json", "--jobs", "1"], executions: 1) {
      try study.waitFor("make has started") { study.executedInstances.contains { $0.hasPrefix("make") } }
      let dataset = study.executedInstances.contains { $0.hasPrefix("make[dataset=a") } ? "a" : "b"
      try study.append("spoiled\n", to: study.object("results/quick/source/dataset=\(dataset)/words.txt"))
      try study.go()
    }
    #expect(run.code == 0, "\(run.error)")
    #expect(run.error.contains("was altered while it ran; it is executed again"), "\(run.error)")
    #expect(study.read("tables/quick/table.txt") == reference.read("tables/quick/table.txt"))
    #expect(try study.run() == [:])
  }

  /// What a stage saved to go on from was made from the altered bytes as well.
  @Test func aCheckpointOfAnAlteredInputIsNotGoneOnFrom() throws {
    let study = try ToyStudy(act: "keep")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      try study.append("spoiled\n", to: study.object("results/quick/source/dataset=a/words.txt"))
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("was altered while it ran; it is executed again"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(study.folder)/data/resumed"))
  }

  /// Clusters clear what nobody has touched for a month, so people touch.
  @Test func anInputThatWasOnlyTouchedIsWhatItWas() throws {
    let study = try ToyStudy(act: "keep")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      utimensat(AT_FDCWD, study.object("results/quick/source/dataset=a/words.txt"), nil, 0)
      try study.go()
    }
    #expect(run.code == 0 && run.executed == 2 && !run.error.contains("altered"), "\(run.error)")
    #expect(study.executedInstances.count == 2)
  }

  /// As another reader, which ends first, has it made anew: what this one read may have been the one before.
  @Test func anInputThatWasMadeAnewIsNotWhatItWas() throws {
    let study = try ToyStudy(act: "keep")
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      let object = study.object("results/quick/source/dataset=a/words.txt")
      try AtomicFile.copy(object, to: object) { _ in }
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("was altered while it ran; it is executed again"), "\(run.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(study.folder)/data/resumed"))
  }

  /// The same where the run is stopped meanwhile.
  @Test func aCheckpointOfAnAlteredInputIsNotSaved() throws {
    let study = try ToyStudy(act: "patient")
    let (process, output) = try study.start(["run", Self.one])
    try study.waitUntilListening()
    try study.append("spoiled\n", to: study.object("results/quick/source/dataset=a/words.txt"))
    kill(process.processIdentifier, SIGTERM)
    let run = output()
    #expect(run.error.contains("was altered while it ran") && !run.error.contains("its checkpoint is saved"), "\(run.error)")
    #expect(study.files("results/.store/checkpoints").isEmpty)
  }

  /// A file put away and back, by a link or by renaming: all stamps of the file itself may be as before.
  @Test(arguments: [true, false])
  func aFilePutAwayAndBackDuringAStage(byLink: Bool) throws {
    let study = try ToyStudy()
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string")],
      writes: #"while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done; cat "$(field words)""#)
    let (path, other) = ("\(study.folder)/table.txt", "\(study.folder)/other.txt")
    try study.write("other\n", "other.txt")
    if byLink {
      rename(path, "\(study.folder)/first.txt")
      symlink("first.txt", path)
    }
    // Old enough for its stamp to be trusted.
    usleep(3_100_000)
    let run = try study.during(["run", "source[dataset=a]", "--json"], executions: 1) {
      if byLink { unlink(path) } else { rename(path, "\(study.folder)/kept.txt") }
      symlink(other, path)
      usleep(100_000)
      unlink(path)
      if byLink { symlink("first.txt", path) } else { rename("\(study.folder)/kept.txt", path) }
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("table.txt was changed while it ran; it is executed again"), "\(run.error)")
  }

  @Test func aStageThatWritesIntoItsInputFails() throws {
    let study = try ToyStudy(act: "spoil")
    let run = try study.ccr("run", Self.one, "--json")
    #expect(run.code == 1 && run.error.contains("the out of source[dataset=a] was altered while it ran, 3 times in a row"), "\(run.error)")
    try study.edit("\"act\": \"spoil\"", "\"act\": \"none\"")
    let next = try study.ccr("run", Self.one, "--json")
    #expect(next.code == 0 && next.executed == 2, "\(next.error)")
    #expect(!study.read("results/quick/make/dataset=a,method=x,seed=0/made.txt").contains("spoiled"))
  }

  @Test func whatAStageLeftBehindMayNotWriteItsOutput() throws {
    let study = try ToyStudy()
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string")],
      writes: #"setsid sh -c 'touch "$CCR_DATA/away"; sleep 6' & while [ ! -e "$CCR_DATA/away" ]; do sleep 0.02; done"#)
    let run = try study.ccr("run", "source[dataset=a]")
    #expect(run.code == 1 && run.error.contains("still writes words.txt"), "\(run.error)")
    // What stays in its process group ends with it.
    try study.program("source", inputs: ["words"], settings: [("text", "string")], writes: #"echo x; sleep 6 & true"#)
    #expect(try study.ccr("run", "source[dataset=a]").code == 0)
  }

  // MARK: Results that are no good

  @Test(arguments: ["made.h5", "made.png", "made.json"])
  func anOutputThatIsNotWhatItsNameSaysIsNotKept(_ file: String) throws {
    let study = try ToyStudy()
    try study.edit("\"made.txt\"", "\"\(file)\"")
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && run.error.contains("it ended well, but its \(file) is damaged"), "\(run.error)")
    #expect(try study.ccr("run", "source[dataset=a]", "--json").executed == 0)
  }

  /// 2³¹ − 1 pixels in both directions.
  @Test func aPictureThatSaysItIsHugeIsDamaged() throws {
    let study = try ToyStudy()
    try study.edit("\"made.txt\"", "\"made.png\"")
    try study.program(
      "make", inputs: ["words"], settings: [("text", "string"), ("rate", "number"), ("silent", "string"), ("act", "string")],
      writes: #"printf '\211PNG\r\n\032\n\0\0\0\015IHDR\177\377\377\377\177\377\377\377\010\006\0\0\0\0\0\0\0'"#)
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && run.error.contains("its made.png is damaged"), "\(run.code): \(run.error)")
  }

  @Test func forcingReplacesAResultThatIsNoGood() throws {
    let study = try ToyStudy()
    try study.program(
      "make", inputs: ["words"], settings: [("text", "string"), ("rate", "number"), ("silent", "string"), ("act", "string")],
      writes: #"if [ -e "$CCR_DATA/go" ]; then echo '{}'; else echo '{'; fi"#)
    try study.program(
      "score", inputs: ["made"], settings: [("weight", "integer")],
      writes: #"grep -q '}' "$(field made)" || { echo "error: cannot read $(field made)" >&2; exit 65; }"#)
    // The name of a file is not in the key, so what was recorded under a name that promises nothing is found again.
    #expect(try study.run(Self.one) == ["source": 1, "make": 1])
    let unnamed = try study.ccr("run", Self.score)
    #expect(unnamed.code == 1 && unnamed.error.contains("`ccr run '\(Self.one)' --force` makes it anew"), "\(unnamed.error)")
    try study.edit("\"made.txt\"", "\"made.json\"")
    let named = try study.ccr("run", Self.score)
    #expect(named.code == 1 && named.error.contains("the out of \(Self.one) is damaged"), "\(named.error)")
    try study.go()
    let forced = try study.ccr("run", Self.one, "--force")
    #expect(forced.code == 5 && forced.error.contains("the new result takes its place"), "\(forced.error)")
    #expect(try study.ccr("run", Self.score).code == 0)
  }

  /// A bit flipped on the disk itself changes no stamp; copying out hashes what it copies.
  @Test func copiesAreHashed() throws {
    let study = try ToyStudy()
    _ = try study.run()
    usleep(3_100_000)
    #expect(try study.run() == [:])
    let (object, link) = (study.object("results/quick/table/all/table.txt"), "\(study.folder)/tables/quick/table.txt")
    let before = try AtomicFile.read(object)
    try study.append("x", to: object)
    try study.pretendUntouched(object)
    let export = try study.ccr("export", "table", "--to", "\(study.folder)/out")
    #expect(export.code == 2 && export.error.contains("is damaged"), "\(export.error)")
    #expect(study.files("out").isEmpty)
    try study.pretendUntouched(object)
    unlink(link)
    let run = try study.ccr("run", "--json")
    #expect(run.code == 0 && run.executed == 1 && run.error.contains("is damaged"), "\(run.error)")
    let isEqual = try AtomicFile.read(link) == before
    #expect(isEqual)
  }
}

extension ToyStudy {
  /// Writes the present stamp of a file into what was learned of files, as if nothing had touched it.
  /// - Parameter digest: what it should hold; nil for an object, whose name says it.
  func pretendUntouched(_ object: String, digest: String? = nil) throws {
    let digest = digest ?? String(object.split(separator: "/").last ?? "")
    var info = stat()
    #expect(stat(object, &info) == 0)
    let numbers = [
      Int(info.st_dev), Int(info.st_ino), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
      info.st_ctim.tv_nsec,
    ]
    let line = numbers.map(String.init).joined(separator: " ") + " \(digest) \(object)"
    let check = line.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let others = read("results/.store/digests").split(separator: "\n").filter { !$0.hasSuffix(" \(object)") }
    try write((others + ["\(String(check, radix: 36)) \(line)"]).joined(separator: "\n") + "\n", "results/.store/digests")
  }
}
