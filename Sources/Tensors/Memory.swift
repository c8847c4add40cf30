import COpenBLAS
import Glibc

/// How this process treats freed memory.
public enum Memory {
  /// Keeps freed memory for the next allocation instead of giving it back, as tensors do (`BufferPool`), for arrays too: a training step
  /// allocates the same sizes again and again, and fresh pages cost as much as a pass over them.
  public static func keepFreedPages() {
    // The largest value glibc accepts: a refused one would leave the threshold at 128 KiB, and for good.
    mallopt(M_MMAP_THRESHOLD, 32 << 20)
    mallopt(M_TRIM_THRESHOLD, Int32.max)
    mallopt(M_TOP_PAD, 64 << 20)
  }

  /// Whether this process could get so many bytes now, by its own limits (`ulimit -v`) and the kernel's account. None are kept or touched.
  public static func canTake(_ bytes: Int) -> Bool {
    guard bytes > 0 else { return true }
    let place = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard place != MAP_FAILED else { return false }
    munmap(place, bytes)
    return true
  }
}
