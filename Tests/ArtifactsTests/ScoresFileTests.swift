import Artifacts
import Foundation
import Testing

/// `scores.json`: written as Foundation would, and read as it was written.
struct ScoresFileTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/ccr-scores-\(UUID().uuidString)"
  init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

  /// The same members, for Foundation's encoder.
  private struct Twin: Encodable {
    struct Metrics: Encodable {
      let epoch: Int
      let accuracy, nmi, nmiArithmetic, ari: Double?
      init(_ metrics: Scores.Metrics) {
        epoch = metrics.epoch
        (accuracy, nmi, nmiArithmetic, ari) = (metrics.accuracy, metrics.nmi, metrics.nmiArithmetic, metrics.ari)
      }
    }
    struct Cases: Encodable {
      let cluster, mappedClass: Int
      let successes, failures, failureClasses: [Int]
    }
    let last, best: Metrics
    let epochs: [Metrics]
    let images: Int
    let verified: Bool
    let classNames: [String]
    let confusion: [[Int]]
    let clusterClasses: [Int]
    let varianceByClass, varianceByCluster: [Double]
    let cases: [Cases]
    let remarks: String?

    init(_ scores: Scores) {
      remarks = scores.remarks
      (last, best, epochs) = (Metrics(scores.last), Metrics(scores.best), scores.epochs.map(Metrics.init))
      (images, verified, classNames, confusion) = (scores.images, scores.verified, scores.classNames, scores.confusion)
      (clusterClasses, varianceByClass) = (scores.clusterClasses, scores.varianceByClass)
      varianceByCluster = scores.varianceByCluster
      cases = scores.cases.map {
        Cases(
          cluster: $0.cluster, mappedClass: $0.mappedClass, successes: $0.successes, failures: $0.failures,
          failureClasses: $0.failureClasses)
      }
    }

    func encoded() throws -> [UInt8] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return Array(try encoder.encode(self)) + [10]
    }
  }

  private static let some = Scores(
    last: .init(epoch: 3, accuracy: 1, nmi: 0.1 + 0.2, nmiArithmetic: 1e-7, ari: -0.0),
    best: .init(epoch: 100_000, accuracy: Double.leastNonzeroMagnitude, nmi: 1e22, nmiArithmetic: 123_456_789_012_345_680, ari: -1e16),
    epochs: [.init(epoch: 0, accuracy: nil, nmi: nil, nmiArithmetic: 0, ari: nil)], images: 12, verified: true,
    classNames: ["", "a/b", "\"\\", "\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1B}\u{1F}\u{7F}", "猫 é 🐈", "e\u{301}", "\u{2028}"],
    confusion: [[], [0], [9, 10, 123, 1_000_000]], clusterClasses: [-1, 0, 2], varianceByClass: [0, 0.25, 1.0 / 3], varianceByCluster: [],
    cases: [.init(cluster: 0, mappedClass: -1, successes: [], failures: [5, 11], failureClasses: [1, 0])],
    remarks: "affinities of \"all\" pairs")

  private static let none = Scores(
    last: .init(epoch: 0, accuracy: nil, nmi: nil, nmiArithmetic: nil, ari: nil),
    best: .init(epoch: 0, accuracy: nil, nmi: nil, nmiArithmetic: nil, ari: nil), epochs: [], images: 0, verified: false, classNames: [],
    confusion: [], clusterClasses: [], varianceByClass: [], varianceByCluster: [], cases: [])

  @Test(arguments: [some, none]) func theBytesAreFoundationsAndComeBack(scores: Scores) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try scores.write(to: "\(folder)/scores.json")
    let bytes = try AtomicFile.read("\(folder)/scores.json")
    #expect(try String(decoding: bytes, as: UTF8.self) == String(decoding: Twin(scores).encoded(), as: UTF8.self))
    #expect(try Scores.read("\(folder)/scores.json") == scores)
  }

  @Test(arguments: [
    ("{}", "its \"last\" must be an object"), ("[]", "its \"last\" must be an object"),
    ("\"images\" : 12|\"images\" : 1.5", "its \"images\" must be an integer"),
    ("      123,|      \"123\",", "its \"confusion\" must be integers"),
    ("\"verified\" : true|\"verified\" : 1", "its \"verified\" must be true or false"),
    ("\"ari\" : -0|\"ari\" : \"x\"", "its \"ari\" must be a number"),
    ("\"cluster\" : 0,|", "its \"cluster\" must be an integer"),
  ])
  func whatIsNoneIsSaidSo(change: String, words: String) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/scores.json"
    try Self.some.write(to: path)
    let parts = change.components(separatedBy: "|")
    let text = String(decoding: try AtomicFile.read(path), as: UTF8.self)
    let changed = parts.count == 2 ? text.replacingOccurrences(of: parts[0], with: parts[1]) : change
    #expect(changed != text)
    try AtomicFile.write(changed, to: path)
    let error = #expect(throws: ScoresError.self) { try Scores.read(path) }
    #expect(error?.problem == "\(path) is no scores.json: \(words)" && error?.kind == .badInput)
  }

  /// With and without remembering where values stand, texts of every kind give the same values.
  @Test(arguments: [
    #"{"a": [1, -2, 0, -0, 12345678901234567890, 9223372036854775807, 1.5, 1e3, true, null], "b": {"é\n\"\u00e9": "x\\y\/z🐈"}}"#,
    "[" + (0..<40).map { "{\"k\($0)\": [[], {}, \"\"]}" }.joined(separator: ",") + "]",
    "{" + (0..<40).map { "\"k\($0)\": \($0)" }.joined(separator: ",") + "}",
  ])
  func valuesDoNotDependOnPositions(text: String) throws {
    let value = try JSONValue.parse(text, file: "f")
    #expect(try JSONDocument(parsing: text, file: "f").root == value)
    #expect(try JSONValue.parse(value.indented, file: "f").canonical == value.canonical)
    #expect(try JSONValue.parse(value.canonical, file: "f").canonical == value.canonical)
  }

  @Test func aNameThatStandsTwiceIsRefusedInLargeObjectsToo() {
    for count in [1, 15, 16, 17, 40] {
      let text = "{" + (0..<count).map { "\"k\($0)\": 1," }.joined() + "\"k\(count / 2)\": 2}"
      #expect(throws: JSONError.self) { try JSONValue.parse(text, file: "f") }
    }
  }
}
