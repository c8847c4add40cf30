import Artifacts

/// What can be wrong with original data.
public enum DatasetError: ExplainedError, Equatable {
  case unknown(String, nearest: String?, known: [String])
  case notFound(dataset: String, looked: [String], remedy: String)
  case unreadable(path: String, message: String)
  case malformed(path: String, expected: String, found: String)
  case checksum(path: String, expected: String, found: String)
  case subsetTooLarge(asked: Int, available: Int)

  public var problem: String {
    switch self {
    case .unknown(let name, let nearest, let known):
      "there is no data set \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "; there are \(known.joined(separator: ", "))")
    case .notFound(let dataset, let looked, _): "the files of \(dataset) are neither in " + looked.joined(separator: " nor in ")
    case .unreadable(let path, let message): "cannot decompress \(path): \(message)"
    case .malformed(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
    case .checksum(let path, let expected, let found):
      "\(path) is not the official file: its content has SHA-256 \(found), the official one \(expected)"
    case .subsetTooLarge(let asked, let available): "a subset of \(asked) images was asked for, but there are \(available)"
    }
  }

  public var remedy: String {
    switch self {
    case .unknown: "correct the setting dataset of stage ingest"
    case .notFound(_, _, let remedy): remedy
    case .unreadable, .malformed: "download or install the file again: it is incomplete or another file"
    case .checksum: "install the official file, or set \"verify\": false for this data set in pipeline.json to use it all the same"
    case .subsetTooLarge: "lower the setting subset, or set it to 0 for all images"
    }
  }

  public var kind: ErrorKind { .badInput }
}
