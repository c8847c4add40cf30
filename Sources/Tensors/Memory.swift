import COpenBLAS

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
}
