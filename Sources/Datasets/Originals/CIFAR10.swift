import Artifacts

/// CIFAR-10 (Krizhevsky 2009), binary version: 60,000 colour images of 32 × 32, 10 classes; the five training batches, then the test batch.
package struct CIFAR10: Original {
  package let name = "cifar-10"
  package let title = "CIFAR-10"
  package let downloads = [
    Download(
      url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", file: "cifar-10-binary.tar.gz", bytes: 170_052_171,
      sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd")
  ]
  private let files: [RecordFiles.File]

  private static let classNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

  /// - Parameter batchImages: images in each of the six files; 10,000 in the official ones.
  package init(batchImages: Int = 10_000) {
    let digests = [
      ("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
      ("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
      ("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
      ("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
      ("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
      ("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ]
    files = digests.map { .init(name: $0.0, records: batchImages, recordBytes: 1 + CIFARRecords.pixelBytes, digest: .sha256($0.1)) }
  }

  package func shape(files: Int?) -> OriginalShape { OriginalShape(images: self.files.reduce(0) { $0 + $1.records }, channels: 3) }

  package func files(data: String) throws -> [OriginalFile] { try records(data).files.sources }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let records = try records(data)
    return OpenOriginal(
      count: records.count, height: CIFARRecords.side, width: CIFARRecords.side, channels: 3, classNames: Self.classNames
    ) { sink in try records.read(verify: verify, into: sink) }
  }

  private func records(_ data: String) throws(DatasetError) -> CIFARRecords {
    let place = try DataFolder.find(self, archive: "cifar-10-binary.tar.gz", folder: "cifar-10-batches-bin", in: data)
    return CIFARRecords(files: .init(dataset: title, place: place, files: files), classes: Self.classNames.count, fineClasses: nil)
  }
}
