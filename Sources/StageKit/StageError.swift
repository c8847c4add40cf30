import Artifacts

/// What can be wrong with the call of a stage.
public enum StageError: ExplainedError, Equatable {
  case unknownSetting(String, nearest: String?)
  case illegalSetting(String, String)
  case missingSetting(String)
  case missingPort(String, kind: String)
  case unknownPort(String, kind: String, known: [String])
  case malformedRequest(String, String)
  case malformedFlag(String, String)
  /// - lower: what would need less, as far as it can be lowered.
  case memory(bytes: Int, lower: [String])

  public var problem: String {
    switch self {
    case .unknownSetting(let name, let nearest): "there is no setting \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    case .illegalSetting(let name, let complaint): "setting \"\(name)\" \(complaint)"
    case .missingSetting(let name): "setting \"\(name)\" is missing"
    case .missingPort(let name, let kind): "\(kind) \"\(name)\" is missing"
    case .unknownPort(let name, let kind, let known):
      "there is no \(kind) \"\(name)\"; there " + (known.isEmpty ? "are none" : "are \(known.joined(separator: ", "))")
    case .malformedRequest(let file, let what): "\(file) is no request of a stage: \(what)"
    case .memory(let bytes, _):
      "there is too little memory: at least \(max(1, bytes >> 20)) MiB more are needed, and the machine or a limit does not give them"
    case .malformedFlag(let flag, let text): "\(flag) takes NAME=VALUE, not \"\(text)\""
    }
  }

  public var remedy: String {
    switch self {
    case .unknownSetting, .illegalSetting, .missingSetting:
      "correct it in pipeline.json, or with --set when calling by hand; --describe lists all settings"
    case .missingPort(let name, let kind): "name its file, for example --\(kind == "output" ? "output" : "input") \(name)=FILE"
    case .unknownPort, .malformedFlag: "see --help"
    case .memory(_, let lower):
      "raise the limit (`ulimit -v`, or that of the container), or end other programs"
        + (lower.isEmpty ? "" : ", or lower \(lower.joined(separator: " or "))")
    case .malformedRequest: "docs/architecture.md shows the form of a request"
    }
  }

  public var kind: ErrorKind { if case .memory = self { .inputOutput } else { .badInput } }
}

/// Thrown by a stage that was asked to stop, after it has saved a checkpoint; the program exits with 75.
public struct StageInterrupted: Error {
  public init() {}
}
