import Artifacts

/// What can keep a figure from being drawn.
public enum FigureError: ExplainedError, Hashable {
  /// No folder for fonts holds this file.
  case missingFont(file: String, searched: [String])
  /// FreeType or cairo refused, with the library's own words.
  case libraryFailed(operation: String, message: String)

  public var problem: String {
    switch self {
    case .missingFont(let file, let searched): "the font \(file) is in none of \(searched.joined(separator: ", "))"
    case .libraryFailed(let operation, let message): "cannot \(operation): \(message)"
    }
  }

  public var remedy: String {
    switch self {
    case .missingFont: "run make deps, or install Debian's package fonts-dejavu-core"
    case .libraryFailed: "check memory and the size asked for; reinstall Debian's packages libcairo2 and fonts-dejavu-core"
    }
  }

  public var kind: ErrorKind { .inputOutput }
}
