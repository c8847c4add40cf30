import Artifacts

/// What can be wrong with pipeline.json, with what is asked of it, or with the programs it names.
public enum PipelineFault: Sendable {
  /// A name that nothing has, or that `owner` does not have; `kind` is what it should be ("stage", "key", "axis", …).
  case unknown(kind: String, name: String, owner: String? = nil, known: [String])
  case wrongType(what: String, expected: String, found: String)
  case missing(what: String, remedy: String)
  case cycle(of: String, [String])
  /// A stage that would see labels although it must not; the path leads from the labels to the stage.
  case labels(stage: String, path: [String])
  case setting(instance: String, name: String, complaint: String)
  /// Two places that cannot both be meant.
  case contradiction(String, remedy: String)
  /// An input that no instance, or more than one, provides.
  case producers(input: String, instance: String, found: [String], wanted: String)
  case selector(String, complaint: String)
  /// What a program says of an instance that could not work.
  case refused(instance: String, String, remedy: String)
  case program(String, remedy: String)

  var complaint: String {
    switch self {
    case .unknown(let kind, let name, let owner, let known):
      (owner.map { "\($0) has no" } ?? "there is no") + " \(kind) \"\(name)\""
        + (NearestSpelling.of(name, among: known).map { "; did you mean \"\($0)\"?" } ?? "")
    case .wrongType(let what, let expected, let found): "\(what) must be \(expected), not \(found)"
    case .missing(let what, _): "\(what) is missing"
    case .cycle(let what, let names): "\(what) form a cycle: \(names.joined(separator: " → "))"
    case .labels(let stage, let path): "stage \(stage) may not see labels: \(path.joined(separator: " → "))"
    case .setting(let instance, let name, let complaint): "setting \"\(name)\" of \(instance) \(complaint)"
    case .contradiction(let text, _): text
    case .producers(let input, let instance, let found, let wanted):
      "input \"\(input)\" of \(instance) has "
        + (found.isEmpty ? "no producer" : "\(found.count) producers (\(found.joined(separator: ", ")))") + ": \(wanted)"
    case .selector(let text, let complaint): "\"\(text)\" is no selector: \(complaint)"
    case .refused(let instance, let text, _): "\(instance) cannot work: \(text)"
    case .program(let text, _): text
    }
  }

  var remedy: String {
    switch self {
    case .unknown(let kind, _, _, let known):
      known.isEmpty ? "remove it" : "known: \(Self.list(known))" + (kind == "profile" ? " (--profile NAME)" : "")
    case .wrongType: "correct it there"
    case .missing(_, let remedy), .contradiction(_, let remedy), .program(_, let remedy), .refused(_, _, let remedy): remedy
    case .cycle: "remove one of these references"
    case .labels:
      "the methods are unsupervised: only \(LabelRule.readers.sorted().joined(separator: ", ")) may read labels, or what is made from them"
    case .setting: "correct it there; the program's --describe lists every setting with its legal values"
    case .producers: "let the matrices, exclude and include agree so that exactly one instance provides it"
    case .selector: "write STAGE, VALUE or STAGE[axis=value,…], with + before it for all it needs, + behind it for all that needs it"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.count <= 30 ? names.joined(separator: ", ") : names.prefix(30).joined(separator: ", ") + ", …"
  }
}

/// A fault and where it stands: file, line, column and JSON pointer.
public struct PipelineError: ExplainedError {
  public let fault: PipelineFault
  public let place: String

  public init(_ fault: PipelineFault, place: String = "") {
    self.fault = fault
    self.place = place
  }

  public var problem: String { place.isEmpty ? fault.complaint : "\(place): \(fault.complaint)" }
  public var remedy: String { fault.remedy }
  public var kind: ErrorKind { .badInput }
}

extension JSONDocument {
  /// The error at the value that `pointer` names, or at its nearest ancestor.
  func error(_ fault: PipelineFault, at pointer: String) -> PipelineError {
    let position = position(of: pointer)
    return PipelineError(fault, place: "\(file):\(position.line):\(position.column) (\(pointer.isEmpty ? "/" : pointer))")
  }
}
