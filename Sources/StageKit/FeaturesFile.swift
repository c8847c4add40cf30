import Artifacts
import Tensors

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

extension Float {
  /// Squares of numbers up to this, and sums of a million of them, are no more than Float holds; a network gives larger ones when its training diverged.
  public static let largestMeasurable: Float = 1e15

  /// Whether distances between such numbers can be measured: false of what is not finite, or larger.
  public var isMeasurable: Bool { magnitude <= Self.largestMeasurable }
}
