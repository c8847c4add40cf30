import Artifacts
import Glibc
import HeapModule

/// What a run will take on this machine, before it begins.
public struct Estimate: Sendable {
  /// All instances of a stage together.
  public struct Stage: Sendable {
    public let name: String
    public let instances: Int
    public internal(set) var seconds: Span
    public internal(set) var cpuSeconds: Span
    /// Of the largest instance, bytes.
    public internal(set) var memory: Double
    /// Of all outputs, bytes.
    public internal(set) var outputs: Double
    /// What the expectations rest on, the least sure.
    public internal(set) var basis: String
  }

  public internal(set) var stages: [Stage] = []
  public let jobs, threads: Int
  /// Seconds until all is done.
  public internal(set) var elapsed = Span.zero
  public internal(set) var cpuSeconds = Span.zero
  /// Seconds of the longest chain of instances that wait for each other: less no number of machines would take.
  public internal(set) var chain = Span.zero
  /// The stages of that chain.
  public internal(set) var chainStages: [String] = []
  /// Memory of the instances at work together at the worst moment, bytes.
  public internal(set) var memory = 0.0
  public internal(set) var outputs = 0.0
  /// Instances of which nothing is known but the declared cost.
  public internal(set) var unknown = 0

  public var instances: Int { stages.reduce(0) { $0 + $1.instances } }
}

extension Study {
  /// What instances are expected to take, by their numbers.
  func costs(of numbers: [Int]) -> [Int: InstanceCost] {
    var names: [String: String] = [:]
    var selectors: [String: String] = [:]
    var calibrator: String?
    for program in pipeline.stages.map(\.program).unique {
      guard let known = (try? programs.program(program))?.description else { continue }
      names[program] = known.name
      selectors[known.name] = known.schema.variants?.selector
      if known.calibrates { calibrator = calibrator ?? programs.path(program) }
    }
    let past = PastRuns(store) { selectors[$0] }
    let model = CostModel(past.runs.values, speeds: MachineSpeeds(store) { calibrator.flatMap(programs.speed) })
    return Dictionary(
      uniqueKeysWithValues: numbers.map { number in
        let instance = plan.instances[number]
        let stage = names[instance.program] ?? instance.stage
        let cost = model.cost(
          stage: stage, settings: PastRun.likeness(instance.parameters),
          place: PastRun.place(profile: plan.profile, instance: instance.name),
          variant: PastRun.variant(instance.parameters, by: selectors[stage]), work: works[number], declared: instance.cost)
        return (number, cost)
      })
  }

  /// What executing these instances will take.
  /// - Parameters:
  ///   - jobs: stages at once.
  ///   - threads: that they share.
  public func estimate(of numbers: [Int], jobs: Int, threads: Int) -> Estimate {
    estimate(of: numbers, costs(of: numbers), jobs: jobs, threads: threads)
  }

  func estimate(of numbers: [Int], _ costs: [Int: InstanceCost], jobs: Int, threads: Int) -> Estimate {
    var estimate = Estimate(jobs: jobs, threads: threads)
    var bases: [String: InstanceCost.Basis] = [:]
    var places: [String: Int] = [:]
    let counts = Dictionary(numbers.map { (plan.instances[$0].stage, 1) }, uniquingKeysWith: +)
    for number in numbers {
      guard let cost = costs[number] else { continue }
      let name = plan.instances[number].stage
      let place = places[name] ?? estimate.stages.count
      if places.updateValue(place, forKey: name) == nil {
        estimate.stages.append(
          .init(name: name, instances: counts[name] ?? 0, seconds: .zero, cpuSeconds: .zero, memory: 0, outputs: 0, basis: ""))
      }
      estimate.stages[place].seconds += cost.seconds
      estimate.stages[place].cpuSeconds += cost.cpuSeconds
      estimate.stages[place].memory = max(estimate.stages[place].memory, cost.memory)
      estimate.stages[place].outputs += cost.outputs
      estimate.cpuSeconds += cost.cpuSeconds
      estimate.outputs += cost.outputs
      if cost.basis == .declared { estimate.unknown += 1 }
      bases[name] = max(bases[name] ?? .alike, cost.basis)
    }
    for place in estimate.stages.indices { estimate.stages[place].basis = bases[estimate.stages[place].name]?.words ?? "" }
    let upstream = upstream(among: numbers)
    let all = numbers.compactMap { costs[$0] }
    guard all.count == numbers.count else { return estimate }
    func elapsed(_ seconds: (Span) -> Double) -> (seconds: Double, memory: Double) {
      Rehearsal(upstream: upstream, jobs: jobs, threads: threads).run(memory: all.map(\.memory)) { seconds(all[$0].seconds(threads: $1)) }
    }
    let likely = elapsed(\.likely)
    estimate.elapsed = Span(low: elapsed(\.low).seconds, likely: likely.seconds, high: elapsed(\.high).seconds)
    estimate.memory = likely.memory
    (estimate.chain, estimate.chainStages) = chain(numbers, all, upstream, threads)
    return estimate
  }

  /// For each of the numbers the places, among them, of what it reads from.
  private func upstream(among numbers: [Int]) -> [[Int]] {
    let place = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
    return numbers.map { plan.instances[$0].upstream.unique.compactMap { place[$0] } }
  }

  private func chain(_ numbers: [Int], _ costs: [InstanceCost], _ upstream: [[Int]], _ threads: Int) -> (Span, [String]) {
    var longest: [Span] = []
    var before: [Int?] = []
    for place in numbers.indices {
      let last = upstream[place].max { longest[$0].likely < longest[$1].likely }
      longest.append((last.map { longest[$0] } ?? .zero) + costs[place].seconds(threads: threads))
      before.append(last)
    }
    guard var place = longest.indices.max(by: { longest[$0].likely < longest[$1].likely }) else { return (.zero, []) }
    let length = longest[place]
    var stages = [plan.instances[numbers[place]].stage]
    while let last = before[place] {
      place = last
      stages.append(plan.instances[numbers[place]].stage)
    }
    return (length, stages.reversed())
  }

  /// Bytes that are free where results go; nil where the file system does not say.
  public var freeBytes: Double? {
    var info = statvfs()
    for folder in [results, folder] where statvfs(folder, &info) == 0 { return Double(info.f_bavail) * Double(info.f_frsize) }
    return nil
  }
}

/// Goes through a run as the runner would, with a clock of its own.
package struct Rehearsal {
  private struct Ready: Comparable {
    let priority: Double
    let place: Int
    static func < (a: Ready, b: Ready) -> Bool { (a.priority, b.place) < (b.priority, a.place) }
  }
  private struct Running: Comparable {
    let end: Double
    let place, threads: Int
    static func < (a: Running, b: Running) -> Bool { (a.end, a.place) < (b.end, b.place) }
  }

  /// For each instance the places of what it reads from, all before it.
  let upstream: [[Int]]
  let jobs, threads: Int

  package init(upstream: [[Int]], jobs: Int, threads: Int) { (self.upstream, self.jobs, self.threads) = (upstream, jobs, threads) }

  /// - Parameters:
  ///   - memory: of each instance, bytes.
  ///   - seconds: of an instance with so many threads.
  /// - Returns: when all is done, and the most memory that was in use together.
  package func run(memory: [Double], seconds: (Int, Int) -> Double) -> (seconds: Double, memory: Double) {
    let priority = Schedule(upstream: upstream, cost: upstream.indices.map { seconds($0, 1) }).priority
    var missing = upstream.map(\.count)
    var consumers = [[Int]](repeating: [], count: upstream.count)
    for (place, producers) in upstream.enumerated() { for producer in producers { consumers[producer].append(place) } }
    var ready = Heap(missing.indices.filter { missing[$0] == 0 }.map { Ready(priority: priority[$0], place: $0) })
    var running = Heap<Running>()
    var (now, inUse, used, most) = (0.0, 0, 0.0, 0.0)
    while true {
      while !ready.isEmpty,
        let share = Schedule.threads(total: threads, jobs: jobs, inUse: inUse, running: running.count, ready: ready.count),
        let next = ready.popMax()
      {
        running.insert(Running(end: now + seconds(next.place, share), place: next.place, threads: share))
        inUse += share
        used += memory[next.place]
        most = max(most, used)
      }
      guard let done = running.popMin() else { return (now, most) }
      now = done.end
      inUse -= done.threads
      used -= memory[done.place]
      for consumer in consumers[done.place] {
        missing[consumer] -= 1
        if missing[consumer] == 0 { ready.insert(Ready(priority: priority[consumer], place: consumer)) }
      }
    }
  }
}
