import Artifacts

/// What can keep a figure from being drawn.
public enum FigureError: ExplainedError, Hashable {
  /// FreeType or cairo refused, with the library's own words.
  case libraryFailed(operation: String, message: String)

  public var problem: String {
    switch self {
    case .libraryFailed(let operation, let message): "cannot \(operation): \(message)"
    }
  }

  public var remedy: String {
    switch self {
    case .libraryFailed: "check memory and the size asked for; reinstall Debian's packages libcairo2 and libfreetype6"
    }
  }

  public var kind: ErrorKind { .inputOutput }
}
