import Artifacts
import Glibc

/// The text of a study: pipeline.json, or a file that extends another one, member by member. Every value remembers the file it stands in.
///
/// Objects merge; a member that is `null` in the extending file is taken away; rules (`settings`, `exclude`, `include`, and rules of inputs,
/// outputs and publish that are lists) are appended; everything else is replaced whole.
struct PipelineDocument: Sendable {
  struct Place: Hashable, Sendable {
    let file: String
    let line, column: Int
  }

  let root: JSONValue
  /// The file that was asked for.
  let file: String
  /// The file that extends all others last.
  private var layers: [Layer]

  private struct Layer: Sendable {
    let document: JSONDocument
    /// Lists that this file appends to, by pointer: how many elements are before its own.
    var shifts: [String: Int] = [:]

    /// Where a value of the whole stands in this file; nil where it is not of this file.
    func pointer(_ pointer: String) -> String? {
      for (list, shift) in shifts where pointer.hasPrefix("\(list)/") {
        let rest = pointer.dropFirst(list.count + 1)
        guard let index = Int(rest.prefix { $0 != "/" }), index >= shift else { return nil }
        return "\(list)/\(index - shift)\(rest.drop { $0 != "/" })"
      }
      return pointer
    }
  }

  /// - Throws: `FileError`, `JSONError`, or `PipelineError` where files extend each other in a circle.
  init(path: String, overrides: [Override] = []) throws { try self.init(JSONDocument(contentsOf: path), overrides: overrides) }

  /// - Parameters:
  ///   - document: files that it extends are looked for beside it.
  ///   - overrides: of these, members of profiles are put in here.
  /// - Throws: as `init(path:)`.
  init(_ document: JSONDocument, overrides: [Override] = []) throws {
    var documents = [document]
    while let last = documents.last, let base = last.root["extends"] {
      guard let name = base.string, !name.isEmpty else {
        throw last.error(.wrongType(what: "\"extends\"", expected: "the path of a file", found: base.compact), at: "/extends")
      }
      let path = name.hasPrefix("/") ? name : Self.folder(of: last.file) + name
      if documents.map({ Self.real($0.file) }).contains(Self.real(path)) {
        throw last.error(.cycle(of: "extended files", documents.map(\.file) + [path]), at: "/extends")
      }
      documents.append(try JSONDocument(contentsOf: path))
    }
    file = document.file
    var (root, layers): (JSONValue, [Layer]) = (.object([]), [])
    for document in documents.reversed() {
      var layer = Layer(document: document)
      let members = (document.root.object ?? []).filter { layers.isEmpty && documents.count == 1 || $0.name != "extends" }
      let own = document.root.object == nil ? document.root : .object(members)
      root = layers.isEmpty ? own : Self.merge(own, over: root, "", &layer.shifts)
      layers.append(layer)
    }
    for override in overrides.filter(\.isOfDocument) {
      var layer = Layer(document: try override.document())
      root = Self.merge(layer.document.root, over: root, "", &layer.shifts)
      layers.append(layer)
    }
    (self.root, self.layers) = (root, layers)
  }

  /// A path without links and dots, so that a file has one.
  private static func real(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// The folder of a file, with its slash; empty for the working folder.
  static func folder(of file: String) -> String { file.lastIndex(of: "/").map { String(file[...$0]) } ?? "" }

  private static func merge(_ new: JSONValue, over old: JSONValue, _ pointer: String, _ shifts: inout [String: Int]) -> JSONValue {
    if let before = old.array, let after = new.array, isListOfRules(pointer) {
      shifts[pointer] = before.count
      return .array(before + after)
    }
    guard var members = old.object, let changes = new.object else { return new }
    for change in changes {
      let place = members.firstIndex { $0.name == change.name }
      switch (place, change.value) {
      case (let place?, .null): members.remove(at: place)
      case (let place?, _):
        members[place] = .init(change.name, merge(change.value, over: members[place].value, "\(pointer)/\(change.name)", &shifts))
      case (nil, .null): break
      case (nil, _): members.append(change)
      }
    }
    return .object(members)
  }

  private static func isListOfRules(_ pointer: String) -> Bool {
    let parts = pointer.split(separator: "/")
    if parts == ["settings"] { return true }
    guard parts.count == 3 else { return false }
    return parts[0] == "profiles" ? ["exclude", "include"].contains(parts[2]) : ["inputs", "outputs", "publish"].contains(parts[2])
  }

  /// Where the value at `pointer` stands, or its nearest ancestor.
  func place(of pointer: String) -> Place {
    var pointer = Substring(pointer)
    while true {
      for layer in layers.reversed() {
        guard let own = layer.pointer(String(pointer)), let position = layer.document.position(ofValueAt: own) else { continue }
        return Place(file: layer.document.file, line: position.line, column: position.column)
      }
      guard let slash = pointer.lastIndex(of: "/") else { return Place(file: file, line: 1, column: 1) }
      pointer = pointer[..<slash]
    }
  }

  /// The path of a file that the value at `pointer` names, relative to the folder of the file that was asked for.
  func path(ofFile name: String, at pointer: String) -> String {
    let place = place(of: pointer).file
    if name.hasPrefix("/") || Self.folder(of: place) == Self.folder(of: file) { return name }
    return Folder.absolute(Self.folder(of: place) + name)
  }

  /// "line 5", with its file where that is not the one that was asked for.
  func line(of pointer: String) -> String {
    let place = place(of: pointer)
    return "line \(place.line)" + (place.file == file ? "" : " of \(place.file)")
  }

  /// The error at the value that `pointer` names, or at its nearest ancestor.
  func error(_ fault: PipelineFault, at pointer: String) -> PipelineError {
    if Override.isPointer(pointer) { return PipelineError(fault, place: pointer) }
    let place = place(of: pointer)
    return PipelineError(fault, place: "\(place.file):\(place.line):\(place.column) (\(pointer.isEmpty ? "/" : pointer))")
  }
}
