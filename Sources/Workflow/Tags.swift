import Artifacts
import Glibc

/// Names that people give to results they want to keep: `tags/<name>.json` in the store lists instances with their actions and outputs.
public struct Tag: Sendable {
  public let name: String
  public let profile: String
  /// When it was made, UTC.
  public let time: String
  /// Action and digest of each output by instance.
  let instances: [(name: String, action: String, outputs: JSONValue)]
  public var count: Int { instances.count }

  fileprivate init?(_ name: String, _ json: JSONValue) {
    guard json["check"]?.string == Store.check(json), let profile = json["profile"]?.string, let time = json["time"]?.string else {
      return nil
    }
    (self.name, self.profile, self.time) = (name, profile, time)
    instances = (json["instances"]?.object ?? []).compactMap { member in
      member.value["action"]?.string.map { (member.name, $0, member.value["outputs"] ?? .object([])) }
    }
  }
}

extension Store {
  private var tagFolder: String { "\(folder)/tags" }

  /// Names of all tags, also of damaged ones, sorted.
  var tagNames: [String] { Folder.names(tagFolder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) } }

  /// - Returns: nil where there is no such tag.
  /// - Throws: `PipelineError` where it is damaged: what it kept cannot be told any more.
  func tag(_ name: String) throws(PipelineError) -> Tag? {
    let path = "\(tagFolder)/\(name).json"
    guard access(path, F_OK) == 0 else { return nil }
    guard let tag = Self.json(path).flatMap({ Tag(name, $0) }) else {
      throw PipelineError(
        .contradiction("the tag \(path) is damaged", remedy: "make it again with `ccr tag \(name)`, or remove that file"))
    }
    return tag
  }

  func write(tag name: String, _ content: [JSONValue.Member]) throws {
    try makeFolder(tagFolder)
    let json = JSONValue.object(content + [.init("check", .string(Self.check(.object(content))))])
    try AtomicFile.write(json.pretty + "\n", to: "\(tagFolder)/\(name).json")
  }

  func removeTag(_ name: String) throws {
    if unlink("\(tagFolder)/\(name).json") != 0 {
      throw FileError.failed(operation: "remove", path: "\(tagFolder)/\(name).json", errno: errno)
    }
  }
}

extension Study {
  /// All tags, in the order of their names.
  /// - Throws: `PipelineError` where one is damaged.
  public func tags() throws -> [Tag] { try store.tagNames.compactMap { try store.tag($0) } }

  /// Gives the present results of instances, and of all they need, a name; one that had the name before loses it.
  /// - Returns: how many results that are.
  /// - Throws: `PipelineError` where the name is none, or a selected instance has no result.
  @discardableResult
  public func tag(_ name: String, _ selected: [Int]) throws -> Int {
    guard !name.hasPrefix("."), !name.isEmpty, name.utf8.allSatisfy(Coordinates.isPart) else {
      throw PipelineError(.wrongType(what: "the name of a tag", expected: "of letters, digits, -, _, . and +", found: "\"\(name)\""))
    }
    let standings = try standings()
    let all = plan.closure(of: selected)
    store.pins.hold(all.compactMap { standings[$0].action })
    // What is known to have no result, as a training that diverged, is left out.
    let results = all.filter { number in
      let (state, action) = (standings[number].state, standings[number].action)
      return state != .failed || action.map { store.record($0)?.absence == nil } ?? false
    }
    if let open = results.first(where: { !standings[$0].hasResult }) {
      let instance = plan.instances[open].name
      throw PipelineError(.missing(what: "the result of \(instance)", remedy: "run `\(command(instance))` first: a tag names results"))
    }
    let instances = results.map { number -> JSONValue.Member in
      let standing = standings[number]
      let outputs = standing.outputs.map { JSONValue.Member($0.port, .string($0.digest)) }
      return .init(standing.instance.name, ["action": .string(standing.action ?? ""), "outputs": .object(outputs)])
    }
    try store.write(
      tag: name,
      [
        .init("schema", "ccr.tag/1"), .init("profile", .string(plan.profile)), .init("time", .string(UTC.now)),
        .init("instances", .object(instances)),
      ])
    return results.count
  }

  /// Removes a tag; what only it reached may be collected from now on.
  /// - Throws: `PipelineError` where there is none of that name.
  public func removeTag(_ name: String) throws {
    guard store.tagNames.contains(name) else { throw PipelineError(.unknown(kind: "tag", name: name, known: store.tagNames)) }
    try store.removeTag(name)
  }
}
