import Synchronization

/// Memory that freed tensors leave behind for the next ones.
///
/// A training step allocates the same sizes again and again; fresh pages from the system cost as much as a pass of arithmetic,
/// so large buffers are kept and handed out again. A request takes the smallest kept buffer that is large enough and at most
/// an eighth too large; what is kept never exceeds what was in use at once, but for that eighth.
enum BufferPool {
  /// Below this size the system's allocator is fast enough by itself.
  private static let smallestKept = 1 << 14
  private static let pageBytes = 4096

  private struct Kept: @unchecked Sendable {
    /// Sorted by size, so that a request finds its best fit by bisection.
    var buffers: [(bytes: Int, base: UnsafeMutableRawPointer)] = []

    /// The first position whose buffer has at least this many bytes.
    func lowerBound(_ bytes: Int) -> Int {
      var low = 0
      var high = buffers.count
      while low < high {
        let middle = (low + high) / 2
        if buffers[middle].bytes < bytes { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }
  private static let kept = Mutex(Kept())

  /// A 64-byte aligned buffer of at least `bytes` bytes and its true size.
  static func take(bytes: Int) -> (base: UnsafeMutableRawPointer, bytes: Int) {
    guard bytes >= smallestKept else { return (.allocate(byteCount: max(bytes, 64), alignment: 64), bytes) }
    let rounded = (bytes + pageBytes - 1) / pageBytes * pageBytes
    let found = kept.withLock { kept -> (UnsafeMutableRawPointer, Int)? in
      let position = kept.lowerBound(rounded)
      guard position < kept.buffers.count, kept.buffers[position].bytes <= rounded + rounded / 8 else { return nil }
      let buffer = kept.buffers.remove(at: position)
      return (buffer.base, buffer.bytes)
    }
    return found ?? (.allocate(byteCount: rounded, alignment: 64), rounded)
  }

  /// Gives back what `take` returned.
  static func giveBack(_ base: UnsafeMutableRawPointer, bytes: Int) {
    guard bytes >= smallestKept else { return base.deallocate() }
    let address = UInt(bitPattern: base)
    kept.withLock { kept in
      let base = UnsafeMutableRawPointer(bitPattern: address)
      guard let base else { return }
      kept.buffers.insert((bytes, base), at: kept.lowerBound(bytes))
    }
  }
}
