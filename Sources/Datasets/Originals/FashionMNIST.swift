import Artifacts

/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 70,000 grey images of 28 × 28, 10 classes; train then test, from the four IDX files.
public enum FashionMNIST {
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Where Debian's package dataset-fashion-mnist puts the files.
  static let debianFolder = "/usr/share/datasets/fashion-mnist"

  private struct Part {
    let images, labels: String
    let count: Int
    let imagesDigest, labelsDigest: String
  }

  /// Digests of the content, since the .gz wrapping differs between distributors.
  private static let parts = [
    Part(
      images: "train-images-idx3-ubyte.gz", labels: "train-labels-idx1-ubyte.gz", count: 60_000,
      imagesDigest: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      labelsDigest: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    Part(
      images: "t10k-images-idx3-ubyte.gz", labels: "t10k-labels-idx1-ubyte.gz", count: 10_000,
      imagesDigest: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      labelsDigest: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
  ]

  /// - Parameter folder: the user's data folder; its subfolder `fashion-mnist` comes first, then Debian's.
  static func read(folder: String, verify: Bool) throws -> (ImageSet, Labels) {
    let places = ["\(folder)/fashion-mnist", debianFolder]
    guard let place = places.first(where: { (try? AtomicFile.exists("\($0)/\(parts[0].images)")) != nil }) else {
      throw DatasetError.notFound(
        dataset: "Fashion-MNIST", looked: places,
        remedy: "run `make deps`, which installs Debian's dataset-fashion-mnist, or put the four official .gz files into \(places[0])")
    }
    var (pixels, values): ([UInt8], [Int32]) = ([], [])
    for part in parts {
      let images = try content("\(place)/\(part.images)", digest: verify ? part.imagesDigest : nil, most: 16 + part.count * 784)
      let labels = try content("\(place)/\(part.labels)", digest: verify ? part.labelsDigest : nil, most: 8 + part.count)
      guard images.shape == [part.count, 28, 28] else {
        throw DatasetError.malformed(path: "\(place)/\(part.images)", expected: "\(part.count) images of 28 × 28", found: "\(images.shape)")
      }
      guard labels.shape == [part.count], let largest = labels.values.max(), largest < 10 else {
        throw DatasetError.malformed(path: "\(place)/\(part.labels)", expected: "\(part.count) labels 0 to 9", found: "\(labels.shape)")
      }
      pixels += images.values
      values += labels.values.map { Int32($0) }
    }
    let images = ImageSet(
      name: "fashion-mnist", height: 28, width: 28, channels: 1, pixels: pixels, index: (0..<Int32(values.count)).map { $0 },
      verified: verify)
    return (images, Labels(values: values, classNames: classNames))
  }

  private static func content(_ path: String, digest: String?, most: Int) throws -> (shape: [Int], values: ArraySlice<UInt8>) {
    let bytes = try CompressedFile.read(path, most: most)
    if let digest {
      let found = ContentDigest.of(bytes).hex
      if found != digest { throw DatasetError.checksum(path: path, expected: digest, found: found) }
    }
    return try IDX.parse(bytes, path: path)
  }
}
