import Glibc
import Synchronization

/// Bytes of pictures: in memory, mapped from a file, or read from its chunks. The latter two read no more than what is asked for.
public struct Pixels: Sendable {
  public let count: Int
  private let memory: PixelMemory
  private let chunks: PixelChunks?

  public init(_ bytes: [UInt8]) {
    count = bytes.count
    memory = PixelMemory(copying: bytes)
    chunks = nil
  }

  /// Maps `count` bytes of a file, which must not change while they are in use; results in the store never do.
  /// - Throws: `FileError`.
  init(mapping path: String, offset: Int, count: Int) throws(FileError) {
    self.count = count
    memory = try PixelMemory(mapping: path, offset: offset, count: count)
    chunks = nil
  }

  /// Bytes whose chunks are read when they are first asked for, and kept.
  /// - Throws: `FileError` where there is no memory for them.
  init(_ blocks: HDF5BlockReader) throws(FileError) {
    count = blocks.shape.reduce(1, *)
    let memory = try PixelMemory(reserving: count, for: blocks.path)
    self.memory = memory
    chunks = PixelChunks(blocks, memory)
  }

  /// Gives `body` all bytes, of which no others may be used than those of `ranges`.
  /// - Throws: `HDF5Error` where a chunk is damaged, or what `body` throws.
  public func read<Result>(_ ranges: some Sequence<Range<Int>>, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result {
    try chunks?.load(ranges)
    defer { withExtendedLifetime(memory) {} }
    return try body(memory.bytes)
  }

  /// A copy of some bytes.
  /// - Throws: `HDF5Error` where a chunk is damaged.
  public func bytes(_ range: Range<Int>) throws -> [UInt8] { try read([range]) { Array($0[range]) } }

  /// A copy of all bytes.
  /// - Throws: `HDF5Error` where a chunk is damaged.
  public func bytes() throws -> [UInt8] { try bytes(0..<count) }
}

/// Memory that goes with its last user. It is written before anyone reads it, hence safe to share between threads.
private final class PixelMemory: @unchecked Sendable {
  let bytes: UnsafeBufferPointer<UInt8>
  private let mapping: (base: UnsafeMutableRawPointer, length: Int)?

  init(copying bytes: [UInt8]) {
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = copy.initialize(from: bytes)
    self.bytes = UnsafeBufferPointer(copy)
    mapping = nil
  }

  /// A part of a file.
  init(mapping path: String, offset: Int, count: Int) throws(FileError) {
    let descriptor = try RegularFile.open(path)
    defer { close(descriptor) }
    let skipped = offset % Int(getpagesize())
    guard let base = mmap(nil, count + skipped, PROT_READ, MAP_SHARED, descriptor, offset - skipped), base != MAP_FAILED else {
      throw .failed(operation: "map", path: path, errno: errno)
    }
    bytes = UnsafeBufferPointer(start: (base + skipped).assumingMemoryBound(to: UInt8.self), count: count)
    mapping = (base, count + skipped)
  }

  /// Room that costs nothing until it is written.
  init(reserving count: Int, for path: String) throws(FileError) {
    guard count > 0 else {
      bytes = UnsafeBufferPointer(start: nil, count: 0)
      mapping = nil
      return
    }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      throw .failed(operation: "find memory for", path: path, errno: errno)
    }
    bytes = UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count)
    mapping = (base, count)
  }

  deinit {
    if let mapping { munmap(mapping.base, mapping.length) } else { bytes.deallocate() }
  }
}

/// Reads chunks into memory, each once.
private final class PixelChunks: Sendable {
  private let blocks: HDF5BlockReader
  private let memory: PixelMemory
  private let present: Mutex<[Bool]>

  init(_ blocks: HDF5BlockReader, _ memory: PixelMemory) {
    self.blocks = blocks
    self.memory = memory
    present = Mutex(Array(repeating: false, count: (blocks.shape[0] + blocks.rowsTogether - 1) / blocks.rowsTogether))
  }

  /// Sees to it that the bytes of `ranges` are in memory.
  func load(_ ranges: some Sequence<Range<Int>>) throws(HDF5Error) {
    guard let base = memory.bytes.baseAddress else { return }
    let (rows, rowBytes) = (blocks.shape[0], blocks.rowBytes)
    try present.withLock { present throws(HDF5Error) in
      for range in ranges where !range.isEmpty {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows * rowBytes, "bytes \(range) of \(rows * rowBytes)")
        let chunkBytes = blocks.rowsTogether * rowBytes
        for chunk in range.lowerBound / chunkBytes...(range.upperBound - 1) / chunkBytes where !present[chunk] {
          let first = chunk * blocks.rowsTogether
          let chunkRows = first..<min(rows, first + blocks.rowsTogether)
          try blocks.read(chunkRows, into: UnsafeMutablePointer(mutating: base + first * rowBytes))
          present[chunk] = true
        }
      }
    }
  }
}
