import Artifacts
import Tensors

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
