import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// What a run takes, before it begins.
@Suite(.waiting)
struct EstimateTests {
  /// A study of one program that counts its work, n · 10⁹ operations, and takes n · 10 ms.
  private func counting(_ values: [Int], speed: String = "1e9") throws -> ToyStudy {
    let study = try ToyStudy()
    let program = #"""
      #!/bin/sh
      case "$1" in
        --describe)
          echo '{"name": "work", "version": 1, "inputs": [], "outputs": [{"name": "out"}], "checks": true, "calibrates": true,'
          echo '"settings": [{"name": "n", "type": "integer"}, {"name": "seed", "type": "integer"}], "usesBLAS": false}';;
        --calibrate) echo x >> "$CCR_DATA/calibrated"; echo '{"operationsPerSecond": SPEED}';;
        --check)
          grep -o '"n": *[0-9][0-9]*' "$2" | tr -d '"n: ' | {
            echo '['; first=
            while read -r n; do
              echo "$first{\"facts\": {}, \"warnings\": [], \"work\": {\"operations\": ${n}e9, \"memory\": ${n}00000000, \"outputs\": ${n}000000}}"
              first=,
            done; echo ']'; };;
        *)
          n="$(grep -o '"n": [0-9]*' "$2" | cut -d' ' -f2)"
          sleep "$(echo "$n" | awk '{print $1 / 100}')"
          echo "$n" > "$(grep -o '"out": "[^"]*"' "$2" | cut -d'"' -f4)";;
      esac
      """#
    try study.write(program.replacingOccurrences(of: "SPEED", with: speed), "work", mode: 0o755)
    try study.write(
      """
      {"pipeline": 1, "profiles": {"quick": {"axes": {"n": \(values), "seed": [0]}}},
       "stages": {"work": {"program": "./work", "matrix": {"n": "*", "seed": "*"}, "outputs": {"out": "out.txt"}}},
       "settings": [{"work": {"n": "$n", "seed": "$seed"}}]}
      """, "pipeline.json")
    return study
  }

  private func estimate(_ study: ToyStudy, _ arguments: String...) throws -> JSONValue {
    let output = try study.start(["plan", "--json"] + arguments).output()
    let plan = try JSONValue.parse(output.out, file: "plan")
    return try #require(plan["estimate"], "\(output.error)")
  }

  private func span(_ estimate: JSONValue, _ name: String = "seconds") throws -> [Double] {
    let span = (estimate[name]?.array ?? []).compactMap(\.double)
    try #require(span.count == 3, "\(estimate)")
    #expect(span.count == 3 && span[0] <= span[1] && span[1] <= span[2], "\(span)")
    return span
  }

  @Test func countedWorkByTheMachinesSpeed() throws {
    let study = try counting([10, 20, 30])
    let one = try span(estimate(study, "--jobs", "1", "--threads", "1"))
    #expect(abs(one[1] - 60) < 1 && one[0] < 30 && one[2] > 120, "\(one)")
    // The longest first: 30 beside 20 and 10.
    let two = try estimate(study, "--jobs", "2", "--threads", "2")
    #expect(try abs(span(two)[1] - 30) < 1 && abs(span(two, "chainSeconds")[1] - 30 / 1.85) < 1, "\(two)")
    #expect(two["memory"]?.double == 5e9 && two["outputs"]?.double == 6e7 && two["unknown"]?.integer == 0)
    #expect(two["stages"]?.array?.first?["basis"]?.string == "counted work")
    let text = try study.ccr("plan", "--jobs", "2", "--threads", "2").out
    #expect(text.contains("about 30 s on this machine (12 s to 1.5 min) with 2 jobs: 3 instances, 1 min of processor time"), "\(text)")
    #expect(text.contains("known from") && text.contains("The longest chain, work, takes"), "\(text)")
  }

  @Test func nineteenDays() throws {
    let study = try counting([1_641_600])
    #expect(
      try study.ccr("plan", "--jobs", "1", "--threads", "1").out.contains("about 19 days on this machine (7.6 days to 57 days) with 1 job"))
  }

  /// The study's own programs count their work, so that the paper's size is known before anybody has run anything.
  @Test func thePaperTakesManyDays() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let study = try ToyStudy()
    let ccr = "exec \(ToyStudy.binaries)/ccr plan --profile paper --jobs 2 --threads 2 --pipeline \(root)/pipeline.json"
    func estimated(_ selectors: String) throws -> JSONValue {
      let output = try study.shell("\(ccr) --results \(study.folder)/results --json \(selectors) > \(study.folder)/plan.json")
      return try #require(try JSONValue.parse(study.read("plan.json"), file: "plan")["estimate"], "\(output.error)")
    }
    // One CCR training of ResNet-34 on CIFAR-10 is 200 epochs of two heads over 240,000 views: 13 days at 87 views a second of two threads,
    // whose successors may be some times as fast.
    let one = try span(estimated("'train[dataset=cifar-10,method=ccr,seed=0]'")).map { $0 / 86_400 }
    #expect(one[0] < 26 && one[2] > 6, "\(one)")
    let estimate = try estimated("")
    #expect(try span(estimate)[0] > 20 * 86_400)
    let train = try #require(estimate["stages"]?.array?.first { $0["stage"]?.string == "train" })
    #expect(
      train["basis"]?.string == "counted work" && train["memory"]?.double ?? 0 > 3e8 && train["outputs"]?.double ?? 0 > 1e10, "\(train)")
    #expect(try span(estimate, "chainSeconds")[1] > 86_400)
    // What unpacks, scores and draws does not count its work; it takes seconds.
    #expect(estimate["unknown"]?.integer ?? 0 < 300)
  }

  /// The files beside it are whole. study.json: four arms at eight seeds, a pilot of eight at two; cifar.json: twelve deep rows, two on CIFAR-100.
  @Test(arguments: [
    ("study", "study", 32), ("study", "pilot", 16), ("cifar", "cpu", 14), ("mnist", "mnist", 7), ("mnist", "mnist-reasons", 13),
  ])
  func filesThatExtendItArePlanned(file: String, profile: String, trainings: Int) throws {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(3).joined(separator: "/")
    let study = try ToyStudy()
    let plan = try study.shell(
      "exec \(ToyStudy.binaries)/ccr plan --pipeline \(root)/\(file).json --profile \(profile) --results \(study.folder)/results")
    #expect(plan.code == 0 && plan.out.split(separator: "\n").count { $0.hasPrefix("run     train[") } == trainings, "\(plan)")
  }

  @Test func theCalibrationIsKept() throws {
    let study = try counting([1])
    #expect(try study.ccr("run").code == 0)
    try study.edit("[1]", "[1, 2, 3]")
    for _ in 0..<3 { _ = try study.ccr("plan") }
    #expect(study.read("data/calibrated") == "x\n")
    let machines = try JSONValue.parse(study.read("results/.store/machines.json"), file: "machines")["machines"]?.object ?? []
    #expect(machines.count == 1 && machines.first?.value["operationsPerSecond"]?.double == 1e9)
    // A digit that flipped is not believed.
    let file = "results/.store/machines.json"
    try study.write(study.read(file).replacingOccurrences(of: "1000000000", with: "9000000000"), file)
    _ = try study.ccr("plan")
    #expect(study.read("data/calibrated") == "x\nx\n" && study.read(file).contains("1000000000"))
  }

  @Test func pastRunsCountMoreThanTheModel() throws {
    let study = try counting([10, 20])
    #expect(try study.ccr("run", "--jobs", "1").code == 0)
    // The same work with another seed, in another profile, and three times as much.
    try study.edit(#""seed": [0]}}}"#, #""seed": [0]}}, "more": {"axes": {"n": [10, 60], "seed": [7]}}}"#)
    let more = try estimate(study, "--profile", "more", "--jobs", "1")
    let seconds = try span(more)
    #expect(seconds[1] > 0.5 && seconds[1] < 10, "0.1 s and 0.6 s of sleep, not 70 s: \(seconds)")
    #expect(more["stages"]?.array?.first?["basis"]?.string == "past runs, by work")
    let same = try estimate(study, "--profile", "more", "work[n=10]")
    #expect(same["stages"]?.array?.first?["basis"]?.string == "past runs")
    #expect(try span(same)[2] < 5)
    #expect(same["outputs"]?.double == 3)
  }

  /// A program that counts otherwise than before says nothing of what its runs then would count now.
  @Test func runsOfAnotherCountingSayNothing() throws {
    let study = try counting([10, 20])
    #expect(try study.ccr("run", "--jobs", "1").code == 0)
    try study.edit("[10, 20]", "[30]")
    #expect(try estimate(study)["stages"]?.array?.first?["basis"]?.string == "past runs, by work")
    let program = study.read("work").replacingOccurrences(of: #"\"memory\""#, with: #"\"counting\": 2, \"memory\""#)
    try study.write(program, "work", mode: 0o755)
    let after = try estimate(study, "--jobs", "1", "--threads", "1")
    #expect(after["stages"]?.array?.first?["basis"]?.string == "counted work")
    #expect(try abs(span(after)[1] - 30) < 1)
  }

  @Test func whatNeverRanIsSaidToBeAGuess() throws {
    let study = try ToyStudy()
    let plan = try study.ccr("plan")
    #expect(plan.out.contains("a guess for 19 of them, which never ran and whose programs do not count their work"), "\(plan.out)")
    _ = try study.run()
    #expect(try study.ccr("plan").out.contains("estimate") == false)
    try study.edit("\"rate\": 0.001", "\"rate\": 0.002")
    let after = try estimate(study)
    // make with another method, and all that follows from it.
    #expect(after["unknown"]?.integer == 0 && after["instances"]?.integer == 4 + 4 + 1, "\(after)")
    let bases = (after["stages"]?.array ?? []).compactMap { $0["basis"]?.string }
    #expect(bases == ["past runs of other settings", "past runs", "past runs"])
  }

  @Test func aRunSaysItFirstAndAsksNothing() throws {
    let study = try ToyStudy()
    let run = try study.ccr("run", "--jobs", "2")
    let lines = run.error.split(separator: "\n")
    #expect(run.code == 0 && lines.first?.hasPrefix("estimate  about ") == true, "\(run.error)")
    #expect(lines.count { $0.hasPrefix("estimate") } == 1 && lines.first?.contains("19 instances") == true, "\(run.error)")
    #expect(try study.ccr("run").error.contains("estimate") == false)
    try study.edit("\"weight\": 1", "\"weight\": 2")
    #expect(try study.ccr("run").error.contains("9 instances"))
    #expect(try study.ccr("run", "make", "--force", "--quiet").error.isEmpty)
  }

  /// Damaged or foreign files cost time only.
  @Test(arguments: ["runs.json", "machines.json"])
  func whatIsKeptMayBeLost(_ file: String) throws {
    let study = try counting([1, 2])
    #expect(try study.ccr("run").code == 0)
    try study.edit("[1, 2]", "[1, 2, 3]")
    let before = try estimate(study)["stages"]
    for text in ["", "{", "[]", "{\"runs\": {\"x\": {\"stage\": \"work\", \"seconds\": 1e99}}}", "{\"a\": {\"operationsPerSecond\": -1}}"] {
      try study.write(text, "results/.store/\(file)")
      let after = try estimate(study)["stages"]
      #expect(after?.array?.first?["basis"] == before?.array?.first?["basis"], "\(text)")
    }
  }

  /// As the runner would do it: with one job the sum, with more never less than the longest chain or the share of each.
  @Test func rehearsalsKeepTheBounds() {
    for seed in 0..<200 {
      var random = Rounds.Random(77_000 + seed)
      let count = Int.random(in: 1...40, using: &random)
      let upstream = (0..<count).map { place in
        place == 0 ? [] : Set((0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0..<place, using: &random) }).sorted()
      }
      let seconds = upstream.map { _ in Double(Int.random(in: 1...100, using: &random)) }
      var longest: [Double] = []
      for place in 0..<count { longest.append(seconds[place] + (upstream[place].map { longest[$0] }.max() ?? 0)) }
      let (sum, chain) = (seconds.reduce(0, +), longest.max() ?? 0)
      func run(_ jobs: Int) -> (seconds: Double, memory: Double) {
        Rehearsal(upstream: upstream, jobs: jobs, threads: jobs).run(memory: seconds.map { _ in 1 }) { place, _ in seconds[place] }
      }
      #expect(run(1).seconds == sum && run(1).memory == 1 && run(count).seconds >= chain && run(count).seconds <= sum)
      for jobs in 2...4 {
        let (elapsed, memory) = run(jobs)
        // Graham's bound of list scheduling.
        #expect(elapsed >= max(chain, sum / Double(jobs)) && elapsed <= sum / Double(jobs) + chain && memory <= Double(jobs))
      }
    }
  }

  @Test func quantitiesAsPeopleSayThem() {
    let times = [
      0.04: "0 s", 0.25: "0.3 s", 59: "59 s", 61: "1 min", 5400: "1.5 h", 172_800: "2 days", 1_641_600: "19 days", 1e9: "32 years",
    ]
    for (seconds, words) in times { #expect(Quantity.time(seconds) == words) }
    #expect(Quantity.time(.infinity) == "years" && Quantity.time(1e300).hasSuffix("years"))
    #expect(Quantity.bytes(999) == "999 B" && Quantity.bytes(1500) == "1.5 kB" && Quantity.bytes(6e10) == "60 GB")
  }
}
