import Artifacts

/// CIFAR-100 (Krizhevsky 2009), binary version: 60,000 colour images of 32 × 32 in 20 superclasses, which the paper clusters into, and 100
/// finer classes, kept beside; training images, then test images.
package struct CIFAR100: Original {
  package let name = "cifar-100"
  package let title = "CIFAR-100"
  package let downloads = [
    Download(
      url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", file: "cifar-100-binary.tar.gz", bytes: 168_513_733,
      sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec")
  ]
  private let files: [RecordFiles.File]

  private static let classNames = [
    "aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables", "household electrical devices",
    "household furniture", "insects", "large carnivores", "large man-made outdoor things", "large natural outdoor scenes",
    "large omnivores and herbivores", "medium mammals", "non-insect invertebrates", "people", "reptiles", "small mammals", "trees",
    "vehicles 1", "vehicles 2",
  ]

  private static let fineClassNames = [
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl", "boy", "bridge", "bus",
    "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
    "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo",
    "keyboard", "lamp", "lawn mower", "leopard", "lion", "lizard", "lobster", "man", "maple tree", "motorcycle", "mountain", "mouse",
    "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree", "pear", "pickup truck", "pine tree", "plain", "plate", "poppy",
    "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank", "telephone", "television",
    "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow tree", "wolf", "woman", "worm",
  ]

  /// - Parameters: images in each of the two files; 50,000 and 10,000 in the official ones.
  package init(trainingImages: Int = 50_000, testImages: Int = 10_000) {
    files = [
      .init(
        name: "train.bin", records: trainingImages, recordBytes: 2 + CIFARRecords.pixelBytes,
        digest: .sha256("f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")),
      .init(
        name: "test.bin", records: testImages, recordBytes: 2 + CIFARRecords.pixelBytes,
        digest: .sha256("d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")),
    ]
  }

  package func shape(files: Int?) -> OriginalShape { OriginalShape(images: self.files.reduce(0) { $0 + $1.records }, channels: 3) }

  package func files(data: String) throws -> [OriginalFile] { try records(data).files.sources }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let records = try records(data)
    return OpenOriginal(
      count: records.count, height: CIFARRecords.side, width: CIFARRecords.side, channels: 3, classNames: Self.classNames,
      fineClassNames: Self.fineClassNames
    ) { sink in try records.read(verify: verify, into: sink) }
  }

  private func records(_ data: String) throws(DatasetError) -> CIFARRecords {
    let place = try DataFolder.find(self, archive: "cifar-100-binary.tar.gz", folder: "cifar-100-binary", in: data)
    return CIFARRecords(
      files: .init(dataset: title, place: place, files: files), classes: Self.classNames.count, fineClasses: Self.fineClassNames.count)
  }
}
