/// What can be wrong with a picture file.
public enum PictureError: ExplainedError, Equatable {
  case cannotWrite(path: String, message: String)
  case undecodable(path: String, message: String)

  public var problem: String {
    switch self {
    case .cannotWrite(let path, let message): "cannot write \(path): \(message)"
    case .undecodable(let path, let message): "\(path) is no readable picture: \(message)"
    }
  }

  public var remedy: String {
    switch self {
    case .cannotWrite: "check the folder and the disk's free space"
    case .undecodable: "replace the file by an intact one, or remove it"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .cannotWrite: .inputOutput
    case .undecodable: .badInput
    }
  }
}
