import Artifacts

/// Where an instance stands on the axes of its stage: `dataset=fashion-mnist,method=ccr,seed=0`.
public struct Coordinates: Hashable, Sendable, CustomStringConvertible {
  public let values: [JSONValue.Member]

  public subscript(_ axis: String) -> JSONValue? { values.first { $0.name == axis }?.value }

  public var description: String { values.map { "\($0.name)=\(Self.spelling($0.value))" }.joined(separator: ",") }

  static func spelling(_ value: JSONValue) -> String { value.string ?? value.canonical }

  /// Letters, digits, - and _.
  static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
  }

  /// What values consist of, since they are parts of folder names: a word's characters, dots and pluses.
  static func isPart(_ byte: UInt8) -> Bool { isWord(byte) || byte == 46 || byte == 43 }

  /// An order that does not depend on the order of lists in pipeline.json: numbers by size, words by letters.
  func precedes(_ other: Coordinates) -> Bool {
    for (a, b) in zip(values, other.values) where a != b {
      if let a = a.value.double, let b = b.value.double { return a < b }
      return Self.spelling(a.value) < Self.spelling(b.value)
    }
    return values.count < other.values.count
  }
}
