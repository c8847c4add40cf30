import Artifacts
import Glibc

/// Which commit the sources are at from which programs were built, and what was changed since, by git's account.
public struct SourceState: Hashable, Sendable {
  /// 40 hexadecimal digits; nil where git knows nothing of the folder.
  public let commit: String?
  /// Files that are not as the commit has them, or that it does not have, relative to the repository; sorted.
  public let changes: [String]

  /// "commit 1a2b… and 2 changed files (Makefile, …)".
  public var words: String {
    guard let commit else { return "unknown: the programs lie in no git repository, or there is no git" }
    let named = changes.prefix(Self.named).joined(separator: ", ") + (changes.count > Self.named ? ", …" : "")
    return "commit \(commit)"
      + (changes.isEmpty ? ", nothing changed" : " and \(changes.count) changed file\(changes.count == 1 ? "" : "s") (\(named))")
  }

  /// Null where nothing is known; of many changes the first.
  public var json: JSONValue {
    guard let commit else { return .null }
    return [
      "commit": .string(commit), "changed": .integer(changes.count), "changes": .array(changes.prefix(Self.named).map(JSONValue.string)),
    ]
  }

  private static let named = 20

  /// - Parameters:
  ///   - folder: any folder of the repository.
  ///   - published: folders whose files are no sources: what a study writes itself.
  public static func of(_ folder: String, except published: [String]) -> SourceState {
    let none = SourceState(commit: nil, changes: [])
    guard let head = Git.output(folder, ["rev-parse", "--show-toplevel", "HEAD"])?.split(separator: "\n").map(String.init), head.count == 2,
      let status = Git.output(folder, ["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames"])
    else { return none }
    let changes = status.split(separator: "\0").map { String($0.dropFirst(3)) }.filter { name in
      !published.contains { "\(head[0])/\(name)".hasPrefix("\($0)/") }
    }
    return SourceState(commit: head[1], changes: changes.sorted())
  }
}

/// What git knows of a folder.
enum Git {
  /// - Returns: what it prints; nil where it fails, or is not there.
  static func output(_ folder: String, _ arguments: [String]) -> String? {
    func kept(_ name: String) -> [String] { getenv(name).map { ["\(name)=\(String(cString: $0))"] } ?? [] }
    // Looking must not write, and must not ask anybody anything.
    let environment = ["LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0"] + kept("PATH") + kept("HOME")
    guard let (status, output) = try? ChildProcess.run("/usr/bin/env", ["git", "-C", folder] + arguments, environment: environment),
      status == .exited(0)
    else { return nil }
    return String(decoding: output, as: UTF8.self)
  }
}
