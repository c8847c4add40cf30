import Artifacts
import Glibc

extension Submission {
  /// One wave: its arrays in order, then the steward.
  struct Wave {
    private let submission: Submission
    private let numbers: [Int]
    private let tasks: [JobTask]
    private let bundles: [JobBundle]
    private let situation: Situation
    private var slots: Int
    /// The numbers of the arrays submitted, and how many jobs they have, in their order.
    private var ids: [(id: String, jobs: Int)] = []
    private var expected: [(job: String, seconds: Double)] = []
    private(set) var submitted: Set<Int> = []
    private(set) var jobs = 0
    private(set) var steward: String?
    var arrays: Int { ids.count }

    init(_ submission: Submission, _ numbers: [Int], _ tasks: [JobTask], _ bundles: [JobBundle], _ situation: Situation) throws {
      (self.submission, self.numbers, self.tasks, self.bundles, self.situation) = (submission, numbers, tasks, bundles, situation)
      slots = .max
      if let limit = submission.facts.submitLimit, !numbers.isEmpty {
        let queued =
          try submission.options.maxJobs == limit
          ? Set(situation.queued.values.map(\.id)).count + situation.stewards.count + (situation.isSteward ? 1 : 0)
          : submission.commands.queuedJobs()
        // One for the steward.
        slots = max(0, limit - queued - 1)
      }
    }

    mutating func submit() throws {
      // A refused array is tried again with half as many jobs, down to one: the cluster does not always say how many it takes.
      var (full, fault): (Bool, (any Error)?) = (false, nil)
      while !full, submitted.count < numbers.count, ids.isEmpty {
        let arrays = JobArray.wave(of: bundles, tasks: tasks, slots: slots, most: submission.facts.arraySize)
        if arrays.isEmpty { break }
        let named = arrays.map { (array: $0, name: name($0)) }
        // What a submitter that was killed had submitted without writing it down is in the queue under the same name.
        let there = try submission.commands.jobs(named: named.map(\.name))
        for (array, name) in named {
          do {
            guard try submit(array, name, there.filter { $0.name == name }) else {
              full = true
              break
            }
          } catch {
            (full, fault) = (true, error)
            break
          }
        }
        // What was submitted has its steward whatever happened then.
        if fault != nil { break }
        if full, ids.isEmpty, array(of: arrays) > 1 {
          slots = array(of: arrays) / 2
          full = false
        }
      }
      try submitSteward(isFull: submitted.count < numbers.count)
      if let fault { throw fault }
    }

    /// The jobs of the first array.
    private func array(of arrays: [JobArray]) -> Int { arrays.first?.bundles.count ?? 0 }

    /// What the jobs of an array are asked for.
    private func words(_ array: JobArray) -> [[String]] { array.bundles.map { bundles[$0].tasks.map { String(tasks[$0].key.prefix(20)) } } }

    /// Of the keys, and of where the results are: another copy of the study has jobs of its own.
    private func name(_ array: JobArray) -> String {
      let sign = "\(submission.study.results)\n" + words(array).flatMap { $0 + [";"] }.joined(separator: " ")
      return "ccr-\(ContentDigest.of(Array(sign.utf8)).hex.prefix(16))"
    }

    /// - Parameter there: the jobs of this name that the cluster knows.
    /// - Returns: false where the cluster takes no more.
    private mutating func submit(_ array: JobArray, _ name: String, _ there: [SlurmCommands.Job]) throws -> Bool {
      let stages = bundles[array.bundles[0]].tasks.map { tasks[$0].stage }.unique.joined(separator: "+")
      let script = submission.script(
        name, needs: array.needs, words: words(array), command: submission.workCommand, dependencies: dependencies(array.after),
        comment: "ccr \(submission.study.plan.profile) \(stages)", isForAll: true)
      let queued = there.first(where: \.isLive)?.number
      let id = try queued ?? submission.commands.submit(script, name: name, before: Set(there.map(\.number)), say: submission.say)
      guard let id else { return false }
      ids.append((id, array.bundles.count))
      jobs += array.bundles.count
      for (index, bundle) in array.bundles.enumerated() {
        let job = array.bundles.count > 1 ? "\(id)_\(index)" : id
        expected.append((job, bundles[bundle].seconds))
        for task in bundles[bundle].tasks {
          let verdict = situation.verdicts[numbers[task]]
          submitted.insert(numbers[task])
          try submission.records.write(
            SubmittedJob(
              key: tasks[task].key, instance: submission.study.plan.instances[numbers[task]].name, job: job, name: name,
              needs: array.needs, raises: verdict?.raises ?? 0, repeats: verdict?.repeats ?? 0))
        }
      }
      return true
    }

    private func dependencies(_ after: JobArray.After) -> [String] {
      var words: [String] = []
      let single = after.single.map { ids[$0.array].jobs > 1 ? "\(ids[$0.array].id)_\($0.index)" : ids[$0.array].id }
      let all = (after.whole.map { ids[$0].id } + single + after.queued).unique
      if !all.isEmpty { words.append("afterok:\(all.joined(separator: ":"))") }
      if let each = after.each { words.append("aftercorr:\(ids[each].id)") }
      return words
    }

    /// The job that looks again: once all has ended; where more is to be submitted, once the shorter half has.
    private mutating func submitSteward(isFull: Bool) throws {
      let running = Set(situation.queued.values.map(\.id)).sorted()
      guard !ids.isEmpty || (isFull && situation.stewards.isEmpty && !running.isEmpty) else {
        steward = situation.stewards.first?.id
        return
      }
      var awaited = ids.map(\.id) + running
      if isFull, expected.count > 1 {
        let order = expected.sorted { $0.seconds < $1.seconds }
        awaited = order.prefix((order.count + 1) / 2).map(\.job)
      }
      let sign = "\(submission.study.results)\n\(awaited.joined(separator: ":")) \(time(nil))"
      let name = "ccr-next-\(ContentDigest.of(Array(sign.utf8)).hex.prefix(16))"
      let needs = JobNeeds(minutes: min(60, submission.options.minutes), megabytes: 1024, cpus: 1)
      let script = submission.script(
        name, needs: needs, words: [[]], command: submission.command, dependencies: ["afterany:\(awaited.joined(separator: ":"))"],
        comment: "ccr \(submission.study.plan.profile): submits what comes next", isForAll: false)
      var id = try submission.commands.submit(script, name: name, say: submission.say)
      // What was submitted has filled the queue to the last place: the last job makes room.
      while id == nil, let last = expected.popLast() {
        try submission.commands.cancel([last.job])
        for number in numbers where submission.records.job(submission.keys[number])?.job == last.job {
          submission.records.remove(submission.keys[number])
          submitted.remove(number)
        }
        sleep(1)
        id = try submission.commands.submit(script, name: name, say: submission.say)
      }
      guard let id else {
        submission.say("the cluster takes no job that would submit what comes next: run again when these have ended")
        return
      }
      try submission.records.add(steward: name, job: id, profile: submission.study.plan.profile)
      steward = id
    }
  }

  func script(
    _ name: String, needs: JobNeeds, words: [[String]], command: [String], dependencies: [String], comment: String, isForAll: Bool
  ) -> String {
    var variables = [(name: "CCR_DATA", value: study.data)]
    if !StageEnvironment.blasCore.isEmpty { variables.append(("OPENBLAS_CORETYPE", StageEnvironment.blasCore)) }
    return JobScript(
      name: name, options: options, needs: needs, words: words, command: command, dependencies: dependencies, comment: comment,
      folder: study.folder, log: records.log(name, index: words.count > 1 ? "%a" : nil), variables: variables,
      killOnInvalidDependency: isForAll
    ).text
  }
}
