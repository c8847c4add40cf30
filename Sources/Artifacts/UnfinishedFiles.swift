import Glibc
import Synchronization

/// The temporary files that are being written, for a process that has to end at once and leave none behind.
public final class UnfinishedFiles: Sendable {
  /// Those of `AtomicFile`.
  public static let ofProcess = UnfinishedFiles()

  private let paths = Mutex<Set<String>>([])

  package init() {}

  /// A new temporary file. Made and noted in one, so that whoever discards finds every file there is.
  package func begin(beside path: String) throws(FileError) -> PartFile {
    try paths.withLock { paths throws(FileError) in
      let part = try PartFile(beside: path)
      paths.insert(part.path)
      return part
    }
  }

  /// Has a library open a temporary file by its name, where it would make one that was discarded anew: what is opened by then is discarded
  /// too, and nothing is opened afterwards.
  package func opening(_ open: () -> Int64) -> Int64 { paths.withLock { _ in open() } }

  /// The file is whole and in its place, or given up.
  package func end(_ part: PartFile) { _ = paths.withLock { $0.remove(part.path) } }

  /// Removes all of them, then ends the process, while every writer that would begin or open another file, or end its own, waits.
  /// - Parameter end: does not return; a test's may.
  public func discard(andEnd end: () -> Void) {
    paths.withLock {
      for path in $0 { unlink(path) }
      end()
    }
  }
}
