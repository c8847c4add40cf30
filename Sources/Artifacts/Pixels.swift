import Glibc

/// Bytes of pictures: in memory, or mapped from a file so that only what is used is read.
public struct Pixels: RandomAccessCollection, Sendable {
  private let storage: Storage

  public init(_ bytes: [UInt8]) { storage = Storage(copying: bytes) }

  /// Maps `count` bytes of a file, which must not change while they are in use; results in the store never do.
  /// - Throws: `FileError`.
  init(mapping path: String, offset: Int, count: Int) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(operation: "open", path: path, errno: errno) }
    defer { close(descriptor) }
    let skipped = offset % Int(getpagesize())
    guard let base = mmap(nil, count + skipped, PROT_READ, MAP_SHARED, descriptor, offset - skipped), base != MAP_FAILED else {
      throw .failed(operation: "map", path: path, errno: errno)
    }
    storage = Storage(mapping: base, skipped: skipped, count: count)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { storage.bytes.count }
  public subscript(position: Int) -> UInt8 { storage.bytes[position] }

  public func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
    try withUnsafeBufferPointer(body)
  }

  public func withUnsafeBufferPointer<R, E>(_ body: (UnsafeBufferPointer<UInt8>) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.bytes)
  }

  /// Memory that nothing writes after its making, hence safe to share between threads.
  private final class Storage: @unchecked Sendable {
    let bytes: UnsafeBufferPointer<UInt8>
    private let mapping: (base: UnsafeMutableRawPointer, length: Int)?

    init(copying bytes: [UInt8]) {
      let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      _ = copy.initialize(from: bytes)
      self.bytes = UnsafeBufferPointer(copy)
      mapping = nil
    }

    init(mapping base: UnsafeMutableRawPointer, skipped: Int, count: Int) {
      bytes = UnsafeBufferPointer(start: (base + skipped).assumingMemoryBound(to: UInt8.self), count: count)
      mapping = (base, count + skipped)
    }

    deinit {
      if let mapping { munmap(mapping.base, mapping.length) } else { bytes.deallocate() }
    }
  }
}
