import Artifacts

/// `methods` or `datasets` of pipeline.json: what makes each method, and each data set, in one place.
struct Entries: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case methods, datasets
    /// The axis whose values are the names of the entries.
    var axis: String { String(rawValue.dropLast()) }
    /// Members with a meaning of their own; all others are constants or settings.
    var own: [String] { self == .methods ? ["title", "like", "stage", "algorithm"] : ["title", "like", "published"] }
  }

  struct Entry: Sendable {
    let name: String
    /// The entry itself and those it is like, the nearest first.
    let chain: [String]
    /// What tables and figures call it.
    let title: String
    /// The stage that runs a method; nil for data sets.
    let stage: String?
    /// A method's name in the catalogue of its stage's program.
    let algorithm: String
    /// A data set's name in published.json: its numbers stand beside it. Null where there are none.
    let published: JSONValue
    /// Members that are constants or settings, with those of the entries it is like, member by member.
    let members: [(name: String, tree: SettingTree)]
    let pointer: String

    /// "method dcdc like ccr", as far as the entry that a value stands in.
    func origin(_ kind: Kind, of pointer: String) -> String {
      let owner = pointer.split(separator: "/").dropFirst().first.map(String.init) ?? name
      let end = chain.firstIndex(of: owner) ?? 0
      return "\(kind.axis) \(chain[...end].joined(separator: " like "))"
    }
  }

  let kind: Kind
  private(set) var all: [Entry] = []

  var names: [String] { all.map(\.name) }
  subscript(_ name: String) -> Entry? { all.first { $0.name == name } }

  /// - Throws: `PipelineError` at an entry that is like one that does not exist, or like itself, or that has a member of the wrong form.
  init(_ kind: Kind, _ document: PipelineDocument, stages: [Pipeline.Stage]) throws(PipelineError) {
    self.kind = kind
    let pointer = "/\(kind.rawValue)"
    guard let root = document.root[kind.rawValue] else { return }
    guard let members = root.object else {
      throw document.error(.wrongType(what: "\"\(kind.rawValue)\"", expected: "an object", found: root.kindName), at: pointer)
    }
    let reader = Reader(kind: kind, document: document, entries: members, stages: stages)
    for member in members { all.append(try reader.entry(member.name)) }
  }

  /// What "methods" stands for in the matrix of a stage: those that it runs.
  func values(of stage: String) -> [JSONValue] {
    all.filter { kind == .datasets || $0.stage == stage }.map { .string($0.name) }
  }

  /// The rules that the entries amount to: each holds where its axis has the entry's name.
  /// - Parameter constants: names of all constants; a method's other members are settings of its stage.
  /// - Throws: `PipelineError` at a member of a data set that is no constant and no stage.
  func rules(constants: Set<String>, stages: [String], _ document: PipelineDocument) throws(PipelineError) -> [Settings.Rule] {
    var rules: [Settings.Rule] = []
    for entry in all {
      let condition = Pipeline.Condition(terms: [(kind.axis, [.string(entry.name)])], pointer: entry.pointer)
      var stagesOfRule: [(name: String, tree: SettingTree)] = []
      let settings = entry.members.filter { !constants.contains($0.name) }
      if let stage = entry.stage {
        if !settings.isEmpty { stagesOfRule = [(stage, .branch(settings, at: entry.pointer))] }
      } else {
        for member in settings {
          guard stages.contains(member.name) else {
            throw document.error(
              .unknown(
                kind: "member", name: member.name, owner: "a data set", known: constants.sorted() + stages + kind.own),
              at: member.tree.pointer)
          }
          guard case .branch = member.tree else {
            throw document.error(
              .wrongType(what: "\"\(member.name)\"", expected: "an object of settings of that stage", found: member.tree.json.kindName),
              at: member.tree.pointer)
          }
          stagesOfRule.append(member)
        }
      }
      rules.append(
        Settings.Rule(
          condition: condition, constants: entry.members.filter { constants.contains($0.name) }, stages: stagesOfRule,
          pointer: entry.pointer, origin: { [kind] in entry.origin(kind, of: $0) }))
    }
    return rules
  }
}

/// Reads one entry after those that it is like.
private struct Reader {
  let kind: Entries.Kind
  let document: PipelineDocument
  let entries: [JSONValue.Member]
  let stages: [Pipeline.Stage]

  func entry(_ name: String, _ path: [String] = []) throws(PipelineError) -> Entries.Entry {
    let pointer = "/\(kind.rawValue)/\(name)"
    guard let value = entries.first(where: { $0.name == name })?.value, let members = value.object else {
      throw document.error(.wrongType(what: "\(kind.axis) \(name)", expected: "an object", found: "something else"), at: pointer)
    }
    guard !name.isEmpty, name.utf8.allSatisfy(Coordinates.isPart) else {
      throw document.error(
        .wrongType(what: "the name of a \(kind.axis)", expected: "a word of letters, digits, - _ . +", found: "\"\(name)\""), at: pointer)
    }
    func word(_ member: String) throws(PipelineError) -> String? {
      guard let value = value[member] else { return nil }
      guard let text = value.string, !text.isEmpty else {
        throw document.error(
          .wrongType(what: "\"\(member)\" of \(kind.axis) \(name)", expected: "a text", found: value.compact), at: "\(pointer)/\(member)")
      }
      return text
    }
    var parent: Entries.Entry?
    if let like = try word("like") {
      guard entries.contains(where: { $0.name == like }) else {
        throw document.error(
          .unknown(kind: kind.axis, name: like, known: entries.map(\.name).filter { $0 != name }), at: "\(pointer)/like")
      }
      if let start = (path + [name]).firstIndex(of: like) {
        throw document.error(.cycle(of: kind.rawValue, (path + [name])[start...] + [like]), at: "\(pointer)/like")
      }
      guard path.count < 100 else {
        throw document.error(
          .contradiction("\(kind.axis) \(path[0]) is like another one along \(path.count) of them", remedy: "let it be like the first"),
          at: "\(pointer)/like")
      }
      parent = try entry(like, path + [name])
    }
    let own = SettingTree.branch(
      members.filter { !kind.own.contains($0.name) }.map { ($0.name, SettingTree($0.value, at: "\(pointer)/\($0.name)")) }, at: pointer)
    guard case .branch(let merged, _) = SettingTree.branch(parent?.members ?? [], at: pointer).overlaid(with: own) else {
      preconditionFailure("two branches make a branch")
    }
    return Entries.Entry(
      name: name, chain: [name] + (parent?.chain ?? []), title: try word("title") ?? name,
      stage: kind == .methods ? try stage(word("stage") ?? parent?.stage, of: name, pointer) : nil,
      algorithm: try word("algorithm") ?? parent?.algorithm ?? name, published: value["published"] ?? parent?.published ?? .null,
      // Null takes away what the entry would be like.
      members: merged.filter { $0.tree.json != .null }, pointer: pointer)
  }

  private func stage(_ stage: String?, of name: String, _ pointer: String) throws(PipelineError) -> String {
    guard let stage else {
      throw document.error(
        .missing(what: "the stage of method \(name)", remedy: "write \"stage\": \"NAME\", or \"like\": a method that has one"), at: pointer)
    }
    guard let declared = stages.first(where: { $0.name == stage }) else {
      throw document.error(.unknown(kind: "stage", name: stage, known: stages.map(\.name)), at: "\(pointer)/stage")
    }
    guard declared.matrix.contains(where: { $0.name == kind.axis }) else {
      throw document.error(
        .missing(what: "axis \"method\" of stage \(stage), which should run \(name),", remedy: "add \"method\": \"methods\" to its matrix"),
        at: "\(pointer)/stage")
    }
    return stage
  }
}
