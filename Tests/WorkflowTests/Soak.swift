import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What `make soak` runs: the rounds of the other tests by the hundred, and the figures of docs/reliability.md.
///
/// Every round is written down when it is done, so that a call goes on where the last one of the same `ccr` ended, and `CCR_SOAK=MINUTES` does a
/// part of the work.
@Suite(.waiting, .serialized, .enabled(if: ProcessInfo.processInfo.environment["CCR_SOAK"] != nil))
struct Soak {
  /// Of this call, for each of the six kinds of rounds.
  private static let seconds = 10 * (Double(ProcessInfo.processInfo.environment["CCR_SOAK"] ?? "") ?? .infinity)

  /// Does the rounds of a kind that are not yet done, as far as there is time, and writes its row.
  private func rounds(_ row: String, _ count: Int, _ body: (Int) throws -> [String]) throws {
    var record = try SoakRecord(row)
    let end = Date() + Self.seconds
    while record.rounds < count, Date() < end {
      let start = Date()
      let faults = try body(record.rounds)
      for fault in faults { print("fault: \(row), round \(record.rounds): \(fault)") }
      try record.add(faults: faults.count, seconds: Date().timeIntervalSince(start))
    }
    print("soak: \(row): \(record.rounds) of \(count) rounds, \(record.faults) faults, \(Int(record.seconds)) s")
    #expect(record.faults == 0)
    try record.publish()
  }

  @Test(arguments: [("eight runners on one profile", ["quick"]), ("eight runners on three profiles", ["quick", "twin", "large"])])
  func races(_ row: String, profiles: [String]) throws {
    try Rounds.underLoad(loops: 2) {
      try rounds(row, 200) { _ in
        let race = try Rounds.race(runners: 8, profiles: profiles)
        return race.failures + (race.executions == race.actions ? [] : ["\(race.executions) executions of \(race.actions) actions"])
      }
    }
  }

  @Test func collecting() throws {
    try Rounds.underLoad(loops: 2) {
      try rounds("eight runners while gc removes what it can", 200) { _ in
        let race = try Rounds.race(runners: 8, profiles: ["quick", "twin", "large"], asking: false, collecting: true)
        return race.failures + (race.executions == race.actions ? [] : ["\(race.executions) executions of \(race.actions) actions"])
      }
    }
  }

  @Test func flips() throws {
    let study = try ToyStudy()
    _ = try study.run()
    try rounds("a bit flipped below the stamps, found by verify", 1000) { round in
      var random = Rounds.Random(2_000_000 + round)
      return try Rounds.flip(study, &random)
    }
  }

  @Test func kills() throws {
    let expected = try LeftoverTests.expected()
    try rounds("a runner killed at a random instant", 300) { round in
      var random = Rounds.Random(300_000 + round)
      let time = Int.random(in: 0..<800_000, using: &random)
      return try Rounds.kill(afterMicroseconds: time, expected: expected).map { "after \(time) µs: \($0)" }
    }
  }

  @Test func damage() throws {
    let study = try ToyStudy()
    _ = try study.run()
    let expected = try study.digests()
    try rounds("a file of the store flipped or cut", 1000) { round in
      var random = Rounds.Random(1_000_000 + round)
      return try Rounds.damage(study, &random, expected: expected)
    }
  }

  @Test func scale() throws {
    let figures = try Scale.parallel(10_000)
    for (verb, time) in [("planned", figures.plan), ("executed", figures.first), ("found done", figures.nothing)] {
      let seconds = [time.wall, time.processor].map { String(($0 * 10).rounded() / 10) }
      try SoakRecord.publish("| 10,000 instances \(verb) |", "\(seconds[0]) s | \(seconds[1]) s |")
    }
    #expect(figures.plan.wall < 1 && figures.nothing.wall < 1 && figures.first.wall < 20, "\(figures)")
  }
}

/// The rounds of one kind that were done with this `ccr`: a line each, in a file beside it.
private struct SoakRecord {
  private let row: String
  private let file: String
  /// The digest of the `ccr` that was tried, in short.
  private static var program: String { get throws { String(try ProgramDigest.ofFile("\(ToyStudy.binaries)/ccr").hex.prefix(12)) } }
  private(set) var (rounds, faults, seconds) = (0, 0, 0.0)

  init(_ row: String) throws {
    self.row = row
    file = "\(ToyStudy.binaries)/soak-\(try Self.program)-\(row.split(separator: " ").joined(separator: "-")).txt"
    guard let bytes = try? AtomicFile.read(file) else { return }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let numbers = line.split(separator: " ").compactMap { Double($0) }
      try #require(numbers.count == 2, "\(file) is damaged: remove it")
      (rounds, faults, seconds) = (rounds + 1, faults + Int(numbers[0]), seconds + numbers[1])
    }
  }

  mutating func add(faults new: Int, seconds time: Double) throws {
    (rounds, faults, seconds) = (rounds + 1, faults + new, seconds + time)
    let old = (try? AtomicFile.read(file)) ?? []
    try AtomicFile.write(old + Array("\(new) \(time)\n".utf8), to: file)
  }

  /// Writes the row of docs/reliability.md.
  func publish() throws { try Self.publish("| \(row) |", "\(rounds) | \(faults) | \(Int(seconds)) s | `\(Self.program)` |") }

  static func publish(_ row: String, _ rest: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../docs/reliability.md"
    var lines = String(decoding: try AtomicFile.read(path), as: UTF8.self).components(separatedBy: "\n")
    let at = try #require(lines.firstIndex { $0.hasPrefix(row) }, "docs/reliability.md has no row for it")
    lines[at] = "\(row) \(rest)"
    try AtomicFile.write(lines.joined(separator: "\n"), to: path)
  }
}
