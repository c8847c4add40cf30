import Artifacts
import Glibc

/// Processes of this machine by the group they are in.
enum ProcessGroup {
  /// What the kernel says of a process behind its name: first its state, third its group, twentieth when it started.
  /// - Returns: nothing where there is no such process.
  static func facts(of process: Int) -> [Substring] {
    guard let bytes = try? AtomicFile.read("/proc/\(process)/stat") else { return [] }
    // The name in parentheses may hold anything.
    let text = String(decoding: bytes, as: UTF8.self)
    return text.lastIndex(of: ")").map { text[$0...].dropFirst().split(separator: " ") } ?? []
  }

  /// Whether all processes of a group have ended. One whose end its parent has not fetched has: in a container, perhaps nobody ever does.
  static func isGone(_ group: pid_t) -> Bool {
    if kill(-group, 0) != 0, errno == ESRCH { return true }
    return !Folder.names("/proc").compactMap { Int($0) }.contains { process in
      let facts = facts(of: process)
      return facts.count > 2 && facts[2] == "\(group)" && facts[0] != "Z" && facts[0] != "X"
    }
  }
}
