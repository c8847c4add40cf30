import Artifacts
import Foundation
import TestSupport
import Testing

/// The real `train` under the real runner: its weights cut short, and its runner gone.
@Suite(.waiting, .serialized)
struct TrainUnderTheRunnerTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-under-\(UUID().uuidString)"
  private static let train = "train[dataset=fashion-mnist,method=ccr,seed=0]"

  /// The study of this package, made small.
  private func prepare(epochs: Int, program: String? = nil) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(Programs.root)/data/published.json", toPath: "\(folder)/data/published.json")
    let study = try JSONValue.read("\(Programs.root)/pipeline.json")
    let small: JSONValue = [
      "where": ["profile": "quick"],
      "let": [
        "epochs": .integer(epochs), "snapshots": [0], "middleEpoch": .integer(epochs), "figureEpoch": .integer(epochs), "widths": [16],
        "blocks": [1],
      ], "ingest": ["subset": 150],
    ]
    let members = try #require(study.object).map { member -> JSONValue.Member in
      switch member.name {
      case "settings": .init("settings", .array((member.value.array ?? []) + [small]))
      case "stages": .init("stages", .object((member.value.object ?? []).map { Self.replacing($0, program) }))
      default: member
      }
    }
    try AtomicFile.write(JSONValue.object(members).pretty, to: "\(folder)/pipeline.json")
  }

  /// The stage that trains, with another program where one is given.
  private static func replacing(_ stage: JSONValue.Member, _ program: String?) -> JSONValue.Member {
    guard stage.name == "train", let program else { return stage }
    let members = (stage.value.object ?? []).filter { $0.name != "program" }
    return .init("train", .object([.init("program", .string(program))] + members))
  }

  private var weights: String { "\(folder)/results/quick/train/dataset=fashion-mnist,method=ccr,seed=0/weights.h5" }

  private func ccr(_ arguments: String...) throws -> Programs.Output {
    try Programs.run("ccr", [arguments[0], "--pipeline", "\(folder)/pipeline.json"] + arguments.dropFirst())
  }

  /// A `train` that ends well, and whose weights then lose their end, all, or one byte: not recorded, and nothing that reads them runs.
  @Test func weightsThatAreCutShortAreNotRecorded() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(epochs: 1, program: "./cutting-train")
    let script = """
      #!/bin/sh
      "\(Programs.folder)/train" "$@" || exit
      if [ "$1" = --request ] && [ -e "$CCR_DATA/cut" ]; then
        file="$(grep -o '"weights": "[^"]*"' "$2" | head -n 1 | cut -d'"' -f4)"
        truncate -s "$(cat "$CCR_DATA/cut")" "$file"
      fi
      """
    try AtomicFile.write(script, to: "\(folder)/cutting-train")
    chmod("\(folder)/cutting-train", 0o755)
    for size in ["0", "-1", "-1000", "2000"] {
      try AtomicFile.write(size, to: "\(folder)/data/cut")
      let run = try ccr("run", "embed[method=ccr,seed=0]", "--json")
      #expect(run.code == 1 && run.error.contains("\(Self.train): it ended well, but its weights.h5 is "), "\(size): \(run.error)")
      #expect(access(weights, F_OK) != 0 && !run.error.contains("embed[dataset=fashion-mnist,method=ccr,seed=0]: "), "\(run.error)")
    }
    unlink("\(folder)/data/cut")
    let run = try ccr("run", "embed[method=ccr,seed=0]", "--json")
    #expect(run.code == 0 && access(weights, F_OK) == 0, "\(run.error)")
  }

  /// The runner is killed by force: `train` notices that nobody reads what it tells, saves its checkpoint and ends; the next run goes on from it
  /// and comes to the bytes of a run that nobody disturbed.
  @Test func aStageWhoseRunnerIsGoneSavesItsCheckpointAndEnds() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try prepare(epochs: 25)
    #expect(try ccr("run", Self.train).code == 0)
    let whole = try ContentDigest.ofFile(weights)
    try FileManager.default.removeItem(atPath: "\(folder)/results")

    let runner = Process()
    runner.executableURL = URL(fileURLWithPath: "\(Programs.folder)/ccr")
    runner.arguments = ["run", "--pipeline", "\(folder)/pipeline.json", Self.train]
    runner.standardError = FileHandle.nullDevice
    try runner.run()
    while runner.isRunning, checkpoints.isEmpty { usleep(2000) }
    #expect(runner.isRunning)
    kill(runner.processIdentifier, SIGKILL)
    runner.waitUntilExit()
    let deadline = Date() + 60
    while try stages() > 0, Date() < deadline { usleep(20_000) }
    #expect(try stages() == 0)
    let log = try #require(state.first { $0.contains("/attempts/") && $0.hasSuffix("/log.txt") })
    let words = String(decoding: try AtomicFile.read(log), as: UTF8.self)
    #expect(words.hasSuffix("stopped: the checkpoint is saved; run again to go on\n"), "\(words.suffix(500))")
    #expect(!checkpoints.isEmpty && access(weights, F_OK) != 0)
    #expect(try ccr("plan", Self.train).out.contains("goes on from epoch "))
    let next = try ccr("run", Self.train, "--json")
    #expect(next.code == 0 && next.out.contains("\"executed\": 1"), "\(next.out)\(next.error)")
    #expect(try ContentDigest.ofFile(weights) == whole)
    #expect(checkpoints.isEmpty && !state.contains { $0.contains("/attempts/") })
  }

  /// The files of the store.
  private var state: [String] {
    (FileManager.default.subpaths(atPath: "\(folder)/results/.store") ?? []).map { "\(folder)/results/.store/\($0)" }
  }

  private var checkpoints: [String] {
    state.filter { $0.contains("/checkpoints/") && $0.contains("/checkpoint-") && !$0.hasSuffix(".part") }
  }

  /// How many processes of this study are at work.
  private func stages() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").count { process in
      (try? AtomicFile.read("/proc/\(process)/cmdline")).map { String(decoding: $0, as: UTF8.self).contains(folder) } == true
    }
  }
}
