import Artifacts
import CHDF5
import Foundation
import Tensors
import Testing

/// How images lie in their file, and that they come back however they lie.
struct ImagesFileTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-images-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  enum Kind: CaseIterable { case flat, noise }

  /// 205 images of 16 × 20 × 3 bytes: three whole chunks of 68 images, and one image.
  private static let (count, height, width, channels, rows) = (205, 16, 20, 3, 68)
  private static let imageBytes = height * width * channels

  private static func pixels(_ kind: Kind) -> [UInt8] {
    var stream = RandomStream(seed: 4, purpose: .test)
    return (0..<count * imageBytes).map { place in
      kind == .flat ? UInt8(place / imageBytes) : UInt8(truncatingIfNeeded: stream.nextBits())
    }
  }

  private static func images(_ kind: Kind) -> ImageSet {
    ImageSet(
      name: "toy", height: height, width: width, channels: channels, pixels: pixels(kind), index: (0..<Int32(count)).map { $0 * 2 },
      verified: true)
  }

  /// As `body` writes them.
  private func write(_ kind: Kind, to name: String, _ body: (ImagesFile.Sink, UnsafeRawBufferPointer) throws -> Void) throws {
    let images = Self.images(kind)
    let header = ImagesFile.Header(
      name: images.name, height: images.height, width: images.width, channels: images.channels, scored: images.scored, index: images.index)
    try ImagesFile.write(header, to: "\(folder)/\(name)") { sink in
      try Self.pixels(kind).withUnsafeBytes { try body(sink, $0) }
      return true
    }
  }

  /// Opened without the library's locks: a process that another test forks meanwhile holds the lock of the file's writer a moment longer.
  private func opened(_ path: String) throws -> hid_t {
    let access = H5Pcreate(h5_file_access())
    defer { H5Pclose(access) }
    H5Pset_file_locking(access, false, true)
    let file = H5Fopen(path, 0, access)
    try #require(file >= 0)
    return file
  }

  /// What the library says of a file's `/images`.
  private func layout(_ path: String) throws -> (chunk: [hsize_t], filters: Int32, index: H5D_chunk_index_t) {
    let file = try opened(path)
    let dataset = H5Dopen2(file, "/images", 0)
    let properties = H5Dget_create_plist(dataset)
    defer {
      H5Pclose(properties)
      H5Dclose(dataset)
      H5Fclose(file)
    }
    try #require(H5Pget_layout(properties) == H5D_CHUNKED)
    var (chunk, index) = ([hsize_t](repeating: 0, count: 4), H5D_CHUNK_IDX_BTREE)
    H5Pget_chunk(properties, 4, &chunk)
    H5Dget_chunk_index_type(dataset, &index)
    return (chunk, H5Pget_nfilters(properties), index)
  }

  /// Where in a file the chunk lies that begins with an image.
  private func chunk(from row: Int, _ path: String) throws -> Range<Int> {
    let file = try opened(path)
    let dataset = H5Dopen2(file, "/images", 0)
    defer {
      H5Dclose(dataset)
      H5Fclose(file)
    }
    var (mask, address, size) = (UInt32(0), haddr_t(0), hsize_t(0))
    try #require(H5Dget_chunk_info_by_coord(dataset, [hsize_t(row), 0, 0, 0], &mask, &address, &size) >= 0 && size > 0)
    return Int(address)..<Int(address) + Int(size)
  }

  @Test(arguments: Kind.allCases) func lieInChunksThatAreCompressedWhereItPays(kind: Kind) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/images.h5"
    try ImagesFile.write(Self.images(kind), to: path)
    let layout = try layout(path)
    #expect(layout.chunk == [Self.rows, Self.height, Self.width, Self.channels].map { hsize_t($0) })
    #expect(layout.filters == (kind == .flat ? 1 : 0))
    // Chunks without an index lie end to end.
    #expect((layout.index == H5D_CHUNK_IDX_NONE) == (kind == .noise))
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    #expect(kind == .flat ? bytes < 20_000 : bytes > Self.count * Self.imageBytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["images.h5"])
  }

  /// Compression at level 1 shrinks noise of 2 levels to about a sixth, of 64 levels to more than three quarters.
  @Test(arguments: [(2, true), (64, false)]) func aQuarterMustBeSaved(levels: Int, compressed: Bool) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var stream = RandomStream(seed: 5, purpose: .test)
    let pixels = (0..<300 * 784).map { _ in UInt8(stream.integer(below: levels)) }
    let images = ImageSet(
      name: "noise", height: 28, width: 28, channels: 1, pixels: pixels, index: (0..<300).map { $0 }, verified: false)
    try ImagesFile.write(images, to: "\(folder)/images.h5")
    #expect(try layout("\(folder)/images.h5").filters == (compressed ? 1 : 0))
    let isEqual = try ImagesFile.read("\(folder)/images.h5").pixels.bytes() == pixels
    #expect(isEqual)
  }

  @Test(arguments: Kind.allCases) func comeBackAndAreTheSameFileInWhateverOrderTheyCome(kind: Kind) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let size = Self.imageBytes
    try write(kind, to: "whole") { sink, all in try sink.write(all, at: 0) }
    try write(kind, to: "backwards") { sink, all in
      for row in (0..<Self.count).reversed() { try sink.write(.init(rebasing: all[row * size..<(row + 1) * size]), at: row) }
    }
    try write(kind, to: "blocks") { sink, all in
      var stream = RandomStream(seed: 1, purpose: .test)
      let block = 13
      for first in stream.permutation((Self.count + block - 1) / block).map({ $0 * block }) {
        try sink.write(.init(rebasing: all[first * size..<min(first + block, Self.count) * size]), at: first)
      }
    }
    let digest = try ContentDigest.ofFile("\(folder)/whole")
    for name in ["backwards", "blocks"] { #expect(try ContentDigest.ofFile("\(folder)/\(name)") == digest, "\(name)") }
    let (back, pixels) = (try ImagesFile.read("\(folder)/blocks"), Self.pixels(kind))
    #expect(back.verified && back.index.last == 408 && back.count == Self.count && back.name == "toy")
    let isLastEqual = try back.image(204) == Array(pixels.suffix(size))
    #expect(isLastEqual)
    let areAllEqual = try back.pixels.bytes() == pixels
    #expect(areAllEqual)
  }

  @Test func threadsReadWhatTheyNeed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ImagesFile.write(Self.images(.flat), to: "\(folder)/images.h5")
    let images = try ImagesFile.read("\(folder)/images.h5")
    let wrong = SharedCount()
    ThreadTeam(threads: 4).forEach(400) { number in
      let row = number * 37 % Self.count
      if (try? images.image(row)) != [UInt8](repeating: UInt8(row), count: Self.imageBytes) { wrong.increase() }
    }
    #expect(wrong.value == 0)
  }

  /// One chunk is damaged: its images are refused with the file's name, those of the others are there.
  @Test func aDamagedChunkIsAnErrorWhereItsImagesAreAskedFor() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/images.h5"
    try ImagesFile.write(Self.images(.flat), to: path)
    var bytes = try AtomicFile.read(path)
    // In the checksum, because the same grey can be had from another place of a flat picture.
    bytes[try chunk(from: 2 * Self.rows, path).upperBound - 1] ^= 0x10
    try AtomicFile.write(bytes, to: path)
    let images = try ImagesFile.read(path)
    #expect(try images.image(0).first == 0 && images.image(204).first == 204)
    for _ in 0..<2 {
      let error = #expect(throws: HDF5Error.self) { _ = try images.image(2 * Self.rows) }
      #expect(error?.problem.contains(path) == true && error?.remedy.contains("ccr run") == true)
    }
  }

  /// Whatever is cut off or turned over, reading gives images or an error.
  @Test(arguments: Kind.allCases) func damageNeverTraps(kind: Kind) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/images.h5"
    try ImagesFile.write(Self.images(kind), to: path)
    let (good, pixels) = (try AtomicFile.read(path), Self.pixels(kind))
    // The library believes the lengths of texts in this block.
    let texts = try #require(good.firstRange(of: Array("GCOL".utf8))).lowerBound
    let textBlock = texts..<texts + 4096
    var stream = RandomStream(seed: 2, purpose: .test)
    for length in [0, 7, 100, good.count / 2, good.count - 1] {
      try AtomicFile.write(Array(good[..<length]), to: path)
      #expect(throws: HDF5Error.self) { try ImagesFile.read(path).pixels.bytes() }
    }
    for _ in 0..<500 {
      var bytes = good
      // Most of a plain file is pixels, of which any are legal: half of the flips go to the headers before them.
      let place = stream.integer(below: 2) == 0 ? stream.integer(below: 2048) : stream.integer(below: good.count)
      guard !textBlock.contains(place) else { continue }
      bytes[place] ^= 1 << UInt8(stream.integer(below: 8))
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        let back = try ImagesFile.read(path).pixels.bytes()
        if kind == .flat {
          let isEqual = back == pixels
          #expect(isEqual, "byte \(place)")
        }
      } catch let error as HDF5Error {
        #expect(error.problem.contains(path))
      }
    }
  }

  /// Files of other programs: chunks of any shape, with an index, or one piece.
  @Test(arguments: [nil, [10, 16, 20, 3], [7, 5, 20, 2], [1, 16, 20, 3]] as [[Int]?])
  func otherLayoutsAreRead(chunk: [Int]?) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, pixels) = ("\(folder)/images.h5", Self.pixels(.noise))
    let file = H5Fcreate(path, h5_truncate(), 0, 0)
    let space = H5Screate_simple(4, [Self.count, Self.height, Self.width, Self.channels].map { hsize_t($0) }, nil)
    let properties = H5Pcreate(h5_dataset_create())
    if let chunk { H5Pset_chunk(properties, 4, chunk.map { hsize_t($0) }) }
    let dataset = H5Dcreate2(file, "/images", h5_uint8(), space, 0, properties, 0)
    H5Dwrite(dataset, h5_uint8(), 0, 0, 0, pixels)
    for close in [H5Pclose(properties), H5Sclose(space), H5Dclose(dataset), H5Fclose(file)] { #expect(close >= 0) }
    let (back, shape) = try HDF5Reader(path).pixels("/images", axes: 4)
    #expect(shape == [Self.count, Self.height, Self.width, Self.channels])
    let isPartEqual = try back.bytes(99_000..<99_500) == Array(pixels[99_000..<99_500])
    #expect(isPartEqual)
    let areAllEqual = try back.bytes() == pixels
    #expect(areAllEqual)
  }
}

/// A number that threads increase.
private final class SharedCount: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  var value: Int { lock.withLock { count } }
  func increase() { lock.withLock { count += 1 } }
}
