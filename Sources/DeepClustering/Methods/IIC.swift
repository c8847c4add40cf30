import Gradients
import StageKit
import Tensors

/// IIC (Ji et al. 2019): the cluster of an image and that of a transformed copy are to tell as much about each other as they can.
///
/// Every head has sub-heads, whose losses are averaged; the sub-head of least loss in the head's last pass counts. In an epoch the
/// over-clustering heads make one pass each, the clustering head `clusterPasses`. Batches are the same in every pass, as in the authors' code.
public final class IIC: DeepMethod {
  public static let name = "iic"
  /// The authors' code feeds values 0 to 1.
  private static let network = ResidualSettings(isNormalised: false)
  private static let subheads = Setting<Int>("network.subheads", 1...100, "sub-heads of each head; the one of least training loss counts")
  private static let lambda = Setting<Double>("lambda", 0...100, "weight of the marginal entropies; 1 gives the mutual information")
  private static let clusterPasses = Setting<Int>(
    "clusterPasses", 1...100, "passes of the clustering head in an epoch; other heads make one")

  public static let networkSettings = network.all + [AnySetting(subheads)]
  public static let settings = [
    AnySetting(CommonSettings.repeats), AnySetting(CommonSettings.learningRate), AnySetting(lambda), AnySetting(clusterPasses),
  ]

  public static func views(_ settings: SettingValues) -> ViewKind { .augmented(copies: settings[CommonSettings.repeats]) }

  public static func heads(_ settings: SettingValues) -> [Int] { settings[network.heads] }

  public static func check(_ settings: SettingValues, channels: Int?) throws(StageError) { try network.check(settings, channels: channels) }

  public static func model(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    subheadModel(settings, channels: channels, size: size, seed: seed)
  }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    network.networkSize(settings, channels: channels, size: size)
  }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? {
    Workload(
      trained: Double(settings[CommonSettings.epochs])
        * network.trainedPerEpoch(settings, data: data, lastPasses: settings[clusterPasses]),
      atOnce: (1 + settings[CommonSettings.repeats]) * min(settings[CommonSettings.batch], data.images))
  }

  private static func subheadModel(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> SubheadModel {
    // The authors' Sobel responses are those of the luma.
    let input = network.input(settings, channels: channels, size: size, grey: .luma)
    let (heads, subheads) = (settings[network.heads], settings[subheads])
    let residual = ResidualNetwork(
      inputChannels: input.backboneChannels, widths: settings[network.widths], blocks: settings[network.blocks],
      heads: heads.flatMap { [Int](repeating: $0, count: subheads) }, seed: seed)
    return SubheadModel(residual, subheads: subheads, input: input)
  }

  public var model: any DeepModel { subheadModel }
  private let subheadModel: SubheadModel
  private let data: DataFacts
  private let heads: [Int]
  private let (epochs, batch, copies, clusterPasses): (Int, Int, Int, Int)
  private let lambda: Double
  private let adam: Adam

  public init(_ settings: SettingValues, data: DataFacts) {
    self.data = data
    heads = Self.heads(settings)
    (epochs, batch) = (settings[CommonSettings.epochs], settings[CommonSettings.batch])
    (copies, clusterPasses) = (settings[CommonSettings.repeats], settings[Self.clusterPasses])
    lambda = settings[Self.lambda]
    subheadModel = Self.subheadModel(
      settings, channels: data.channels, size: data.size, seed: UInt64(settings[CommonSettings.seed]))
    adam = Adam(parameters: subheadModel.network.parameters, learningRate: settings[CommonSettings.learningRate])
  }

  /// The sub-head whose clusters the present pass is told of, 0 …: the one that counted when it began.
  private var told = 0

  public var memory: NamedTensors {
    adam.memory + [
      ("iic.told", Tensor(shape: [1], [Float(told)])), ("iic.losses", Tensor(shape: [subheadModel.losses.count], subheadModel.losses)),
    ]
  }

  public func restore(_ memory: NamedTensors) -> Bool {
    let own = memory.suffix(2).map { $0.tensor }
    guard own.count == 2, own[0].count == 1, own[1].count == subheadModel.losses.count else { return false }
    told = Int(own[0].scalars[0])
    subheadModel.resume(own[1].scalars)
    return adam.restore(memory.dropLast(2))
  }

  private var passesPerEpoch: Int { heads.count - 1 + clusterPasses }

  private func images(of head: Int) -> Int { head == heads.count - 1 ? data.clusteredImages : data.images }

  private func head(of number: Int) -> Int { min(number % passesPerEpoch, heads.count - 1) }

  public var steps: Int {
    epochs * (0..<passesPerEpoch).reduce(0) { $0 + Pass.steps(images(of: head(of: $1)), batch: batch) }
  }

  public func pass(after history: [PassSummary]) -> Pass? {
    let (number, head) = (history.count, head(of: history.count))
    guard number < epochs * passesPerEpoch else { return nil }
    return Pass(
      number: number, epoch: number / passesPerEpoch + 1, phase: "head \(head)",
      batches: Pass.cut(Array(0..<images(of: head)), batch: batch), views: .augmented(copies: copies), outputs: heads[head])
  }

  public func prepare(_ pass: Pass, _ data: PassData) {
    told = subheadModel.best(of: head(of: pass.number))
    subheadModel.forgetLosses(of: head(of: pass.number))
  }

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let (network, n, all) = (subheadModel.network, batch.numbers.count, batch.images.shape[0])
    let tape = Tape(team: team, training: true)
    let features = network.features(batch.images, batches: [n, all - n], on: tape)
    let subheads = subheadModel.subheads(of: head(of: pass.number))
    var (value, gradients): (Double, [(variable: Variable, gradient: Tensor)]) = (0, [])
    var originals: [Tensor] = []
    for subhead in subheads {
      let p = network.probabilities(features, head: subhead, on: tape)
      originals.append(p.value.rows(0..<n))
      var loss = mutualInformationLoss(DoubleMatrix(originals[originals.count - 1]), DoubleMatrix(p.value.rows(n..<all)), lambda: lambda)
      subheadModel.losses[subhead] += Float(loss.value)
      value += loss.value / Double(subheads.count)
      loss.originals.scale(by: 1 / Double(subheads.count))
      loss.augmented.scale(by: 1 / Double(subheads.count))
      gradients.append((p, Tensor(joining: [loss.originals.tensor, loss.augmented.tensor])))
    }
    tape.backward(gradients)
    adam.step(team: team)
    return StepResult(terms: [Term("mutual information", value)], probabilities: originals[told])
  }

  public var leastBytes: Int { subheadModel.network.leastBytes(images: (1 + copies) * min(batch, data.images), size: data.size) }
}

/// A residual network whose heads have sub-heads.
private final class SubheadModel: DeepModel {
  let network: ResidualNetwork
  let input: InputImages
  private let perHead: Int
  /// Of each sub-head, summed over the steps of its head's last pass.
  var losses: [Float]
  /// The sub-head of each head that counts, 0 … where loaded weights say so.
  private var loaded: [Int]?

  init(_ network: ResidualNetwork, subheads: Int, input: InputImages) {
    (self.network, self.input, perHead) = (network, input, subheads)
    losses = [Float](repeating: 0, count: network.heads.count)
  }

  func subheads(of head: Int) -> Range<Int> { head * perHead..<(head + 1) * perHead }

  func forgetLosses(of head: Int) { for subhead in subheads(of: head) { losses[subhead] = 0 } }

  /// Goes on with the losses of an interrupted training.
  func resume(_ losses: [Float]) { (self.losses, loaded) = (losses, nil) }

  /// The sub-head of least loss so far, 0 …, the first of equals.
  func best(of head: Int) -> Int { subheads(of: head).reduce(head * perHead) { losses[$1] < losses[$0] ? $1 : $0 } - head * perHead }

  private var chosen: [Int] { loaded ?? (0..<network.heads.count / perHead).map(best) }

  var weights: NamedTensors { network.stateDictionary() + [("chosen", Tensor(shape: [chosen.count], chosen.map { Float($0) }))] }

  func load(_ weights: NamedTensors) -> String? {
    let count = network.heads.count / perHead
    guard let chosen = weights.first(where: { $0.name == "chosen" })?.tensor, chosen.shape == [count],
      chosen.scalars.allSatisfy({ $0 >= 0 && $0 < Float(perHead) })
    else { return "chosen" }
    loaded = chosen.scalars.map { Int($0) }
    return network.load(weights)
  }

  func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    let tape = Tape(team: team, training: false)
    let features = network.features(images, batches: [images.shape[0]], on: tape)
    return Embedded(
      features: features.value,
      probabilities: chosen.enumerated().map { network.probabilities(features, head: $0 * perHead + $1, on: tape).value })
  }
}
