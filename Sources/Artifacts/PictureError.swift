/// What can be wrong with a picture file.
public enum PictureError: ExplainedError, Equatable {
  case cannotWrite(path: String, message: String)
  /// Damaged or cut short, or no picture at all.
  case undecodable(path: String, message: String)
  /// A good picture of a kind that the library at hand does not decode.
  case unsupported(path: String, message: String)
  /// A good picture that is larger or longer than what is read.
  case beyondLimit(path: String, message: String)

  /// - Throws: `.beyondLimit` where there are more than `most` pixels; without pixels it is `.undecodable`.
  package static func check(_ width: Int, _ height: Int, most: Int, path: String) throws(PictureError) {
    guard width > 0, height > 0 else { throw .undecodable(path: path, message: "it has no pixels") }
    guard width <= most / height else {
      throw .beyondLimit(path: path, message: "its \(width) × \(height) pixels are more than \(most)")
    }
  }

  public var problem: String {
    switch self {
    case .cannotWrite(let path, let message): "cannot write \(path): \(message)"
    case .undecodable(let path, let message): "\(path) is no readable picture: \(message)"
    case .unsupported(let path, let message): "\(path) is of a kind that is not read: \(message)"
    case .beyondLimit(let path, let message): "\(path) is beyond a limit: \(message)"
    }
  }

  public var remedy: String {
    switch self {
    case .cannotWrite: "check the folder and the disk's free space"
    case .undecodable: "replace the file by an intact one, or remove it"
    case .unsupported: "convert it to an ordinary PNG: `convert FILE FILE.png` (Debian's imagemagick)"
    case .beyondLimit: "make it smaller or cut it: `convert FILE -resize 4096x4096 FILE.png` (Debian's imagemagick)"
    }
  }

  public var kind: ErrorKind {
    switch self {
    case .cannotWrite: .inputOutput
    case .undecodable, .unsupported, .beyondLimit: .badInput
    }
  }
}
