import Artifacts

/// The members of a JSON object, read by name: everything missing, of another kind or unknown is an error that says where.
public struct Fields {
  private let members: [JSONValue.Member]
  /// Where the object stands, such as `layout.columns[0]`.
  public let place: String

  /// - Parameter names: the members the object may have.
  /// - Throws: `TableError` where the value is no object or has other members.
  public init(_ value: JSONValue, _ place: String, names: [String]? = nil) throws(TableError) {
    guard let members = value.object else { throw .malformed(place: place, complaint: "must be an object, not \(value.kindName)") }
    if let names, let unknown = members.map(\.name).first(where: { !names.contains($0) }) {
      let nearest = NearestSpelling.of(unknown, among: names).map { "; did you mean \"\($0)\"?" } ?? ""
      throw .malformed(place: place, complaint: "there is no \"\(unknown)\" here\(nearest)")
    }
    self.members = members
    self.place = place
  }

  /// Names of all members, in their order.
  public var names: [String] { members.map(\.name) }

  public func value(_ name: String) throws(TableError) -> JSONValue {
    guard let member = members.last(where: { $0.name == name }) else {
      throw .malformed(place: place, complaint: "\"\(name)\" is missing")
    }
    return member.value
  }

  public func text(_ name: String) throws(TableError) -> String {
    let value = try value(name)
    guard let text = value.string else { throw wrong(name, "a string", value) }
    return text
  }

  /// A string, or nil for `null` and where there is no such member.
  public func textIfPresent(_ name: String) throws(TableError) -> String? {
    guard names.contains(name), try value(name) != .null else { return nil }
    return try text(name)
  }

  public func integer(_ name: String) throws(TableError) -> Int {
    let value = try value(name)
    guard let integer = value.integer else { throw wrong(name, "an integer", value) }
    return integer
  }

  public func integer(_ name: String, in range: ClosedRange<Int>) throws(TableError) -> Int {
    let integer = try integer(name)
    guard range ~= integer else {
      throw .malformed(place: place, complaint: "\"\(name)\" must be \(range.lowerBound) to \(range.upperBound), not \(integer)")
    }
    return integer
  }

  public func integers(_ name: String) throws(TableError) -> [Int] {
    let value = try value(name)
    let integers = value.array?.compactMap(\.integer)
    guard let integers, integers.count == value.array?.count else { throw wrong(name, "an array of integers", value) }
    return integers
  }

  public func texts(_ name: String) throws(TableError) -> [String] {
    let value = try value(name)
    let texts = value.array?.compactMap(\.string)
    guard let texts, texts.count == value.array?.count else { throw wrong(name, "an array of strings", value) }
    return texts
  }

  /// The object at `name`.
  public func fields(_ name: String, names: [String]? = nil) throws(TableError) -> Fields {
    try Fields(try value(name), "\(place).\(name)", names: names)
  }

  /// The objects of the array at `name`.
  public func list(_ name: String, names: [String]) throws(TableError) -> [Fields] {
    let value = try value(name)
    guard let values = value.array else { throw wrong(name, "an array", value) }
    var result: [Fields] = []
    for (index, value) in values.enumerated() { result.append(try Fields(value, "\(place).\(name)[\(index)]", names: names)) }
    return result
  }

  private func wrong(_ name: String, _ expected: String, _ found: JSONValue) -> TableError {
    .malformed(place: place, complaint: "\"\(name)\" must be \(expected), not \(found.kindName)")
  }
}
