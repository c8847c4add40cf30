import CHDF5

/// Two HDF5 files held against each other, dataset by dataset.
struct HDF5Comparison {
  private let one, other: HDF5Reader

  /// - Throws: `FileError` or `HDF5Error` where one cannot be read.
  init(_ one: String, _ other: String) throws {
    (self.one, self.other) = (try HDF5Reader(one), try HDF5Reader(other))
  }

  /// The first dataset that differs, in the order of their names, and in it the first element: index, both values, and how many units in the
  /// last place (ULP) lie between them; nil where all datasets and their text attributes are equal.
  /// - Throws: `HDF5Error`.
  func firstDifference() throws -> String? {
    let (before, after) = (try one.datasets(), try other.datasets())
    if let gone = before.first(where: { !after.contains($0) }) { return "\(gone) is missing" }
    if let new = after.first(where: { !before.contains($0) }) { return "\(new) is new" }
    for name in before {
      if let difference = try values(of: name) { return difference }
      for attribute in try attributes(of: name) { return "the attribute \(attribute)" }
    }
    return try attributes(of: "/").first.map { "the attribute \($0)" }
  }

  private func values(of name: String) throws -> String? {
    let (a, b) = (try HDF5Values(one, name), try HDF5Values(other, name))
    if a.description != b.description { return "\(name) was \(a.description), is \(b.description)" }
    var (first, differing) = (nil as String?, 0)
    for rows in a.blocks {
      let (old, new) = (try a.bytes(rows), try b.bytes(rows))
      if old == new { continue }
      for element in 0..<old.count / a.size {
        let place = element * a.size..<(element + 1) * a.size
        if old[place] == new[place] { continue }
        differing += 1
        if first == nil { first = a.words(old[place], new[place], at: rows.lowerBound * a.rowCount + element) }
      }
    }
    return first.map { "\(name)\($0)" + (differing > 1 ? "; the first of \(differing) values that differ" : "") }
  }

  /// The text attributes in which an object differs.
  private func attributes(of object: String) throws -> [String] {
    let (a, b) = (try one.attributes(of: object), try other.attributes(of: object))
    return Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }.map { name in
      "\(name) of \(object): \(a[name] ?? "absent") → \(b[name] ?? "absent")"
    }
  }
}

/// The values of a dataset of any type, as they lie in the file, some rows at a time.
private final class HDF5Values {
  private let file: HDF5Reader
  private let dataset, type: hid_t
  private let shape: [Int]
  /// Bytes of an element.
  let size: Int

  init(_ file: HDF5Reader, _ name: String) throws {
    self.file = file
    dataset = try file.open(name)
    type = H5Dget_type(dataset)
    size = max(1, H5Tget_size(type))
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    var lengths = [hsize_t](repeating: 0, count: max(0, Int(H5Sget_simple_extent_ndims(space))))
    H5Sget_simple_extent_dims(space, &lengths, nil)
    shape = lengths.map { Int($0) }
  }

  deinit {
    H5Tclose(type)
    H5Dclose(dataset)
  }

  private var isFloat: Bool { H5Tget_class(type) == H5T_FLOAT }

  /// "float32 [3, 4]"
  var description: String {
    let kind =
      switch H5Tget_class(type) {
      case H5T_FLOAT: "float\(size * 8)"
      case H5T_INTEGER: (H5Tget_sign(type) == H5T_SGN_NONE ? "uint" : "int") + "\(size * 8)"
      case H5T_STRING: "text of \(size) bytes"
      default: "of another type, \(size) bytes"
      }
    return "\(kind) \(shape)"
  }

  /// Elements of a row of the first axis.
  var rowCount: Int { shape.dropFirst().reduce(1, *) }

  /// Rows to read at once: about 16 MiB.
  var blocks: [Range<Int>] {
    let rows = shape.first ?? 1
    if rows == 0 || rowCount == 0 { return [] }
    let together = max(1, (16 << 20) / (rowCount * size))
    return stride(from: 0, to: rows, by: together).map { $0..<min(rows, $0 + together) }
  }

  func bytes(_ rows: Range<Int>) throws(HDF5Error) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: rows.count * rowCount * size)
    if shape.isEmpty {
      guard H5Dread(dataset, type, h5_whole(), h5_whole(), h5_default(), &bytes) >= 0 else { throw file.damaged() }
      return bytes
    }
    let extent = ([rows.count] + shape.dropFirst()).map { hsize_t($0) }
    let start = ([rows.lowerBound] + shape.dropFirst().map { _ in 0 }).map { hsize_t($0) }
    let (inFile, inMemory) = (H5Dget_space(dataset), H5Screate_simple(Int32(extent.count), extent, nil))
    defer {
      H5Sclose(inFile)
      H5Sclose(inMemory)
    }
    guard H5Sselect_hyperslab(inFile, H5S_SELECT_SET, start, nil, extent, nil) >= 0,
      H5Dread(dataset, type, inMemory, inFile, h5_default(), &bytes) >= 0
    else { throw file.damaged() }
    return bytes
  }

  /// `[3, 17]: 0.25 → 0.25000003, 1 ULP`
  /// - Parameter at: the number of the element in the order of the file.
  func words(_ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>, at element: Int) -> String {
    var (rest, index) = (element, [Int]())
    for length in shape.reversed() {
      index.insert(rest % length, at: 0)
      rest /= length
    }
    return "\(index): \(value(old)) → \(value(new))" + (distance(old, new).map { ", \($0) ULP" } ?? "")
  }

  private func bits(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  private func value(_ bytes: ArraySlice<UInt8>) -> String {
    let isSigned = H5Tget_sign(type) != H5T_SGN_NONE
    switch (H5Tget_class(type), size) {
    case (H5T_FLOAT, 4): return "\(Float(bitPattern: UInt32(bits(bytes))))"
    case (H5T_FLOAT, 8): return "\(Double(bitPattern: bits(bytes)))"
    case (H5T_INTEGER, 1...8):
      let unused = UInt64(64 - size * 8)
      return isSigned ? "\(Int64(bitPattern: bits(bytes) << unused) >> Int64(unused))" : "\(bits(bytes))"
    case (H5T_STRING, _): return JSONValue.string(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)).compact
    default: return bytes.map { String($0, radix: 16) }.joined(separator: " ")
    }
  }

  /// How many floating-point numbers the one is after the other; nil where they are none, or not numbers.
  private func distance(_ old: ArraySlice<UInt8>, _ new: ArraySlice<UInt8>) -> UInt64? {
    guard isFloat, size == 4 || size == 8 else { return nil }
    func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
      size == 4 ? !Float(bitPattern: UInt32(bits(bytes))).isNaN : !Double(bitPattern: bits(bytes)).isNaN
    }
    guard isNumber(old), isNumber(new) else { return nil }
    /// Numbers in their order; both zeros are one.
    func place(_ bytes: ArraySlice<UInt8>) -> Int64 {
      let sign: UInt64 = 1 << UInt64(size * 8 - 1)
      let bits = bits(bytes)
      return bits & sign == 0 ? Int64(bits) : -Int64(bits ^ sign)
    }
    let (a, b) = (place(old), place(new))
    return UInt64(bitPattern: max(a, b) &- min(a, b))
  }
}
