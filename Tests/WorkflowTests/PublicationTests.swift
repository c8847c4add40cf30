import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What lies beside published tables: `provenance.json`, `MANIFEST.sha256` and `report.html`; and what `ccr` says of the sources.
@Suite(.waiting)
struct PublicationTests {
  private func manifest(_ study: ToyStudy) -> [String] {
    study.read("tables/quick/MANIFEST.sha256").split(separator: "\n").map(String.init)
  }

  private func provenance(_ study: ToyStudy) throws -> JSONValue {
    try JSONValue.read("\(study.folder)/tables/quick/provenance.json")
  }

  /// The number of a file, which every new one has anew.
  private func number(_ path: String) -> UInt {
    var info = stat()
    return stat(path, &info) == 0 ? UInt(info.st_ino) : 0
  }

  @Test func aRunWritesWhatStandsBehindItsTables() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let lines = manifest(study)
    #expect(lines.map { $0.split(separator: " ").last } == ["provenance.json", "table.txt"])
    #expect(try study.shell("cd \(study.folder)/tables/quick && sha256sum --strict -c MANIFEST.sha256").code == 0)
    let record = try provenance(study)
    #expect(record["profile"]?.string == "quick" && record["complete"]?.bool == true && record["missing"] == .array([]))
    let instances = try #require(record["instances"]?.array)
    #expect(instances.count == ToyStudy.instances && instances.allSatisfy { $0["state"]?.string == "hit" })
    for instance in instances {
      #expect(
        instance["key"]?["program"]?.string?.count == 64 && instance["seconds"]?.double != nil && instance["peakBytes"]?.integer != nil)
    }
    // No paths and no names of machines.
    #expect(
      !study.read("tables/quick/provenance.json").contains(study.folder) && !study.read("tables/quick/provenance.json").contains("\"host\"")
    )
    // What is there is not written again.
    let before = number("\(study.folder)/tables/quick/provenance.json")
    #expect(try study.run() == [:])
    let after = number("\(study.folder)/tables/quick/provenance.json")
    #expect(before == after && before > 0 && manifest(study) == lines)
  }

  @Test func whatIsAlteredOrGoneIsWrittenAgain() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let lines = manifest(study)
    for file in ["MANIFEST.sha256", "provenance.json"] {
      try study.write("scribble", "tables/quick/\(file)")
      _ = try study.run()
      #expect(try study.shell("cd \(study.folder)/tables/quick && sha256sum --strict -c MANIFEST.sha256").code == 0)
      try FileManager.default.removeItem(atPath: "\(study.folder)/tables/quick/\(file)")
      _ = try study.run()
      #expect(manifest(study) == lines, "\(file)")
    }
    // A part of the study publishes nothing.
    try FileManager.default.removeItem(atPath: "\(study.folder)/tables/quick/MANIFEST.sha256")
    _ = try study.run("make")
    #expect(manifest(study).isEmpty)
  }

  @Test func aFolderInTheWayIsSetAside() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try FileManager.default.removeItem(atPath: "\(study.folder)/tables/quick/MANIFEST.sha256")
    try FileManager.default.createDirectory(atPath: "\(study.folder)/tables/quick/MANIFEST.sha256", withIntermediateDirectories: true)
    try study.write("mine", "tables/quick/MANIFEST.sha256/mine")
    _ = try study.run()
    #expect(study.read("tables/quick/MANIFEST.sha256.aside-1/mine") == "mine" && manifest(study).count == 2)
  }

  @Test func theReportIsWrittenBesideTheTablesAndNamesWhatIsMissing() throws {
    let study = try ToyStudy()
    let nothing = try study.ccr("report")
    #expect(nothing.code == 2 && nothing.error.contains("remedy: run `ccr run` first"), "\(nothing)")
    let early = try study.ccr("report", "--to", "\(study.folder)/early.html")
    #expect(early.code == 3 && early.error.contains("19 of 19 results are missing"), "\(early)")
    #expect(
      study.read("early.html").contains("Incomplete: 19 of 19 results are missing.") && study.read("early.html").contains("first time"))
    _ = try study.run()
    let report = try study.ccr("report")
    #expect(report.code == 0 && report.out == "\(study.folder)/tables/quick/report.html\n", "\(report)")
    #expect(study.read("tables/quick/report.html").contains("Complete: all 19 results are there."))
    #expect(manifest(study).map { $0.split(separator: " ").last } == ["provenance.json", "report.html", "table.txt"])
    #expect(try study.shell("cd \(study.folder)/tables/quick && sha256sum --strict -c MANIFEST.sha256").code == 0)
    // It stays with the tables it is of; of other tables it is said to be old, and is no longer listed.
    #expect(try study.ccr("run").error.contains("report.html") == false)
    #expect(manifest(study).count == 3)
    try study.edit("\"title\": \"all\"", "\"title\": \"each\"")
    let changed = try study.ccr("run")
    #expect(changed.code == 0 && changed.error.contains("report.html shows earlier results: `ccr report` writes it anew"), "\(changed)")
    #expect(manifest(study).count == 2)
  }

  @Test func gitSaysWhichSourcesTheseAre() throws {
    let study = try ToyStudy()
    let folder = study.folder
    #expect(SourceState.of(folder, except: []).commit == nil && SourceState.of(folder, except: []).words.hasPrefix("unknown"))
    guard try study.shell("cd \(folder) && git --version").code == 0 else { return print("there is no git: nothing to test") }
    let git = "git -c user.name=a -c user.email=a@b.c"
    #expect(
      try study.shell("cd \(folder) && \(git) init -q && \(git) add make pipeline.json && \(git) commit -q -m one && rm -rf data").code == 0
    )
    try FileManager.default.removeItem(atPath: "\(folder)/libtoyblas.so")
    try study.write("x", "new file")
    try study.edit("quick", "quick", in: "pipeline.json")
    try study.append("# more\n", to: "\(folder)/make")
    try FileManager.default.createDirectory(atPath: "\(folder)/tables/quick", withIntermediateDirectories: true)
    try study.write("x", "tables/quick/table.txt")
    let state = SourceState.of("\(folder)/tables", except: ["\(folder)/tables"])
    #expect(
      state.commit?.count == 40 && state.changes == ["libtoyarpack.so", "make", "new file", "score", "source", "table", "table.txt"],
      "\(state)")
    #expect(state.words.contains("and 7 changed files (libtoyarpack.so, make, new file, score"))
  }

  @Test func versionsAreSaid() throws {
    let study = try ToyStudy()
    let version = try study.shell("\(ToyStudy.binaries)/ccr --version")
    #expect(version.code == 0)
    let lines = version.out.split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == "ccr" && lines[1].hasPrefix("sources: "), "\(version)")
    #expect(lines[2].hasPrefix("program: ") && lines[2].count == 73)
  }
}
