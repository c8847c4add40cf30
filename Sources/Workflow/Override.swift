import Artifacts

/// What one run sets beside pipeline.json: `--set train.temperature=1`, `--set methods.dcdc.batch=100`, `--set profiles.quick.axes.seed=[0]`, or a constant, `--set epochs=5`.
/// It wins over everything.
struct Override: Sendable {
  /// `train.temperature`
  let path: [String]
  let value: JSONValue
  /// What errors name as its place.
  var pointer: String { "\(flag) \(path.joined(separator: "."))" }
  /// `--set`, or `-S` of a sweep.
  private let flag: String

  static func isPointer(_ pointer: String) -> Bool { pointer.hasPrefix("--set ") || pointer.hasPrefix("\(Sweep.flag) ") }

  /// - Parameter text: `NAME=VALUE`; the value is JSON, or a word.
  /// - Throws: `PipelineError` where it has another form.
  init(_ text: String, flag: String = "--set") throws(PipelineError) {
    self.flag = flag
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw PipelineError(
        .wrongType(what: flag, expected: "STAGE.NAME=VALUE, methods.NAME.NAME=VALUE or CONSTANT=VALUE", found: "\"\(text)\""))
    }
    self.path = path
    value = (try? JSONValue.parse(String(parts[1]), file: flag)) ?? .string(String(parts[1]))
  }

  /// Whether it changes a profile, which no rule can.
  var isOfDocument: Bool { path[0] == "profiles" && path.count > 2 }

  /// The file that would extend pipeline.json in the same way.
  func document() throws(JSONError) -> JSONDocument {
    let root = path.reversed().reduce(value) { JSONValue.object([.init($1, $0)]) }
    return try JSONDocument(parsing: root.compact, file: pointer)
  }

  /// The rule that it amounts to.
  /// - Throws: `PipelineError` at a stage, method, data set or constant that does not exist.
  func rule(stages: [String], entries: [Entries], constants: Set<String>) throws(PipelineError) -> Settings.Rule {
    func tree(_ path: ArraySlice<String>) -> SettingTree {
      guard let first = path.first else { return SettingTree(value, at: pointer) }
      return .branch([(first, tree(path.dropFirst()))], at: pointer)
    }
    func rule(_ condition: Pipeline.Condition, _ stage: String?, _ path: ArraySlice<String>) -> Settings.Rule {
      guard let stage else {
        return Settings.Rule(condition: condition, constants: [(path.first ?? "", tree(path.dropFirst()))], stages: [], pointer: pointer)
      }
      return Settings.Rule(condition: condition, constants: [], stages: [(stage, tree(path))], pointer: pointer)
    }
    let first = path[0]
    if let group = entries.first(where: { $0.kind.rawValue == first }), path.count > 2 {
      guard let entry = group[path[1]] else {
        throw PipelineError(.unknown(kind: group.kind.axis, name: path[1], known: group.names), place: pointer)
      }
      let condition = Pipeline.Condition(terms: [(group.kind.axis, [.string(entry.name)])], pointer: pointer)
      if constants.contains(path[2]) { return rule(condition, nil, path[2...]) }
      if let stage = entry.stage { return rule(condition, stage, path[2...]) }
      if stages.contains(path[2]), path.count > 3 { return rule(condition, path[2], path[3...]) }
      throw PipelineError(
        .unknown(kind: "constant or stage", name: path[2], known: constants.sorted() + stages), place: pointer)
    }
    if stages.contains(first) {
      guard path.count > 1 else {
        throw PipelineError(.wrongType(what: flag, expected: "\(first).NAME=VALUE", found: "\(first)=\(value.compact)"))
      }
      return rule(.always, first, path[1...])
    }
    let constant = first.hasPrefix("$") ? String(first.dropFirst()) : first
    guard constants.contains(constant) else {
      throw PipelineError(.unknown(kind: "stage or constant", name: constant, known: stages + constants.sorted()), place: pointer)
    }
    return rule(.always, nil, [constant] + path[1...])
  }
}
