import Tensors

/// Files with one group for each epoch kept: `/epoch_0005/…`.
enum EpochGroup {
  static func name(_ epoch: Int) -> String { "/epoch_\(fourDigits(epoch))" }

  /// With four digits, or more where it takes them.
  static func fourDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  static func epochs(_ file: HDF5Reader) throws -> [Int] {
    let epochs = try file.names().compactMap { $0.hasPrefix("epoch_") ? Int($0.dropFirst("epoch_".count)) : nil }.sorted()
    guard !epochs.isEmpty else { throw HDF5Error.missing(dataset: "/epoch_…", path: file.path) }
    return epochs
  }
}

/// `weights.h5`: the state dictionaries at the epochs kept, names and axes as in the equivalent PyTorch module.
public enum WeightsFile {
  public static func write(_ snapshots: [(epoch: Int, state: [(name: String, tensor: Tensor)])], to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      for snapshot in snapshots {
        try file.group(EpochGroup.name(snapshot.epoch))
        for entry in snapshot.state {
          let axes = ["channel", "output, input", "", "output, input, row, column"]
          try file.write(
            entry.tensor, to: "\(EpochGroup.name(snapshot.epoch))/\(entry.name)", axes: axes[min(3, max(0, entry.tensor.shape.count - 1))],
            units: "1", meaning: "parameter or running statistic")
        }
      }
    }
  }

  public static func epochs(_ path: String) throws -> [Int] { try EpochGroup.epochs(HDF5Reader(path)) }

  public static func read(_ path: String, epoch: Int) throws -> [(name: String, tensor: Tensor)] {
    let file = try HDF5Reader(path)
    let group = EpochGroup.name(epoch)
    return try file.names(in: group).map { ($0, try file.tensor("\(group)/\($0)")) }
  }
}

/// `features.h5`: pooled backbone outputs [N, D] at the epochs kept.
public enum FeaturesFile {
  /// The dataset that holds an epoch's features.
  public static func name(_ epoch: Int) -> String { "\(EpochGroup.name(epoch))/features" }

  public static func write(_ snapshots: [(epoch: Int, features: Tensor)], to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      for snapshot in snapshots {
        try file.group(EpochGroup.name(snapshot.epoch))
        try file.write(
          snapshot.features, to: "\(EpochGroup.name(snapshot.epoch))/features", axes: "image, feature", units: "1",
          meaning: "pooled output of the backbone in inference mode")
      }
    }
  }

  public static func epochs(_ path: String) throws -> [Int] { try EpochGroup.epochs(HDF5Reader(path)) }

  public static func read(_ path: String, epoch: Int) throws -> Tensor {
    try HDF5Reader(path).tensor("\(EpochGroup.name(epoch))/features", axes: 2)
  }
}

/// The clusters of all images at one epoch.
public struct Assignments: Sendable {
  /// 0 for methods without epochs.
  public let epoch: Int
  /// The cluster of each image; −1 for images that were left out because they are not to be clustered.
  public let clusters: [Int32]
  /// Assignment probabilities [N, C] of each head, the clustering head last; empty for hard methods.
  public let probabilities: [Tensor]

  public init(epoch: Int, clusters: [Int32], probabilities: [Tensor]) {
    self.epoch = epoch
    self.clusters = clusters
    self.probabilities = probabilities
  }
}

/// `assignments.h5`
public enum AssignmentsFile {
  public static func write(_ snapshots: [Assignments], to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      for snapshot in snapshots {
        let group = EpochGroup.name(snapshot.epoch)
        try file.group(group)
        try file.write(
          snapshot.clusters, shape: [snapshot.clusters.count], to: "\(group)/assignments", axes: "image", units: "cluster number",
          meaning: "cluster of the image: the largest probability of the last head, the lowest where several are largest")
        for (head, tensor) in snapshot.probabilities.enumerated() {
          try file.write(
            tensor, to: "\(group)/probabilities_\(head)", axes: "image, cluster", units: "probability",
            meaning: "assignment probabilities of head \(head)")
        }
      }
    }
  }

  public static func epochs(_ path: String) throws -> [Int] { try EpochGroup.epochs(HDF5Reader(path)) }

  public static func read(_ path: String, epoch: Int) throws -> Assignments {
    let file = try HDF5Reader(path)
    let group = EpochGroup.name(epoch)
    var probabilities: [Tensor] = []
    while file.contains("\(group)/probabilities_\(probabilities.count)") {
      probabilities.append(try file.tensor("\(group)/probabilities_\(probabilities.count)", axes: 2))
    }
    return Assignments(epoch: epoch, clusters: try file.integers("\(group)/assignments", axes: 1).values, probabilities: probabilities)
  }
}

/// A t-SNE map: the content of `tsne.h5`.
public struct Embedding: Sendable {
  /// [N, 2]
  public let points: Tensor
  /// The input row of each point.
  public let index: [Int32]
  public let klDivergence: Double
  public let epoch: Int
  /// `features` or `probabilities`.
  public let source: String
  /// The cluster of each point at this epoch, −1 for none; empty where it was not asked for.
  public let clusters: [Int32]

  public init(points: Tensor, index: [Int32], clusters: [Int32] = [], klDivergence: Double, epoch: Int, source: String) {
    self.points = points
    self.index = index
    self.clusters = clusters
    self.klDivergence = klDivergence
    self.epoch = epoch
    self.source = source
  }
}

/// `tsne.h5`
public enum EmbeddingFile {
  public static func write(_ embedding: Embedding, to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      try file.attribute("kl_divergence", embedding.klDivergence)
      try file.attribute("epoch", embedding.epoch)
      try file.attribute("source", embedding.source)
      try file.write(embedding.points, to: "/embedding", axes: "point, coordinate", units: "1", meaning: "t-SNE map")
      try file.write(
        embedding.index, shape: [embedding.index.count], to: "/index", axes: "point", units: "number", meaning: "row of the input")
      if !embedding.clusters.isEmpty {
        try file.write(
          embedding.clusters, shape: [embedding.clusters.count], to: "/clusters", axes: "point", units: "cluster number",
          meaning: "cluster of the point at this epoch, -1 for none")
      }
    }
  }

  public static func read(_ path: String) throws -> Embedding {
    let file = try HDF5Reader(path)
    return Embedding(
      points: try file.tensor("/embedding", axes: 2), index: try file.integers("/index", axes: 1).values,
      clusters: file.contains("/clusters") ? try file.integers("/clusters", axes: 1).values : [],
      klDivergence: try file.number("kl_divergence"), epoch: Int(saturating: try file.number("epoch")), source: try file.text("source"))
  }
}
