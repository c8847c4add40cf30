import Gradients
import StageKit
import Tensors

/// JULE (Yang, Parikh & Batra 2016): many tiny clusters are merged stage by stage, and after every stage a network learns features in which the clusters
/// stand apart, by which the next stage merges.
///
/// Before the first pass, clusters are chains of nearest neighbours by the pixels. Then `stageEpochs` passes of the triplet loss on batches drawn at
/// random, and a stage of merging by the features of all images, in turn, until the next stage would leave K clusters. The result is what all stages
/// of merging give on the last features, from their chains on, so that the network alone says it.
public final class JULE: DeepMethod {
  public static let name = "jule"
  private static let clusters = Setting<Int>("network.clusters", 2...100_000, "K")
  private static let neighbours = Setting<Int>("network.neighbours", 1...10_000, "K_s, nearest images that an image has an affinity to")
  private static let clusterNeighbours = Setting<Int>(
    "network.clusterNeighbours", 1...1000, "K_c, clusters from which a merge's best must stand out")
  private static let rate = Setting<Double>("network.mergeRate", 0.01...0.99, "η, share of the clusters that one stage merges away")
  private static let outlierShare = Setting<Double>(
    "network.outlierShare", 0...0.9, "share of the mean size below which a cluster joins the nearest before a stage; 0 in the authors' code"
  )
  private static let stageEpochs = Setting<Int>("stageEpochs", 1...100_000, "passes between two stages of merging")
  private static let negatives = Setting<Int>("negatives", 1...10_000, "images of other clusters that each pair of a cluster meets")
  private static let margin = Setting<Double>("margin", 0...100, "by how much a negative's squared distance is to exceed the pair's")
  private static let positiveWeight = Setting<Double>("positiveWeight", 0.01...100, "γ, weight of the pair's squared distance")
  private static let momentum = Setting<Double>("momentum", 0...0.999, "of sgd")
  private static let weightDecay = Setting<Double>("weightDecay", 0...1, "L2 penalty of sgd")
  private static let slope = Setting<Double>("decaySlope", 0...100, "c of the rate learningRate · (1 + c · step)^−decayPower")
  private static let power = Setting<Double>("decayPower", 0...10, "the power with which the rate falls")

  public static let networkSettings = [
    AnySetting(clusters), AnySetting(neighbours), AnySetting(clusterNeighbours), AnySetting(rate), AnySetting(outlierShare),
  ]
  public static let settings = [
    AnySetting(CommonSettings.learningRate), AnySetting(stageEpochs), AnySetting(negatives), AnySetting(margin), AnySetting(positiveWeight),
    AnySetting(momentum), AnySetting(weightDecay), AnySetting(slope), AnySetting(power),
  ]

  public static func views(_ settings: SettingValues) -> ViewKind { .plain }

  public static func heads(_ network: SettingValues) -> [Int] { [] }
  public static func clusterCount(_ network: SettingValues) -> Int { network[clusters] }

  public static func check(_ network: SettingValues, channels: Int?) throws(StageError) {}

  public static func model(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    featureModel(network, channels: channels, size: size, seed: seed)
  }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    PlainConvNet.networkSize(PlainConvNet.jule(size: size), channels: channels, size: size)
  }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? {
    let (images, epochs) = (Double(data.clusteredImages), settings[CommonSettings.epochs])
    return Workload(
      trained: images * Double(epochs), seen: images * Double(epochs / settings[stageEpochs]), atOnce: settings[CommonSettings.batch])
  }

  private static func featureModel(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> FeatureModel {
    let layers = PlainConvNet.jule(size: size)
    return FeatureModel(
      PlainConvNet(layers, size: size, channels: channels, tracksStatistics: true, seed: seed),
      agglomeration: Agglomeration(
        clusters: network[clusters], neighbours: network[neighbours], clusterNeighbours: network[clusterNeighbours], rate: network[rate],
        outlierShare: network[outlierShare]),
      // Values 0 to 1.
      input: InputImages(
        size: size, channels: channels, mean: [Double](repeating: 0, count: channels), std: [Double](repeating: 1, count: channels),
        sobel: false))
  }

  public var model: any DeepModel { featureModel }
  private let featureModel: FeatureModel
  private let data: DataFacts
  private let (epochs, batch, stageEpochs, negatives): (Int, Int, Int, Int)
  private let (margin, positiveWeight, rate): (Double, Double, Double)
  private let schedule: LearningRateSchedule
  private let sgd: SGD
  private let seed: UInt64

  /// Steps of all passes so far.
  private var done = 0
  /// Stages of merging so far, the chains of the beginning being the first.
  private var stages = 0
  /// The cluster of each image, 0, 1, …; 0 before the first stage.
  private var labels: [Int32]

  public init(_ settings: SettingValues, data: DataFacts) {
    self.data = data
    (epochs, batch) = (settings[CommonSettings.epochs], settings[CommonSettings.batch])
    (stageEpochs, negatives) = (settings[Self.stageEpochs], settings[Self.negatives])
    (margin, positiveWeight) = (settings[Self.margin], settings[Self.positiveWeight])
    rate = settings[CommonSettings.learningRate]
    schedule = .inverse(slope: settings[Self.slope], power: settings[Self.power])
    seed = UInt64(settings[CommonSettings.seed])
    labels = [Int32](repeating: 0, count: data.clusteredImages)
    featureModel = Self.featureModel(settings, channels: data.channels, size: data.size, seed: seed)
    sgd = SGD(
      parameters: featureModel.network.parameters, learningRate: rate, momentum: settings[Self.momentum],
      weightDecay: settings[Self.weightDecay])
  }

  // MARK: Passes

  public var steps: Int { epochs * Pass.steps(data.clusteredImages, batch: batch) }

  public func pass(after history: [PassSummary]) -> Pass? {
    let number = history.count
    guard number < epochs else { return nil }
    // A stage is due, and it would be the last: the result takes it on the last features.
    if number > 0, number.isMultiple(of: stageEpochs), stages == number / stageEpochs {
      if featureModel.agglomeration.left(after: labels) <= featureModel.agglomeration.clusters { return nil }
    }
    return Pass(
      number: number, epoch: number + 1, phase: "features",
      batches: Pass.shuffled(data.clusteredImages, batch: batch, seed: seed, number: number), views: .plain, outputs: nil)
  }

  public func prepare(_ pass: Pass, _ data: PassData) throws {
    guard pass.number.isMultiple(of: stageEpochs) else { return }
    if pass.number == 0 {
      labels = NeighbourGraph(try unitPixels(data), neighbours: 1, team: data.team).chains()
    } else {
      let agglomeration = featureModel.agglomeration
      let x = try data.embed(featureModel, count: data.clusteredImages).features
      labels = agglomeration.stage(labels, NeighbourGraph(x, neighbours: agglomeration.neighbours, team: data.team), x)
    }
    stages = pass.number / stageEpochs + 1
  }

  /// The pixels of all images as rows of length 1.
  private func unitPixels(_ data: PassData) throws -> Tensor {
    let pixels = self.data.size * self.data.size * self.data.channels
    let rows = Tensor(uninitialized: [data.clusteredImages, pixels])
    let atOnce = 1000
    for first in stride(from: 0, to: data.clusteredImages, by: atOnce) {
      let numbers = Array(first..<min(first + atOnce, data.clusteredImages))
      let some = RowNormalisation.forward(try data.plain(numbers).reshaped(to: [numbers.count, pixels]), team: data.team).output
      withExtendedLifetime((rows, some)) { (rows.base + first * pixels).update(from: some.base, count: some.count) }
    }
    return rows
  }

  // MARK: Steps

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let tape = Tape(team: team, training: true)
    let features = featureModel.features(batch.images, on: tape)
    var random = RandomStream(seed: seed, purpose: .triplets, epoch: pass.number, item: done)
    let triplets = Triplets.drawn(batch.numbers.map { labels[$0] }, negatives: negatives, random: &random)
    let loss = tripletLoss(DoubleMatrix(features.value), triplets, positiveWeight: positiveWeight, margin: margin)
    tape.backward([(features, loss.gradient.tensor)])
    sgd.learningRate = schedule.rate(rate, step: done)
    sgd.step(team: team)
    done += 1
    return StepResult(terms: [Term("triplet", loss.value)])
  }

  public var leastBytes: Int {
    let pixels = data.size * data.size * data.channels
    return max(featureModel.network.leastBytes(images: min(batch, data.clusteredImages)), 8 * data.clusteredImages * pixels)
  }

  // MARK: Memory

  public var memory: NamedTensors {
    [
      // In two parts: Float counts to 2²⁴.
      ("jule.state", Tensor(shape: [3], [Float(done & 0xFF_FFFF), Float(done >> 24), Float(stages)])),
      ("jule.labels", Tensor(shape: [labels.count], labels.map { Float($0) })),
    ] + sgd.memory
  }

  public func restore(_ memory: NamedTensors) -> Bool {
    let byName = Dictionary(memory.map { ($0.name, $0.tensor) }) { $1 }
    guard let state = byName["jule.state"], state.shape == [3], let clusters = byName["jule.labels"], clusters.shape == [labels.count],
      sgd.restore(memory.filter { !$0.name.hasPrefix("jule.") })
    else { return false }
    (done, stages) = (Int(state.scalars[0]) | Int(state.scalars[1]) << 24, Int(state.scalars[2]))
    labels = clusters.scalars.map { Int32($0) }
    return true
  }

  // MARK: Advice

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    guard summary.epoch.isMultiple(of: stageEpochs), let loss = summary.term("triplet") else { return [] }
    var complaints: [String] = []
    let largest = Dictionary(grouping: labels) { $0 }.values.map(\.count).max() ?? 0
    if 2 * largest > labels.count {
      complaints.append(
        "one of \(Agglomeration.count(labels)) clusters holds \(largest) of the \(labels.count) images; try a lower network.mergeRate")
    }
    // What equal features cost.
    if margin > 0, abs(loss - margin) < 0.01 * margin {
      complaints.append("the features of all images are alike, at a triplet loss of the margin, \(margin); try another learningRate")
    }
    return complaints
  }
}

/// Features of a plain network as unit vectors, which agglomeration clusters.
private final class FeatureModel: DeepModel {
  let network: PlainConvNet
  let agglomeration: Agglomeration
  let input: InputImages

  init(_ network: PlainConvNet, agglomeration: Agglomeration, input: InputImages) {
    (self.network, self.agglomeration, self.input) = (network, agglomeration, input)
  }

  var weights: NamedTensors { network.stateDictionary() }

  func load(_ weights: NamedTensors) -> String? { network.load(weights) }

  func features(_ images: Tensor, on tape: Tape) -> Variable {
    tape.normaliseRows(network.forward(tape.constant(images), batches: [images.shape[0]], on: tape))
  }

  func embed(_ images: Tensor, team: ThreadTeam) -> Embedded {
    Embedded(features: features(images, on: Tape(team: team, training: false)).value, probabilities: [])
  }

  func clusters(_ all: Embedded, seed: UInt64, team: ThreadTeam) -> [Int32] { agglomeration.cluster(all.features, team: team) }
}
