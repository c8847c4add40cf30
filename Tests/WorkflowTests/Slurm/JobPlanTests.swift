import Foundation
import Testing

import Workflow

/// What is submitted, decided without a cluster.
struct JobPlanTests {
  private static let needs = JobNeeds(minutes: 60, megabytes: nil, cpus: 2)

  private func task(
    _ name: String, _ upstream: [Int] = [], seconds: Double = 3600, isShort: Bool = false, queued: [String] = []
  ) -> JobTask {
    JobTask(
      key: name, stage: String(name.prefix { $0.isLetter }), upstream: upstream, queued: queued, seconds: seconds, isShort: isShort,
      needs: Self.needs)
  }

  /// Random graphs: every task is in one bundle, no bundle needs a later one, and all waves together submit everything, nothing before what it
  /// needs, never more than there are slots, and no array longer than allowed.
  @Test func everythingIsSubmittedOnceAfterWhatItNeeds() {
    for seed in 0..<300 {
      var random = Rounds.Random(seed)
      var tasks: [JobTask] = []
      for number in 0..<Int.random(in: 1...60, using: &random) {
        let count = Int.random(in: 0...min(3, number), using: &random)
        let upstream = Set((0..<count).map { _ in Int.random(in: 0..<number, using: &random) }).sorted()
        let short = Bool.random(using: &random)
        tasks.append(task("\(["a", "b", "c"][number % 3])\(number)", upstream, seconds: short ? 50 : 3600, isShort: short))
      }
      let bundles = JobBundle.bundles(of: tasks, longest: 1440)
      #expect(bundles.flatMap(\.tasks).sorted() == Array(tasks.indices))
      var bundle: [Int: Int] = [:]
      for (number, one) in bundles.enumerated() {
        for task in one.tasks { bundle[task] = number }
        #expect(one.upstream.allSatisfy { $0 < number } && one.tasks == one.tasks.sorted())
      }
      for (number, task) in tasks.enumerated() {
        for producer in task.upstream where bundle[producer] != bundle[number] {
          #expect(Self.reaches(bundles, from: bundle[number] ?? 0, to: bundle[producer] ?? 0), "seed \(seed), task \(number)")
        }
      }
      var left = Array(bundles.indices)
      let slots = Int.random(in: 1...20, using: &random)
      while !left.isEmpty {
        let arrays = JobArray.wave(of: left.map { bundles[$0].among(left) }, tasks: tasks, slots: slots, most: 5)
        var taken: Set<Int> = []
        for (number, array) in arrays.enumerated() {
          #expect((1...5).contains(array.bundles.count))
          let after = Set(array.after.whole.flatMap { arrays[$0].bundles } + array.after.single.map { arrays[$0.array].bundles[$0.index] })
          #expect(array.after.whole.allSatisfy { $0 < number })
          for (index, job) in array.bundles.enumerated() {
            var awaited = after.union(Set())
            if let each = array.after.each {
              #expect(each < number && arrays[each].bundles.count == array.bundles.count)
              awaited.insert(arrays[each].bundles[index])
            }
            #expect(awaited == Set(bundles[left[job]].among(left).upstream), "seed \(seed)")
          }
          for job in array.bundles { #expect(taken.insert(left[job]).inserted) }
        }
        #expect(!taken.isEmpty && taken.count <= slots, "seed \(seed)")
        if taken.isEmpty { break }
        left.removeAll { taken.contains($0) }
      }
    }
  }

  private static func reaches(_ bundles: [JobBundle], from: Int, to: Int) -> Bool {
    var (open, seen) = ([from], Set([from]))
    while let next = open.popLast() {
      if next == to { return true }
      open += bundles[next].upstream.filter { seen.insert($0).inserted }
    }
    return false
  }

  @Test func shortWorkSharesJobsAndEqualJobsAreArrays() {
    // Two data sets, each with three trainings, what follows from each, and a table of all.
    var tasks = [task("ingest0", seconds: 20, isShort: true), task("ingest1", seconds: 20, isShort: true)]
    for dataset in 0..<2 { for _ in 0..<3 { tasks.append(task("train\(tasks.count)", [dataset], seconds: 36_000)) } }
    let trained = Array(2..<8)
    for train in trained { tasks.append(task("embed\(train)", [train, (train - 2) / 3], seconds: 30, isShort: true)) }
    tasks.append(task("table", Array(8..<14), seconds: 5, isShort: true))
    let bundles = JobBundle.bundles(of: tasks, longest: 1440)
    #expect(bundles.map(\.tasks) == [[0, 1]] + trained.map { [$0, $0 + 6] } + [[14]])
    let arrays = JobArray.wave(of: bundles, tasks: tasks, slots: 100, most: 1000)
    #expect(arrays.map(\.bundles) == [[0], Array(1...6), [7]])
    #expect(arrays.map(\.after.whole) == [[], [0], [1]])
    // Each by itself: chains of equal arrays wait for each other job by job.
    let single = tasks.map { task($0.key, $0.upstream, seconds: 3600) }
    let chain = JobArray.wave(of: JobBundle.bundles(of: single, longest: 1440), tasks: single, slots: 100, most: 1000)
    #expect(chain.last?.after.whole.count == 2 && chain.count { $0.after.each != nil } == 2)
  }

  @Test func whatACommandPrintsIsUnderstood() {
    #expect(SlurmCommands.number(in: "Welcome to the cluster!\n123;north\n") == "123")
    #expect(SlurmCommands.number(in: "sbatch: note 7\n 4711 \nbye\n") == "4711")
    #expect(SlurmCommands.number(in: "Submitted batch job\n") == nil)
    let jobs = SlurmCommands.jobs(in: "7_3|ccr-a|RUNNING|None\nslurm says hello\n8|ccr-b|CANCELLED|Dependency|x\n")
    #expect(jobs.map(\.id) == ["7_3", "8"] && jobs.map(\.isLive) == [true, false])
    let partitions = ClusterFacts.partitions(
      in: "main*|infinite|8|20000|0/8/0/8\nmain*|infinite|64+|512000|0/64/0/64\nbrief|5:00|4|100|0/0/4/4\n")
    #expect(partitions.map(\.name) == ["main", "brief"] && partitions[0].cpus == 64 && partitions[0].allCPUs == 72)
    #expect(partitions[0].minutes == nil && partitions[1].minutes == 5 && partitions[1].allCPUs == 0)
    #expect(ClusterFacts.value("MaxArraySize", in: "MaxArraySize            = 1001\n") == 1001)
    #expect(ClusterFacts.value("MaxJob", in: "MaxJobCount             = 10000\n") == nil)
  }

  @Test(arguments: [
    ("90", 90), ("30:30", 31), ("1:30:00", 90), ("2-0", 2880), ("1-12:30", 2190), ("0-0:0:1", 1),
  ])
  func timesAreReadAsSlurmReadsThem(_ text: String, _ minutes: Int) throws {
    #expect(try SlurmOptions.minutes(text, "--time") == minutes)
  }

  @Test(arguments: ["", "0", "-5", "1:2:3:4", "x", "1-", "1-x", "1:", "99999999999999999999", "infinite"])
  func otherTimesAreRefused(_ text: String) {
    #expect(throws: ClusterError.self) { try SlurmOptions.minutes(text, "--time") }
  }

  @Test func memoryIsReadAndOptionsAreHeldAgainstTheirMeaning() throws {
    #expect(try SlurmOptions.megabytes("16G", "") == 16_384 && SlurmOptions.megabytes("500", "") == 500)
    for text in ["", "G", "-1", "4X", "1.5G"] { #expect(throws: ClusterError.self) { try SlurmOptions.megabytes(text, "") } }
    #expect(throws: ClusterError.self) { try SlurmOptions(["partitoin": "main"]) }
    #expect(throws: ClusterError.self) { try SlurmOptions(["maxJobs": 1]) }
    #expect(throws: ClusterError.self) { try SlurmOptions.option("--qos=a\n#SBATCH --wrap=x") }
    let options = try SlurmOptions(["partition": "main", "time": "2-0", "cpus": 8, "memory": "4G", "maxJobs": 50, "sbatch": ["--qos=long"]])
    #expect(options.limit == 2880 && options.cpusPerJob == 8 && options.megabytes == 4096 && options.others == ["--qos=long"])
  }

  /// Names and paths that a shell, or Slurm, would read otherwise.
  @Test func scriptsQuoteWhatTheyHold() {
    let script = JobScript(
      name: "ccr-1", options: SlurmOptions(), needs: Self.needs, words: [["ab"], ["cd"]], command: ["/a b/ccr", "work", "--set=x='1'"],
      dependencies: ["afterok:7"], comment: "a \"b\"", folder: "/my 100%/study", log: "/my 100%/log-%a.txt", killOnInvalidDependency: true
    ).text
    #expect(script.contains("#SBATCH --output=\"/my 100%%/log-%a.txt\"\n") && script.contains("#SBATCH --chdir=\"/my 100%/study\"\n"))
    #expect(script.contains("exec '/a b/ccr' work '--set=x='\\''1'\\''' \"$@\"\n") && script.contains("--comment=\"a \\\"b\\\"\""))
    #expect(script.contains("--array=0-1\n") && script.contains("--kill-on-invalid-dep=yes\n") && script.contains("--requeue\n"))
    #expect(script.contains("--signal=B:USR1@120\n") && script.contains("1) set -- cd;;\n"))
  }

  // MARK: How jobs ended

  private func verdict(
    _ end: JobEnd.End?, state: String = "", raises: Int = 0, repeats: Int = 0, asked: Bool = false, job: String = "5"
  ) -> JobVerdict {
    var submitted = SubmittedJob(
      key: "k", instance: "train", job: "5", name: "ccr-1", needs: JobNeeds(minutes: 60, megabytes: 1024, cpus: 2), raises: raises,
      repeats: repeats)
    submitted.lastState = state
    return JobVerdict.of(
      submitted, end.map { JobEnd(job: job, end: $0) }, fresh: Self.needs, largest: JobNeeds(minutes: 600, megabytes: 8192, cpus: 8),
      asked: asked)
  }

  private func needs(_ minutes: Int, _ megabytes: Int) -> JobNeeds { JobNeeds(minutes: minutes, megabytes: megabytes, cpus: 2) }

  @Test func memoryAndTimeAreRaisedOnceAndNamed() {
    #expect(verdict(.memory) == .submit(needs(60, 2048), raises: 1, repeats: 0))
    #expect(verdict(nil, state: "OUT_OF_MEMORY") == .submit(needs(60, 2048), raises: 1, repeats: 0))
    #expect(verdict(.time) == .submit(needs(120, 1024), raises: 1, repeats: 0))
    #expect(verdict(.atWork, state: "TIMEOUT") == .submit(needs(120, 1024), raises: 1, repeats: 0))
    // The cluster has forgotten why it killed the job.
    #expect(verdict(.atWork) == .submit(needs(120, 2048), raises: 1, repeats: 0))
    for (end, word) in [(JobEnd.End.memory, "want of memory"), (.time, "time limit")] {
      guard case .leave(let words) = verdict(end, raises: 1) else {
        Issue.record("raised twice")
        continue
      }
      #expect(words.contains(word) && words.contains("60 minutes, 1024 MiB"), "\(words)")
      guard case .submit = verdict(end, raises: 1, asked: true) else {
        Issue.record("not tried again though a person asks")
        continue
      }
    }
  }

  @Test func otherEndsGoOnOrAreLeftToAPerson() {
    #expect(verdict(.saved, raises: 1) == .submit(needs(60, 1024), raises: 1, repeats: 0))
    #expect(verdict(.stopped, state: "NODE_FAIL") == .submit(needs(60, 1024), raises: 0, repeats: 1))
    #expect(verdict(.stopped, state: "PREEMPTED", repeats: 2) == .submit(needs(60, 1024), raises: 0, repeats: 3))
    #expect(verdict(nil) == .submit(needs(60, 1024), raises: 0, repeats: 1))
    #expect(verdict(.done) == .submit(needs(60, 1024), raises: 0, repeats: 1))
    // A record of an earlier job says nothing of this one.
    #expect(verdict(.failed, job: "4") == .submit(needs(60, 1024), raises: 0, repeats: 1))
    for left in [
      verdict(.failed), verdict(.stopped, state: "CANCELLED"), verdict(.stopped), verdict(nil, repeats: 3), verdict(.done, repeats: 3),
      verdict(.absent, repeats: 3),
      verdict(nil, state: SubmittedJob.cancelledByPerson),
    ] {
      guard case .leave = left else {
        Issue.record("\(left)")
        continue
      }
    }
    for end in [JobEnd.End.failed, .stopped, .absent, .unreached, .busy] {
      #expect(verdict(end, state: "CANCELLED", repeats: 3, asked: true) == .submit(needs(60, 1024), raises: 0, repeats: 0), "\(end)")
    }
  }
}
