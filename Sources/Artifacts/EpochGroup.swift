/// Files with one group for each epoch kept: `/epoch_0005/…`.
package enum EpochGroup {
  package static func name(_ epoch: Int) -> String { "/epoch_\(fourDigits(epoch))" }

  /// With four digits, or more where it takes them.
  static func fourDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  package static func epochs(_ file: HDF5Reader) throws -> [Int] {
    let epochs = try file.names().compactMap { $0.hasPrefix("epoch_") ? Int($0.dropFirst("epoch_".count)) : nil }.sorted()
    guard !epochs.isEmpty else { throw HDF5Error.missing(dataset: "/epoch_…", path: file.path) }
    return epochs
  }
}
