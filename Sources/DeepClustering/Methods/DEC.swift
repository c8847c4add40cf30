import Clustering
import Gradients
import StageKit
import Tensors

/// DEC (Xie, Girshick & Farhadi 2016): a stacked auto-encoder is trained layer by layer, then as a whole; k-means on its codes gives centres, and
/// encoder and centres are trained to draw the soft assignments of codes to centres towards sharper targets.
///
/// Passes in turn: a share of the epochs for each pair of layers, as a denoising auto-encoder of the layer's input; another share for all of them, without
/// noise; then clustering, until fewer than `tolerance` of the images changed their cluster since the pass before, or `epochs` is reached. Targets are
/// those of the whole data set, found anew before every pass of clustering.
public final class DEC: DeepMethod {
  public static let name = "dec"
  private static let widths = Setting<[Int]>("network.widths", 1...100_000, "outputs of each encoder layer; the last is the code")
  private static let clusters = Setting<Int>("network.clusters", 2...100_000, "K")
  private static let restarts = Setting<Int>("network.restarts", 1...10_000, "starts of k-means, of which the best counts")
  /// The mean square of the inputs should be about 1.
  private static let normalisation = ChannelSettings()
  private static let layerShare = Setting<Double>(
    "layerShare", 0...0.99, "share of the epochs that pre-trains each layer of the encoder, rounded down to whole passes")
  private static let fineTuneShare = Setting<Double>(
    "fineTuneShare", 0...0.99, "share of the epochs that trains the whole auto-encoder after that")
  private static let dropout = Setting<Double>("dropout", 0...0.99, "share of a layer's inputs and outputs left out in layer-wise training")
  private static let optimiser = Setting<String>("optimiser", choices: ["adam", "sgd"], "of the auto-encoder's training; sgd has momentum")
  private static let decayEvery = Setting<Int>(
    "decayEvery", 1...100_000_000, "steps after which the auto-encoder's rate falls to a tenth, counted in each of its phases")
  private static let momentum = Setting<Double>("momentum", 0...0.999, "of sgd, and of clustering")
  private static let clusterRate = Setting<Double>("clusterLearningRate", 1e-9...10, "step size of clustering, by sgd")
  private static let tolerance = Setting<Double>(
    "tolerance", 0...1, "clustering ends when a smaller share of the images changed its cluster since the pass before")

  public static let networkSettings = [AnySetting(widths), AnySetting(clusters), AnySetting(restarts)] + normalisation.all
  public static let settings = [
    AnySetting(CommonSettings.learningRate), AnySetting(layerShare), AnySetting(fineTuneShare), AnySetting(dropout),
    AnySetting(optimiser),
    AnySetting(decayEvery), AnySetting(momentum), AnySetting(clusterRate), AnySetting(tolerance),
  ]

  public static func views(_ settings: SettingValues) -> ViewKind { .plain }

  public static func heads(_ network: SettingValues) -> [Int] { [network[clusters]] }

  public static func check(_ network: SettingValues, channels: Int?) throws(StageError) {
    guard !network[widths].isEmpty else { throw .illegalSetting("network.widths", "must name at least one layer") }
    try normalisation.check(network, channels: channels)
  }

  public static func checkTraining(_ settings: SettingValues) throws(StageError) {
    let before = Double(settings[widths].count) * settings[layerShare] + settings[fineTuneShare]
    guard before < 1 else {
      throw .illegalSetting(
        "layerShare",
        "must leave epochs for clustering: \(settings[widths].count) layers of \(settings[layerShare]) and fineTuneShare, "
          + "\(settings[fineTuneShare]), are \(before) of them, and must be less than 1")
    }
  }

  public static func doubts(_ settings: SettingValues) -> [String] {
    let epochs = settings[CommonSettings.epochs]
    func doubt(_ name: String, _ share: Double, _ what: String) -> [String] {
      guard share > 0, passes(share, of: epochs) == 0 else { return [] }
      return ["no pass \(what): \(name) is \(share) of \(epochs) epochs, less than one; raise epochs or \(name)"]
    }
    return doubt("layerShare", settings[layerShare], "trains each layer by itself")
      + doubt("fineTuneShare", settings[fineTuneShare], "trains the whole auto-encoder")
  }

  /// A hair more than their product: 0.29 of 100 is below 29 in binary.
  private static func passes(_ share: Double, of epochs: Int) -> Int { Int(Double(epochs) * share + 1e-9) }

  public static func networkSize(_ settings: SettingValues, channels: Int, size: Int) -> NetworkSize? {
    var (network, inputs) = (NetworkSize(), size * size * channels)
    for width in settings[widths] {
      for _ in 0..<2 { network.convolve(kernel: 1, from: inputs, to: width, side: 1) }
      inputs = width
    }
    return network
  }

  /// Pairs of layers are trained on what the layers before them give; clustering trains the encoder alone, and sees all images before each pass.
  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? {
    let (images, epochs) = (Double(data.clusteredImages), Double(settings[CommonSettings.epochs]))
    let (layers, whole) = (settings[layerShare], settings[fineTuneShare])
    let rest = 1 - layers * Double(settings[widths].count) - whole
    return Workload(
      trained: images * epochs * (layers + whole + rest / 2), seen: images * epochs * (layers + rest / 2),
      atOnce: settings[CommonSettings.batch])
  }

  public static func model(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel {
    decModel(network, channels: channels, size: size, seed: seed)
  }

  private static func decModel(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> DECModel {
    DECModel(
      StackedAutoencoder(inputs: size * size * channels, widths: network[widths], seed: seed), clusters: network[clusters],
      restarts: network[restarts],
      input: InputImages(size: size, channels: channels, mean: network[normalisation.mean], std: network[normalisation.std], sobel: false))
  }

  /// What a pass trains.
  private enum Phase: Hashable {
    case layer(Int)
    case fineTuning
    case clustering

    var name: String {
      switch self {
      case .layer(let layer): "layer \(layer)"
      case .fineTuning: "fine-tuning"
      case .clustering: "clustering"
      }
    }
  }

  public var model: any DeepModel { decModel }
  private let decModel: DECModel
  private let data: DataFacts
  private let (epochs, batch, layerEpochs, fineTuneEpochs): (Int, Int, Int, Int)
  private let (rate, clusterRate, momentum, tolerance): (Double, Double, Double, Double)
  private let dropout: Float
  private let isAdam: Bool
  private let schedule: LearningRateSchedule
  private let seed: UInt64

  /// Steps of all passes so far.
  private var done = 0
  /// The first pass of the present phase: that of which the optimiser is.
  private var phaseStart = 0
  /// The pass before which the clusters had settled.
  private var settled: Int?
  private var optimiser: any Optimiser
  /// P [n, K] and the clusters of all images [n], once clustering has begun.
  private var targets, labels: Tensor?

  public init(_ settings: SettingValues, data: DataFacts) {
    self.data = data
    (epochs, batch) = (settings[CommonSettings.epochs], settings[CommonSettings.batch])
    layerEpochs = Self.passes(settings[Self.layerShare], of: epochs)
    fineTuneEpochs = Self.passes(settings[Self.fineTuneShare], of: epochs)
    (rate, clusterRate) = (settings[CommonSettings.learningRate], settings[Self.clusterRate])
    (momentum, tolerance) = (settings[Self.momentum], settings[Self.tolerance])
    dropout = Float(settings[Self.dropout])
    isAdam = settings[Self.optimiser] == "adam"
    schedule = .steps(every: settings[Self.decayEvery], factor: 0.1)
    seed = UInt64(settings[CommonSettings.seed])
    decModel = Self.decModel(settings, channels: data.channels, size: data.size, seed: seed)
    optimiser = SGD(parameters: [], learningRate: rate)
    optimiser = optimiser(of: phase(of: 0))
  }

  // MARK: Passes

  private var layers: Int { decModel.network.layers }

  private func phase(of pass: Int) -> Phase {
    if pass < layers * layerEpochs { return .layer(pass / layerEpochs) }
    return pass < layers * layerEpochs + fineTuneEpochs ? .fineTuning : .clustering
  }

  private func optimiser(of phase: Phase) -> any Optimiser {
    switch phase {
    case .layer(let layer): pretrainer(decModel.network.pair(layer))
    case .fineTuning: pretrainer(decModel.network.parameters)
    case .clustering:
      SGD(
        parameters: (0..<layers).flatMap { decModel.network.pair($0).prefix(2) } + [decModel.centres], learningRate: clusterRate,
        momentum: momentum)
    }
  }

  private func pretrainer(_ parameters: [Parameter]) -> any Optimiser {
    isAdam ? Adam(parameters: parameters, learningRate: rate) : SGD(parameters: parameters, learningRate: rate, momentum: momentum)
  }

  private var stepsPerPass: Int { Pass.steps(data.clusteredImages, batch: batch) }

  public var steps: Int { epochs * stepsPerPass }

  public func pass(after history: [PassSummary]) -> Pass? {
    let number = history.count
    if let settled, settled < number { return nil }
    guard number < epochs else { return nil }
    let phase = phase(of: number)
    return Pass(
      number: number, epoch: number + 1, phase: phase.name,
      batches: Pass.shuffled(data.clusteredImages, batch: batch, seed: seed, number: number), views: .plain,
      outputs: phase == .clustering ? decModel.centres.value.shape[0] : nil)
  }

  public func prepare(_ pass: Pass, _ data: PassData) throws {
    let phase = phase(of: pass.number)
    let begins = phase != self.phase(of: phaseStart)
    if phase == .clustering {
      let codes = try data.embed(decModel, count: data.clusteredImages).features
      if labels == nil { begin(codes, data.team) }
      let q = TargetDistribution.assignments(DoubleMatrix(codes), centres: DoubleMatrix(decModel.centres.value))
      let clusters = Assignment.clusters(q.tensor).map { Float($0) }
      if let labels {
        let changed = labels.withUnsafeBufferPointer { old in clusters.indices.count { old[$0] != clusters[$0] } }
        if Double(changed) < tolerance * Double(clusters.count) { settled = pass.number }
      }
      labels = Tensor(shape: [clusters.count], clusters)
      targets = TargetDistribution.targets(q).tensor
    }
    if begins { (phaseStart, optimiser) = (pass.number, optimiser(of: phase)) }
  }

  /// The centres of k-means. Of fewer images than clusters, each is a centre, and the rest are equal to the first.
  private func begin(_ codes: Tensor, _ team: ThreadTeam) {
    let found = decModel.kMeans(codes, seed: seed, team: team).centres
    let missing = decModel.centres.value.shape[0] - found.shape[0]
    decModel.centres.value = Tensor(joining: [found] + (0..<missing).map { _ in found.rows(0..<1) })
  }

  // MARK: Steps

  public func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult {
    let phase = phase(of: pass.number)
    let tape = Tape(team: team, training: true)
    let x = decModel.rows(batch.images, on: tape)
    let result: StepResult
    switch phase {
    case .layer(let layer): result = reconstruction(layer, x, pass, tape)
    case .fineTuning: result = reconstruction(x, decModel.network.decode(decModel.network.encode(x, on: tape), on: tape), tape)
    case .clustering: result = clustering(x, batch.numbers, tape)
    }
    if phase != .clustering { optimiser.learningRate = schedule.rate(rate, step: done - phaseStart * stepsPerPass) }
    optimiser.step(team: team)
    done += 1
    return result
  }

  /// A pair of layers as a denoising auto-encoder of what the layers before give. Neither pixels nor the code are left out.
  private func reconstruction(_ layer: Int, _ x: Variable, _ pass: Pass, _ tape: Tape) -> StepResult {
    let network = decModel.network
    let before = Tape(team: tape.team, training: false)
    let clean = tape.constant((0..<layer).reduce(before.constant(x.value)) { network.encode($0, layer: $1, on: before) }.value)
    func mask(_ number: Int) -> RandomMask { RandomMask(seed: seed, pass: pass.number, step: done, layer: number) }
    let noisy = layer > 0 ? tape.dropout(clean, rate: dropout, mask: mask(0)) : clean
    let hidden = network.encode(noisy, layer: layer, on: tape)
    let kept = layer < layers - 1 ? tape.dropout(hidden, rate: dropout, mask: mask(1)) : hidden
    return reconstruction(clean, network.decode(kept, layer: layers - 1 - layer, on: tape), tape)
  }

  /// Half the squared error, as Caffe's, in whose code the published rates are.
  private func reconstruction(_ target: Variable, _ output: Variable, _ tape: Tape) -> StepResult {
    let loss = squaredErrorLoss(output.value, targets: target.value, team: tape.team)
    var gradient = loss.gradient
    gradient.withUnsafeMutableBufferPointer { for at in $0.indices { $0[at] /= 2 } }
    tape.backward([(output, gradient)])
    return StepResult(terms: [Term("reconstruction", loss.value, weight: 0.5)])
  }

  private func clustering(_ x: Variable, _ numbers: [Int], _ tape: Tape) -> StepResult {
    guard let targets else { preconditionFailure("clustering before its targets are found") }
    let codes = decModel.network.encode(x, on: tape)
    let loss = TargetDistribution.divergence(
      DoubleMatrix(codes.value), centres: DoubleMatrix(decModel.centres.value), targets: DoubleMatrix(targets.rows(numbers)))
    tape.backward([(codes, loss.codes.tensor)])
    decModel.centres.gradient = loss.centres.tensor
    return StepResult(terms: [Term("KL divergence", loss.value)], probabilities: loss.assignments.tensor)
  }

  public var leastBytes: Int { decModel.network.leastBytes(rows: min(batch, data.clusteredImages)) }

  // MARK: Memory

  public var memory: NamedTensors {
    // Steps in two parts: Float counts to 2²⁴.
    let state = [Float(done & 0xFF_FFFF), Float(done >> 24), Float(phaseStart), Float(settled ?? -1)]
    var memory: NamedTensors = [("dec.state", Tensor(shape: [4], state))]
    if let targets, let labels { memory += [("dec.targets", targets), ("dec.labels", labels)] }
    return memory + optimiser.memory
  }

  public func restore(_ memory: NamedTensors) -> Bool {
    guard let state = memory.first(where: { $0.name == "dec.state" })?.tensor, state.shape == [4] else { return false }
    let values = state.scalars
    let optimiser = optimiser(of: phase(of: Int(values[2])))
    guard optimiser.restore(memory.filter { !$0.name.hasPrefix("dec.") }) else { return false }
    self.optimiser = optimiser
    (done, phaseStart, settled) = (Int(values[0]) | Int(values[1]) << 24, Int(values[2]), values[3] < 0 ? nil : Int(values[3]))
    targets = memory.first { $0.name == "dec.targets" }?.tensor
    labels = memory.first { $0.name == "dec.labels" }?.tensor
    return true
  }

  public var remedyForDivergence: String {
    "lower learningRate or clusterLearningRate, for example to a tenth; the inputs' mean square should be about 1 (network.mean, network.std)"
  }
}
