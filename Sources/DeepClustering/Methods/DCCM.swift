import Gradients
import StageKit
import Tensors

/// DCCM (Wu et al. 2019): similarities and labels that the network is sure of on plain views are what augmented views are trained towards, and a shallow map
/// of an image is to tell about the head's output for that image and for one like it (a discriminator of real and fake pairs, trained along).
///
/// Two defects of the authors' code are not repeated: the like image j is drawn evenly among all of the batch but i itself, and is i where there is no other
/// (there: the wrong j beyond i, the batch's first where there is none); fewer than two unlike images are no error.
public final class DCCM: DeepMethod {
  public static let name = "dccm"
  private static let network = PlainSettings()
  private static let similarity = Setting<Double>("similarity", 0...1, "least cosine of two images' outputs that makes them alike")
  private static let confidence = Setting<Double>("confidence", 0...1, "least probability that makes a cluster a label")
  private static let graphWeight = Setting<Double>("graphWeight", 0...1e6, "weight of the loss of pairs; 0 switches it off")
  private static let labelWeight = Setting<Double>("labelWeight", 0...1e6, "weight of the loss of labels; 0 switches it off")
  private static let informationWeight = Setting<Double>(
    "informationWeight", 0...1e6, "weight of the mutual information; 0 switches it off")
  private static let discriminatorWidth = Setting<Int>("discriminatorWidth", 1...100_000, "channels within the discriminator")

  public static let networkSettings = network.all
  public static let settings =
    BlockPlan.settings + [
      AnySetting(similarity), AnySetting(confidence), AnySetting(graphWeight), AnySetting(labelWeight), AnySetting(informationWeight),
      AnySetting(discriminatorWidth),
    ]

  public static func views(_ settings: SettingValues) -> ViewKind { .augmented(copies: settings[CommonSettings.repeats]) }

  public static func heads(_ settings: SettingValues) -> [Int] { [settings[network.clusters]] }

  public static func check(_ settings: SettingValues, channels: Int?) throws(StageError) {
    try network.check(settings, channels: channels)
  }

  public static func checkTraining(_ settings: SettingValues) throws(StageError) {
    guard [graphWeight, labelWeight, informationWeight].contains(where: { settings[$0] > 0 }) else {
      throw .illegalSetting("graphWeight", "must not be 0 where labelWeight and informationWeight are")
    }
  }

  public static func model(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    plainModel(settings, channels: channels, size: size, seed: seed)
  }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    let layers = PlainConvNet.dccm(size: size, clusters: settings[network.clusters], channels: settings[network.channels])
    return PlainConvNet.networkSize(layers, channels: channels, size: size)
  }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? { BlockPlan.workload(settings, data: data) }

  private static func plainModel(_ settings: SettingValues, channels: Int, size: Int, seed: UInt64) -> PlainModel {
    network.model(settings, channels: channels, size: size, seed: seed, layers: PlainConvNet.dccm(size:clusters:channels:))
  }

  public var model: any DeepModel { plainModel }
  private let plainModel: PlainModel
  private let plan: BlockPlan
  private let (similarity, confidence): (Double, Double)
  private let (graphWeight, labelWeight, informationWeight): (Double, Double, Double)
  private let targets: BlockTargets
  private let discriminator: PairDiscriminator
  private let optimiser: RMSprop

  public init(_ settings: SettingValues, data: DataFacts) {
    let seed = UInt64(settings[CommonSettings.seed])
    plainModel = Self.plainModel(settings, channels: data.channels, size: data.size, seed: seed)
    plan = BlockPlan(settings, data: data, clusters: settings[Self.network.clusters])
    (similarity, confidence) = (settings[Self.similarity], settings[Self.confidence])
    (graphWeight, labelWeight) = (settings[Self.graphWeight], settings[Self.labelWeight])
    informationWeight = settings[Self.informationWeight]
    targets = BlockTargets(plan)
    let network = plainModel.network
    discriminator = PairDiscriminator(
      maps: network.shapes[network.firstPooled - 1][2], rows: plan.clusters, width: settings[Self.discriminatorWidth], seed: seed)
    optimiser = RMSprop(
      parameters: network.parameters + discriminator.parameters, learningRate: settings[CommonSettings.learningRate], decay: 0.9,
      epsilon: 1e-8)
  }

  public var memory: NamedTensors { optimiser.memory + discriminator.stateDictionary() + [targets.memory] }

  public func restore(_ memory: NamedTensors) -> Bool {
    let moments = Array(memory.prefix(optimiser.parameters.count))
    guard let last = memory.last, memory.count == moments.count + discriminator.parameters.count + 1, targets.restore(last) else {
      return false
    }
    return discriminator.load(Array(memory[moments.count...])) == nil && optimiser.restore(moments)
  }

  public var steps: Int { plan.steps }

  public func pass(after history: [PassSummary]) -> Pass? { plan.pass(history.count, phase: "pairs and labels") }

  public func prepare(_ pass: Pass, _ data: PassData) throws { try targets.prepare(pass, data, plainModel) }

  /// An update for each augmented copy.
  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let known = targets.of(batch.numbers, in: pass)
    let graph = PairTargets(pairCosines(known)) { $0 >= similarity ? 1 : 0 }
    let labels = PseudoLabels(known, confidence: confidence)
    var (terms, first): ([Term], Tensor?) = ([], nil)
    for copy in 1...plan.copies {
      let (found, z) = update(batch, copy: copy, graph, labels, of: pass, team: team)
      first = first ?? z
      if terms.isEmpty { terms = found.map { Term($0.name, 0, weight: $0.weight) } }
      for (at, term) in found.enumerated() { terms[at].value += term.value / Double(plan.copies) }
    }
    return StepResult(terms: terms, probabilities: first)
  }

  private func update(
    _ batch: Batch, copy: Int, _ graph: PairTargets, _ labels: PseudoLabels, of pass: Pass, team: ThreadTeam
  ) -> (terms: [Term], probabilities: Tensor) {
    let (network, n) = (plainModel.network, batch.numbers.count)
    let tape = Tape(team: team, training: true)
    func forward(_ x: Variable, _ layers: Range<Int>) -> Variable { network.forward(x, layers: layers, batches: [n], on: tape) }
    let maps = forward(tape.constant(batch.images.rows(copy * n..<(copy + 1) * n)), 0..<network.firstPooled)
    let logits = forward(maps, network.firstPooled..<network.lastLinear)
    let z = tape.softmax(forward(logits, network.lastLinear..<network.layers.count))
    let p = DoubleMatrix(z.value)
    var terms: [Term] = []
    var gradient = DoubleMatrix(zeros: n, plan.clusters)
    func add(_ name: String, _ loss: (value: Double, gradient: DoubleMatrix), weight: Double) {
      terms.append(Term(name, loss.value, weight: weight))
      gradient.add(loss.gradient, times: weight)
    }
    if graphWeight > 0 { add("graph", pairSimilarityLoss(p, graph), weight: graphWeight) }
    if labelWeight > 0 {
      add("labels", labelLoss(p, targets: labels.targets, weights: labels.weights, smallest: 1e-12), weight: labelWeight)
    }
    var outputs = [(z, gradient.tensor)]
    if informationWeight > 0 {
      var random = RandomStream(seed: plan.seed, purpose: .pairs, epoch: pass.number, item: batch.numbers[0], copy: copy)
      let pairs = InformationPairs(graph, &random)
      let scores = discriminator.scores(tape.rows(maps, pairs.maps), tape.rows(logits, pairs.rows), on: tape)
      var loss = jensenShannonLoss(scores.value, real: pairs.real)
      terms.append(Term("information", loss.value, weight: informationWeight))
      loss.gradient.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] *= Float(informationWeight) } }
      outputs.append((scores, loss.gradient))
    }
    tape.backward(outputs)
    optimiser.step(team: team)
    return (terms, z.value)
  }

  public var leastBytes: Int {
    let network = plainModel.network
    let n = min(plan.batch, plan.largestBlock)
    // Real and fake pairs, two of each for every image, through both hidden layers.
    let positions = network.shapes[network.firstPooled - 1].dropLast().reduce(4 * n, *)
    return network.leastBytes(images: n) + 4 * positions * 4 * discriminator.parameters[1].value.shape[3]
  }

  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    guard summary.hasCollapsed(after: history) else { return [] }
    return ["one cluster took every image; try a lower learningRate, or a confidence higher than \(confidence)"]
  }
}

/// The likeliest cluster of each image as its label, where it is likely enough.
public struct PseudoLabels: Sendable {
  /// One-hot [N, K].
  public let targets: DoubleMatrix
  /// 1 where the label counts, 0 elsewhere.
  public let weights: [Double]

  /// - Parameter probabilities: [N, K].
  public init(_ probabilities: DoubleMatrix, confidence: Double) {
    var (targets, weights) = (DoubleMatrix(zeros: probabilities.rows, probabilities.columns), [Double]())
    for row in 0..<probabilities.rows {
      var best = 0
      for cluster in 0..<probabilities.columns where probabilities[row, cluster] > probabilities[row, best] { best = cluster }
      targets[row, best] = 1
      weights.append(probabilities[row, best] >= confidence ? 1 : 0)
    }
    (self.targets, self.weights) = (targets, weights)
  }
}

/// The pairs of a map M and a row Y that DCCM's discriminator sees: real ones first, of each image its own map, then that of one like it; then fake ones, of
/// each image the maps of up to two unlike it.
public struct InformationPairs: Equatable, Sendable {
  /// Whose map and whose row, pair by pair.
  public private(set) var maps, rows: [Int]
  /// How many pairs are real.
  public let real: Int

  /// - Parameter graph: which images are alike.
  public init(_ graph: PairTargets, _ random: inout RandomStream) {
    let images = Array(0..<graph.images)
    maps = images
    var fake: [(map: Int, row: Int)] = []
    for i in images {
      let alike = images.filter { $0 != i && graph[i, $0] == 1 }
      maps.append(alike.isEmpty ? i : alike[random.integer(below: alike.count)])
      var unlike = images.filter { $0 != i && graph[i, $0] == 0 }
      for _ in 0..<min(2, unlike.count) { fake.append((unlike.remove(at: random.integer(below: unlike.count)), i)) }
    }
    real = maps.count
    rows = images + images + fake.map(\.row)
    maps += fake.map(\.map)
  }
}
