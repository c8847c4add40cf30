import Artifacts

/// STL-10 (Coates, Lee, Ng 2011), binary version: colour images of 96 × 96. The 5,000 training and 8,000 test images have one of 10 classes and
/// come first; the 100,000 unlabelled ones, which show more kinds of things, follow.
package struct STL10: Original {
  package let name = "stl-10"
  package let title = "STL-10"
  package let downloads = [
    Download(
      url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", file: "stl10_binary.tar.gz", bytes: 2_640_397_119,
      sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866")
  ]
  private let (training, test, unlabelled): (Int, Int, Int)

  private static let classNames = ["airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck"]
  private static let side = 96
  private static let imageBytes = 3 * side * side

  /// - Parameters: images in each part; 5,000, 8,000 and 100,000 in the official files.
  package init(training: Int = 5000, test: Int = 8000, unlabelled: Int = 100_000) {
    (self.training, self.test, self.unlabelled) = (training, test, unlabelled)
  }

  private struct Part {
    let name: String
    let first, count: Int
    /// MD5 of the two files; unlabelled images have one.
    let pixels: String
    let labels: String?

    var files: [RecordFiles.File] {
      [.init(name: "\(name)_X.bin", records: count, recordBytes: STL10.imageBytes, digest: .md5(pixels))]
        + (labels.map { [.init(name: "\(name)_y.bin", records: count, recordBytes: 1, digest: .md5($0))] } ?? [])
    }
  }

  private var parts: [Part] {
    [
      Part(
        name: "train", first: 0, count: training, pixels: "918c2871b30a85fa023e0c44e0bee87f", labels: "5a34089d4802c674881badbb80307741"),
      Part(
        name: "test", first: training, count: test, pixels: "7f263ba9f9e0b06b93213547f721ac82", labels: "36f9794fa4beb8a2c72628de14fa638e"),
      Part(
        name: "unlabeled", first: training + test, count: unlabelled, pixels: "5242ba1fed5e4be9e1e742405eb56ca4", labels: nil),
    ]
  }

  package func shape(files: Int?) -> OriginalShape {
    OriginalShape(images: training + test + unlabelled, scored: training + test, channels: 3)
  }

  package func files(data: String) throws -> [OriginalFile] { try records(data).sources }

  private func records(_ data: String) throws(DatasetError) -> RecordFiles {
    let place = try DataFolder.find(self, archive: "stl10_binary.tar.gz", folder: "stl10_binary", in: data)
    return RecordFiles(dataset: title, place: place, files: parts.flatMap(\.files))
  }

  package func open(data: String, verify: Bool) throws -> OpenOriginal {
    let records = try records(data)
    return OpenOriginal(
      count: training + test + unlabelled, height: Self.side, width: Self.side, channels: 3, scored: training + test,
      classNames: Self.classNames
    ) { sink in
      var pixels: [UInt8] = []
      try records.read(verify: verify) { file, first, block in
        guard let part = parts.first(where: { file.name.hasPrefix($0.name) }) else { return }
        if file.recordBytes == 1 {
          for (record, label) in block.enumerated() {
            guard (1...Self.classNames.count).contains(Int(label)) else {
              throw DatasetError.malformed(
                path: "\(records.place.path): \(file.name)", expected: "labels 1 to \(Self.classNames.count)",
                found: "\(label) in record \(first + record)")
            }
            sink.label(part.first + first + record, Int32(label) - 1)
          }
        } else {
          if pixels.count != block.count { pixels = Array(repeating: 0, count: block.count) }
          pixels.withUnsafeMutableBufferPointer { pixels in
            guard let from = block.bindMemory(to: UInt8.self).baseAddress, let to = pixels.baseAddress else { return }
            for record in 0..<block.count / Self.imageBytes {
              PlanarPixels.transpose(from + record * Self.imageBytes, size: Self.side, to: to + record * Self.imageBytes)
            }
          }
          try pixels.withUnsafeBytes { try sink.put($0, first: part.first + first) }
        }
      }
    }
  }
}
