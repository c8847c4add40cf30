import Tensors

/// Little-endian bytes of numbers, texts and tensors.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

  mutating func put(_ value: Int) { put(UInt64(bitPattern: Int64(value))) }

  mutating func put(_ value: Double) { put(value.bitPattern) }

  mutating func put(_ text: String) {
    put(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  mutating func put(_ terms: [Term]) {
    put(terms.count)
    for term in terms {
      put(term.name)
      put(term.value)
      put(term.weight)
    }
  }

  mutating func put(_ tensor: Tensor) {
    put(tensor.shape.count)
    for length in tensor.shape { put(length) }
    tensor.withUnsafeBufferPointer { bytes.append(contentsOf: UnsafeRawBufferPointer($0)) }
  }

  mutating func put(_ tensors: NamedTensors) {
    put(tensors.count)
    for entry in tensors {
      put(entry.name)
      put(entry.tensor)
    }
  }
}

/// Reads what `ByteWriter` wrote; nil where the bytes end or cannot be it.
struct ByteReader {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }

  mutating func number() -> UInt64? {
    guard at + 8 <= bytes.count else { return nil }
    defer { at += 8 }
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }
  }

  mutating func integer() -> Int? { number().map { Int(truncatingIfNeeded: $0) } }

  /// A number of things that the rest of the bytes could hold.
  mutating func count() -> Int? { number().flatMap { $0 <= UInt64(bytes.count) ? Int($0) : nil } }

  mutating func double() -> Double? { number().map(Double.init(bitPattern:)) }

  mutating func text() -> String? {
    guard let length = count(), at + length <= bytes.count else { return nil }
    defer { at += length }
    return String(decoding: bytes[at..<at + length], as: UTF8.self)
  }

  mutating func terms() -> [Term]? {
    guard let count = count() else { return nil }
    var terms: [Term] = []
    for _ in 0..<count {
      guard let name = text(), let value = double(), let weight = double() else { return nil }
      terms.append(Term(name, value, weight: weight))
    }
    return terms
  }

  mutating func tensor() -> Tensor? {
    guard let axes = count(), axes <= 8 else { return nil }
    var shape: [Int] = []
    var size = 1
    for _ in 0..<axes {
      guard let length = count() else { return nil }
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard !overflow, product <= bytes.count else { return nil }
      size = product
      shape.append(length)
    }
    guard at + size * 4 <= bytes.count else { return nil }
    defer { at += size * 4 }
    var tensor = Tensor(uninitialized: shape)
    tensor.withUnsafeMutableBufferPointer { values in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(values).copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[at..<at + size * 4]))
      }
    }
    return tensor
  }

  mutating func tensors() -> NamedTensors? {
    guard let entries = count() else { return nil }
    var result: NamedTensors = []
    for _ in 0..<entries {
      guard let name = text(), let tensor = tensor() else { return nil }
      result.append((name, tensor))
    }
    return result
  }
}
