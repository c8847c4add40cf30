import Artifacts
import Tensors

/// The data sets that `ingest` knows: one line each.
public enum Catalogue {
  private static let readers: [(name: String, read: @Sendable (_ folder: String, _ verify: Bool) throws -> (ImageSet, Labels))] = [
    ("fashion-mnist", { try FashionMNIST.read(folder: $0, verify: $1) })
  ]

  public static var names: [String] { readers.map(\.name) }

  /// Reads a data set's original files.
  /// - Parameters:
  ///   - folder: where the user keeps original files.
  ///   - verify: whether their content must have the official checksums.
  public static func read(_ name: String, folder: String, verify: Bool) throws -> (ImageSet, Labels) {
    guard let entry = readers.first(where: { $0.name == name }) else {
      throw DatasetError.unknown(name, nearest: NearestSpelling.of(name, among: names), known: names)
    }
    return try entry.read(folder, verify)
  }

  /// A random subset in the original order, chosen without looking at labels.
  /// - Parameter size: 0 for all images.
  public static func subset(_ images: ImageSet, _ labels: Labels, size: Int, seed: UInt64) throws(DatasetError) -> (ImageSet, Labels) {
    if size == 0 { return (images, labels) }
    guard size <= images.count else { throw .subsetTooLarge(asked: size, available: images.count) }
    var stream = RandomStream(seed: seed, purpose: .subset)
    let chosen = stream.permutation(images.count).prefix(size).sorted()
    let bytes = images.height * images.width * images.channels
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size * bytes)
    for number in chosen { pixels += images.pixels[number * bytes..<(number + 1) * bytes] }
    return (
      ImageSet(
        name: images.name, height: images.height, width: images.width, channels: images.channels, pixels: pixels,
        index: chosen.map { images.index[$0] }, verified: images.verified),
      Labels(values: chosen.map { labels.values[$0] }, classNames: labels.classNames)
    )
  }
}
