import Artifacts
import Glibc

/// Which results may go.
public struct CleanupOptions: Sendable {
  /// The most that outputs may take, in bytes: results go until they take no more. Nil for no limit, under which all that may go goes.
  public let maxSize: Int?
  /// Only what is at least so many seconds old goes.
  public let olderThan: Double?
  /// Whether to remove, or only to say what would be removed.
  public let delete: Bool

  public init(maxSize: Int?, olderThan: Double?, delete: Bool) {
    self.maxSize = maxSize
    self.olderThan = olderThan
    self.delete = delete
  }
}

/// What was removed from a store, or would be.
public struct Cleanup: Sendable {
  public enum Kind: String, CaseIterable, Sendable {
    case results, unreferenced = "outputs that no record names", attempts = "failed attempts", checkpoints
    case aside = "damaged outputs that were set aside", locks = "lock files that nobody holds"
  }

  public struct Item: Sendable {
    public let kind: Kind
    public let name: String
    public let bytes: Int
  }

  public internal(set) var items: [Item] = []
  /// Results that stay, and what all outputs take that stay.
  public internal(set) var keptResults = 0
  public internal(set) var keptBytes = 0
  /// Results of other instances than any profile plans that stay because a folder of the results shows them.
  public internal(set) var shownOnly = 0
  /// What a person should know.
  public internal(set) var notices: [String] = []
  public var freedBytes: Int { items.reduce(0) { $0 + $1.bytes } }
}

extension Study {
  /// Removes outputs of results that nothing reaches: no profile of the pipeline file, no folder of the results that shows them, no tag, no
  /// runner at work. Their records stay, so that what makes them anew is held against their digests. With them go failed attempts, damaged
  /// outputs that were set aside, and lock files that nobody holds; checkpoints go only by their age.
  ///
  /// Runners may be at work: what they use is never removed, and none of them waits longer than the removing takes.
  public func cleanUp(_ options: CleanupOptions) throws -> Cleanup {
    var cleanup = Cleanup()
    var (hits, planned) = (Set<String>(), Set<String>())
    for profile in pipeline.profileNames {
      do {
        for standing in try Study(self, profile: profile).standings() {
          guard let action = standing.action else { continue }
          planned.insert(action)
          if standing.hasResult { hits.insert(action) }
        }
      } catch {
        let problem = (error as? any ExplainedError)?.problem ?? "\(error)"
        cleanup.notices.append(
          "profile \(profile) cannot be planned, so that only what results/\(profile) shows is kept for it: \(problem)")
      }
    }
    if !Folder.isFolder(store.folder) { return cleanup }
    let pins = "\(store.folder)/pins"
    func choose(_ held: Set<String>) throws {
      let shown = Set(resultFolder.shown)
      let tagged = Set(try tags().flatMap { $0.instances.map(\.action) })
      cleanup.shownOnly = shown.subtracting(planned).subtracting(tagged).count
      var collector = Collector(store: store, options: options, reached: hits.union(shown).union(tagged).union(held), held: held)
      collector.collect(into: &cleanup)
    }
    if options.delete { try Pins.closed(pins, choose) } else { try choose(Pins.held(pins)) }
    removeAttempts(options, planned: planned, &cleanup)
    remember()
    return cleanup
  }

  private func removeAttempts(_ options: CleanupOptions, planned: Set<String>, _ cleanup: inout Cleanup) {
    func remove(_ kind: Cleanup.Kind, _ key: String, _ path: String, by remove: () -> Void) {
      guard !store.isLocked(key), options.olderThan.map({ FileAge.seconds(path) >= $0 }) ?? true else { return }
      let bytes = Folder.bytes(path)
      if options.delete {
        guard let lock = try? store.lock(key) else { return }
        defer { lock.release() }
        remove()
      }
      cleanup.items.append(.init(kind: kind, name: key, bytes: bytes))
    }
    for key in Folder.names("\(store.folder)/attempts") where access("\(store.attemptFolder(key))/failure.json", F_OK) == 0 {
      remove(.attempts, key, store.attemptFolder(key)) { Folder.remove(store.attemptFolder(key)) }
    }
    if options.olderThan != nil {
      for key in Folder.names("\(store.folder)/checkpoints") where ContentDigest(hex: key) != nil && !planned.contains(key) {
        remove(.checkpoints, key, store.checkpointFolder(key)) { Folder.remove(store.checkpointFolder(key)) }
      }
    }
    // Taking a lock and giving it back removes its file; one that is held cannot be taken.
    for key in Folder.names("\(store.folder)/locks") where ContentDigest(hex: key) != nil {
      remove(.locks, key, "\(store.folder)/locks/\(key)") {}
    }
    if options.delete {
      store.clearLeftovers()
      Scratch.clear("\(store.folder)/again")
    }
  }
}

/// Chooses among the results of a store while nobody begins to use any.
struct Collector {
  let store: Store
  let options: CleanupOptions
  let reached: Set<String>
  /// Keys and digests that processes at work use.
  let held: Set<String>
  /// How many results that stay have an output.
  private var uses: [String: Int] = [:]
  private var sizes: [String: Int] = [:]
  private var total = 0

  init(store: Store, options: CleanupOptions, reached: Set<String>, held: Set<String>) {
    (self.store, self.options, self.reached, self.held) = (store, options, reached, held)
  }

  private struct Candidate {
    let key, name: String
    let digests: [String]
    /// What their making took.
    let seconds: Double
  }

  mutating func collect(into cleanup: inout Cleanup) {
    for digest in store.objects {
      sizes[digest] = FileStamp(store.object(digest))?.bytes ?? 0
      total += sizes[digest] ?? 0
    }
    for digest in held { uses[digest, default: 0] += 1 }
    var candidates: [Candidate] = []
    for key in store.keys {
      let digests = digests(key).filter { sizes[$0] != nil }
      for digest in digests { uses[digest, default: 0] += 1 }
      if digests.isEmpty { continue }
      let path = "\(store.actionFolder(key))/result.json"
      guard !reached.contains(key), options.olderThan.map({ FileAge.seconds(path) >= $0 }) ?? true else {
        cleanup.keptResults += 1
        continue
      }
      let provenance = Store.json("\(store.actionFolder(key))/provenance.json")
      candidates.append(
        Candidate(
          key: key, name: provenance?["instance"]?.string ?? key, digests: digests, seconds: provenance?["seconds"]?.double ?? 0))
    }
    removeUnreferenced(&cleanup)
    // What frees most for the least work of making it again goes first.
    func worth(_ one: Candidate) -> Double { Double(bytes(one.digests)) / (one.seconds + 0.01) }
    let ordered = candidates.map { (worth($0), $0) }.sorted { $0.0 == $1.0 ? $0.1.key < $1.1.key : $0.0 > $1.0 }.map(\.1)
    let going = ordered.prefix { candidate in
      if let most = options.maxSize, total <= most { return false }
      let free = release(candidate)
      if !free.isEmpty { cleanup.items.append(.init(kind: .results, name: candidate.name, bytes: bytes(free))) }
      return true
    }
    cleanup.keptResults += ordered.count - going.count
    for candidate in going where options.delete && candidate.digests.contains(where: { uses[$0] == 0 }) {
      store.markCollected(candidate.key)
      candidate.digests.filter { uses[$0] == 0 }.forEach(remove)
    }
    if let most = options.maxSize, total > most {
      cleanup.notices.append("what stays takes \(Size.text(total)), more than \(Size.text(most)): profiles, tags or runs reach it")
    }
    cleanup.keptBytes = total
  }

  /// - Returns: the outputs that no other result has.
  private mutating func release(_ candidate: Candidate) -> [String] {
    for digest in candidate.digests { uses[digest, default: 1] -= 1 }
    let free = candidate.digests.filter { uses[$0] == 0 }
    total -= bytes(free)
    return free
  }

  private func bytes(_ digests: [String]) -> Int { digests.reduce(0) { $0 + (sizes[$1] ?? 0) } }

  private func remove(_ digest: String) {
    unlink(store.object(digest))
    store.digests.forget(store.object(digest))
  }

  /// The outputs of a result, and of other outcomes under its key.
  private func digests(_ key: String) -> [String] {
    let records = [store.record(key)] + store.outcomes(key).map { store.record(key, at: $0) }
    return records.compactMap { $0?.outputs.values }.flatMap { $0 }.unique
  }

  private mutating func removeUnreferenced(_ cleanup: inout Cleanup) {
    for (digest, bytes) in sizes.sorted(by: { $0.key < $1.key }) where uses[digest] == nil {
      total -= bytes
      if options.delete { remove(digest) }
      cleanup.items.append(.init(kind: .unreferenced, name: digest, bytes: bytes))
    }
    for folder in Folder.names("\(store.folder)/cas") {
      for name in Folder.names("\(store.folder)/cas/\(folder)") {
        guard let aside = name.firstRange(of: Store.aside), ContentDigest(hex: String(name[..<aside.lowerBound])) != nil else { continue }
        let path = "\(store.folder)/cas/\(folder)/\(name)"
        cleanup.items.append(.init(kind: .aside, name: name, bytes: Folder.bytes(path)))
        if options.delete { Folder.remove(path) }
      }
    }
  }
}

/// How old files are.
enum FileAge {
  /// Seconds since a file, or a folder's list of files, was last written; none where there is none.
  static func seconds(_ path: String) -> Double {
    var (info, now) = (stat(), timespec())
    guard stat(path, &info) == 0 else { return 0 }
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) - Double(info.st_mtim.tv_sec)
  }

  /// Whether a file, or a folder's list of files, was last written before another one; false where one is missing.
  static func isOlder(_ path: String, than other: String) -> Bool {
    var (one, two) = (stat(), stat())
    guard stat(path, &one) == 0, stat(other, &two) == 0 else { return false }
    return (one.st_mtim.tv_sec, one.st_mtim.tv_nsec) < (two.st_mtim.tv_sec, two.st_mtim.tv_nsec)
  }
}
