import Artifacts
import DeepClustering
import Glibc

/// The two newest training states on disk: each file is its content's SHA-256 in hexadecimal, a line end, the content.
struct Checkpoints {
  let folder: String
  private var paths: [String] { ["\(folder)/even.state", "\(folder)/odd.state"] }

  /// Replaces the older of the two.
  func save(_ state: TrainingState) throws {
    mkdir(folder, 0o755)
    let content = state.encoded()
    try AtomicFile.write(Array("\(ContentDigest.of(content))\n".utf8) + content, to: paths[state.passes % 2])
  }

  /// The newest state that is whole.
  /// - Parameter warn: told of every file that is damaged.
  func newest(warn: (String) -> Void) -> TrainingState? {
    var newest: TrainingState?
    for path in paths {
      guard let bytes = try? AtomicFile.read(path) else { continue }
      let content = Array(bytes.dropFirst(65))
      guard bytes.count > 65, ContentDigest.of(content).hex.utf8.elementsEqual(bytes[..<64]), let state = TrainingState(decoding: content)
      else {
        warn("checkpoint \(path) is damaged and left out")
        continue
      }
      if state.passes > newest?.passes ?? -1 { newest = state }
    }
    return newest
  }
}
