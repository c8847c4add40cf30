import Artifacts
import Workflow

/// What `ccr --version` prints.
enum Version {
  /// The sources' commit and state, by git, and the program's own digest, which says what it is where there is no git.
  static var text: String {
    let source = SourceState.of(OwnFolder.path, except: [])
    let digest = (try? ProgramDigest.ofFile("/proc/self/exe"))?.hex ?? "unknown"
    return "ccr\nsources: \(source.words)\nprogram: \(digest)"
  }
}
