/// Files with one group for each epoch kept: `/epoch_0005/…`.
enum EpochGroup {
  static func name(_ epoch: Int) -> String { "/epoch_" + String(String(10_000 + epoch).dropFirst()) }

  static func epochs(_ file: HDF5Reader) throws -> [Int] {
    let epochs = try file.names().compactMap { $0.hasPrefix("epoch_") ? Int($0.dropFirst("epoch_".count)) : nil }.sorted()
    guard !epochs.isEmpty else { throw HDF5Error.missing(dataset: "/epoch_…", path: file.path) }
    return epochs
  }
}
