import Gradients
import StageKit
import Tensors

/// DAC (Chang et al. 2017): whether two images belong together is learned from the network's own confident similarities, of which more and more are
/// taken for confident.
///
/// A block of images is seen plainly once; similarities g of its label features f = y/‖y‖ above u(λ) are 1, below l(λ) 0, others do not count. Then the
/// similarities of augmented views are trained towards them. λ begins with 0 and is raised in every epoch. The authors' scripts, which differ from the
/// paper, are settings of the same: one threshold (lower = upper) and an auxiliary term that keeps y close to f.
public final class DAC: DeepMethod {
  public static let name = "dac"
  private static let network = PlainSettings()
  private static let upper = Setting<Double>("upper", 0...1, "u(0): pairs more similar than this belong together")
  private static let upperFall = Setting<Double>("upperFall", 0...10, "u(λ) = upper − upperFall · λ")
  private static let lower = Setting<Double>("lower", 0...1, "l(0): pairs less similar than this do not")
  private static let lowerRise = Setting<Double>("lowerRise", -10...10, "l(λ) = lower + lowerRise · λ")
  private static let lambdaEnd = Setting<Double>("lambdaEnd", 0...1, "where λ ends: it begins with 0 and is raised by lambdaEnd/epochs")
  private static let auxiliaryWeight = Setting<Double>(
    "auxiliaryWeight", 0...1e6, "weight of the cross entropy of y with the plain view's f; 0 switches it off")

  public static let networkSettings = network.all
  public static let settings =
    BlockPlan.settings + [
      AnySetting(upper), AnySetting(upperFall), AnySetting(lower), AnySetting(lowerRise), AnySetting(lambdaEnd),
      AnySetting(auxiliaryWeight),
    ]

  public static func views(_ settings: SettingValues) -> ViewKind { .augmented(copies: settings[CommonSettings.repeats]) }

  public static func heads(_ settings: SettingValues) -> [Int] { [settings[network.clusters]] }

  public static func check(_ settings: SettingValues, channels: Int?) throws(StageError) { try network.check(settings, channels: channels) }

  public static func model(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    plainModel(settings, channels: channels, size: size, seed: seed)
  }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    let layers = PlainConvNet.dac(size: size, clusters: settings[network.clusters], channels: settings[network.channels])
    return PlainConvNet.networkSize(layers, channels: channels, size: size)
  }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? { BlockPlan.workload(settings, data: data) }

  private static func plainModel(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> PlainModel {
    network.model(settings, channels: channels, size: size, seed: seed, layers: PlainConvNet.dac(size:clusters:channels:))
  }

  public var model: any DeepModel { plainModel }
  private let plainModel: PlainModel
  private let plan: BlockPlan
  private let thresholds: PairThresholds
  private let auxiliaryWeight: Double
  private let targets: BlockTargets
  private let optimiser: RMSprop

  public init(_ settings: SettingValues, data: DataFacts) {
    plainModel = Self.plainModel(settings, channels: data.channels, size: data.size, seed: UInt64(settings[CommonSettings.seed]))
    plan = BlockPlan(settings, data: data, clusters: settings[Self.network.clusters])
    thresholds = PairThresholds(
      upper: settings[Self.upper], upperFall: settings[Self.upperFall], lower: settings[Self.lower], lowerRise: settings[Self.lowerRise],
      lambdaEnd: settings[Self.lambdaEnd], epochs: plan.epochs)
    auxiliaryWeight = settings[Self.auxiliaryWeight]
    targets = BlockTargets(plan)
    optimiser = RMSprop(
      parameters: plainModel.network.parameters, learningRate: settings[CommonSettings.learningRate], decay: 0.9, epsilon: 1e-8)
  }

  public var memory: NamedTensors { optimiser.memory + [targets.memory] }

  public func restore(_ memory: NamedTensors) -> Bool {
    guard let last = memory.last, targets.restore(last) else { return false }
    return optimiser.restore(Array(memory.dropLast()))
  }

  public var steps: Int { plan.steps }

  public func pass(after history: [PassSummary]) -> Pass? { plan.pass(history.count, phase: "pairs") }

  public func prepare(_ pass: Pass, _ data: PassData) throws { try targets.prepare(pass, data, plainModel) }

  /// An update for each augmented copy.
  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let (network, n) = (plainModel.network, batch.numbers.count)
    let known = targets.of(batch.numbers, in: pass)
    let pairs = thresholds.targets(pairCosines(known), epoch: pass.epoch)
    let (features, everyImage) = (NormalisedRows(known).matrix, [Double](repeating: 1, count: n))
    var (pairLoss, auxiliaryLoss, first): (Double, Double, Tensor?) = (0, 0, nil)
    for copy in 1...plan.copies {
      let tape = Tape(team: team, training: true)
      let images = tape.constant(batch.images.rows(copy * n..<(copy + 1) * n))
      let y = tape.softmax(network.forward(images, batches: [n], on: tape))
      first = first ?? y.value
      let p = DoubleMatrix(y.value)
      var loss = pairSimilarityLoss(p, pairs)
      pairLoss += loss.value / Double(plan.copies)
      if auxiliaryWeight > 0 {
        let auxiliary = labelLoss(p, targets: features, weights: everyImage, smallest: 1e-7)
        auxiliaryLoss += auxiliary.value / Double(plan.copies)
        loss.gradient.add(auxiliary.gradient, times: auxiliaryWeight)
      }
      tape.backward([(y, loss.gradient.tensor)])
      optimiser.step(team: team)
    }
    let terms = [Term("pairs", pairLoss)] + (auxiliaryWeight > 0 ? [Term("auxiliary", auxiliaryLoss, weight: auxiliaryWeight)] : [])
    return StepResult(terms: terms, probabilities: first)
  }

  public var leastBytes: Int { plainModel.network.leastBytes(images: min(plan.batch, plan.largestBlock)) }

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    guard summary.hasCollapsed(after: history) else { return [] }
    return ["one cluster took every image; try a lambdaEnd lower than \(thresholds.lambdaEnd), or a lower learningRate"]
  }
}

/// Which similarities are taken for certain, as λ grows.
public struct PairThresholds: Sendable {
  public let upper, upperFall, lower, lowerRise: Double
  public let lambdaEnd: Double
  public let epochs: Int

  public init(upper: Double, upperFall: Double, lower: Double, lowerRise: Double, lambdaEnd: Double, epochs: Int) {
    (self.upper, self.upperFall, self.lower, self.lowerRise) = (upper, upperFall, lower, lowerRise)
    (self.lambdaEnd, self.epochs) = (lambdaEnd, epochs)
  }

  /// - Parameter epoch: 1, 2, …; the first behind the last reaches `lambdaEnd`.
  public func lambda(epoch: Int) -> Double { lambdaEnd * Double(min(epoch - 1, epochs)) / Double(epochs) }

  /// u and l; where they have met, every pair counts.
  public func bounds(lambda: Double) -> (upper: Double, lower: Double) { (upper - upperFall * lambda, lower + lowerRise * lambda) }

  public func targets(_ similarities: DoubleMatrix, epoch: Int) -> PairTargets {
    let (upper, lower) = bounds(lambda: lambda(epoch: epoch))
    // Decimal fractions meet but for their rounding.
    let met = lower >= upper - 1e-9
    return PairTargets(similarities) { $0 > upper ? 1 : met || $0 < lower ? 0 : nil }
  }
}
