import Artifacts
import Glibc

/// The chain of results behind a result or a cell of a table, from what was recorded alone.
public struct Trace: Sendable {
  /// A result in the chain.
  struct Step: Sendable {
    /// As which input it was read, empty where it stands at the beginning.
    let port: String
    let instance: String
    let action: String
    /// Digest of the output that was read.
    let output: String
    let provenance: JSONValue?
    let isAdopted: Bool
    /// What else a person should know: its files are gone, or it was not recorded here.
    let remark: String
    let inputs: [Step]
  }

  /// What is traced.
  public let title: String
  /// The command that gives it again.
  public let command: String
  let steps: [Step]

  /// A line for the title, one for each result, each below what read it, and the command. A result that was shown already is named only.
  public var lines: [String] {
    var (lines, seen) = ([title], Set<String>())
    func add(_ step: Step, _ depth: Int) {
      let indent = String(repeating: "  ", count: depth)
      let known = !seen.insert(step.action.isEmpty ? step.instance : step.action).inserted
      lines.append("\(indent)← \(step.port.isEmpty ? "" : "\(step.port): ")\(step.instance)\(known ? "  (see above)" : "")")
      if known { return }
      lines.append("\(indent)    \(facts(step).joined(separator: ", "))")
      for name in ["originals", "files"] {
        for file in Self.files(step, name) { lines.append("\(indent)    \(file)") }
      }
      for input in step.inputs { add(input, depth + 1) }
    }
    for step in steps { add(step, 1) }
    return lines + ["regenerate: \(command)"]
  }

  private func facts(_ step: Step) -> [String] {
    var facts = step.action.isEmpty ? [] : ["action \(step.action.prefix(12))…"]
    if !step.output.isEmpty { facts.append("output \(step.output.prefix(12))…") }
    if let provenance = step.provenance {
      if let program = provenance["key"]?["program"]?.string { facts.append("program \(program.prefix(12))…") }
      if let seconds = provenance["seconds"]?.double { facts.append("\(seconds) s") }
      let place = provenance["host"]?["name"]?.string.map { " on \(Printable.text($0))" } ?? ""
      if let started = provenance["started"]?.string { facts.append("\(started)\(place)") }
    }
    if step.isAdopted { facts.append("adopted, not executed: \(Adoption.words(step.provenance))") }
    if !step.remark.isEmpty { facts.append(step.remark) }
    return facts
  }

  /// Files that no stage made.
  private static func files(_ step: Step, _ kind: String) -> [String] {
    if kind == "originals" {
      return (step.provenance?["key"]?["originals"]?.array ?? []).compactMap { file in
        guard let pair = file.array, pair.count == 2, let name = pair[0].string, let digest = pair[1].string else { return nil }
        return "original \(name)  \(digest.prefix(12))…"
      }
    }
    return (step.provenance?["sources"]?.object ?? []).compactMap { source in
      guard let file = source.value["file"]?.string else { return nil }
      let digest = step.provenance?["key"]?["inputs"]?[source.name]?.string ?? ""
      return "\(source.name): file \(file)  \(digest.prefix(12))…"
    }
  }

  /// The same as data; a result that was given already has neither provenance nor inputs.
  public var json: JSONValue {
    var seen: Set<String> = []
    func json(_ step: Step) -> JSONValue {
      let isNew = seen.insert(step.action).inserted
      return [
        "port": .string(step.port), "instance": .string(step.instance), "action": .string(step.action), "output": .string(step.output),
        "adopted": .bool(step.isAdopted), "remark": .string(step.remark),
        "provenance": isNew ? step.provenance ?? .null : .null, "inputs": .array(isNew ? step.inputs.map(json) : []),
      ]
    }
    return ["title": .string(title), "command": .string(command), "steps": .array(steps.map(json))]
  }
}

extension Records {
  /// - Parameters:
  ///   - what: an instance, the name of a file that one made (`table1`, `figure3.png`), or the path of a table.
  ///   - cell: `ROW/DATASET/METRIC`, for a table.
  /// - Throws: `PipelineError` where nothing of that name was recorded.
  public func trace(_ what: String, cell: String?, profile: String) throws -> Trace {
    if let cell {
      let (table, maker) = try table(what, profile)
      return try trace(cell, of: table, at: what, maker: maker, profile: profile)
    }
    let shown = shown(profile)
    if let one = shown.first(where: { $0.instance == what }) ?? shown.first(where: { makes($0, what) }) {
      let step = ChainReader(self).step("", one.instance, one.action, "")
      return Trace(title: one.instance, command: command(for: [one.instance], one.action, profile), steps: [step])
    }
    if Store.json(what).map(TableCells.isTable) == true {
      let (table, _) = try self.table(what, profile)
      let sources = steps(TableCells.all(table).flatMap(TableCells.sources))
      let names = sources.map(\.instance).unique
      return Trace(title: what, command: command(for: names, "", table["profile"]?.string ?? profile, table: what), steps: sources)
    }
    let known = shown.map(\.instance) + tables(profile).map(\.name)
    throw PipelineError(.unknown(kind: "result", name: what, owner: "profile \(profile)", known: known))
  }

  private func makes(_ one: Shown, _ file: String) -> Bool {
    (store.provenance(one.action)?["outputs"]?.object ?? []).contains { port in
      let name = port.value["file"]?.string ?? ""
      return name == file || name.hasPrefix("\(file).") && !file.isEmpty
    }
  }

  private func table(_ what: String, _ profile: String) throws -> (JSONValue, Shown?) {
    let all = tables(profile)
    if let found = all.first(where: { $0.name == what || "\($0.name).json" == what }) { return (found.table, found.maker) }
    if access(what, R_OK) == 0, !Folder.isFolder(what) {
      let table = try JSONValue.read(what)
      if TableCells.isTable(table) { return (table, nil) }
      throw PipelineError(.wrongType(what: what, expected: "a table as tabulate writes it, JSON", found: "another file"))
    }
    if all.isEmpty {
      let command = (["ccr run --profile \(profile)"] + pipelineWords + resultsWords).joined(separator: " ")
      throw PipelineError(
        .missing(
          what: "a table of profile \(profile)",
          remedy: "compute it by `\(command)`, or give the path of a table, such as paper-tables/\(profile)/table1.json"))
    }
    throw PipelineError(.unknown(kind: "table", name: what, owner: "profile \(profile)", known: all.map(\.name)))
  }

  private func trace(_ name: String, of table: JSONValue, at path: String, maker: Shown?, profile: String) throws -> Trace {
    // A column may be named as people read it.
    let labels = (table["columns"]?.array ?? []).compactMap { column in
      column["label"]?.string.flatMap { label in column["dataset"]?.string.map { (label, $0) } }
    }
    let spellings = [name] + labels.map { name.replacing("/\($0)/", with: "/\($1)/") }
    guard let cell = TableCells.all(table).first(where: { spellings.contains(TableCells.name($0)) }) else {
      throw PipelineError(
        .unknown(
          kind: "cell", name: name, owner: table["table"]?.string ?? "the table", known: TableCells.all(table).map(TableCells.name)))
    }
    let sources = TableCells.sources(cell)
    func number(_ member: String) -> String? { cell[member]?.double.map { String(($0 * 1e6).rounded() / 1e6) } }
    var title = "\(table["table"]?.string ?? "") \(name): "
    title += number("mean").map { mean in "\(mean)" + (number("std").map { " ± \($0)" } ?? "") } ?? "not computed"
    if let seeds = cell["seeds"]?.array, !seeds.isEmpty {
      title += " (seed\(seeds.count == 1 ? "" : "s") \(seeds.map(\.compact).joined(separator: ", ")))"
    }
    title += number("published").map { ", published \($0)" } ?? ""
    let names = maker.map { [$0.instance] } ?? sources.map(\.instance)
    return Trace(
      title: title, command: command(for: names, maker?.action ?? "", table["profile"]?.string ?? profile, table: path),
      steps: steps(sources))
  }

  /// Each source once, with its chain.
  private func steps(_ sources: [(instance: String, action: String, output: String)]) -> [Trace.Step] {
    let reader = ChainReader(self)
    var seen: Set<String> = []
    return sources.filter { seen.insert($0.action).inserted }.map { reader.step("", $0.instance, $0.action, $0.output) }
  }

  /// The name of the pipeline file of a published table.
  private func pipeline(beside table: String) -> String? {
    let folder = table.lastIndex(of: "/").map { String(table[..<$0]) } ?? "."
    return Store.json("\(folder)/provenance.json")?["pipeline"]?["file"]?.string
  }

  /// The command that makes instances of a profile, with what that run set beside the pipeline file.
  /// - Parameter table: the path of a table, where the instances stand behind one that was given by it.
  private func command(for instances: [String], _ action: String, _ profile: String, table: String? = nil) -> String {
    let provenance = store.provenance(action)
    // Which pipeline file it was: as this command was told, else as the result's provenance says, or that beside a published table.
    let file = provenance?["profile"]?.string == profile ? provenance?["pipeline"]?.string : table.flatMap(pipeline(beside:))
    let options = (pipelineWords.isEmpty ? file.map(Study.words(pipeline:)) ?? [] : pipelineWords) + resultsWords
    let set = (provenance?["set"]?.array ?? []).compactMap(\.string).map { " --set \(Shell.quoted($0))" }.joined()
    let swept = (provenance?["sweep"]?.object ?? []).map {
      " \(Sweep.flag) \(Shell.quoted("\($0.name)=\($0.value.string ?? $0.value.compact)"))"
    }.joined()
    let words = ["ccr run"] + instances.map(Shell.quoted) + ["--profile \(profile)"] + options
    return words.joined(separator: " ") + set + swept
  }
}

/// Reads the chains behind results, each result once however often it was read.
private final class ChainReader {
  private let records: Records
  private var known: [String: Trace.Step] = [:]
  private var depth = 0
  private static let deepest = 200

  init(_ records: Records) { self.records = records }

  func step(_ port: String, _ instance: String, _ action: String, _ output: String) -> Trace.Step {
    let step = known[action] ?? read(action)
    known[action] = step
    return Trace.Step(
      port: port, instance: instance, action: action, output: output, provenance: step.provenance, isAdopted: step.isAdopted,
      remark: step.remark, inputs: step.inputs)
  }

  private func read(_ action: String) -> Trace.Step {
    let store = records.store
    let record = store.record(action)
    let provenance = store.provenance(action)
    var remark = ""
    if let record {
      if record.outputs.values.contains(where: { access(store.object($0), F_OK) != 0 }) {
        remark = "its files are gone: the command makes them again"
      } else if provenance == nil {
        remark = "where it came from is not recorded any more"
      }
    } else {
      remark = "not recorded in \(records.results)"
    }
    depth += 1
    defer { depth -= 1 }
    if depth > Self.deepest { remark = "what it was made from is left out, so far down: `ccr trace` of it tells" }
    return Trace.Step(
      port: "", instance: "", action: action, output: "", provenance: provenance, isAdopted: record?.isAdopted ?? false, remark: remark,
      inputs: depth > Self.deepest ? [] : provenance.map(inputs) ?? [])
  }

  private func inputs(_ provenance: JSONValue) -> [Trace.Step] {
    let sources = provenance["sources"]
    return (provenance["key"]?["inputs"]?.object ?? []).flatMap { input -> [Trace.Step] in
      if let gathered = input.value.object {
        return gathered.map { source in
          guard let action = source.value["action"]?.string else {
            return Trace.Step(
              port: input.name, instance: source.name, action: "", output: "", provenance: nil, isAdopted: false,
              remark: "no result: \(source.value["absence"]?.string ?? "not recorded")", inputs: [])
          }
          return step(input.name, source.name, action, source.value["output"]?.string ?? "")
        }
      }
      guard let digest = input.value.string else { return [] }
      if let source = sources?[input.name] {
        guard let action = source["action"]?.string else { return [] }
        return [step(input.name, source["instance"]?.string ?? "", action, digest)]
      }
      // Results of older versions say only what they read: the first that has that content.
      return records.makers(of: digest).prefix(1).map { action in
        step(input.name, records.store.provenance(action)?["instance"]?.string ?? "", action, digest)
      }
    }
  }
}
