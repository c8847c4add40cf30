import Artifacts
import Foundation
import Testing

/// One round of each kind of trouble, seeded: a few in every test run, thousands by `make soak`.
enum Rounds {
  /// SplitMix64.
  struct Random: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: Int) { state = UInt64(seed) }
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// Does something beside processes that do nothing but use the processors.
  static func underLoad(loops count: Int, _ body: () throws -> Void) throws {
    let loops = try (0..<count).map { _ in
      let loop = Process()
      loop.executableURL = URL(fileURLWithPath: "/bin/sh")
      // It ends with this process, however that ends.
      loop.arguments = ["-c", "while kill -0 \(getpid()) 2> /dev/null; do :; done"]
      try loop.run()
      return loop
    }
    defer { loops.forEach { Foundation.kill($0.processIdentifier, SIGKILL) } }
    try body()
  }

  struct Race {
    var failures: [String] = []
    /// How many toys were started, and how many different ones.
    var executions = 0
    var actions = 0
  }

  /// Several runners on one results folder, their profiles in turn, while `status` and `plan` are asked again and again, or `gc` removes what
  /// it can, again and again.
  static func race(runners: Int, profiles: [String], asking: Bool = true, collecting: Bool = false) throws -> Race {
    let study = try ToyStudy(act: "tick")
    let started = try (0..<runners).map { number in
      try study.start(["run", "--json", "--jobs", "2", "--profile", profiles[number % profiles.count]])
    }
    var race = Race()
    while collecting, started.contains(where: { $0.0.isRunning }) {
      let gc = try study.ccr("gc", "--delete")
      if gc.code != 0 { race.failures.append("gc ended with \(gc.code): \(gc.error)") }
    }
    while asking, started.contains(where: { $0.0.isRunning }) {
      for verb in ["status", "plan"] {
        let answer = try study.ccr(verb, "--profile", profiles[0])
        if answer.code != 0 { race.failures.append("\(verb) ended with \(answer.code): \(answer.error)") }
      }
    }
    for output in started.map({ $0.output() }) where output.code != 0 {
      race.failures.append("a runner ended with \(output.code): \(output.error)")
    }
    // The table of another profile reads other scores: it is another action, though its instance has the same name.
    let tables = study.executedInstances.count { $0 == "table" }
    race.executions = study.executedInstances.count
    race.actions = Set(study.executedInstances).count + tables - min(1, tables)
    if Set(profiles).contains("large") != (tables == 2) { race.failures.append("\(tables) tables were made") }
    for profile in profiles where try study.ccr("plan", "--exit-code", "--profile", profile).code != 0 {
      race.failures.append("\(profile) is not done")
    }
    return race
  }

  /// A runner killed after a time, then another run.
  /// - Returns: what was wrong afterwards.
  static func kill(afterMicroseconds time: Int, expected: [String: [String]]) throws -> [String] {
    let study = try ToyStudy(act: "tick")
    let (process, output) = try study.start(["run", "--jobs", "2"])
    usleep(UInt32(time))
    Foundation.kill(process.processIdentifier, SIGKILL)
    _ = output()
    var faults: [String] = []
    let second = try study.ccr("run", "--json")
    if second.code != 0 { faults.append("the next run ended with \(second.code): \(second.error)") }
    if try study.digests() != expected { faults.append("other digests") }
    let store = ["attempts", "checkpoints", "locks", "scratch"].flatMap { study.files("results/.store/\($0)") }
    let parts = (study.files("results") + study.files("tables")).filter { $0.hasSuffix(".part") }
    // The scratch folder of the second run ended with it.
    for file in store + parts { faults.append("left: \(file)") }
    return faults
  }

  /// One bit of one file of the results flipped or the file cut; then a run.
  /// - Returns: what was wrong afterwards.
  static func damage(_ study: ToyStudy, _ random: inout Random, expected: [String: [String]]) throws -> [String] {
    let files = study.files("results/.store")
    guard let file = files.randomElement(using: &random) else { return ["an empty store"] }
    var bytes = try AtomicFile.read(file)
    let length = bytes.count
    if Bool.random(using: &random), !bytes.isEmpty {
      bytes[Int.random(in: 0..<length, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    } else {
      bytes = Array(bytes.prefix(length == 0 ? 0 : Int.random(in: 0..<length, using: &random)))
    }
    chmod(file, 0o644)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    let run = try study.ccr("run", "--json")
    var faults: [String] = []
    if run.code != 0 { faults.append("\(file): the run ended with \(run.code): \(run.error)") }
    if let executed = run.executed, executed > 1 { faults.append("\(file): \(executed) instances were executed again") }
    if try study.digests() != expected { faults.append("\(file): other digests") }
    if study.read("tables/quick/table.txt") != study.read("results/quick/table/all/table.txt") { faults.append("\(file): another table") }
    return faults
  }
}
