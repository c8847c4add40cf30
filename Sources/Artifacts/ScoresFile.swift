/// `scores.json`.
extension Scores {
  /// Reads a `scores.json`.
  /// - Throws: `FileError`, `JSONError`, or `ScoresError` where it is not one.
  public static func read(_ path: String) throws -> Scores {
    let reader = Reader(path: path)
    let json = try JSONValue.read(path)
    return Scores(
      last: try reader.metrics(json, "last"), best: try reader.metrics(json, "best"),
      epochs: try reader.elements(json, "epochs") { try reader.metrics($0) }, images: try reader.integer(json, "images"),
      verified: try reader.member(json, "verified", "true or false", \.bool),
      classNames: try reader.elements(json, "classNames") { try reader.value($0, "classNames", "strings", \.string) },
      confusion: try reader.elements(json, "confusion") { try reader.integers($0, "confusion") },
      clusterClasses: try reader.integers(json, member: "clusterClasses"),
      varianceByClass: try reader.numbers(json, "varianceByClass"), varianceByCluster: try reader.numbers(json, "varianceByCluster"),
      cases: try reader.elements(json, "cases") {
        Cases(
          cluster: try reader.integer($0, "cluster"), mappedClass: try reader.integer($0, "mappedClass"),
          successes: try reader.integers($0, member: "successes"), failures: try reader.integers($0, member: "failures"),
          failureClasses: try reader.integers($0, member: "failureClasses"))
      }, remarks: try json["remarks"].map { try reader.value($0, "remarks", "a string", \.string) })
  }

  /// Writes a `scores.json`: members sorted, so that equal scores are equal bytes; what is nil is left out.
  public func write(to path: String) throws { try AtomicFile.write(json.indented + [10], to: path) }

  private var json: JSONValue {
    func list(_ values: [Int]) -> JSONValue { .array(values.map(JSONValue.integer)) }
    func list(_ values: [Double]) -> JSONValue { .array(values.map(JSONValue.number)) }
    let always: JSONValue = [
      "last": last.json, "best": best.json, "epochs": .array(epochs.map(\.json)), "images": .integer(images), "verified": .bool(verified),
      "classNames": .array(classNames.map(JSONValue.string)), "confusion": .array(confusion.map { list($0) }),
      "clusterClasses": list(clusterClasses), "varianceByClass": list(varianceByClass), "varianceByCluster": list(varianceByCluster),
      "cases": .array(
        cases.map {
          [
            "cluster": .integer($0.cluster), "mappedClass": .integer($0.mappedClass), "successes": list($0.successes),
            "failures": list($0.failures), "failureClasses": list($0.failureClasses),
          ]
        }),
    ]
    guard let remarks, case .object(let members) = always else { return always }
    return .object(members + [.init("remarks", .string(remarks))])
  }

  /// Takes the members of a `scores.json` apart.
  private struct Reader {
    let path: String

    func value<Value>(_ json: JSONValue?, _ name: String, _ expected: String, _ part: (JSONValue) -> Value?) throws(ScoresError) -> Value {
      guard let value = json.flatMap(part) else { throw ScoresError(path: path, member: name, expected: expected) }
      return value
    }

    func member<Value>(_ json: JSONValue, _ name: String, _ expected: String, _ part: (JSONValue) -> Value?) throws(ScoresError) -> Value {
      try value(json[name], name, expected, part)
    }

    func elements<Element>(_ json: JSONValue, _ name: String, _ element: (JSONValue) throws -> Element) throws -> [Element] {
      try member(json, name, "an array", \.array).map(element)
    }

    func integer(_ json: JSONValue, _ name: String) throws(ScoresError) -> Int { try member(json, name, "an integer", \.integer) }

    func integers(_ json: JSONValue, _ name: String) throws -> [Int] {
      try value(json, name, "arrays", \.array).map { try value($0, name, "integers", \.integer) }
    }

    func integers(_ json: JSONValue, member name: String) throws -> [Int] {
      try elements(json, name) { try value($0, name, "integers", \.integer) }
    }

    func numbers(_ json: JSONValue, _ name: String) throws -> [Double] {
      try elements(json, name) { try value($0, name, "numbers", \.double) }
    }

    func metrics(_ json: JSONValue, _ name: String) throws -> Metrics { try metrics(member(json, name, "an object") { $0 }) }

    func metrics(_ json: JSONValue) throws -> Metrics {
      func metric(_ name: String) throws -> Double? { try json[name].map { try value($0, name, "a number", \.double) } }
      return Metrics(
        epoch: try integer(json, "epoch"), accuracy: try metric("accuracy"), nmi: try metric("nmi"),
        nmiArithmetic: try metric("nmiArithmetic"), ari: try metric("ari"))
    }
  }
}

extension Scores.Metrics {
  fileprivate var json: JSONValue {
    let metrics = [("accuracy", accuracy), ("nmi", nmi), ("nmiArithmetic", nmiArithmetic), ("ari", ari)]
    return .object(
      [.init("epoch", .integer(epoch))] + metrics.compactMap { name, value in value.map { JSONValue.Member(name, .number($0)) } })
  }
}

/// A JSON file that is no `scores.json`.
public struct ScoresError: ExplainedError {
  let path, member, expected: String
  public var problem: String { "\(path) is no scores.json: its \"\(member)\" must be \(expected)" }
  public var remedy: String { "make it anew with the stage evaluate" }
  public var kind: ErrorKind { .badInput }
}
