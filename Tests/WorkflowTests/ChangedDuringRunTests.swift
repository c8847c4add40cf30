import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// More of what may change while a stage runs, and outputs that lack what their program promises.
@Suite(.waiting)
struct ChangedDuringRunTests {
  private static let one = "make[dataset=a,method=x,seed=0]"

  /// An update of OpenBLAS puts another file in its place; an administrator may write into it.
  @Test(arguments: [true, false])
  func anOpenBLASThatIsChangedDuringAStage(replaced: Bool) throws {
    let study = try ToyStudy(act: "pause")
    let library = "\(study.folder)/libtoyblas.so"
    let run = try study.during(["run", Self.one, "--json"], executions: 2) {
      if replaced { try study.write("kernels 2", "libtoyblas.so") } else { try study.append("and more", to: library) }
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("\(library) was changed while it ran; it is executed again"), "\(run.error)")
    #expect(run.executed == 2 && study.executedInstances.count == 3, "\(study.executedInstances)")
    // What stands is a result of the new library; of the old one there is none.
    #expect(try study.run(Self.one) == [:])
    try study.write("kernels 1", "libtoyblas.so")
    #expect(try study.run(Self.one) == ["make": 1])
  }

  @Test(arguments: [true, false])
  func originalFilesThatAreChangedDuringAStage(replaced: Bool) throws {
    let study = try ToyStudy()
    let original = "\(study.folder)/data/original"
    try study.write("first", "data/original")
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string"), ("verify", "boolean")],
      writes: #"cat "$CCR_DATA/original"; while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done"#)
    let answer = #"[{\"name\": \"original\", \"path\": \"$CCR_DATA/original\"}]"#
    try study.edit("request=\"$2\"", "if [ \"$1\" = --originals ]; then echo \"\(answer)\"; exit; fi\nrequest=\"$2\"", in: "source")
    try study.edit("\"usesBLAS\": false", "\"usesBLAS\": false, \"originals\": {\"pinnedBy\": \"verify\"}", in: "source")
    try study.edit("\"text\": \"$dataset\"", "\"text\": \"$dataset\", \"verify\": false")
    let run = try study.during(["run", "source[dataset=a]", "--json"], executions: 1) {
      // The toy has read it by then, and waits.
      usleep(200_000)
      if replaced { try study.write("second", "data/original") } else { try study.append(", second", to: original) }
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("\(original) was changed while it ran; it is executed again"), "\(run.error)")
    #expect(study.read("results/quick/source/dataset=a/words.txt") == (replaced ? "second" : "first, second"))
    #expect(try study.run("source[dataset=a]") == [:])
    try study.write("first", "data/original")
    #expect(try study.run("source[dataset=a]") == ["source": 1])
    #expect(study.read("results/quick/source/dataset=a/words.txt") == "first")
  }

  /// A picture more, or the first of all, while the stage reads or waits its turn.
  @Test(arguments: [true, false])
  func originalFilesThatAreAddedDuringAStage(hasOne: Bool) throws {
    let study = try ToyStudy()
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string"), ("verify", "boolean")],
      writes: #"while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done; cat "$CCR_DATA"/*.png"#)
    let list = #"""
      cd "$CCR_DATA"; ls *.png > /dev/null 2>&1 || exit 65
      s=; for x in *.png; do s="$s${s:+, }{\"name\": \"$x\", \"path\": \"$PWD/$x\"}"; done; echo "[$s]"
      """#
    try study.edit("request=\"$2\"", "if [ \"$1\" = --originals ]; then\n\(list)\nexit\nfi\nrequest=\"$2\"", in: "source")
    try study.edit("\"usesBLAS\": false", "\"usesBLAS\": false, \"originals\": {\"pinnedBy\": \"verify\"}", in: "source")
    try study.edit("\"text\": \"$dataset\"", "\"text\": \"$dataset\", \"verify\": false")
    if hasOne { try study.write("first", "data/a.png") }
    let run = try study.during(["run", "source[dataset=a]", "--json"], executions: 1) {
      try study.write("second", "data/b.png")
      try study.go()
    }
    #expect(run.code == 0 && run.error.contains("the original files it reads were changed while it ran"), "\(run.error)")
    #expect(study.read("results/quick/source/dataset=a/words.txt") == (hasOne ? "firstsecond" : "second"))
    #expect(try study.run("source[dataset=a]") == [:])
    unlink("\(study.folder)/data/b.png")
    #expect(try study.ccr("plan", "source[dataset=a]", "--exit-code").code == 3)
  }

  private func studyWithOriginal(_ listing: String) throws -> ToyStudy {
    let study = try ToyStudy()
    try study.write("first", "data/original")
    try study.program(
      "source", inputs: ["words"], settings: [("text", "string"), ("verify", "boolean")],
      writes: #"cat "$CCR_DATA/original"; while [ ! -e "$CCR_DATA/go" ]; do sleep 0.02; done"#)
    let answer = #"[{\"name\": \"original\", \"path\": \"$CCR_DATA/original\"}]"#
    try study.edit(
      "request=\"$2\"", "if [ \"$1\" = --originals ]; then\n\(listing)\necho \"\(answer)\"; exit; fi\nrequest=\"$2\"", in: "source")
    try study.edit("\"usesBLAS\": false", "\"usesBLAS\": false, \"originals\": {\"pinnedBy\": \"verify\"}", in: "source")
    try study.edit("\"text\": \"$dataset\"", "\"text\": \"$dataset\", \"verify\": false")
    return study
  }

  /// The program at work may be replaced: then the new one is asked.
  @Test(arguments: [true, false])
  func originalFilesWhereTheirProgramIsReplaced(areOthers: Bool) throws {
    let study = try studyWithOriginal("")
    let run = try study.during(["run", "source[dataset=a]", "--json"], executions: 1) {
      let program = "\(study.folder)/source"
      if areOthers { try study.write("second", "data/another") }
      try AtomicFile.write(
        study.read("source").replacing(areOthers ? "CCR_DATA/original\\" : "\n# ", with: areOthers ? "CCR_DATA/another\\" : "\n# new"),
        to: "\(program).new")
      chmod("\(program).new", 0o755)
      rename("\(program).new", program)
      try study.go()
    }
    #expect(run.code == 0, "\(run.error)")
    #expect(run.error.contains("the original files it reads were changed while it ran; it is executed again") == areOthers, "\(run.error)")
    #expect(study.executedInstances.count == (areOthers ? 2 : 1))
  }

  /// What cannot be looked at again is not taken for what it was.
  @Test func originalFilesThatCannotBeLookedAtAgain() throws {
    let study = try studyWithOriginal(#"if [ -e "$CCR_DATA/go" ]; then touch "$CCR_DATA/asked"; sleep 30; fi"#)
    let (process, output) = try study.start(["run", "source[dataset=a]"])
    try study.waitForExecutions(1)
    try study.go()
    try study.waitFor("the look at the original files") { FileManager.default.fileExists(atPath: "\(study.folder)/data/asked") }
    kill(process.processIdentifier, SIGTERM)
    let run = output()
    #expect(run.error.contains("whether the original files it reads were changed cannot be known"), "\(run.error)")
    #expect(study.files("results/.store/actions").isEmpty)
  }

  /// A program that says which datasets its output has and writes others: refused before anything is recorded.
  @Test func anOutputWithoutItsDeclaredDatasetsIsNotKept() throws {
    let study = try ToyStudy()
    try study.edit("\"made.txt\"", "\"made.h5\"")
    try study.program(
      "make", inputs: ["words"], settings: [("text", "string"), ("rate", "number"), ("silent", "string"), ("act", "string")],
      writes: #"cat "$CCR_DATA/made.h5""#)
    try study.edit(
      "\"outputs\": [{\"name\": \"out\", \"optional\": false}]",
      "\"outputs\": [{\"name\": \"out\", \"optional\": false, \"datasets\": [\"/epoch_*/features\", \"/epoch_*/extra\"]}]", in: "make")
    let made = "\(study.folder)/data/made.h5"
    let values = Tensor(shape: [1, 1], [1])
    for (names, missing) in [
      (["features"], "/epoch_*/extra"), (["extra", "featur"], "/epoch_*/features"), (["features.inner", "extras"], "/epoch_*/features"),
    ] {
      try WeightsFile.write([(3, names.map { ($0, values) })], to: made)
      let run = try study.ccr("run", Self.one, "--json")
      #expect(
        run.code == 1 && run.error.contains("it ended well, but its made.h5 is an HDF5 file without the dataset \(missing)"), "\(run.error)"
      )
      #expect(run.error.contains("run again; if it comes out like that again, report this defect"), "\(run.error)")
      #expect(study.files("results/quick/make").isEmpty && study.files("results/.store/cas").count == 1)
    }
    try WeightsFile.write([(3, [("features", values), ("extra", values)])], to: made)
    #expect(try study.run(Self.one) == ["make": 1])
  }
}
