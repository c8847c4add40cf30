import Artifacts
import Foundation
import StageKit
import Tensors
import TestSupport
import Testing

/// The profile `own`, made small: pictures of the user's, from the folder to the tables.
@Suite(.waiting, .serialized)
struct OwnPicturesTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-own-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(Programs.root)/data/published.json", toPath: "\(folder)/data/published.json")
    let path = "\(Programs.root)/pipeline.json"
    let study = try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)
    let small: JSONValue = [
      "where": ["profile": "own"],
      "let": [
        "epochs": 1, "snapshots": [0, 1], "middleEpoch": 1, "figureEpoch": 1, "widths": [8], "blocks": [1], "resize": 16, "size": 16,
        "clusters": 3, "overClusters": 6,
      ],
      "ingest": ["imageSize": 16], "tsne": ["iterations": 60, "exaggerationIterations": 30],
    ]
    let members = try #require(study.object).map { member -> JSONValue.Member in
      member.name == "settings" ? .init("settings", .array((member.value.array ?? []) + [small])) : member
    }
    try AtomicFile.write(JSONValue.object(members).pretty, to: "\(folder)/pipeline.json")
  }

  /// A hundred pictures of three kinds and several sizes: plain, striped, and dotted.
  private func draw(in folderOfKind: (Int) -> String) throws {
    for number in 0..<100 {
      let (kind, width, height) = (number % 3, 17 + number % 5, 16 + number % 7)
      let pixels = (0..<width * height).flatMap { place -> [UInt8] in
        let (x, y) = (place % width, place / width)
        let light = kind == 0 ? 90 : kind == 1 ? (x / 2 % 2) * 200 : (x / 3 % 2) * (y / 3 % 2) * 220
        return [UInt8(light), UInt8(light / 2 + number % 30), UInt8(kind * 100)]
      }
      let path = "\(folder)/data/pictures/\(folderOfKind(kind))"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try PNGImage(width: width, height: height, pixels: pixels).write(to: "\(path)/\(1000 + number).png")
    }
  }

  private func run(_ program: String, _ arguments: [String]) throws -> Programs.Output {
    try Programs.run(program, arguments, in: folder)
  }

  private func ccr() throws -> Programs.Output {
    try run("ccr", ["run", "--profile", "own", "--pipeline", "\(folder)/pipeline.json"])
  }

  private func cells() throws -> [JSONValue] {
    let path = "\(folder)/paper-tables/own/table1.json"
    return try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path)["cells"]?.array ?? []
  }

  @Test func picturesWithoutClassesGoThroughTheWholePipelineWithoutScores() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { _ in "" }
    let done = try ccr()
    #expect(done.code == 0 && done.error.contains("0 failed"), "\(done.error)")
    #expect(done.error.contains("no image has a label: the clusters are shown, but cannot be scored"), "\(done.error)")
    let ours = try cells().filter { $0["sources"]?.array?.isEmpty == false }
    #expect(ours.count == 3 * 17 && ours.allSatisfy { $0["mean"] == .null && $0["best"] == .null })
    for name in ["figure3", "figure4", "training"] { #expect(try PNGImage.read("\(folder)/paper-tables/own/\(name).png").width > 100) }
    let results = "\(folder)/results/own"
    let assignments = try AssignmentsFile.read("\(results)/embed/dataset=pictures,method=ccr,seed=0/assignments.h5", epoch: 1)
    #expect(assignments.clusters.count == 100)
    let files = try HDF5Reader("\(results)/ingest/dataset=pictures/labels.h5").strings("/file_names")
    #expect(files.sorted() == (0..<100).map { "\(1000 + $0).png" } && files != files.sorted())
  }

  @Test func picturesInFoldersOfClassesAreScored() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { ["plain", "striped", "dotted"][$0] }
    let done = try ccr()
    #expect(done.code == 0, "\(done.error)")
    let ours = try cells().filter { $0["sources"]?.array?.isEmpty == false }
    #expect(ours.count == 3 * 17 && ours.allSatisfy { $0["mean"]?.double != nil && $0["published"] == .null })
  }

  /// Two folders, in a file that extends the study: a column for each, a row for each method that ran, and figures that name the first.
  @Test func everyFolderIsAColumnAndOnlyWhatRanIsShown() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { ["plain", "striped", "dotted"][$0] }
    try FileManager.default.copyItem(atPath: "\(folder)/data/pictures", toPath: "\(folder)/data/birds")
    try FileManager.default.moveItem(atPath: "\(folder)/data/pictures", toPath: "\(folder)/data/shells")
    let mine = """
      {
        "extends": "pipeline.json",
        "profiles": {"own": {"axes": {"dataset": ["birds", "shells"]}}},
        "datasets": {"birds": {"like": "pictures", "title": "Birds of my garden"}, "shells": {"like": "pictures", "title": "Shells"}},
        "settings": [{"where": {"dataset": "shells"}, "let": {"clusters": 2}}]
      }
      """
    try AtomicFile.write(mine, to: "\(folder)/mine.json")
    let command = ["run", "--profile", "own", "--pipeline", "mine.json", "--set", "figureMethod=dcdc"]
    let done = try run("ccr", command + ["tabulate[output=table1]", "tabulate[output=figure4]"])
    #expect(done.code == 0, "\(done.error)")
    let rows = try Set(cells().compactMap { $0["row"]?.string })
    #expect(rows.count == 17 && rows.isSuperset(of: ["K-means", "DCDC", "CCR"]), "\(rows)")
    #expect(try cells().count == 17 * 2 * 3)
    let table = String(decoding: try AtomicFile.read("\(folder)/paper-tables/own/table1.md"), as: UTF8.self)
    #expect(table.contains("## Birds of my garden\n") && table.contains("## Shells\n"))
    #expect(!table.contains("ublished") && !table.contains("the paper") && !table.contains("[a]"), "\(table)")
    #expect(try PNGImage.read("\(folder)/paper-tables/own/figure4.png").width > 100)
  }

  /// What is left out is in provenance and in labels.h5, and a file that joins it makes ingest say so again, and nothing after it run.
  @Test func filesLeftOutAreSaidAndKept() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { ["plain", "striped", "dotted"][$0] }
    let pictures = "\(folder)/data/pictures"
    let latin = Array("\(pictures)/plain/caf".utf8) + [0xE9] + Array(".png".utf8)
    #expect(link("\(pictures)/plain/1000.png", latin.map { CChar(bitPattern: $0) } + [0]) == 0)
    try AtomicFile.write("GIF89a", to: "\(pictures)/plain/x.gif")
    func ingest() throws -> (words: String, provenance: JSONValue) {
      let done = try run("ccr", ["run", "--profile", "own", "--pipeline", "\(folder)/pipeline.json", "evaluate[method=kmeans]"])
      #expect(done.code == 0, "\(done.error)")
      let path = "\(folder)/results/own/ingest/dataset=pictures/provenance.json"
      return (done.error, try JSONValue.parse(String(decoding: AtomicFile.read(path), as: UTF8.self), file: path))
    }
    let first = try ingest()
    #expect(first.words.contains("1 file left out of ") && first.words.contains("GIF is not read: plain/x.gif"), "\(first.words)")
    #expect(first.provenance["warnings"]?.array?.count == 1)
    #expect(first.provenance["warnings"]?.array?.first?.string?.contains("for f in */*.gif; do convert") == true)
    let labels = try HDF5Reader("\(folder)/results/own/ingest/dataset=pictures/labels.h5")
    #expect(try labels.strings("/left_out_names") == ["plain/x.gif"] && labels.strings("/file_names").contains("plain/caf\\xe9.png"))
    #expect(try ingest().words.contains("left out") == false)
    try AtomicFile.write("GIF89a", to: "\(pictures)/plain/y.gif")
    let second = try ingest()
    #expect(second.words.contains("2 files left out of "), "\(second.words)")
    #expect(!second.words.contains("cluster["), "\(second.words)")
  }

  /// scikit-learn gives a ConvergenceWarning.
  @Test func fewerDistinctImagesThanClustersAreSaid() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pixels = (0..<90).flatMap { [UInt8](repeating: $0 % 2 == 0 ? 40 : 200, count: 4) }
    try ImagesFile.write(
      ImageSet(name: "two", height: 2, width: 2, channels: 1, pixels: pixels, index: (0..<90).map { $0 }, verified: false),
      to: "\(folder)/images.h5")
    func cluster(_ clusters: Int) throws -> String {
      let settings = #"{"method": "kmeans", "clusters": \#(clusters), "restarts": 3, "iterations": 50, "tolerance": 0.0001, "seed": 0}"#
      let done = try run(
        "cluster", ["--input", "images=\(folder)/images.h5", "--output", "assignments=\(folder)/a.h5", "--parameters", settings])
      #expect(done.code == 0, "\(done.error)")
      return done.error
    }
    #expect(try cluster(5).contains("warning: 2 of the 5 clusters have images, the others none"))
    #expect(try !cluster(2).contains("warning"))
  }

  @Test func probabilitiesThatAreNoNumbersAreSaid() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let probabilities = Tensor(shape: [3, 2], [0.5, 0.5, .nan, .nan, 1, 0])
    try AssignmentsFile.write([Assignments(epoch: 7, clusters: [0, 0, 1], probabilities: [probabilities])], to: "\(folder)/a.h5")
    try LabelsFile.write(Labels(values: [0, 1, 1], classNames: ["a", "b"]), to: "\(folder)/l.h5")
    let done = try run(
      "evaluate",
      [
        "--input", "assignments=\(folder)/a.h5", "--input", "labels=\(folder)/l.h5", "--output", "scores=\(folder)/s.json", "--parameters",
        #"{"cases": 2, "seed": 0}"#,
      ])
    #expect(
      done.code == 69 && done.error.contains("at epoch 7 are not all finite") && done.error.contains("training diverged"), "\(done.error)")
  }

  @Test func whatIsMissingIsSaidWithWhatToDo() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let nothing = try ccr()
    #expect(
      nothing.code != 0 && nothing.error.contains("data/pictures/") && nothing.error.contains("one folder for each class"),
      "\(nothing.error)")
  }

  @Test func ingestGivesTheSameBytesWhateverTheThreads() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { ["plain", "striped", "dotted"][$0] }
    let digests = try ["1", "2", "2"].map { threads in
      let done = try run("ingest", ingestArguments + ["--threads", threads])
      #expect(done.code == 0, "\(done.error)")
      return try ["images", "labels"].map { try ContentDigest.ofFile("\(folder)/\($0).h5") }
    }
    #expect(Set(digests).count == 1)
  }

  /// As on a full disk, the system refuses to make the file as long as it must be.
  @Test func ingestOnAFullDiskSaysSoAndLeavesNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try draw { _ in "" }
    let limited = ["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"", "\(Programs.folder)/ingest"] + ingestArguments
    let done = try run("/bin/bash", limited)
    #expect(done.code == 74 && done.error.contains("cannot write /images to"), "\(done.error)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["data", "pipeline.json"])
  }

  private var ingestArguments: [String] {
    let settings = #"{"dataset": "pictures", "subset": 0, "subsetSeed": 0, "verify": false, "imageSize": 24, "imageChannels": 3}"#
    return [
      "--output", "images=\(folder)/images.h5", "--output", "labels=\(folder)/labels.h5", "--parameters", settings,
    ]
  }

  /// As STL-10 is: the images behind the first ones are neither clustered by their pixels nor scored.
  @Test func imagesThatAreNotToBeClusteredAreLeftOut() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pixels = (0..<30).flatMap { [UInt8](repeating: UInt8($0 % 2 * 200 + $0), count: 4) }
    try ImagesFile.write(
      ImageSet(
        name: "some", height: 2, width: 2, channels: 1, scored: 10, pixels: Pixels(pixels), index: (0..<30).map { $0 }, verified: false),
      to: "\(folder)/images.h5")
    try LabelsFile.write(
      Labels(values: (0..<10).map { $0 % 2 } + [Int32](repeating: -1, count: 20), classNames: ["dark", "light"]), to: "\(folder)/labels.h5")
    let settings = #"{"method": "kmeans", "clusters": 2, "restarts": 3, "iterations": 50, "tolerance": 0.0001, "seed": 0}"#
    let clustered = try run(
      "cluster",
      ["--input", "images=\(folder)/images.h5", "--output", "assignments=\(folder)/assignments.h5", "--parameters", settings])
    #expect(clustered.code == 0, "\(clustered.error)")
    let clusters = try AssignmentsFile.read("\(folder)/assignments.h5", epoch: 0).clusters
    #expect(clusters.prefix(10).allSatisfy { $0 >= 0 } && clusters.dropFirst(10).allSatisfy { $0 == -1 } && clusters.count == 30)
    let evaluated = try run(
      "evaluate",
      [
        "--input", "assignments=\(folder)/assignments.h5", "--input", "labels=\(folder)/labels.h5", "--output",
        "scores=\(folder)/scores.json", "--parameters", #"{"cases": 2, "seed": 0}"#,
      ])
    #expect(evaluated.code == 0, "\(evaluated.error)")
    let scores = try Scores.read("\(folder)/scores.json")
    #expect(scores.images == 10 && scores.last.accuracy == 1)
  }
}
