import Artifacts
import Foundation
import Testing

/// What `make soak` runs: the rounds of the other tests by the hundred. The figures are printed and written to docs/reliability.md.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["CCR_SOAK"] != nil))
struct Soak {
  private static let share = Double(ProcessInfo.processInfo.environment["CCR_SOAK"] ?? "") ?? 1

  /// Two processes that do nothing but use the processors.
  private func underLoad(_ body: () throws -> Void) throws {
    let loops = try (0..<2).map { _ in
      let loop = Process()
      loop.executableURL = URL(fileURLWithPath: "/bin/sh")
      // It ends with this process, however that ends.
      loop.arguments = ["-c", "while kill -0 \(getpid()) 2> /dev/null; do :; done"]
      try loop.run()
      return loop
    }
    defer { loops.forEach { kill($0.processIdentifier, SIGKILL) } }
    try body()
  }

  private func report(_ row: String, _ rounds: Int, _ faults: [String], since start: Date) throws {
    for fault in faults.prefix(20) { print("fault: \(fault)") }
    #expect(faults.isEmpty)
    let seconds = Int(Date().timeIntervalSince(start))
    print("soak: \(row): \(rounds) rounds, \(faults.count) faults, \(seconds) s")
    let line = "| \(row) | \(rounds) | \(faults.count) | \(seconds) s |"
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../docs/reliability.md"
    var lines = String(decoding: try AtomicFile.read(path), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    if let at = lines.firstIndex(where: { $0.hasPrefix("| \(row) |") }) { lines[at] = line }
    if Self.share == 1 { try AtomicFile.write(lines.joined(separator: "\n"), to: path) }
  }

  @Test(arguments: [("eight runners on one profile", ["quick"]), ("eight runners on three profiles", ["quick", "twin", "large"])])
  func races(_ row: String, profiles: [String]) throws {
    let (start, rounds) = (Date(), max(1, Int(200 * Self.share)))
    var faults: [String] = []
    try underLoad {
      for round in 0..<rounds {
        let race = try Rounds.race(runners: 8, profiles: profiles)
        faults += race.failures.map { "round \(round): \($0)" }
        if race.executions != race.actions { faults.append("round \(round): \(race.executions) executions of \(race.actions) actions") }
      }
    }
    try report(row, rounds, faults, since: start)
  }

  @Test func kills() throws {
    let (start, rounds) = (Date(), max(1, Int(300 * Self.share)))
    var (random, faults) = (Rounds.Random(300), [String]())
    let expected = try LeftoverTests.expected()
    for round in 0..<rounds {
      let time = Int.random(in: 0..<800_000, using: &random)
      faults += try Rounds.kill(afterMicroseconds: time, expected: expected).map { "round \(round), \(time) µs: \($0)" }
    }
    try report("a runner killed at a random instant", rounds, faults, since: start)
  }

  @Test func damage() throws {
    let (start, rounds) = (Date(), max(1, Int(1000 * Self.share)))
    var (random, faults) = (Rounds.Random(1000), [String]())
    let study = try ToyStudy()
    _ = try study.run()
    let expected = try study.digests()
    for round in 0..<rounds { faults += try Rounds.damage(study, &random, expected: expected).map { "round \(round): \($0)" } }
    try report("a file of the store flipped or cut", rounds, faults, since: start)
  }
}
