import Artifacts
import Dispatch
import Glibc
import Synchronization

/// A lock for file systems that keep no locks between hosts: a file that only one can make, and whose time its holder renews as long as it lives.
///
/// It says who holds it. One of this host whose process is gone, and one that was not renewed for long by the file server's own clock, is
/// abandoned: who finds it so takes it away, which only one can, and makes its own.
package final class Lease: Sendable {
  private let path: String
  private let token: String

  /// How often a lease is renewed, and after how much silence it is taken for abandoned, in seconds. A file system may show times a minute late.
  static let (renewal, silence) = (20, 300)
  /// How often a lease of another is looked at.
  private static let lookEvery = Duration.seconds(3)

  private static let held = Mutex<Set<String>>([])
  private static let looks = Mutex<[String: ContinuousClock.Instant]>([:])
  private static let isRenewing = Atomic<Bool>(false)

  private init(_ path: String, _ token: String) { (self.path, self.token) = (path, token) }

  /// - Returns: nil while another has it.
  /// - Throws: `FileError`.
  package static func take(_ path: String) throws(FileError) -> Lease? {
    let token = PartFile.uniqueName()
    for _ in 0..<2 {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 {
        let record: JSONValue = ["token": .string(token), "owner": ActionOwner(stage: nil).json]
        let bytes = Array((record.compact + "\n").utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten else {
          unlink(path)
          throw .failed(operation: "write", path: path, errno: code)
        }
        _ = held.withLock { $0.insert(path) }
        renewFromNowOn()
        return Lease(path, token)
      }
      guard errno == EEXIST else { throw .failed(operation: "lock", path: path, errno: errno) }
      let now = ContinuousClock.now
      let isEarly = looks.withLock { looks in
        if let last = looks[path], now - last < lookEvery { return true }
        looks[path] = now
        return false
      }
      guard !isEarly, let abandoned = abandoned(path), clear(path, abandoned) else { return nil }
    }
    return nil
  }

  /// Whether somebody has it, as far as one look can tell.
  package static func isHeld(_ path: String) -> Bool { access(path, F_OK) == 0 && abandoned(path) == nil }

  /// Whether nobody has taken it away.
  package var isOwn: Bool { Self.token(path) == token }

  package func release() {
    _ = Self.held.withLock { $0.remove(path) }
    if isOwn { unlink(path) }
  }

  deinit { _ = Self.held.withLock { $0.remove(path) } }

  private static func token(_ path: String) -> String? { Store.json(path)?["token"]?.string }

  /// What an abandoned lease says, nil where its holder may live. One that says nothing is being written, or its writer is gone: time tells.
  private static func abandoned(_ path: String) -> String? {
    let record = Store.json(path)
    let text = record?["token"]?.string ?? ""
    if let owner = record.flatMap({ ActionOwner($0["owner"]) }), owner.isGone { return text }
    var info = stat()
    guard stat(path, &info) == 0, let now = serverTime(beside: path) else { return nil }
    return Double(now) - Double(info.st_mtim.tv_sec) > Double(silence) ? text : nil
  }

  /// The time by the clock that stamps files there.
  private static func serverTime(beside path: String) -> Int? {
    let probe = "\(path).\(PartFile.uniqueName())"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return nil }
    defer {
      close(descriptor)
      unlink(probe)
    }
    var info = stat()
    return fstat(descriptor, &info) == 0 ? Int(info.st_mtim.tv_sec) : nil
  }

  /// Takes an abandoned lease away; of several who try one succeeds.
  private static func clear(_ path: String, _ text: String) -> Bool {
    let aside = "\(path).\(PartFile.uniqueName())"
    guard rename(path, aside) == 0 else { return errno == ENOENT }
    defer { unlink(aside) }
    if (token(aside) ?? "") == text { return true }
    // Another was quicker, and this is his new one.
    link(aside, path)
    return false
  }

  private static func renewFromNowOn() {
    if isRenewing.exchange(true, ordering: .relaxed) { return }
    renewLater()
  }

  private static func renewLater() {
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(renewal)) {
      for path in held.withLock({ $0 }) { utimensat(AT_FDCWD, path, nil, 0) }
      renewLater()
    }
  }
}
