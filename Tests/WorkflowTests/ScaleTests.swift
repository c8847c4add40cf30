import Artifacts
import Foundation
import TestSupport
import Testing

/// Many instances. Bounds are on the processor's time, which other work on the machine hardly changes, and far from
/// what is used; something quadratic is beyond them.
@Suite(.waiting, .serialized)
struct ScaleTests {
  /// A twentieth of what `make soak` runs.
  @Test func hundredsOfInstances() throws {
    let figures = try Scale.parallel(500)
    #expect(figures.plan.processor < 0.5 && figures.nothing.processor < 0.5 && figures.first.processor < 10, "\(figures)")
  }

  @Test func aPlanOfTenThousand() throws {
    let times = try Scale.plans([5_000, 10_000])
    #expect(times[1].processor < 4 && times[1].processor < 3 * times[0].processor + 0.5, "\(times)")
  }

  /// Four thousand hits that each wait for the one before. Twice as many take twice as long, and no more of the stack.
  @Test func aChainOfThousandsOfHits() throws {
    let times = try [2_000, 4_000].map(Scale.chain)
    #expect(times[1].processor < 5 && times[1].processor < 3 * times[0].processor + 0.5, "\(times)")
  }
}

/// Instances that do next to nothing, as many as are asked for, in memory.
enum Scale {
  /// Seconds.
  struct Time {
    let wall, processor: Double
  }

  /// A plan of what is new, the first run, and a run of what is done.
  static func parallel(_ count: Int) throws -> (plan: Time, first: Time, nothing: Time) {
    try inMemory { folder in
      try write(instances: count, to: folder)
      let times = (
        plan: try timed("plan", folder), first: try timed("run --quiet", folder), nothing: try timed("run --quiet", folder)
      )
      let results = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/results/quick/one").count
      #expect(results == count)
      let contents = try AtomicFile.read("\(folder)/results/quick/one/n=\(count - 1)/o.txt")
      #expect(String(decoding: contents, as: UTF8.self).contains("\(count - 1)"))
      return times
    }
  }

  /// Plans of so many instances, half of which read from the others.
  static func plans(_ counts: [Int]) throws -> [Time] {
    try counts.map { count in
      try inMemory { folder in
        try write(instances: count / 2, to: folder, isRead: true)
        return try timed("plan", folder)
      }
    }
  }

  /// A run of a chain of stages that all give the same bytes: of the third and all behind it the key is that of the second, so they are hits.
  static func chain(_ count: Int) throws -> Time {
    try inMemory { folder in
      let stages = (0..<count).map { number -> JSONValue.Member in
        let input: [JSONValue.Member] = number == 0 ? [] : [.init("in", .string("s\(number - 1).out"))]
        return .init("s\(number)", ["program": "./one", "inputs": .object(input), "outputs": ["out": "o.txt"]])
      }
      let settings = (0..<count).map { JSONValue.Member("s\($0)", ["n": 0]) }
      let pipeline: JSONValue = [
        "pipeline": 1, "profiles": ["quick": ["axes": .object([])]], "stages": .object(stages), "settings": .array([.object(settings)]),
      ]
      try AtomicFile.write(pipeline.canonical, to: "\(folder)/pipeline.json")
      try program(folder)
      let time = try timed("run --quiet", folder, limit: "ulimit -s 512; ")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/results/quick").count == count)
      return time
    }
  }

  private static func inMemory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
    let folder = "\(memory)/ccr-scale-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  /// - Parameter isRead: whether there is another instance for each, which reads from it.
  private static func write(instances count: Int, to folder: String, isRead: Bool = false) throws {
    var stages: [JSONValue.Member] = [.init("one", ["program": "./one", "matrix": ["n": "*"], "outputs": ["out": "o.txt"]])]
    if isRead {
      stages.append(
        .init("two", ["program": "./one", "matrix": ["n": "*"], "inputs": ["in": "one.out"], "outputs": ["out": "o.txt"]]))
    }
    let settings = JSONValue.object(stages.map { .init($0.name, ["n": "$n"]) })
    let pipeline: JSONValue = [
      "pipeline": 1, "profiles": ["quick": ["axes": ["n": .array((0..<count).map(JSONValue.integer))]]], "stages": .object(stages),
      "settings": .array([settings]),
    ]
    try AtomicFile.write(pipeline.canonical, to: "\(folder)/pipeline.json")
    try program(folder)
  }

  private static func program(_ folder: String) throws {
    // With the shell's own commands only.
    let program = #"""
      #!/bin/sh
      if [ "$1" = --describe ]; then
        echo '{"name": "one", "version": 1, "inputs": [{"name": "in", "optional": true}], "outputs": [{"name": "out"}],'
        echo '"settings": [{"name": "n", "type": "integer"}], "usesBLAS": false}'
        exit
      fi
      while read -r name value rest; do
        case "$name" in
          '"outputs":') out="${rest#\"}"; out="${out%%\"*}";;
          '"out":') out="${value#\"}"; out="${out%%\"*}";;
          '"parameters":') n="$rest";;
        esac
      done < "$2"
      echo "$n" > "$out"
      """#
    try AtomicFile.write(program, to: "\(folder)/one")
    chmod("\(folder)/one", 0o755)
  }

  private static func timed(_ verb: String, _ folder: String, limit: String = "") throws -> Time {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    let command = "\(ToyStudy.binaries)/ccr \(verb) --pipeline \(folder)/pipeline.json > /dev/null 2>&1"
    process.arguments = ["-c", "\(limit)TIMEFORMAT='%R %U %S'; time \(command)"]
    let words = Pipe()
    process.standardError = words
    try process.run()
    let text = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let times = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
    try #require(process.terminationStatus == 0 && times.count == 3, "\(verb): \(text)")
    return Time(wall: times[0], processor: times[1] + times[2])
  }
}
