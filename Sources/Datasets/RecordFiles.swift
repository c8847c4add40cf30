import Artifacts
import Glibc

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

/// A file that is read from its beginning to its end.
final class OpenFile {
  let path: String
  let size: Int
  private let descriptor: Int32

  /// - Throws: `FileError`.
  init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing(path: path) : .failed(operation: "open", path: path, errno: errno) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw .failed(operation: "open", path: path, errno: errno) }
    size = Int(facts.st_size)
  }

  deinit { close(descriptor) }

  /// The whole content of a file.
  /// - Parameter most: a longer one is refused before memory is taken for it.
  /// - Throws: `FileError`, `DatasetError.malformed`.
  static func content(of path: String, most: Int) throws -> [UInt8] {
    let size = try OpenFile(path).size
    guard size <= most else { throw DatasetError.malformed(path: path, expected: "at most \(most) bytes", found: "\(size)") }
    return try AtomicFile.read(path)
  }

  /// Fills a buffer; fewer bytes come at the end only.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}

/// What a folder holds.
enum FolderListing {
  /// The names in a folder, sorted bytewise, without those that start with a dot.
  /// - Throws: `FileError`.
  static func names(in folder: String) throws(FileError) -> [String] {
    guard let stream = opendir(folder) else {
      throw errno == ENOENT ? .missing(path: folder) : .failed(operation: "list", path: folder, errno: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }
  static func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

  private static func kind(_ path: String) -> mode_t {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & S_IFMT : 0
  }
}

/// Tells data sets by the names of their files, for archives that are put in the wrong place.
enum Signature {
  private static let known: [(file: String, dataset: String)] = [
    ("data_batch_1.bin", "the binary version of CIFAR-10"),
    ("data_batch_1", "the Python version of CIFAR-10; the binary version is needed"),
    ("data_batch_1.mat", "the Matlab version of CIFAR-10; the binary version is needed"),
    ("coarse_label_names.txt", "the binary version of CIFAR-100"), ("train_X.bin", "STL-10"),
    ("train_X.mat", "the Matlab version of STL-10"),
    ("wnids.txt", "Tiny-ImageNet"), ("train-images-idx3-ubyte.gz", "MNIST or Fashion-MNIST"),
    ("train-images-idx3-ubyte", "MNIST or Fashion-MNIST"),
  ]

  static func recognise(_ names: some Sequence<String>) -> String? {
    let names = Set(names)
    return known.first { names.contains($0.file) }?.dataset
  }
}
