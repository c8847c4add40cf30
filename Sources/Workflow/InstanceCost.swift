import Artifacts
import Glibc

/// What one instance is expected to take.
struct InstanceCost: Sendable {
  /// What an expectation rests on, the surest first.
  enum Basis: Int, Comparable, Sendable {
    /// Runs of the same settings.
    case alike
    /// Runs of the same method, by the ratio of work.
    case method
    /// Runs of the same program, by the ratio of work.
    case program
    /// The work that the program counts, and the calibration of this machine.
    case calibration
    /// Runs of the same stage, whatever they did.
    case stage
    /// The declared cost.
    case declared

    static func < (a: Basis, b: Basis) -> Bool { a.rawValue < b.rawValue }

    var words: String {
      switch self {
      case .alike: "past runs"
      case .method, .program: "past runs, by work"
      case .calibration: "counted work"
      case .stage: "past runs of other settings"
      case .declared: "never run"
      }
    }
  }

  /// Seconds with `threads` threads.
  let seconds: Span
  let threads: Double
  let cpuSeconds: Span
  /// Bytes; of memory at the peak.
  let memory, outputs: Double
  let basis: Basis

  /// How much faster so many threads are than one.
  static func speedUp(_ threads: Double) -> Double { 1 + (threads - 1) * 0.85 }

  /// Seconds with another number of threads: what mostly waits is no faster with more.
  func seconds(threads other: Int) -> Span {
    let isComputing = cpuSeconds.likely > 0.5 * seconds.likely
    return isComputing ? seconds * (Self.speedUp(threads) / Self.speedUp(Double(other))) : seconds
  }
}

/// Expects costs from past runs, from the work that programs count, and from this machine's calibration.
struct CostModel {
  /// What every start of a program takes, seconds, and has in memory, bytes.
  private static let start = (seconds: 0.05, bytes: 50e6)
  /// How many runs are looked at where many are of the same kind.
  private static let most = 8

  private let alike: [String: [PastRun]]
  private let byVariant: [String: [PastRun]]
  private let byStage: [String: [PastRun]]
  private let speeds: MachineSpeeds

  init(_ runs: some Sequence<PastRun>, speeds: MachineSpeeds) {
    self.speeds = speeds
    let runs = runs.sorted { ($0.work?.operations ?? 0, $0.place) < ($1.work?.operations ?? 0, $1.place) }
    alike = Dictionary(grouping: runs) { "\($0.stage) \($0.settings)" }
    let counted = runs.filter { $0.work != nil }
    byVariant = Dictionary(grouping: counted) { "\($0.stage) \($0.variant)" }
    byStage = Dictionary(grouping: runs, by: \.stage)
  }

  func cost(stage: String, settings: String, place: String, variant: String, work: PlannedWork?, declared: Double) -> InstanceCost {
    // Past runs whose work nobody counted are like this one where they stood at the same place of the same profile.
    let same = (alike["\(stage) \(settings)"] ?? []).filter { run in
      guard let work, let past = run.work, past.counting == work.counting else {
        return run.place == place || work == nil && run.work == nil
      }
      return abs(past.operations / work.operations - 1) < 0.02
    }
    if !same.isEmpty { return expect(same.suffix(Self.most).map { ($0, 1) }, work, .alike, within: 1.3) }
    if let work {
      for (runs, basis, factor) in [
        (byVariant["\(stage) \(variant)"] ?? [], InstanceCost.Basis.method, 1.4), (byStage[stage] ?? [], InstanceCost.Basis.program, 2.2),
      ] {
        let runs = runs.filter { $0.work?.counting == work.counting }
        guard !runs.isEmpty else { continue }
        let near = Self.nearest(runs, to: work.operations)
        let ratios = near.map { work.operations / ($0.work?.operations ?? 1) }
        // The further the work is from what was seen, the less sure is its ratio.
        let distance = ratios.map { abs(log10($0)) }.min() ?? 0
        return expect(Array(zip(near, ratios)), work, basis, within: factor * (1 + 0.15 * distance))
      }
      if let speed = speeds.here {
        let seconds = Span(low: 0.4, likely: 1, high: 3) * (work.operations / speed) + Span(Self.start.seconds, within: 2)
        return InstanceCost(
          seconds: seconds, threads: 1, cpuSeconds: seconds, memory: work.memory ?? Self.start.bytes, outputs: work.outputs ?? 0,
          basis: .calibration)
      }
    }
    if let runs = byStage[stage], !runs.isEmpty {
      let some = stride(from: 0, to: runs.count, by: max(1, runs.count / Self.most)).map { (runs[$0], 1.0) }
      return expect(some, work, .stage, within: 3)
    }
    return InstanceCost(
      seconds: Span(low: 0, likely: declared, high: 10 * declared), threads: 1,
      cpuSeconds: Span(low: 0, likely: declared, high: 10 * declared),
      memory: Self.start.bytes, outputs: 0, basis: .declared)
  }

  /// What past runs let expect, each with how many times as much work there is now.
  private func expect(_ runs: [(run: PastRun, ratio: Double)], _ work: PlannedWork?, _ basis: InstanceCost.Basis, within factor: Double)
    -> InstanceCost
  {
    func scaled(_ amount: (PastRun) -> Double) -> [Double] {
      runs.map { run, ratio in
        let there = speeds.of(run.host) ?? 1
        let here = speeds.of(run.host) == nil ? 1 : speeds.here ?? there
        let (fixed, all) = (Self.start.seconds, amount(run))
        return (min(all, fixed) + max(0, all - fixed) * ratio) * there / here
      }
    }
    func bytes(_ seen: (PastRun) -> Double, _ said: (PlannedWork) -> Double?) -> Double {
      runs.map { run, _ in
        guard basis != .alike, let now = work.flatMap(said), let then = run.work.flatMap(said) else { return seen(run) }
        return seen(run) * now / then
      }.max() ?? 0
    }
    // A run on a busy machine took more of the clock than of the processor; it may not have to again. What waits by its nature will.
    let threads = runs.map(\.run.threads).max() ?? 1
    let clock = Span(seen: scaled { $0.seconds * InstanceCost.speedUp($0.threads) / InstanceCost.speedUp(threads) }, within: factor)
    let processor = Span(seen: scaled(\.cpuSeconds), within: factor)
    let isComputing = processor.likely * 5 > clock.likely
    let least = isComputing ? min(clock.low, processor.low / InstanceCost.speedUp(threads)) : clock.low
    return InstanceCost(
      seconds: Span(low: least, likely: clock.likely, high: clock.high), threads: threads, cpuSeconds: processor,
      memory: bytes(\.peakBytes, \.memory), outputs: bytes(\.bytes, \.outputs), basis: basis)
  }

  /// The runs of the nearest work, of runs in order of theirs.
  private static func nearest(_ runs: [PastRun], to operations: Double) -> [PastRun] {
    func at(_ index: Int) -> Double { runs[index].work?.operations ?? 0 }
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if at(middle) < operations { low = middle + 1 } else { high = middle }
    }
    let window = max(0, low - most)..<min(runs.count, low + most)
    return Array(
      window.map { runs[$0] }.sorted {
        abs(log(($0.work?.operations ?? 1) / operations)) < abs(log(($1.work?.operations ?? 1) / operations))
      }.prefix(most))
  }
}

/// How fast machines compute, operations per second of one thread, by their names: measured once by a program that can, and kept in
/// `machines.json` of the store. Measured anew where a machine of that name has another processor.
struct MachineSpeeds: Sendable {
  private(set) var all: [String: Double] = [:]
  private let own: String

  var here: Double? { all[own] }
  func of(_ host: String) -> Double? { all[host] }

  /// - Parameter measure: measures this machine; nil where no program can.
  init(_ store: Store, measure: () -> Double?) {
    let path = "\(store.folder)/machines.json"
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    own = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let root = Store.json(path)
    // A flipped digit would be believed for ever.
    var members = root?["check"]?.string == root.map(Store.check) ? root?["machines"]?.object ?? [] : []
    for member in members { all[member.name] = member.value["operationsPerSecond"]?.double.flatMap { $0 > 0 ? $0 : nil } }
    let processor = Programs.processor
    if members.last(where: { $0.name == own })?.value["processor"]?.string != processor || here == nil {
      all[own] = measure()
      guard let speed = all[own] else { return }
      members.removeAll { $0.name == own }
      members.append(.init(own, ["operationsPerSecond": .number(speed), "processor": .string(processor)]))
      // A folder that cannot be written costs only time.
      Folder.setAside(path)
      let machines = JSONValue.Member("machines", .object(members))
      try? AtomicFile.write(
        JSONValue.object([machines, .init("check", .string(Store.check(.object([machines]))))]).pretty + "\n", to: path)
    }
  }
}
