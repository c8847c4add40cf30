import StageKit
import Tensors

/// Tensors by name, in an order that stays.
public typealias NamedTensors = [(name: String, tensor: Tensor)]

/// A deep clustering method: what it does with a batch, and what it does between passes over the data.
///
/// The loop, its checkpoints, prefetching, interruption, snapshots and history belong to `Trainer`, which knows no method. A method is one
/// file in `Methods/` and one line in `DeepMethods`; docs/adding-a-method.md goes through an example.
///
/// What a method computes is a function of its settings, the data and the seed: never of threads, time or interruptions. So it draws random
/// numbers from streams keyed by seed and pass, and whatever it keeps from one step to the next is in `model.weights` or in `memory`.
public protocol DeepMethod: AnyObject, SendableMetatype {
  /// The value of the setting `method`.
  static var name: String { get }
  /// The settings `network.*`: what `embed` needs, too, to build the network again.
  static var networkSettings: [AnySetting] { get }
  /// Its other hyperparameters, besides `CommonSettings`.
  static var settings: [AnySetting] { get }
  /// Which views of the images its passes are made on.
  static func views(_ settings: SettingValues) -> ViewKind
  /// Outputs of each head whose probabilities the model gives; empty where it only says which cluster an image is in.
  static func heads(_ network: SettingValues) -> [Int]
  /// K: how many clusters its model assigns images to. The outputs of the last head, where there are heads.
  static func clusterCount(_ network: SettingValues) -> Int
  /// Refuses settings `network.*` that contradict each other or the images.
  /// - Parameter channels: of the images, nil where that is not known yet.
  static func check(_ network: SettingValues, channels: Int?) throws(StageError)
  /// Refuses settings of training that contradict each other: `network`'s, `CommonSettings` and the method's own.
  static func checkTraining(_ settings: SettingValues) throws(StageError)
  /// What is legal, but hardly meant, of settings that passed `checkTraining`: said before training, and by `ccr plan`.
  static func doubts(_ settings: SettingValues) -> [String]
  /// A network with initial weights.
  /// - Parameters:
  ///   - network: settings that passed `check`.
  ///   - size: height and width of the views, pixels.
  static func model(_ network: SettingValues, channels: Int, size: Int, seed: UInt64) -> any DeepModel

  /// Before training.
  init(_ settings: SettingValues, data: DataFacts)

  var model: any DeepModel { get }
  /// What training needs to go on besides `model.weights`: the optimiser's moments, targets, labels, thresholds.
  var memory: NamedTensors { get }
  /// Takes `memory` of an earlier time.
  /// - Returns: false where it is of another method or other settings.
  func restore(_ memory: NamedTensors) -> Bool
  /// Steps of the whole training, for people: an estimate where the method ends by itself.
  var steps: Int { get }
  /// The next pass, a function of what came before alone; nil ends the training.
  /// - Parameter history: one summary for each pass done; its count is the pass's number.
  func pass(after history: [PassSummary]) -> Pass?
  /// Called once before the first step of a pass, however often the pass is interrupted: what is found out here about all images (targets,
  /// merged clusters) is kept in `memory`. Where `data` throws, nothing is changed yet.
  func prepare(_ pass: Pass, _ data: PassData) throws
  /// Forward, loss, backward, optimiser.
  func step(_ batch: Batch, of pass: Pass, team: ThreadTeam) -> StepResult
  /// Bytes that a step takes at the least.
  var leastBytes: Int { get }
  /// What the network takes, before it is made: what `ccr plan` estimates with. Nil where nobody has counted it; then the plan goes by past runs.
  /// - Parameter network: settings that passed `check`.
  static func networkSize(_ network: SettingValues, channels: Int, size: Int) -> NetworkSize?
  /// How much the whole training makes of it; nil likewise.
  /// - Parameter settings: such as passed `check` and `checkTraining`.
  static func workload(_ settings: SettingValues, data: DataFacts) -> Workload?
  /// What a person should know of a pass, in words that begin with what is wrong.
  func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String]
  /// What helps, as a rule, against losses that are not finite.
  var remedyForDivergence: String { get }
}

extension DeepMethod {
  public static func checkTraining(_ settings: SettingValues) throws(StageError) {}

  public static func doubts(_ settings: SettingValues) -> [String] { [] }

  public static func networkSize(_ network: SettingValues, channels: Int, size: Int) -> NetworkSize? { nil }

  public static func workload(_ settings: SettingValues, data: DataFacts) -> Workload? { nil }

  public func prepare(_ pass: Pass, _ data: PassData) throws {}

  /// One cluster that takes every image, said when it begins.
  public func complaints(about summary: PassSummary, after history: [PassSummary]) -> [String] {
    summary.hasCollapsed(after: history) ? ["one cluster took every image; try a lower learningRate"] : []
  }

  public var remedyForDivergence: String { "lower learningRate, for example to a tenth" }
}

/// A network with its way of seeing images and of clustering: all that remains of a method once training is over.
///
/// It is used by one thread at a time, which is the caller's care.
public protocol DeepModel: AnyObject {
  var input: InputImages { get }
  /// Everything inference needs, names and axes as in the equivalent PyTorch module: an epoch of `weights.h5`.
  var weights: NamedTensors { get }
  /// - Returns: the name of the first entry that is missing or of another shape, nil when all was loaded.
  func load(_ weights: NamedTensors) -> String?
  /// Batch normalisation in inference mode.
  /// - Parameter images: as `input` prepares them [n, S, S, C].
  func embed(_ images: Tensor, team: ThreadTeam) -> Embedded
  /// The cluster of every image.
  /// - Parameters:
  ///   - all: of all images [N, …].
  ///   - seed: of what is drawn.
  func clusters(_ all: Embedded, seed: UInt64, team: ThreadTeam) -> [Int32]
}

extension DeepMethod {
  public static func clusterCount(_ network: SettingValues) -> Int {
    guard let last = heads(network).last else { preconditionFailure("a method without heads says how many clusters it has") }
    return last
  }
}

extension DeepModel {
  /// The largest probability of the last head.
  public func clusters(_ all: Embedded, seed: UInt64, team: ThreadTeam) -> [Int32] {
    guard let last = all.probabilities.last else { preconditionFailure("a method without probabilities says how it clusters") }
    return Assignment.clusters(last)
  }
}

/// Images as a network sees them after training.
public struct Embedded: Sendable {
  /// [n, D]
  public let features: Tensor
  /// Of each head that is written to `assignments.h5` [n, C_h], rows sum to 1.
  public let probabilities: [Tensor]

  public init(features: Tensor, probabilities: [Tensor]) {
    self.features = features
    self.probabilities = probabilities
  }
}

/// The data that a method is trained on.
public struct DataFacts: Sendable {
  /// All images; over-clustering heads see them all.
  public let images: Int
  /// How many of them, the first ones, are clustered; at least 2 (docs/paper-decisions.md, A22).
  public let clusteredImages: Int
  public let channels: Int
  /// Height and width of the views, pixels.
  public let size: Int

  public init(images: Int, clusteredImages: Int, channels: Int, size: Int) {
    precondition((2...max(2, images)).contains(clusteredImages), "\(clusteredImages) of \(images) images")
    (self.images, self.clusteredImages, self.channels, self.size) = (images, clusteredImages, channels, size)
  }
}

/// Settings that every deep method has or may take.
public enum CommonSettings {
  public static let seed = Setting<Int>("seed", 0...Int(Int32.max), "seed of weights, order and views")
  public static let epochs = Setting<Int>("epochs", 1...100_000, "passes over the data, for each head where a method has several")
  public static let batch = Setting<Int>("batch", 2...100_000, "original images in a step")
  /// For methods on augmented views.
  public static let repeats = Setting<Int>("repeats", 1...100, "augmented copies of each image in a step")
  public static let learningRate = Setting<Double>("learningRate", 1e-9...10, "the optimiser's step size")

  /// Those of every method.
  public static let all = [AnySetting(seed), AnySetting(epochs), AnySetting(batch)]
}
