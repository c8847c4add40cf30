/// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017): 70,000 grey images of 28 × 28, 10 classes; training images, then test images.
package struct FashionMNIST: Original {
  package let name = "fashion-mnist"
  package let title = "Fashion-MNIST"
  package let downloads = [
    file("train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    file("train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    file("t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    file("t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
  ]
  private let images: IDXImages

  /// Where Debian's package dataset-fashion-mnist puts the files.
  private static let debianFolder = "/usr/share/datasets/fashion-mnist"

  /// - Parameters: images in each part; 60,000 and 10,000 in the official files.
  package init(training: Int = 60_000, test: Int = 10_000) {
    images = IDXImages(
      title: title,
      classNames: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
      parts: [
        .init(
          images: "train-images-idx3-ubyte", labels: "train-labels-idx1-ubyte", count: training,
          imagesDigest: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
          labelsDigest: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        .init(
          images: "t10k-images-idx3-ubyte", labels: "t10k-labels-idx1-ubyte", count: test,
          imagesDigest: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
          labelsDigest: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
      ])
  }

  package func shape(files: Int?) -> OriginalShape { images.shape }

  package func files(data: String) throws -> [OriginalFile] { try images.files(places: places(data), remedy: remedy(data)) }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    try images.open(places: places(data), remedy: remedy(data), verify: verify)
  }

  /// The user's own files come before Debian's.
  private func places(_ data: String) -> [String] { ["\(data)/\(name)", Self.debianFolder] }

  private func remedy(_ data: String) -> String {
    "run `make deps`, which installs Debian's dataset-fashion-mnist, or `ccr fetch \(name)`, or put the four official .gz files into \(data)/\(name)/"
  }

  private static func file(_ name: String, _ bytes: Int, _ sha256: String) -> Download {
    Download(
      url: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/\(name)", file: "fashion-mnist/\(name)", bytes: bytes, sha256: sha256
    )
  }
}
