import Artifacts
import Glibc

extension Store {
  /// Clears what killed runners left of actions that nobody executes: half-written files, what they held, attempts that have neither ended nor failed, and
  /// attempts and checkpoints of what is finished. What cannot be removed stays.
  func clearLeftovers() {
    PartFile.removeAbandoned(in: folder)
    Scratch.clear("\(folder)/scratch")
    Pins.clear("\(folder)/pins")
    let keys = ["attempts", "checkpoints", "locks"].flatMap { Folder.names("\(folder)/\($0)") }.unique
    for key in keys where ContentDigest(hex: key) != nil {
      guard let lock = try? lock(key) else { continue }
      let isFinished = record(key) != nil
      if isFinished || access("\(attemptFolder(key))/failure.json", F_OK) != 0 { Folder.remove(attemptFolder(key)) }
      // One that is younger is of an action that is executed again.
      if isFinished, FileAge.isOlder(checkpointFolder(key), than: "\(actionFolder(key))/result.json") {
        Folder.remove(checkpointFolder(key))
      } else {
        rmdir(checkpointFolder(key))
      }
      lock.release()
    }
  }

  /// The failed attempts, by the instance that failed.
  func failedAttempts(profile: String) -> [String: [String]] {
    var failed: [String: [String]] = [:]
    for key in Folder.names("\(folder)/attempts") {
      guard let record = Self.json("\(attemptFolder(key))/failure.json"), let name = record["instance"]?.string,
        record["profile"]?.string ?? profile == profile
      else { continue }
      failed[name, default: []].append(key)
    }
    return failed
  }

  /// Removes a failed attempt that nobody repeats just now.
  func removeFailedAttempt(_ key: String) {
    guard let lock = try? lock(key) else { return }
    Folder.remove(attemptFolder(key))
    rmdir(checkpointFolder(key))
    lock.release()
  }
}
