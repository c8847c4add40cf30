import Artifacts

/// The records of CIFAR's binary files: a label byte or two, then red, green and blue planes of 32 × 32.
struct CIFARRecords {
  static let side = 32
  static let pixelBytes = 3 * side * side

  let files: RecordFiles
  let classes: Int
  /// The number of classes of the second label byte, nil where there is none.
  let fineClasses: Int?

  var count: Int { files.files.reduce(0) { $0 + $1.records } }

  /// Images are numbered in the order of `files`, whatever the order in the archive.
  func read(verify: Bool, into sink: OriginalSink) throws {
    var firsts: [String: Int] = [:]
    var next = 0
    for file in files.files {
      firsts[file.name] = next
      next += file.records
    }
    var pixels: [UInt8] = []
    try files.read(verify: verify) { file, first, records in
      guard let base = records.bindMemory(to: UInt8.self).baseAddress, let start = firsts[file.name] else { return }
      let count = records.count / file.recordBytes
      let labelBytes = file.recordBytes - Self.pixelBytes
      if pixels.count != count * Self.pixelBytes { pixels = Array(repeating: 0, count: count * Self.pixelBytes) }
      for record in 0..<count {
        let from = base + record * file.recordBytes
        let (label, fine) = (Int(from[0]), labelBytes == 2 ? Int(from[1]) : 0)
        guard label < classes, fine < fineClasses ?? 1 else {
          throw DatasetError.malformed(
            path: "\(files.place.path): \(file.name)",
            expected: "labels 0 to \(classes - 1)" + (fineClasses.map { " and 0 to \($0 - 1)" } ?? ""),
            found: "\(label)" + (fineClasses == nil ? "" : " and \(fine)") + " in record \(first + record)")
        }
        sink.label(start + first + record, Int32(label), fine: fineClasses == nil ? -1 : Int32(fine))
        pixels.withUnsafeMutableBufferPointer { pixels in
          guard let to = pixels.baseAddress else { return }
          PlanarPixels.interleave(from + labelBytes, count: Self.side * Self.side, to: to + record * Self.pixelBytes)
        }
      }
      try pixels.withUnsafeBytes { try sink.put($0, first: start + first) }
    }
  }
}
