import Artifacts

/// What can be wrong with original data.
public enum DatasetError: ExplainedError, Equatable {
  case unknown(String, nearest: String?, known: [String])
  case notFound(dataset: String, looked: [String], remedy: String)
  case unreadable(path: String, message: String)
  case malformed(path: String, expected: String, found: String)
  case hostile(path: String, member: String, fault: String)
  case incomplete(path: String, dataset: String, missing: [String], looksLike: String?)
  case checksum(path: String, algorithm: String, expected: String, found: String)
  case unverifiable(path: String)
  case ownPictures(path: String)
  case noImages(path: String, leftOut: [String])
  case duplicateClasses(path: String, names: [String])
  case tooManyUndecodable(folder: String, count: Int, total: Int, first: String)
  case subsetTooLarge(asked: Int, available: Int)

  public var problem: String {
    switch self {
    case .unknown(let name, let nearest, _):
      "there is no data set \"\(name)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    case .notFound(let dataset, let looked, _):
      "the files of \(dataset) are \(looked.count == 1 ? "not" : "neither") in " + looked.joined(separator: " nor in ")
    case .unreadable(let path, let message): "cannot read \(path): \(message)"
    case .malformed(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
    case .hostile(let path, let member, let fault): "\(path): its member \"\(member)\" \(fault), which no official archive has"
    case .incomplete(let path, let dataset, let missing, let looksLike):
      "\(path) is not \(dataset): it lacks \(LeftOut.list(missing))" + (looksLike.map { "; it looks like \($0)" } ?? "")
    case .checksum(let path, let algorithm, let expected, let found):
      "\(path) is not the official file: the \(algorithm) of its content is \(found), the official one \(expected)"
    case .unverifiable(let path): "\(path) cannot be verified: there is an official checksum for the archive only"
    case .ownPictures(let path): "\(path) cannot be verified: pictures of your own have no official checksums"
    case .noImages(let path, let leftOut):
      "\(path) holds no picture that can be read (PNG, JPEG, WebP)" + leftOut.map { "; \($0)" }.joined()
    case .duplicateClasses(let path, let names):
      "\(path) has classes that differ in nothing but capitals or come twice: \(LeftOut.list(names))"
    case .tooManyUndecodable(let folder, let count, let total, let first):
      "\(count) of the \(total) pictures in \(folder) cannot be decoded, the first of them \(first)"
    case .subsetTooLarge(let asked, let available): "a subset of \(asked) images was asked for, but there are \(available)"
    }
  }

  public var remedy: String {
    switch self {
    case .unknown(let name, _, let known):
      "name one of \(known.joined(separator: ", ")); for pictures of your own in data/\(name)/, set imageSize of stage ingest to the size they are "
        + "to have"
    case .notFound(_, _, let remedy): remedy
    case .unreadable, .malformed, .hostile: "download or install the file again: it is incomplete, damaged or another file"
    case .incomplete: "put the official file there (`ccr fetch` downloads it)"
    case .checksum: "install the official file, or set \"verify\": false for this data set in pipeline.json to use it all the same"
    case .unverifiable: "give the official archive instead, or set \"verify\": false for this data set in pipeline.json"
    case .ownPictures: "set \"verify\": false for this data set in pipeline.json; results then depend on what the files hold"
    case .noImages(_, let leftOut):
      leftOut.isEmpty
        ? "put the pictures there, one folder for each class, or all in one folder for a set without classes"
        : "convert or replace those files; docs/own-pictures.md says what is read"
    case .duplicateClasses: "rename or merge those classes"
    case .tooManyUndecodable: "replace or remove those pictures, of which one in a hundred is let pass; `file` tells what they are"
    case .subsetTooLarge: "lower the setting subset, or set it to 0 for all images"
    }
  }

  public var kind: ErrorKind { .badInput }
}
