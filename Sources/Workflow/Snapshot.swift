import Artifacts
import Glibc

/// One side of a comparison: results and tables as they are, or as they were published or tagged.
struct Snapshot {
  struct Result {
    let action: String
    /// Digest of each output by port.
    let outputs: [String: String]
  }

  /// By instance.
  var results: [String: Result] = [:]
  /// By name.
  var tables: [String: JSONValue] = [:]
  /// Whether only the results behind tables are known.
  var isPublished = false
  /// What an action was computed from, where that is recorded.
  let key: (String) -> JSONValue?
}

extension Records {
  /// - Parameter text: a results folder, a profile's folder in one, a folder of tables, the name of a profile, of a tag, or a commit whose
  ///   published tables are meant.
  /// - Throws: `PipelineError` where it is none of these.
  func snapshot(_ text: String, profile: String) throws -> Snapshot {
    if profiles.contains(text) { return snapshot(text) }
    if let tag = try store.tag(text) { return snapshot(tag) }
    if Folder.isFolder(text) { return try snapshot(folder: text, profile) }
    if let commit = Git.output(folder, ["rev-parse", "--verify", "--quiet", "\(text)^{commit}"])?.split(separator: "\n").first {
      return try snapshot(commit: String(commit), named: text, profile)
    }
    let known = profiles + store.tagNames
    guard known.isEmpty else { throw PipelineError(.unknown(kind: "results folder, profile, tag or commit", name: text, known: known)) }
    throw PipelineError(
      .missing(
        what: "\"\(text)\", a results folder, a profile with results, a tag or a commit,",
        remedy: "nothing was computed here yet: run `ccr run --profile NAME` first"))
  }

  private func snapshot(folder path: String, _ profile: String) throws -> Snapshot {
    let absolute = Folder.absolute(path.hasSuffix("/") ? String(path.dropLast()) : path)
    if Folder.isFolder("\(absolute)/.store") {
      let other = Records(pipeline: "\(folder)/pipeline.json", results: absolute)
      guard other.profiles.contains(profile) else {
        throw PipelineError(.unknown(kind: "profile", name: profile, owner: path, known: other.profiles))
      }
      return other.snapshot(profile)
    }
    if let slash = absolute.lastIndex(of: "/"), Folder.isFolder("\(absolute[..<slash])/.store") {
      let other = Records(pipeline: "\(folder)/pipeline.json", results: String(absolute[..<slash]))
      return other.snapshot(String(absolute[absolute.index(after: slash)...]))
    }
    let tables = Folder.names(absolute).filter { $0.hasSuffix(".json") }.compactMap { name in
      Store.json("\(absolute)/\(name)").map { (name, $0) }
    }
    return try published(tables, named: path)
  }

  private func snapshot(_ profile: String) -> Snapshot {
    var snapshot = Snapshot(key: { [store] in store.provenance($0)?["key"] })
    for one in shown(profile) {
      guard let record = store.record(one.action) else { continue }
      snapshot.results[one.instance] = Snapshot.Result(action: one.action, outputs: record.outputs)
    }
    for (name, table, _) in tables(profile) { snapshot.tables[name] = table }
    return snapshot
  }

  private func snapshot(_ tag: Tag) -> Snapshot {
    var snapshot = Snapshot(key: { [store] in store.provenance($0)?["key"] })
    for (name, action, outputs) in tag.instances {
      let digests = (outputs.object ?? []).compactMap { port in port.value.string.map { (port.name, $0) } }
      snapshot.results[name] = Snapshot.Result(action: action, outputs: Dictionary(digests) { $1 })
      for port in store.provenance(action)?["outputs"]?.object ?? [] {
        guard port.value["file"]?.string?.hasSuffix(".json") == true, let (file, path) = file(port), let table = Store.json(path),
          TableCells.isTable(table)
        else { continue }
        snapshot.tables[String(file.dropLast(".json".count))] = table
      }
    }
    return snapshot
  }

  private func snapshot(commit: String, named name: String, _ profile: String) throws -> Snapshot {
    let place = "paper-tables/\(profile)"
    let files = (Git.output(folder, ["ls-tree", "--name-only", commit, "\(place)/"]) ?? "").split(separator: "\n").filter {
      $0.hasSuffix(".json")
    }
    let tables = files.compactMap { file -> (String, JSONValue)? in
      guard let text = Git.output(folder, ["show", "\(commit):./\(file)"]), let json = try? JSONValue.parse(text, file: "\(name):\(file)")
      else {
        return nil
      }
      return (String(file.split(separator: "/").last ?? file), json)
    }
    return try published(tables, named: "\(name):\(place)")
  }

  private func published(_ files: [(name: String, json: JSONValue)], named name: String) throws -> Snapshot {
    var snapshot = Snapshot(isPublished: true, key: { [store] in store.provenance($0)?["key"] })
    for (file, json) in files where TableCells.isTable(json) {
      snapshot.tables[String(file.dropLast(".json".count))] = json
      for cell in TableCells.all(json) {
        for source in TableCells.sources(cell) {
          snapshot.results[source.instance] = Snapshot.Result(action: source.action, outputs: ["": source.output])
        }
      }
    }
    guard !snapshot.tables.isEmpty else {
      throw PipelineError(
        .missing(what: "a table in \(name)", remedy: "name a results folder, a folder of tables, a profile, a tag or a commit"))
    }
    return snapshot
  }
}
