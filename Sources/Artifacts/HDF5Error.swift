/// What can be wrong with an HDF5 file.
public enum HDF5Error: ExplainedError {
  case failed(operation: String, path: String, message: String)
  case missing(dataset: String, path: String)
  case unexpected(dataset: String, path: String, expected: String, found: String)

  public var problem: String {
    switch self {
    case .failed(let operation, let path, let message): "cannot \(operation) \(path): \(message)"
    case .missing(let dataset, let path): "\(path) holds no \(dataset)"
    case .unexpected(let dataset, let path, let expected, let found): "\(dataset) in \(path) should be \(expected), but is \(found)"
    }
  }

  public var remedy: String {
    switch self {
    case .failed: "check that the file is complete and the disk is not full; a file of results/ is made anew by `ccr run`"
    case .missing, .unexpected: "give the file that docs/architecture.md describes for this port"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .failed: .inputOutput
    case .missing, .unexpected: .badInput
    }
  }
}
