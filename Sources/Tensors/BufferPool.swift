import Synchronization

/// Memory that freed tensors leave behind for the next ones.
///
/// A training step allocates the same sizes again and again; fresh pages from the system cost as much as a pass of arithmetic,
/// so large buffers are kept and handed out again. A request takes the smallest kept buffer that is large enough and at most
/// an eighth too large. A request that finds none, as those of a smaller last batch, sends kept buffers back to the system until no more is held
/// than was in use at once before.
enum BufferPool {
  /// Below this size the system's allocator is fast enough by itself.
  private static let smallestKept = 1 << 14
  private static let pageBytes = 4096

  private struct Kept: @unchecked Sendable {
    /// Sorted by size, so that a request finds its best fit by bisection.
    var buffers: [(bytes: Int, base: UnsafeMutableRawPointer)] = []
    /// Bytes of `buffers`, bytes handed out, and the most that was handed out at once.
    var idle = 0
    var inUse = 0
    var mostInUse = 0

    mutating func handedOut(_ bytes: Int) {
      inUse += bytes
      mostInUse = max(mostInUse, inUse)
    }

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
      if position < kept.buffers.count, kept.buffers[position].bytes <= rounded + rounded / 8 {
        let buffer = kept.buffers.remove(at: position)
        kept.idle -= buffer.bytes
        kept.handedOut(buffer.bytes)
        return (buffer.base, buffer.bytes)
      }
      kept.handedOut(rounded)
      while kept.idle + kept.inUse > kept.mostInUse, let buffer = kept.buffers.popLast() {
        kept.idle -= buffer.bytes
        buffer.base.deallocate()
      }
      return nil
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
      kept.idle += bytes
      kept.inUse -= bytes
    }
  }
}
