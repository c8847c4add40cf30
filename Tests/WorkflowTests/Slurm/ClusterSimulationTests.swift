import Artifacts
import Foundation
import TestSupport
import Testing
import Workflow

/// The paper's grid on clusters that nobody here has: the figures of docs/cluster.md.
@Suite(.waiting)
struct ClusterSimulationTests {
  /// The profile `paper` of pipeline.json, with assumed durations: deep methods train for two to sixteen hours on four CPUs.
  private static let tasks: [JobTask] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../.."
    guard let pipeline = try? Pipeline(path: "\(root)/pipeline.json"), let plan = try? Plan(pipeline, profile: "paper") else { return [] }
    let chosen = plan.byDefault
    let place = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1, $0) })
    return chosen.map { number in
      let instance = plan.instances[number]
      var random = Rounds.Random(number)
      let seconds: Double =
        switch instance.stage {
        case "train": 3600 * Double.random(in: 2...16, using: &random)
        case "cluster": 60 * Double.random(in: 5...60, using: &random)
        case "embed", "tsne": 300
        default: 60
        }
      return JobTask(
        key: instance.name, stage: instance.stage, upstream: instance.upstream.compactMap { place[$0] }, seconds: seconds,
        isShort: seconds < 120, needs: JobNeeds(minutes: 720, megabytes: 8192, cpus: 4))
    }
  }()

  @Test func thePapersGridOnOneEightAndThirtyTwoNodes() {
    let tasks = Self.tasks
    let trainings = tasks.count { $0.stage == "train" || $0.stage == "cluster" }
    #expect(trainings > 200)
    let coreDays = tasks.reduce(0) { $0 + $1.seconds } * 4 / 86_400
    print("simulation: \(tasks.count) instances, \(trainings) of them train or cluster, \(Int(coreDays)) core-days")
    for (nodes, mean) in [(1, Double.infinity), (8, .infinity), (32, .infinity), (1, 43_200), (8, 43_200), (32, 43_200)] {
      let outcome = ClusterSimulation(nodes: nodes, slots: 500, meanBetweenPreemptions: mean).run(tasks, seed: 7)
      // Everything is done, nothing twice.
      #expect(outcome.executed.count == tasks.count && outcome.executed.values.allSatisfy { $0 == 1 })
      let best = max(coreDays / Double(nodes * 8), 0)
      let days = outcome.makespan / 86_400
      let lost = outcome.lost / outcome.work
      print(
        "| \(nodes) | \(mean.isFinite ? "every 12 h" : "none") | \((days * 10).rounded() / 10) days | \((best * 10).rounded() / 10) days | "
          + "\(outcome.preemptions) | \((lost * 1000).rounded() / 10) % | \(outcome.jobs) in \(outcome.submissions) | \(outcome.requeues) | "
          + "\((outcome.callsPerMinute * 100).rounded() / 100) | \(outcome.busiestMinute) |")
      // The busiest minute is that in which a wave is submitted, one call for each array.
      #expect(lost < 0.02 && outcome.callsPerMinute < 2 && outcome.busiestMinute <= outcome.submissions + 5)
      #expect(days < 2 * best + 1.5, "\(days) days where \(best) were enough")
    }
  }

  /// A limit of jobs far below the grid's: more waves, the same work, never more in the queue than allowed.
  @Test func fewPlacesInTheQueueCostLittle() {
    let tasks = Self.tasks
    let wide = ClusterSimulation(nodes: 8, slots: 500, meanBetweenPreemptions: .infinity).run(tasks, seed: 7)
    let narrow = ClusterSimulation(nodes: 8, slots: 40, meanBetweenPreemptions: .infinity).run(tasks, seed: 7)
    #expect(narrow.executed.count == tasks.count && narrow.waves > wide.waves)
    #expect(narrow.makespan < 1.5 * wide.makespan, "\(narrow.makespan) s instead of \(wide.makespan) s")
  }
}
