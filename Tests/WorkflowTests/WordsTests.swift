import Artifacts
import Foundation
import TestSupport
import Testing

/// What a run says of what happened, and where it publishes.
@Suite(.waiting)
struct WordsTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  /// A place that cannot be written, also not by root: a file stands where its folder should be.
  @Test func aTableThatCannotBePublishedIsKept() throws {
    let study = try ToyStudy()
    try study.write("", "tables")
    // What reads the table goes on.
    try study.edit(
      "\"publish\": \"tables/$profile\"\n    }",
      "\"publish\": \"tables/$profile\"\n    },\n\"after\": {\"program\": \"./score\", \"inputs\": {\"made\": \"table.out\"}, \"outputs\": {\"out\": \"after.txt\"}}"
    )
    try study.edit("\"score\": {\"weight\": 1},", "\"score\": {\"weight\": 1}, \"after\": {\"weight\": 1},")
    let run = try study.ccr("run", "--json")
    #expect(run.code == 7 && run.executed == ToyStudy.instances + 1 && run.summary?["failed"]?.integer == 0, "\(run.error)")
    #expect(
      run.error.contains("unpublished table: its result is kept, but not copied to \(study.folder)/tables/quick/table.txt"), "\(run.error)")
    #expect(run.error.contains("--publish") && run.error.contains("1 not published") && !run.error.contains("reproduce"), "\(run.error)")
    let plan = try study.ccr("plan", "--exit-code")
    #expect(plan.code == 3 && plan.out.contains("publish table"), "\(plan.out)")
    #expect(try study.ccr("status").out.contains("table: 1 of 1 done"))
    // Elsewhere, and then nothing is pending there.
    let elsewhere = try study.ccr("run", "--json", "--publish", "\(study.folder)/elsewhere")
    #expect(elsewhere.code == 0 && elsewhere.executed == 0, "\(elsewhere.error)")
    #expect(study.read("elsewhere/tables/quick/table.txt") == study.read("results/quick/table/all/table.txt"))
    #expect(try study.ccr("plan", "--exit-code", "--publish", "\(study.folder)/elsewhere").code == 0)
    #expect(try study.ccr("export", "table", "--to", "\(study.folder)/out").code == 0)
    unlink("\(study.folder)/tables")
    #expect(try study.ccr("run").code == 0 && study.ccr("plan", "--exit-code").code == 0)
  }

  @Test func aStageKilledByOthersFails() throws {
    let study = try ToyStudy()
    try study.edit("\"act\": \"none\"}", "\"act\": \"$act\"}")
    try study.edit("\"let\": {\"rate\": 0.001}", "\"let\": {\"rate\": 0.001, \"act\": \"late\"}")
    try study.edit("\"let\": {\"rate\": 0.25}", "\"let\": {\"rate\": 0.25, \"act\": \"fail\"}")
    let run = try study.ccr("run", "make[dataset=a,seed=0]", "--json", "--jobs", "2")
    #expect(run.code == 1 && run.summary?["failed"]?.integer == 2, "\(run.error)")
    #expect(run.error.contains("\(Self.one): killed by signal 9"), "\(run.error)")
  }

  @Test(arguments: ["plan", "status", "graph"])
  func outputThatCannotBeWrittenIsAFailure(_ verb: String) throws {
    let study = try ToyStudy()
    let run = try study.shell("exec \(ToyStudy.binaries)/ccr \(verb) --pipeline \(study.folder)/pipeline.json > /dev/full")
    #expect(run.code == 7 && run.error.contains("standard output cannot be written"), "\(run.error)")
  }

  @Test func undeclaredFilesAreNamed() throws {
    let study = try ToyStudy(act: "extra")
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 0 && run.error.contains("it also wrote extra.txt, which is no declared output and is not kept"), "\(run.error)")
    let absent = try ToyStudy(act: "absent-extra").ccr("run", Self.one)
    #expect(
      absent.code == 1 && absent.error.contains("it also wrote extra.txt, which is not kept, since it has no result"), "\(absent.error)")
  }

  @Test func escapeSequencesOfLogsAreShown() throws {
    let study = try ToyStudy(act: "colour")
    let run = try study.ccr("run", Self.one)
    #expect(run.code == 1 && run.error.contains("␛[31mred␛[0m ␛]0;title␇"), "\(run.error)")
    #expect(!run.error.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
  }

  /// Tables are written after the last look at what runs.
  @Test func aStopWhileTablesAreWrittenIsHeard() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try FileManager.default.removeItem(atPath: "\(study.folder)/tables/quick/MANIFEST.sha256")
    // Somebody else writes there, for which a run waits five seconds.
    let descriptor = open("\(study.folder)/results/.store/locks/publication", O_RDWR | O_CREAT, 0o644)
    defer { close(descriptor) }
    var lock = flock()
    (lock.l_type, lock.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
    let setLock: Int32 = 37  // F_OFD_SETLK
    #expect(fcntl(descriptor, setLock, &lock) == 0)
    let (process, output) = try study.start(["run"])
    usleep(1_500_000)
    kill(process.processIdentifier, SIGTERM)
    let run = output()
    // Had it waited, the manifest would be there.
    #expect([SIGTERM, 128 + SIGTERM].contains(run.code) && study.read("tables/quick/MANIFEST.sha256").isEmpty, "\(run)")
  }

  @Test func progressNeverReachesFilesOfTheStore() throws {
    let study = try ToyStudy(act: "pause")
    let arguments = "--pipeline \(study.folder)/pipeline.json"
    let run = Process()
    run.executableURL = URL(fileURLWithPath: "/bin/sh")
    run.arguments = ["-c", "exec \(ToyStudy.binaries)/ccr run '\(Self.one)' \(arguments) <&- >&- 2>&-"]
    try run.run()
    try study.waitForExecutions(2)
    for file in study.files("results/.store/locks") { #expect(try AtomicFile.read(file).isEmpty) }
    try study.go()
    run.waitUntilExit()
    #expect(run.terminationStatus == 0)
    for file in study.files("results/.store") {
      #expect(try !String(decoding: AtomicFile.read(file), as: UTF8.self).contains("instances:"), "\(file)")
    }
  }
}

extension ToyStudy {
  /// Runs a shell command.
  func shell(_ command: String) throws -> Output {
    let process = Process()
    let (out, error) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardOutput = out
    process.standardError = error
    try process.run()
    let text = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Output(
      code: process.terminationStatus, out: String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self), error: text)
  }
}
