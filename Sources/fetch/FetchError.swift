import Artifacts

/// What can go wrong with a download.
enum FetchError: ExplainedError {
  case failed(url: String, file: String, reason: String, whatHelps: String)
  case size(file: String, expected: Int, found: Int)
  case checksum(file: String, expected: String, found: String)
  case busy(file: String)
  case noCurl

  var problem: String {
    switch self {
    case .failed(let url, _, let reason, _): "cannot download \(url): \(reason)"
    case .size(let file, let expected, let found): "\(file) came with \(found) bytes instead of \(expected)"
    case .checksum(let file, let expected, let found): "\(file) came with SHA-256 \(found) instead of \(expected)"
    case .busy(let file): "\(file) is being downloaded by another process"
    case .noCurl: "there is no program curl"
    }
  }

  var remedy: String {
    switch self {
    case .failed(let url, let file, _, let whatHelps): "\(whatHelps); or put the file of \(url) at \(file) by hand"
    case .size, .checksum: "the server gives another file, which was thrown away; try --mirror, or put the official file there by hand"
    case .busy(let file): "wait for it, or end it: `fuser \(file).part` names it"
    case .noCurl: "apt-get install curl"
    }
  }

  var kind: ErrorKind {
    switch self {
    case .failed, .busy, .noCurl: .inputOutput
    case .size, .checksum: .badInput
    }
  }
}
