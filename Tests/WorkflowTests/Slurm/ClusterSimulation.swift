import Foundation
import Workflow

/// A cluster under a clock of its own: the submission plan of `ccr`, driven through waves, on nodes that preempt and fail. No process, no time.
struct ClusterSimulation {
  let nodes: Int
  let cpusPerNode = 8
  let slots: Int
  /// Mean seconds between preemptions of a running job; a checkpoint is saved, the job begins again after a delay.
  let meanBetweenPreemptions: Double
  /// Of the preemptions, those that give no time to save: work since the last checkpoint of its own is lost.
  let hardShare = 0.1
  let checkpointEvery = 600.0
  let requeueDelay = 120.0
  let limitWarning = 120.0
  /// What a begun job does before and after its work: reading the plan, computing keys.
  let overhead = 5.0

  struct Outcome {
    var makespan = 0.0
    /// CPU seconds of work, and of work done twice.
    var (work, lost) = (0.0, 0.0)
    /// Calls of sbatch and scontrol by `ccr`, and squeue by one who is attached all the time.
    var (submissions, requeues, looks) = (0, 0, 0)
    var (jobs, waves, preemptions) = (0, 0, 0)
    var executed: [Int: Int] = [:]
    var callsPerMinute: Double { Double(submissions + requeues + looks) / max(1, makespan / 60) }
    var busiestMinute = 0
  }

  private struct Job {
    let bundle: Int
    let needs: JobNeeds
    var upstream: Set<Int>
    var left: Double
    var earliest = 0.0
  }

  private struct Running {
    var job: Job
    let node: Int
    let began: Double
    let end: Double
    let how: How
  }

  private enum How { case done, limit, preempted, killed }

  func run(_ tasks: [JobTask], seed: Int) -> Outcome {
    var random = Rounds.Random(seed)
    var outcome = Outcome()
    let bundles = JobBundle.bundles(of: tasks, longest: 1440)
    var (now, free) = (0.0, Array(repeating: cpusPerNode, count: nodes))
    var (open, queue, running) = (Set(bundles.indices), [Job](), [Running]())
    var done: Set<Int> = []
    var calls: [Int: Int] = [:]
    func call(_ minute: Double) { calls[Int(minute / 60), default: 0] += 1 }
    var steward = -1.0
    while !open.isEmpty || !queue.isEmpty || !running.isEmpty {
      // The steward submits as much as there are places for.
      if steward < 0 || (steward <= now && !open.isEmpty) {
        let left = open.sorted()
        let live = queue.count + running.count
        let arrays = JobArray.wave(
          of: left.map { bundles[$0].among(left) }, tasks: tasks,
          slots: max(0, slots - live - 1), most: 1000)
        if !arrays.isEmpty { outcome.waves += 1 }
        for array in arrays {
          outcome.submissions += 1
          call(now)
          for job in array.bundles.map({ left[$0] }) {
            outcome.jobs += 1
            open.remove(job)
            queue.append(
              Job(bundle: job, needs: array.needs, upstream: Set(bundles[job].upstream).subtracting(done), left: bundles[job].seconds))
          }
        }
        outcome.submissions += 1
        call(now)
        steward = .infinity
      }
      // First come, first served.
      for index in queue.indices.reversed() where queue[index].earliest <= now && queue[index].upstream.isEmpty {
        guard let node = free.firstIndex(where: { $0 >= queue[index].needs.cpus }) else { continue }
        let job = queue.remove(at: index)
        free[node] -= job.needs.cpus
        let whole = overhead + job.left
        let limit = Double(job.needs.minutes) * 60 - limitWarning
        let until = -log(Double.random(in: 0.000001..<1, using: &random)) * meanBetweenPreemptions
        let hard = Double.random(in: 0..<1, using: &random) < hardShare
        let (length, how): (Double, How) =
          until < min(whole, limit) ? (until, hard ? .killed : .preempted) : whole <= limit ? (whole, .done) : (limit, .limit)
        running.append(Running(job: job, node: node, began: now, end: now + length, how: how))
      }
      let next = running.map(\.end).min() ?? .infinity
      let wake = queue.filter { $0.upstream.isEmpty && $0.earliest > now }.map(\.earliest).min() ?? .infinity
      guard min(next, wake) < .infinity else { break }
      now = min(next, wake)
      for index in running.indices.reversed() where running[index].end <= now {
        let one = running.remove(at: index)
        var job = one.job
        free[one.node] += job.needs.cpus
        let worked = max(0, one.end - one.began - overhead)
        outcome.work += worked * Double(job.needs.cpus)
        switch one.how {
        case .done:
          done.insert(job.bundle)
          for task in bundles[job.bundle].tasks { outcome.executed[task, default: 0] += 1 }
          for waiting in queue.indices { queue[waiting].upstream.remove(job.bundle) }
        case .limit, .preempted, .killed:
          let lost = one.how == .killed ? min(worked, worked.truncatingRemainder(dividingBy: checkpointEvery)) : 0
          outcome.lost += lost * Double(job.needs.cpus)
          job.left -= worked - lost
          job.earliest = now + requeueDelay
          if one.how == .limit {
            outcome.requeues += 1
            call(now)
          } else {
            outcome.preemptions += 1
          }
          queue.append(job)
        }
      }
      // It begins when the shorter half of a full wave has ended.
      if steward == .infinity, !open.isEmpty, queue.count + running.count <= slots / 2 { steward = now }
    }
    outcome.makespan = now
    outcome.looks = Int(now / 60)
    outcome.busiestMinute = (calls.values.max() ?? 0) + 1
    return outcome
  }
}
