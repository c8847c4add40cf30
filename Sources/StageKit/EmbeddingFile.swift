import Artifacts
import Tensors

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
