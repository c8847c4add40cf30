import Artifacts
import Tensors

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
  /// - Parameter remarks: how the clusters came about, for the notes of tables; none leave no trace in the file.
  public static func write(_ snapshots: [Assignments], remarks: [String] = [], to path: String) throws {
    try HDF5Writer.write(to: path) { file in
      if !remarks.isEmpty { try file.attribute("remarks", remarks.joined(separator: "; ")) }
      for snapshot in snapshots {
        let group = EpochGroup.name(snapshot.epoch)
        try file.group(group)
        try file.write(
          snapshot.clusters, shape: [snapshot.clusters.count], to: "\(group)/assignments", axes: "image", units: "cluster number",
          meaning: "cluster of the image, as its method says")
        for (head, tensor) in snapshot.probabilities.enumerated() {
          try file.write(
            tensor, to: "\(group)/probabilities_\(head)", axes: "image, cluster", units: "probability",
            meaning: "assignment probabilities of head \(head)")
        }
      }
    }
  }

  /// How the clusters came about; nil where nothing is said.
  public static func remarks(_ path: String) throws -> String? {
    let file = try HDF5Reader(path)
    return file.hasAttribute("remarks") ? try file.text("remarks") : nil
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
