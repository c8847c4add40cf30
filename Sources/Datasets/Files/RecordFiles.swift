import Artifacts

/// Files of records of equal length, in the official archive or extracted from it: how CIFAR and STL-10 come.
struct RecordFiles {
  /// One file: its name without folders, how many records it holds, and their digest.
  struct File: Sendable {
    let name: String
    let records: Int
    let recordBytes: Int
    let digest: OfficialDigest

    var bytes: Int { records * recordBytes }
  }

  enum Place: Equatable {
    case archive(String)
    case folder(String)

    var path: String {
      switch self {
      case .archive(let path), .folder(let path): path
      }
    }
  }

  let dataset: String
  let place: Place
  let files: [File]

  /// The archive, or the files that are read from its folder.
  var sources: [OriginalFile] {
    switch place {
    case .archive(let path): [OriginalFile(name: path.split(separator: "/").last.map(String.init) ?? path, path: path)]
    case .folder(let folder): files.map { OriginalFile(name: $0.name, path: "\(folder)/\($0.name)") }
    }
  }

  /// What is read at once, unless a record is longer.
  private static let blockBytes = 1 << 20
  /// Official archives hold a few more files, none long: descriptions and names.
  private static let (mostOther, mostMembers) = (1 << 24, 1000)

  /// Reads all files once, in the order in which they come, block by block.
  /// - Parameters:
  ///   - verify: whether every file must have its digest.
  ///   - body: is given a file, the number of the block's first record in it, and whole records.
  /// - Throws: `FileError`, `DatasetError`, or what `body` throws.
  func read(verify: Bool, _ body: (_ file: File, _ first: Int, _ records: UnsafeRawBufferPointer) throws -> Void) throws {
    switch place {
    case .archive(let path):
      let archive = try Archive(path, .tar)
      var (seen, missing): ([String], [String]) = ([], files.map(\.name))
      while let member = try archive.next() {
        seen.append(member.baseName)
        guard let file = files.first(where: { $0.name == member.baseName }) else {
          guard (member.size ?? 0) <= Self.mostOther, seen.count <= Self.mostMembers else {
            throw DatasetError.hostile(path: path, member: member.name, fault: "of \(member.size ?? 0) bytes is out of place")
          }
          continue
        }
        guard let left = missing.firstIndex(of: file.name) else {
          throw DatasetError.hostile(path: path, member: member.name, fault: "comes twice")
        }
        missing.remove(at: left)
        try read(file, size: member.size, path: "\(path): \(file.name)", verify: verify, archive.read(into:), body)
      }
      guard missing.isEmpty else {
        throw DatasetError.incomplete(path: path, dataset: dataset, missing: missing, looksLike: Signature.recognise(seen))
      }
    case .folder(let path):
      let names = try FolderListing.names(in: path)
      let missing = files.map(\.name).filter { !names.contains($0) }
      guard missing.isEmpty else {
        throw DatasetError.incomplete(path: path, dataset: dataset, missing: missing, looksLike: Signature.recognise(names))
      }
      for file in files {
        let open = try OpenFile("\(path)/\(file.name)")
        try read(file, size: open.size, path: open.path, verify: verify, open.read(into:), body)
      }
    }
  }

  private func read(
    _ file: File, size: Int?, path: String, verify: Bool, _ fill: (UnsafeMutableRawBufferPointer) throws -> Int,
    _ body: (File, Int, UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let expected = "\(file.bytes) bytes: \(file.records) records of \(file.recordBytes)"
    if let size, size != file.bytes { throw DatasetError.malformed(path: path, expected: expected, found: "\(size)") }
    var check = OfficialDigest.Check(file.digest)
    let atOnce = max(1, Self.blockBytes / file.recordBytes)
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: atOnce * file.recordBytes, alignment: 64)
    defer { block.deallocate() }
    for first in stride(from: 0, to: file.records, by: atOnce) {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: block[..<(min(atOnce, file.records - first) * file.recordBytes)])
      let count = try fill(wanted)
      guard count == wanted.count else {
        throw DatasetError.malformed(path: path, expected: expected, found: "\(first * file.recordBytes + count)")
      }
      if verify { check.update(UnsafeRawBufferPointer(wanted)) }
      try body(file, first, UnsafeRawBufferPointer(wanted))
    }
    if verify { try check.finish(path: path) }
  }
}
