import Artifacts
import DeepClustering
import Foundation
import StageKit
import Tensors

/// A small training for every method of the catalogue: 24 images of 8 × 8 pixels that show one of three bars.
struct MethodExample {
  static let images = 24
  static let size = 8
  static let clusters = 3

  let type: any DeepMethod.Type
  let parameters: JSONValue
  var threads = 1

  private static let common: JSONValue = ["seed": 3, "epochs": 2, "batch": 7]

  /// The parameters of each method, by its name, besides the common ones or instead of them.
  private static let own: [String: JSONValue] = [
    "ccr": [
      "network": residual(heads: [6, 3]), "repeats": 2, "learningRate": 0.003, "temperature": 0.5, "temperatureInside": true,
      "instanceWeight": 1, "clusterWeight": 1, "relationWeight": 0.004, "relationReduction": "sum", "balanceWeight": 1,
    ],
    "iic": [
      "network": ["widths": [8, 16], "blocks": [1, 1], "heads": [6, 3], "sobel": true, "subheads": 2], "repeats": 2, "learningRate": 0.001,
      "lambda": 1,
      "clusterPasses": 2,
    ],
    "ae": autoencoder([:]),
    "dae": autoencoder(["corruption": 0.2]),
    "decnn": autoencoder(["sparsityWeight": 0.001]),
    "vae": autoencoder(["klWeight": 1, "warmUpEpochs": 2]),
    "dac": [
      "network": plain, "batch": 4, "block": 13, "runs": 2, "repeats": 2, "learningRate": 0.001, "upper": 0.95, "upperFall": 1,
      "lower": 0.455, "lowerRise": 0.1, "lambdaEnd": 0.45, "auxiliaryWeight": 1,
    ],
    "dccm": [
      "network": plain, "batch": 4, "block": 13, "runs": 2, "repeats": 2, "learningRate": 0.001, "similarity": 0.95, "confidence": 0.3,
      "graphWeight": 1, "labelWeight": 5, "informationWeight": 0.05, "discriminatorWidth": 8,
    ],
    "dec": [
      "epochs": 6, "network": ["widths": [10, 3], "clusters": 3, "restarts": 4, "mean": [0.4], "std": [0.3]], "learningRate": 0.001,
      "layerShare": 0.17, "fineTuneShare": 0.17, "dropout": 0.2, "optimiser": "adam", "decayEvery": 6, "momentum": 0.9,
      "clusterLearningRate": 0.01,
      "tolerance": 0.001,
    ],
    "jule": [
      "epochs": 4, "network": ["clusters": 3, "neighbours": 5, "clusterNeighbours": 3, "mergeRate": 0.3, "outlierShare": 0.1],
      "learningRate": 0.01,
      "stageEpochs": 2,
      "negatives": 5, "margin": 0.2, "positiveWeight": 1, "momentum": 0.9, "weightDecay": 5e-5, "decaySlope": 1e-4, "decayPower": 0.75,
    ],
  ]

  /// Three halvings of a side of 8 leave a single position.
  private static func autoencoder(_ own: [String: JSONValue]) -> JSONValue {
    let common: [String: JSONValue] = [
      "network": ["widths": [4, 8, 8], "codeSize": 6, "clusters": 3], "learningRate": 0.003, "finalLearningRate": 0.001, "finalShare": 0.5,
    ]
    return .object(common.merging(own) { $1 }.map { .init($0.key, $0.value) })
  }

  private static func residual(heads: [Int]) -> JSONValue {
    [
      "widths": [8, 16], "blocks": [1, 1], "heads": .array(heads.map(JSONValue.integer)), "sobel": true, "mean": [0.4], "std": [0.3],
    ]
  }

  private static let plain: JSONValue = ["channels": 8, "clusters": 3, "mean": [0.4], "std": [1]]

  /// nil where a method of the catalogue has no parameters here.
  init?(_ type: any DeepMethod.Type) {
    guard let own = Self.own[type.name] else { return nil }
    self.type = type
    parameters = .object((Self.common.object ?? []).filter { own[$0.name] == nil } + (own.object ?? []))
  }

  static let all = DeepMethods.all.compactMap(MethodExample.init)

  /// This training with some parameters changed.
  func with(_ changes: [String: JSONValue]) -> MethodExample {
    var example = self
    let kept = (parameters.object ?? []).filter { changes[$0.name] == nil }
    example = MethodExample(
      type: type, parameters: .object(kept + changes.map { .init($0.key, $0.value) }), threads: threads)
    return example
  }

  private init(type: any DeepMethod.Type, parameters: JSONValue, threads: Int) {
    (self.type, self.parameters, self.threads) = (type, parameters, threads)
  }

  var data: DataFacts { DataFacts(images: Self.images, clusteredImages: Self.images, channels: 1, size: Self.size) }

  func settings() throws -> SettingValues {
    try SettingValues(parameters, of: CommonSettings.all + type.networkSettings + type.settings)
  }

  func trainer(resuming: TrainingState? = nil) throws -> (method: any DeepMethod, trainer: Trainer) {
    let method = type.init(try settings(), data: data)
    return (method, Trainer(method, data: data, snapshots: [0, 1, 2], resuming: resuming, team: ThreadTeam(threads: threads)))
  }

  /// A bar of the image's class in noise, drawn anew for every pass and copy; plain views are those of no pass.
  static let views: Trainer.Views = { numbers, pass, kind in
    func picture(_ number: Int, pass: Int, copy: Int) -> [UInt8] {
      var random = RandomStream(seed: 1, purpose: .test, epoch: pass, item: number, copy: copy)
      let first = number % clusters * 2 + 1
      return (0..<size * size).map { at in UInt8(random.integer(below: 50)) + ((first..<first + 2).contains(at % size) ? 180 : 0) }
    }
    switch kind {
    case .plain: return (numbers.flatMap { picture($0, pass: 1000, copy: 0) }, [])
    case .augmented(let copies):
      return (
        numbers.flatMap { picture($0, pass: pass, copy: 0) },
        (1...copies).flatMap { copy in numbers.flatMap { picture($0, pass: pass, copy: copy) } }
      )
    }
  }

  /// Trains to the end and gives the final state as bytes.
  func result() throws -> [UInt8] {
    let (_, trainer) = try trainer()
    _ = try trainer.run(views: Self.views, interrupted: { false }, tell: { _ in })
    return trainer.state.encoded()
  }
}
