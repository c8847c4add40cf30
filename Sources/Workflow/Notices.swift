import Synchronization

/// What was done to the results folder besides a run's work, to be told to the person: from any thread.
final class Notices: Sendable {
  private let texts = Mutex<[String]>([])

  func add(_ text: String) { texts.withLock { $0.append(text) } }

  /// The notices since the last call.
  func take() -> [String] {
    texts.withLock { texts in
      defer { texts = [] }
      return texts
    }
  }

  /// Gives a folder, a pipe or a device that stands where a file belongs another name.
  func setAside(_ path: String) {
    guard let aside = Folder.setAside(path) else { return }
    add("there was a \(Folder.isFolder(aside) ? "folder" : "pipe or device") in the place of \(path); it is now \(aside)")
  }

  /// Gives a file that stands where a folder belongs another name.
  func setAsideFile(_ path: String) {
    if let aside = Folder.setAsideFile(path) { add("there was a file in the place of the folder \(path); it is now \(aside)") }
  }
}
