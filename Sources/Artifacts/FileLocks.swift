import Glibc
import Synchronization

/// Whether the kernel's locks reach all hosts that share a folder.
public enum FileLocks {
  /// By device: the kernel's list of mounts is long, and actions have a folder each.
  private static let known = Mutex<[dev_t: Bool]>([:])

  /// Whether a lock that is granted here is kept by the file system on all hosts that use it. `CCR_LOCKS=kernel` or `CCR_LOCKS=lease` decides
  /// where this cannot know better; otherwise the kind of the file system and the options it is mounted with do.
  /// - Parameter path: a folder, or a file in it.
  public static func reachAllHosts(_ path: String) -> Bool {
    switch getenv("CCR_LOCKS").map({ String(cString: $0) }) {
    case "kernel": return true
    case "lease": return false
    default: break
    }
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    var info = stat()
    guard stat(folder, &info) == 0 else { return true }
    let device = info.st_dev
    if let answer = known.withLock({ $0[device] }) { return answer }
    let answer = mount(of: folder).map { reachAllHosts(kind: $0.kind, options: $0.options) } ?? true
    known.withLock { $0[device] = answer }
    return answer
  }

  /// - Parameters:
  ///   - kind: as in `/proc/self/mountinfo`.
  ///   - options: of the mount and of the file system.
  package static func reachAllHosts(kind: String, options: [String]) -> Bool {
    switch kind {
    case "nfs", "nfs4": return !options.contains { ["nolock", "local_lock=all", "local_lock=posix"].contains($0) }
    case "lustre": return options.contains("flock")
    // Each host by itself, or not at all, unless their administrator has chosen otherwise.
    case "beegfs", "cifs", "smb3", "9p", "afs", "orangefs", "pvfs2": return false
    default: return !kind.hasPrefix("fuse")
    }
  }

  private static func mount(of folder: String) -> (kind: String, options: [String])? {
    guard let real = realpath(folder, nil) else { return nil }
    defer { free(real) }
    let text = (try? AtomicFile.read("/proc/self/mountinfo")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return mount(of: String(cString: real), in: text)
  }

  /// The file system a path lies on: of the mounts above it the deepest, of several at one place the last.
  package static func mount(of path: String, in mountinfo: String) -> (kind: String, options: [String])? {
    var best: (length: Int, kind: String, options: [String])?
    for line in mountinfo.split(separator: "\n") {
      guard let middle = line.firstRange(of: " - ") else { continue }
      let (front, back) = (line[..<middle.lowerBound].split(separator: " "), line[middle.upperBound...].split(separator: " "))
      guard front.count > 5, back.count > 2 else { continue }
      let point = front[4].replacing("\\040", with: " ")
      guard path == point || point == "/" || path.hasPrefix(point + "/"), point.count >= best?.length ?? 0 else { continue }
      best = (point.count, String(back[0]), (front[5].split(separator: ",") + back[2].split(separator: ",")).map(String.init))
    }
    return best.map { ($0.kind, $0.options) }
  }
}
