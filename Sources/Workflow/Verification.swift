import Artifacts
import Dispatch
import Glibc
import Synchronization

/// What reading every byte of the store, and of what is published from it, has found.
public struct Verification: Sendable {
  public struct Fault: Sendable {
    public enum Kind: String, Sendable {
      /// The content is not what the digest promises.
      case damaged
      /// Something that a record names is not there.
      case missing
    }
    public let kind: Kind
    public let path: String
    /// What it is, and what became of it.
    public let words: String
  }

  /// What was read.
  public internal(set) var objects = 0
  public internal(set) var bytes = 0
  public internal(set) var records = 0
  public internal(set) var copies = 0
  /// Results whose files `ccr gc` removed: their digests are kept, and nothing of them is read.
  public internal(set) var collected = 0
  public internal(set) var faults: [Fault] = []

  mutating func note(_ kind: Fault.Kind, _ path: String, _ words: String) { faults.append(Fault(kind: kind, path: path, words: words)) }
}

extension Study {
  /// Hashes every object, record and published copy anew, whatever is remembered of it. Damaged objects and records are set aside, so that the
  /// next run makes them again and holds what it makes against the recorded digests. Takes no lock: what is removed meanwhile is passed over.
  /// - Parameter progress: bytes of objects read so far, of all; called from several threads, one at a time.
  public func verify(progress: @Sendable (_ read: Int, _ of: Int) -> Void = { _, _ in }) throws -> Verification {
    var found = Verification()
    let records = verifyRecords(&found)
    verifyObjects(records, progress, &found)
    verifyShown(&found)
    remember()
    return found
  }

  /// - Returns: the records that are what was written, by key.
  private func verifyRecords(_ found: inout Verification) -> [String: StoredResult] {
    var records: [String: StoredResult] = [:]
    for key in store.keys {
      let place = store.actionFolder(key)
      // Without a record there is no result: a runner may be writing it now, or was killed before.
      guard access("\(place)/result.json", F_OK) == 0 else { continue }
      found.records += 1
      guard let record = store.record(key) else {
        setAside("\(place)/result.json", "the record of \(name(key))", &found)
        continue
      }
      records[key] = record
      if store.isCollected(key) { found.collected += 1 }
      for outcome in store.outcomes(key) where store.record(key, at: outcome) == nil {
        setAside(outcome, "another outcome of \(name(key))", &found)
      }
      verifyProvenance(record, &found)
    }
    return records
  }

  private func verifyProvenance(_ record: StoredResult, _ found: inout Verification) {
    let path = "\(store.actionFolder(record.action))/provenance.json"
    let provenance = Store.json(path)
    let isKey = provenance?["key"].map { ActionKey(record: $0).hex == record.action } ?? false
    if let digest = record.provenance, (try? ContentDigest.ofFile(path))?.hex != digest || !isKey {
      store.digests.forget(path)
      let name = provenance?["instance"]?.string ?? "its instance"
      found.note(
        access(path, F_OK) == 0 ? .damaged : .missing, path,
        "where a result came from; `\(command(Printable.text(name), force: true))` tells anew")
      return
    }
    let log = "\(store.actionFolder(record.action))/log.txt"
    if let digest = provenance?["log"]?.string, let read = try? ContentDigest.ofFile(log), read.hex != digest {
      setAside(log, "the log of \(name(record.action))", &found)
    }
  }

  private func verifyObjects(
    _ records: [String: StoredResult], _ progress: @Sendable (_ read: Int, _ of: Int) -> Void, _ found: inout Verification
  ) {
    var owners: [String: (key: String, port: String)] = [:]
    for record in records.values.sorted(by: { $0.action < $1.action }) {
      for (port, digest) in record.outputs {
        owners[digest] = (record.action, port)
        guard access(store.object(digest), F_OK) != 0, !store.isCollected(record.action) else { continue }
        // Gone with its record's other files while this was looking.
        found.note(.missing, store.object(digest), "the \(port) of \(name(record.action)); the next run makes it again")
      }
    }
    let objects = store.objects
    let results = Mutex<(list: [(digest: String, bytes: Int, isWhole: Bool)], bytes: Int)>(([], 0))
    let paths = objects.map { ($0, store.object($0)) }
    let total = paths.reduce(0) { $0 + (FileStamp($1.1)?.bytes ?? 0) }
    @Sendable func note(_ digest: String, _ bytes: Int, isWhole: Bool) {
      results.withLock {
        $0.list.append((digest, bytes, isWhole))
        $0.bytes += bytes
        progress($0.bytes, total)
      }
    }
    DispatchQueue.concurrentPerform(iterations: paths.count) { number in
      let (digest, path) = paths[number]
      guard let stamp = FileStamp(path), let read = try? ContentDigest.ofFile(path) else {
        // Removed meanwhile, or not readable at all.
        if access(path, F_OK) == 0 { note(digest, 0, isWhole: false) }
        return
      }
      // One that was replaced while it was read is another's to judge.
      note(digest, stamp.bytes, isWhole: read.hex == digest || FileStamp(path)?.isSameWriting(as: stamp) != true)
    }
    for (digest, bytes, isWhole) in results.withLock({ $0.list }).sorted(by: { $0.digest < $1.digest }) {
      found.objects += 1
      found.bytes += bytes
      if isWhole { continue }
      let owner = owners[digest].map { "the \($0.port) of \(name($0.key))" } ?? "what no record names"
      setAside(store.object(digest), owner, &found)
    }
  }

  /// What people see of the results of this profile: links and published copies.
  private func verifyShown(_ found: inout Verification) {
    var copies: [String: String] = [:]
    for instance in plan.instances {
      guard let key = resultFolder.linkedAction(instance) else { continue }
      guard let record = store.record(key) else {
        if access("\(store.actionFolder(key))/result.json\(Store.aside)1", F_OK) != 0 {
          found.note(.missing, "\(store.actionFolder(key))/result.json", "the record of \(instance.name); the next run makes it again")
        }
        continue
      }
      for copy in published(instance, record) {
        found.copies += 1
        copies[copy.path] = copy.digest
        if (try? ContentDigest.ofFile(copy.path))?.hex == copy.digest { continue }
        store.digests.forget(copy.path)
        found.note(
          access(copy.path, F_OK) == 0 ? .damaged : .missing, copy.path,
          "the published copy of \(instance.name); the next run copies it again")
      }
    }
    for folder in publishFolders { verifyManifest(folder, copies, &found) }
  }

  /// What lies beside published tables: every line of the manifest names a file and its digest.
  /// - Parameter copies: the digests that published copies should have, by path.
  private func verifyManifest(_ folder: String, _ copies: [String: String], _ found: inout Verification) {
    let path = "\(folder)/\(Self.manifest)"
    guard let bytes = try? AtomicFile.read(path) else { return }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    var isWhole = lines.last == ""
    for line in lines.dropLast() {
      let (digest, file) = (String(line.prefix(64)), "\(folder)/\(line.dropFirst(66))")
      guard ContentDigest(hex: digest)?.hex == digest, line.dropFirst(64).hasPrefix("  "), access(file, F_OK) == 0 else {
        isWhole = false
        continue
      }
      if let copy = copies[file] {
        isWhole = isWhole && copy == digest
        continue
      }
      // What was remembered of the file tells which of the two was altered.
      let remembered = try? store.digests.digest(of: file)
      let now = (try? ContentDigest.ofFile(file))?.hex
      if now != remembered {
        store.digests.forget(file)
        found.note(.damaged, file, "beside published tables; the next run that publishes writes it again")
      } else if now != digest {
        isWhole = false
      }
    }
    if !isWhole { found.note(.damaged, path, "beside published tables; the next run that publishes writes it again") }
  }

  private func setAside(_ path: String, _ what: String, _ found: inout Verification) {
    store.digests.forget(path)
    let aside = Folder.setAsideFile(path)
    found.note(.damaged, path, "\(what); " + (aside.map { "set aside as \($0)" } ?? "it cannot be set aside"))
  }

  /// The instance that made a result, or the beginning of its key where that is not known.
  private func name(_ key: String) -> String {
    let name = Store.json("\(store.actionFolder(key))/provenance.json")?["instance"]?.string
    return name.map(Printable.text) ?? "action \(key.prefix(12))…"
  }
}
