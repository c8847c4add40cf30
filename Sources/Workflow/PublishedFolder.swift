import Artifacts
import Glibc

/// What lies beside published tables: `provenance.json`, how they were made, and `MANIFEST.sha256`, which `sha256sum -c` checks.
extension Study {
  static let manifest = "MANIFEST.sha256"
  static let provenanceFile = "provenance.json"
  /// What `ccr report` writes.
  public static let reportFile = "report.html"

  /// The folders to which instances of this profile publish.
  public var publishFolders: [String] { plan.instances.compactMap(publishPlace).unique }

  /// Writes provenance and manifest beside what is published, where they are missing or out of date.
  /// - Parameter selected: what was run.
  /// - Returns: what could not be written, and what has become out of date.
  public func recordPublication(of selected: [Int]) throws -> (faults: [PresentationFault], notices: [String]) {
    let publishing = plan.closure(of: selected).filter { plan.instances[$0].publish != nil }
    guard !publishing.isEmpty else { return ([], []) }
    let lock = publicationLock()
    defer { lock?.release() }
    let standings = try standings()
    var (faults, notices): ([PresentationFault], [String]) = ([], [])
    var record: StudyRecord?
    let (all, selected) = (byFolder(plan.instances.indices), byFolder(publishing))
    for folder in publishFolders {
      let (numbers, asked) = (all[folder] ?? [], selected[folder] ?? [])
      let files = publishedFiles(numbers, standings)
      guard !files.isEmpty, asked.contains(where: { standings[$0].state == .hit }) else { continue }
      let before = manifestLines(folder)
      let known = before.filter { ![Self.provenanceFile, Self.reportFile].contains($0.key) }
      // What was not selected may be out of date, without being this run's to put right.
      let own = publishedFiles(asked, standings)
      let isListed = numbers.count == asked.count ? known == files : own.allSatisfy { known[$0.key] == $0.value }
      if isListed, let digest = before[Self.provenanceFile], isFile("\(folder)/\(Self.provenanceFile)", digest) { continue }
      do {
        let now = try record ?? self.record()
        record = now
        try write(now, beside: files, in: folder, report: nil)
        if access("\(folder)/\(Self.reportFile)", F_OK) == 0 {
          let command = (["ccr report"] + words).joined(separator: " ")
          notices.append("\(folder)/\(Self.reportFile) shows earlier results: `\(command)` writes it anew")
        }
      } catch let error as any ExplainedError {
        faults.append(
          PresentationFault(
            instance: plan.profile, problem: "\(Self.manifest) could not be written: \(error.problem)",
            remedy: "make that folder writable for this user, or name another one with --publish; then run again"))
      }
    }
    remember()
    return (faults, notices)
  }

  /// Writes a report beside what is published, with provenance and manifest of the same moment.
  /// - Returns: the path of the report.
  /// - Throws: `PipelineError` where nothing is published yet; `FileError`.
  public func publish(report: String, of record: StudyRecord) throws -> String {
    let lock = publicationLock()
    defer { lock?.release() }
    let (standings, all) = (try standings(), byFolder(plan.instances.indices))
    for folder in publishFolders {
      let files = publishedFiles(all[folder] ?? [], standings)
      if files.isEmpty { continue }
      try write(record, beside: files, in: folder, report: report)
      remember()
      return "\(folder)/\(Self.reportFile)"
    }
    throw PipelineError(
      .missing(
        what: "a published result of profile \(plan.profile)",
        remedy: "run `\((["ccr run"] + words).joined(separator: " "))` first, or name a file with --to"))
  }

  /// Makes this process the only one that writes beside published files, so that a manifest is of the files that lie there. Without it after a
  /// while, or where there are no locks: then the next run puts right what does not fit.
  private func publicationLock() -> ActionLock? {
    do {
      try store.prepare()
      for _ in 0..<500 {
        if let lock = try store.lock("publication") { return lock }
        usleep(10_000)
      }
    } catch {}
    return nil
  }

  /// Those of some instances that publish, by the folder they publish to.
  private func byFolder(_ numbers: some Sequence<Int>) -> [String: [Int]] {
    numbers.reduce(into: [:]) { found, number in
      if let folder = publishPlace(plan.instances[number]) { found[folder, default: []].append(number) }
    }
  }

  /// The copies of instances that publish to one folder, of those that are as they should be: digest by file name.
  private func publishedFiles(_ numbers: [Int], _ standings: [Standing]) -> [String: String] {
    var files: [String: String] = [:]
    for number in numbers where standings[number].state == .hit {
      let standing = standings[number]
      for output in standing.instance.outputs { files[output.file] = standing.outputs.first { $0.port == output.port }?.digest }
    }
    return files
  }

  private func isFile(_ path: String, _ digest: String) -> Bool { (try? store.digests.digest(of: path)) == digest }

  private func write(_ record: StudyRecord, beside files: [String: String], in folder: String, report: String?) throws {
    var all = files
    for (name, text) in [(Self.provenanceFile, record.text), (Self.reportFile, report)] {
      guard let text else { continue }
      PartFile.removeAbandoned(in: folder, of: name)
      store.notices.setAside("\(folder)/\(name)")
      try AtomicFile.write(text, to: "\(folder)/\(name)")
      all[name] = ContentDigest.of(Array(text.utf8)).hex
    }
    let lines = all.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }
    PartFile.removeAbandoned(in: folder, of: Self.manifest)
    store.notices.setAside("\(folder)/\(Self.manifest)")
    try AtomicFile.write(lines.joined(), to: "\(folder)/\(Self.manifest)")
  }

  private func manifestLines(_ folder: String) -> [String: String] {
    let text = (try? AtomicFile.read("\(folder)/\(Self.manifest)")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return Dictionary(
      text.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        return parts.count == 2 ? (parts[1].trimmingPrefix(" "), String(parts[0])) : nil
      }.map { (String($0.0), $0.1) }, uniquingKeysWith: { $1 })
  }
}
