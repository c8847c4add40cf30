/// The IDX format of MNIST: big-endian magic 0x0000_08NN (bytes, NN axes), the axes' lengths, the bytes.
public enum IDX {
  /// - Returns: the lengths of the axes and the bytes.
  /// - Throws: `DatasetError.malformed`.
  public static func parse(_ bytes: [UInt8], path: String) throws(DatasetError) -> (shape: [Int], values: ArraySlice<UInt8>) {
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, bytes[2] == 8, (1...4).contains(bytes[3]) else {
      throw .malformed(path: path, expected: "IDX data of bytes", found: "the start \(bytes.prefix(4).map { String($0, radix: 16) })")
    }
    let axes = Int(bytes[3])
    let start = 4 + 4 * axes
    guard bytes.count >= start else { throw .malformed(path: path, expected: "\(axes) axes", found: "\(bytes.count) bytes in all") }
    let shape = (0..<axes).map { axis in bytes[4 + 4 * axis..<8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) } }
    var total = 1
    for length in shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: length)
      if overflow { throw .malformed(path: path, expected: "sizes of ordinary length", found: "\(shape)") }
      total = product
    }
    guard bytes.count - start == total else {
      throw .malformed(path: path, expected: "\(total) bytes for \(shape)", found: "\(bytes.count - start)")
    }
    return (shape, bytes[start...])
  }
}
