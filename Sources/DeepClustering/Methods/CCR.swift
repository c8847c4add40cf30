import Gradients
import StageKit
import Tensors

/// CCR (Xu & Wang 2023, §3 and §4.2), and by the weights of its loss its ablations, DCDC (Dang et al. 2021) and PICA (Huang et al. 2020):
/// in every epoch, every head in turn makes one shuffled pass over the data; a batch is seen once as originals and R times augmented, with
/// batch statistics of their own; one Adam serves all heads.
public final class CCR: DeepMethod {
  public static let name = "ccr"
  private static let network = ResidualSettings()
  private static let loss = CCRLossSettings()

  public static let networkSettings = network.all
  public static let settings = [AnySetting(CommonSettings.repeats), AnySetting(CommonSettings.learningRate)] + loss.all

  public static func views(_ settings: SettingValues) -> ViewKind { .augmented(copies: settings[CommonSettings.repeats]) }

  public static func heads(_ settings: SettingValues) -> [Int] { settings[network.heads] }

  public static func check(_ settings: SettingValues, channels: Int?) throws(StageError) { try network.check(settings, channels: channels) }

  public static func checkTraining(_ settings: SettingValues) throws(StageError) { try loss.check(settings) }

  public static func model(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    network.model(settings, channels: channels, size: size, seed: seed)
  }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    network.networkSize(settings, channels: channels, size: size)
  }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? {
    Workload(
      trained: Double(settings[CommonSettings.epochs]) * network.trainedPerEpoch(settings, data: data),
      atOnce: (1 + settings[CommonSettings.repeats]) * min(settings[CommonSettings.batch], data.images))
  }

  /// What is trained, for how long.
  public struct Plan: Sendable {
    public let data: DataFacts
    public let epochs: Int
    /// N, at least 2.
    public let batch: Int
    /// R
    public let repeats: Int
    public let learningRate: Double
    public let loss: CCRLoss
    public let seed: UInt64

    public init(data: DataFacts, epochs: Int, batch: Int, repeats: Int, learningRate: Double, loss: CCRLoss, seed: UInt64) {
      precondition(batch >= 2 && repeats >= 1, "batches of \(batch), \(repeats) copies")
      (self.data, self.epochs, self.batch, self.repeats) = (data, epochs, batch, repeats)
      (self.learningRate, self.loss, self.seed) = (learningRate, loss, seed)
    }
  }

  public var model: any DeepModel { residual }
  private let residual: ResidualModel
  private let plan: Plan
  private let adam: Adam
  private let trainingStep: CCRStep

  public convenience init(_ settings: SettingValues, data: DataFacts) {
    let seed = UInt64(settings[CommonSettings.seed])
    let plan = Plan(
      data: data, epochs: settings[CommonSettings.epochs], batch: settings[CommonSettings.batch], repeats: settings[CommonSettings.repeats],
      learningRate: settings[CommonSettings.learningRate], loss: Self.loss.make(settings), seed: seed)
    self.init(plan, model: Self.network.model(settings, channels: data.channels, size: data.size, seed: seed))
  }

  public init(_ plan: Plan, model: ResidualModel) {
    self.plan = plan
    residual = model
    adam = Adam(parameters: model.network.parameters, learningRate: plan.learningRate)
    trainingStep = CCRStep(model.network, loss: plan.loss, adam: adam)
  }

  public var memory: NamedTensors { adam.memory }

  public func restore(_ memory: NamedTensors) -> Bool { adam.restore(memory) }

  private var heads: [Int] { residual.network.heads }

  private func images(of head: Int) -> Int { head == heads.count - 1 ? plan.data.clusteredImages : plan.data.images }

  public var steps: Int { plan.epochs * heads.indices.reduce(0) { $0 + Pass.steps(images(of: $1), batch: plan.batch) } }

  public func pass(after history: [PassSummary]) -> Pass? {
    let (number, head) = (history.count, history.count % heads.count)
    guard number < plan.epochs * heads.count else { return nil }
    return Pass(
      number: number, epoch: number / heads.count + 1, phase: "head \(head)",
      batches: Pass.shuffled(images(of: head), batch: plan.batch, seed: plan.seed, number: number),
      views: .augmented(copies: plan.repeats), outputs: heads[head])
  }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let (terms, probabilities) = trainingStep.run(
      batch.images, originals: batch.numbers.count, head: pass.number % heads.count, team: team)
    return StepResult(terms: plan.loss.weighted(terms), probabilities: probabilities)
  }

  /// The network's, and of the instance loss logits and slopes of every pair.
  public var leastBytes: Int {
    let n = min(plan.batch, plan.data.images)
    return residual.network.leastBytes(images: (1 + plan.repeats) * n, size: plan.data.size)
      + (plan.loss.instanceWeight > 0 ? 16 * plan.repeats * n * n : 0)
  }

  // MARK: Advice

  /// When a head should have left the start, to say something if it has not.
  private static let epochsToLearnSomething = 10

  public var remedyForDivergence: String {
    // Of the sum over all pairs the gradients are the largest.
    "lower learningRate, \(plan.learningRate), for example to a tenth"
      + (plan.loss.relationWeight > 0 && plan.loss.relationReduction == .sum ? ", or try relationReduction \"anchor\"" : "")
  }

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    var complaints: [String] = []
    if summary.hasCollapsed(after: history) {
      let balance = plan.loss.balanceWeight
      complaints.append(
        "one cluster took every image; try \(lowerRate), or a balanceWeight of \(balance < 1 ? "1 or more" : "more than \(balance)")")
    }
    // ln(R·N) is the instance loss of assignments that say nothing.
    let nothing = Elementary.log(Double(min(plan.batch, plan.data.images) * plan.repeats))
    if summary.epoch == Self.epochsToLearnSomething, let instance = summary.term("instance"), instance > 0.99 * nothing {
      complaints.append("the instance loss is still within 1 % of saying nothing; try \(lowerRate)")
    }
    return complaints
  }

  /// The rate that helps as a rule, where it is not the one that is used already.
  private var lowerRate: String {
    plan.learningRate > 0.001 ? "learningRate 0.001" : "a learningRate lower than \(plan.learningRate)"
  }
}

/// The settings of the loss: CCR, its ablations, DCDC and PICA are weights of one loss.
private struct CCRLossSettings: Sendable {
  let temperature = Setting<Double>("temperature", 1e-3...1e3, "τ of equations 2 and 4")
  let temperatureInside = Setting<Bool>("temperatureInside", "exp(cos/τ) rather than the printed exp(cos)/τ, in which τ cancels")
  let instanceWeight = Setting<Double>("instanceWeight", 0...1e6, "weight of the instance loss; 0 switches it off")
  let clusterWeight = Setting<Double>("clusterWeight", 0...1e6, "weight of the cluster loss; 0 switches it off")
  let relationWeight = Setting<Double>("relationWeight", 0...1e6, "α, weight of the relation loss; 0 switches it off")
  let relationReduction = Setting<String>(
    "relationReduction", choices: RelationReduction.allCases.map(\.rawValue), "how the relation loss reduces pairs")
  let balanceWeight = Setting<Double>("balanceWeight", 0...1e6, "β, weight of the balance term; 0 switches it off")

  var all: [AnySetting] {
    [
      AnySetting(temperature), AnySetting(temperatureInside), AnySetting(instanceWeight), AnySetting(clusterWeight),
      AnySetting(relationWeight), AnySetting(relationReduction), AnySetting(balanceWeight),
    ]
  }

  func check(_ settings: SettingValues) throws(StageError) {
    guard [instanceWeight, clusterWeight, relationWeight, balanceWeight].contains(where: { settings[$0] > 0 }) else {
      throw .illegalSetting("instanceWeight", "must not be 0 where clusterWeight, relationWeight and balanceWeight are")
    }
  }

  func make(_ settings: SettingValues) -> CCRLoss {
    guard let reduction = RelationReduction(rawValue: settings[relationReduction]) else { preconditionFailure("a choice of the schema") }
    return CCRLoss(
      temperature: settings[temperature], temperatureInside: settings[temperatureInside], instanceWeight: settings[instanceWeight],
      clusterWeight: settings[clusterWeight], relationWeight: settings[relationWeight], relationReduction: reduction,
      balanceWeight: settings[balanceWeight])
  }
}

/// One step of training: forward of both views, the losses, backward and the optimiser.
public struct CCRStep {
  private let network: ResidualNetwork
  private let loss: CCRLoss
  private let adam: Adam

  /// - Parameter adam: of the network's parameters.
  public init(_ network: ResidualNetwork, loss: CCRLoss, adam: Adam) {
    self.network = network
    self.loss = loss
    self.adam = adam
  }

  /// Both views go through the network at once, which reads and transforms every filter once; batch normalisation keeps them apart.
  /// - Parameters:
  ///   - images: `originals` original views and R times as many augmented ones, copy by copy, [(1 + R)·originals, S, S, C].
  ///   - head: the head that is trained.
  /// - Returns: the loss terms, and the originals' assignment probabilities [originals, clusters of the head].
  @discardableResult
  public func run(
    _ images: Tensor, originals: Int, head: Int, team: ThreadTeam
  ) -> (terms: CCRLoss.Terms, probabilities: Tensor) {
    let all = images.shape[0]
    let tape = Tape(team: team, training: true)
    let p = network.probabilities(network.features(images, batches: [originals, all - originals], on: tape), head: head, on: tape)
    let probabilities = p.value.rows(0..<originals)
    let loss = loss.evaluate(probabilities, p.value.rows(originals..<all))
    tape.backward([(p, Tensor(joining: [loss.originals, loss.augmented]))])
    adam.step(team: team)
    return (loss.terms, probabilities)
  }
}
