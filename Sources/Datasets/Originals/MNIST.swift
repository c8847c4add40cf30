/// MNIST (LeCun, Cortes, Burges 1998): 70,000 grey images of 28 × 28, 10 digits; training images, then test images.
package struct MNIST: Original {
  package let name = "mnist"
  package let title = "MNIST"
  package let downloads = [
    file("train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    file("train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    file("t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    file("t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
  ]
  private let images: IDXImages

  /// - Parameters: images in each part; 60,000 and 10,000 in the official files.
  package init(training: Int = 60_000, test: Int = 10_000) {
    images = IDXImages(
      title: title, classNames: (0...9).map(String.init),
      parts: [
        .init(
          images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte", count: training,
          imagesDigest: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
          labelsDigest: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        .init(
          images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte", count: test,
          imagesDigest: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
          labelsDigest: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
      ])
  }

  package func shape(files: Int?) -> OriginalShape { images.shape }

  package func files(data: String) throws -> [OriginalFile] { try images.files(places: ["\(data)/\(name)"], remedy: remedy(data)) }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    try images.open(places: ["\(data)/\(name)"], remedy: remedy(data), verify: verify)
  }

  private func remedy(_ data: String) -> String {
    "run `ccr fetch \(name)`, or put the four official .gz files into \(data)/\(name)/"
  }

  private static func file(_ name: String, _ bytes: Int, _ sha256: String) -> Download {
    Download(url: "https://ossci-datasets.s3.amazonaws.com/mnist/\(name)", file: "mnist/\(name)", bytes: bytes, sha256: sha256)
  }
}
