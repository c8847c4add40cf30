/// What a job asks for.
package struct JobNeeds: Hashable, Sendable {
  /// The time limit.
  package var minutes: Int
  /// MiB; nil for the cluster's default.
  package var megabytes: Int?
  package var cpus: Int

  package init(minutes: Int, megabytes: Int?, cpus: Int) {
    (self.minutes, self.megabytes, self.cpus) = (minutes, megabytes, cpus)
  }

  /// With the time rounded up, so that jobs of much the same needs are one array, and no longer than the longest.
  func rounded(longest: Int) -> JobNeeds {
    let steps = [10, 20, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 7200, 10_080]
    return JobNeeds(minutes: min(longest, steps.first { $0 >= minutes } ?? minutes), megabytes: megabytes, cpus: cpus)
  }
}

/// An instance that is to be executed, as the submission plan sees it.
package struct JobTask: Sendable {
  /// Its planned key.
  package let key: String
  package let stage: String
  /// Places in the list of tasks of what it reads from and what is to be executed too; all before it.
  package let upstream: [Int]
  /// Jobs of the cluster, queued or at work, that make what it reads from.
  package let queued: [String]
  /// Expected seconds.
  package let seconds: Double
  /// Whether it shares a job with others.
  package let isShort: Bool
  package let needs: JobNeeds

  package init(
    key: String, stage: String, upstream: [Int], queued: [String] = [], seconds: Double, isShort: Bool, needs: JobNeeds
  ) {
    (self.key, self.stage, self.upstream, self.queued) = (key, stage, upstream, queued)
    (self.seconds, self.isShort, self.needs) = (seconds, isShort, needs)
  }
}

/// One job: a long task with the short ones that follow from it, or short ones together.
package struct JobBundle: Sendable {
  /// Places in the list of tasks, producers first.
  package fileprivate(set) var tasks: [Int]
  /// Places in the list of bundles of those that must have ended well before; all before it.
  package let upstream: [Int]
  /// Jobs already in the cluster that must have ended well before.
  package let queued: [String]
  package fileprivate(set) var seconds: Double
  package fileprivate(set) var needs: JobNeeds
  fileprivate var shortSeconds: Double
  fileprivate let ancestors: Set<Int>

  /// Puts tasks into jobs: a short task joins the job of its producers, where that job comes after all other jobs it needs, or a job of short
  /// tasks with the same producers, as long as the short ones of a job take no longer than `mostShort` seconds.
  /// - Parameter longest: the longest time limit of a job, in minutes.
  package static func bundles(of tasks: [JobTask], longest: Int, mostShort: Double = 600) -> [JobBundle] {
    var bundles: [JobBundle] = []
    var place: [Int] = []
    /// The last bundle of short tasks by what it needs.
    var open: [[String]: Int] = [:]
    for (number, task) in tasks.enumerated() {
      let upstream = Set(task.upstream.map { place[$0] }).sorted()
      if task.isShort {
        // The last one comes after all others, or none does.
        if let last = upstream.last, Set(upstream).subtracting([last]).isSubset(of: bundles[last].ancestors),
          Set(task.queued).isSubset(of: bundles[last].queued), bundles[last].shortSeconds + task.seconds <= mostShort
        {
          bundles[last].add(number, task)
          place.append(last)
          continue
        }
        let sign = upstream.map(String.init) + task.queued.sorted()
        if let last = open[sign], bundles[last].shortSeconds + task.seconds <= mostShort {
          bundles[last].add(number, task)
          place.append(last)
          continue
        }
        open[sign] = bundles.count
      }
      place.append(bundles.count)
      bundles.append(
        JobBundle(
          tasks: [number], upstream: upstream, queued: task.queued.unique.sorted(), seconds: task.seconds, needs: task.needs,
          shortSeconds: task.isShort ? task.seconds : 0,
          ancestors: upstream.reduce(into: Set(upstream)) { $0.formUnion(bundles[$1].ancestors) }))
    }
    for number in bundles.indices { bundles[number].needs = bundles[number].needs.rounded(longest: longest) }
    return bundles
  }

  /// The same among those that are left: what is not left has been submitted before.
  package func among(_ left: [Int]) -> JobBundle {
    let place = Dictionary(uniqueKeysWithValues: left.enumerated().map { ($1, $0) })
    return JobBundle(
      tasks: tasks, upstream: upstream.compactMap { place[$0] }, queued: queued, seconds: seconds, needs: needs,
      shortSeconds: shortSeconds, ancestors: [])
  }

  private mutating func add(_ number: Int, _ task: JobTask) {
    tasks.append(number)
    seconds += task.seconds
    shortSeconds += task.seconds
    // Both have head room of their own; that of the longer is enough.
    needs = JobNeeds(
      minutes: max(needs.minutes, task.needs.minutes) + Int((task.seconds / 30).rounded(.up)),
      megabytes: [needs.megabytes, task.needs.megabytes].compactMap { $0 }.max(), cpus: max(needs.cpus, task.needs.cpus))
  }
}
