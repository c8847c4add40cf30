import Artifacts
import Glibc

/// Everything that lies in the store, for those who look through all of it.
extension Store {
  /// The keys of all actions that were ever recorded, sorted.
  var keys: [String] {
    Folder.names("\(folder)/actions").flatMap { Folder.names("\(folder)/actions/\($0)") }.filter { ContentDigest(hex: $0) != nil }
  }

  /// The digests that the names of all stored outputs promise, sorted.
  var objects: [String] {
    Folder.names("\(folder)/cas").flatMap { Folder.names("\(folder)/cas/\($0)") }.filter { ContentDigest(hex: $0) != nil }
  }

  /// Files of an action's folder that hold other outcomes under its key.
  func outcomes(_ key: String) -> [String] {
    Folder.names(actionFolder(key)).filter { $0.hasPrefix("outcome-") && $0.hasSuffix(".json") }.map { "\(actionFolder(key))/\($0)" }
  }

  /// What ends the name of a damaged or foreign thing that was set aside.
  static let aside = ".aside-"

  // MARK: What was collected

  /// Marks a result whose outputs are removed to make room: its record stays, so that what makes it anew is held against it.
  func markCollected(_ key: String) {
    // Not flushed to disk: a mark that is lost costs only the right word for what is missing.
    let descriptor = open("\(actionFolder(key))/collected", O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether the outputs of a result were removed to make room.
  func isCollected(_ key: String) -> Bool { access("\(actionFolder(key))/collected", F_OK) == 0 }

  func unmarkCollected(_ key: String) { unlink("\(actionFolder(key))/collected") }

  // MARK: What was adopted

  private var adoptions: String { "\(folder)/adoptions" }

  /// Whether any result was ever adopted.
  var hasAdoptions: Bool { access(adoptions, F_OK) == 0 }

  func noteAdoptions() throws { try makeFolder(adoptions) }
}
