import CHDF5

/// What can be wrong with an HDF5 file.
public enum HDF5Error: ExplainedError, Equatable {
  case failed(operation: String, path: String, message: String)
  case damaged(path: String, message: String)
  case missing(dataset: String, path: String)
  case unexpected(dataset: String, path: String, expected: String, found: String)

  /// A failure of the call just made, in the library's own words; where the file system failed, in the system's, which the library puts in
  /// quotes among addresses and times.
  static func last(_ operation: String, _ path: String) -> HDF5Error {
    let words = String(cString: h5_last_message())
    let system = words.firstRange(of: "error message = '").map { words[$0.upperBound...].prefix { $0 != "'" } }
    return .failed(operation: operation, path: path, message: system.map(String.init) ?? words)
  }

  public var problem: String {
    switch self {
    case .failed(let operation, let path, let message): "cannot \(operation) \(path): \(message)"
    case .damaged(let path, let message): "\(path) is no complete HDF5 file: \(message)"
    case .missing(let dataset, let path): "\(path) holds no \(dataset)"
    case .unexpected(let dataset, let path, let expected, let found): "\(dataset) in \(path) should be \(expected), but is \(found)"
    }
  }

  public var remedy: String {
    switch self {
    case .failed: "check that the folder can be written and the disk is not full, then run again"
    case .damaged: "make the file anew: `ccr run` remakes every file of results/"
    case .missing, .unexpected: "give the file that docs/architecture.md describes for this port"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .failed: .inputOutput
    case .damaged, .missing, .unexpected: .badInput
    }
  }
}
