import CHDF5

/// Reads datasets and attributes of an HDF5 file. Every failure names the file and what it lacks; sizes are believed only as far as
/// the file's own length makes them possible.
public final class HDF5Reader {
  public let path: String
  private let file: hid_t
  private let fileSize: Int

  /// - Throws: `FileError` where there is no readable file, `HDF5Error` where it is no HDF5.
  public init(_ path: String) throws {
    self.path = path
    try AtomicFile.exists(path)
    h5_be_silent()
    let access = HDF5Access.properties()
    defer { H5Pclose(access) }
    file = H5Fopen(path, 0, access)
    if file < 0 { throw HDF5Error.damaged(path: path, message: String(cString: h5_last_message())) }
    var size: hsize_t = 0
    H5Fget_filesize(file, &size)
    fileSize = Int(size)
  }

  deinit { if file >= 0 { H5Fclose(file) } }

  /// Whether a dataset or group is there; its parent groups must be.
  public func contains(_ name: String) -> Bool { H5Lexists(file, name, h5_default()) > 0 }

  /// The names in a group, sorted.
  public func names(in group: String = "/") throws(HDF5Error) -> [String] {
    let id = H5Gopen2(file, group, h5_default())
    guard id >= 0 else { throw .missing(dataset: group, path: path) }
    defer { H5Gclose(id) }
    var info = H5G_info_t()
    H5Gget_info(id, &info)
    return (0..<info.nlinks).map { index in
      var name = [CChar](repeating: 0, count: 1024)
      H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, h5_default())
      return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The paths of all datasets in a group and the groups in it, such as `/epoch_0005/features`.
  /// - Throws: `HDF5Error`, also where groups hold each other.
  func datasets(in group: String = "") throws(HDF5Error) -> [String] {
    guard group.utf8.count(where: { $0 == UInt8(ascii: "/") }) < 50 else {
      throw .damaged(path: path, message: "its groups are nested more than 50 deep")
    }
    var paths: [String] = []
    for name in try names(in: group.isEmpty ? "/" : group) {
      let path = "\(group)/\(name)"
      let inner = H5Gopen2(file, path, h5_default())
      if inner >= 0 {
        H5Gclose(inner)
        paths += try datasets(in: path)
      } else {
        H5Dclose(try open(path))
        paths.append(path)
      }
    }
    return paths
  }

  /// An int32 dataset, read whole.
  public func integers(_ name: String, axes: Int) throws(HDF5Error) -> (values: [Int32], shape: [Int]) {
    try get(name, axes, h5_int32(), H5T_INTEGER, zero: Int32(0))
  }

  /// A float32 dataset, read whole.
  public func numbers(_ name: String, axes: Int? = nil) throws(HDF5Error) -> (values: [Float], shape: [Int]) {
    try get(name, axes, h5_float32(), H5T_FLOAT, zero: Float(0))
  }

  /// A uint8 dataset whose values stay in the file until they are used: mapped into memory where they lie there in order and uncompressed,
  /// read chunk by chunk otherwise.
  public func pixels(_ name: String, axes: Int) throws -> (pixels: Pixels, shape: [Int]) {
    let blocks = try blocks(name, axes: axes)
    let count = blocks.shape.reduce(1, *)
    if let address = blocks.address, count > 0, address <= fileSize - count {
      return (try Pixels(mapping: path, offset: address, count: count), blocks.shape)
    }
    return (try Pixels(blocks), blocks.shape)
  }

  /// A uint8 dataset, to be read some rows of its first axis at a time.
  func blocks(_ name: String, axes: Int) throws(HDF5Error) -> HDF5BlockReader {
    let dataset = try open(name)
    do {
      return HDF5BlockReader(self, dataset: dataset, shape: try checkedShape(dataset, name, axes, H5T_INTEGER, size: 1))
    } catch {
      H5Dclose(dataset)
      throw error
    }
  }

  /// A dataset of fixed-length text.
  public func strings(_ name: String) throws(HDF5Error) -> [String] {
    let dataset = try open(name)
    defer { H5Dclose(dataset) }
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    guard H5Tget_class(type) == H5T_STRING, H5Tis_variable_str(type) == 0 else {
      throw .unexpected(dataset: name, path: path, expected: "text of fixed length", found: "something else")
    }
    let length = H5Tget_size(type)
    let shape = try checkedShape(dataset, name, 1, H5T_STRING, size: length)
    var bytes = [UInt8](repeating: 0, count: length * shape[0])
    if !bytes.isEmpty, H5Dread(dataset, type, h5_whole(), h5_whole(), h5_default(), &bytes) < 0 { throw damaged() }
    return stride(from: 0, to: bytes.count, by: length).map { String(decoding: bytes[$0..<$0 + length].prefix { $0 != 0 }, as: UTF8.self) }
  }

  public func hasAttribute(_ name: String) -> Bool { H5Aexists(file, name) > 0 }

  /// A root attribute that is text.
  public func text(_ name: String) throws(HDF5Error) -> String { try text(name, of: "/") }

  /// A text attribute of a dataset or group.
  public func text(_ name: String, of object: String) throws(HDF5Error) -> String {
    let attribute = try attribute(name, of: object)
    let type = H5Aget_type(attribute)
    defer {
      H5Tclose(type)
      H5Aclose(attribute)
    }
    guard H5Tget_class(type) == H5T_STRING else {
      throw .unexpected(dataset: "attribute \(name)", path: path, expected: "text", found: "something else")
    }
    guard H5Tis_variable_str(type) > 0 else {
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type))
      if H5Aread(attribute, type, &bytes) < 0 { throw damaged() }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    var text: UnsafeMutablePointer<CChar>?
    if H5Aread(attribute, type, &text) < 0 { throw damaged() }
    defer { H5free_memory(text) }
    return text.map { String(cString: $0) } ?? ""
  }

  /// A root attribute that is a number.
  public func number(_ name: String) throws(HDF5Error) -> Double {
    let attribute = try attribute(name, of: "/")
    defer { H5Aclose(attribute) }
    var value = 0.0
    if H5Aread(attribute, h5_float64(), &value) < 0 { throw damaged() }
    return value
  }

  /// The attributes of a dataset or group by name, in words.
  func attributes(of object: String) throws(HDF5Error) -> [String: String] {
    let id = H5Oopen(file, object, h5_default())
    guard id >= 0 else { throw .missing(dataset: object, path: path) }
    defer { H5Oclose(id) }
    var result: [String: String] = [:]
    for number in 0..<max(0, H5Aget_num_attrs(id)) {
      let attribute = H5Aopen_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(number), h5_default(), h5_default())
      guard attribute >= 0 else { throw damaged() }
      defer { H5Aclose(attribute) }
      var name = [CChar](repeating: 0, count: 1024)
      H5Aget_name(attribute, name.count, &name)
      let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      result[text] = try valueText(text, of: object)
    }
    return result
  }

  /// An attribute in words: a text, or a number.
  private func valueText(_ name: String, of object: String) throws(HDF5Error) -> String {
    let attribute = try attribute(name, of: object)
    let type = H5Aget_type(attribute)
    defer {
      H5Tclose(type)
      H5Aclose(attribute)
    }
    if H5Tget_class(type) == H5T_STRING { return try text(name, of: object) }
    var value = 0.0
    let space = H5Aget_space(attribute)
    defer { H5Sclose(space) }
    guard H5Sget_simple_extent_npoints(space) == 1, H5Aread(attribute, h5_float64(), &value) >= 0 else { return "no text" }
    return "\(value)"
  }

  private func attribute(_ name: String, of object: String) throws(HDF5Error) -> hid_t {
    let attribute = H5Aopen_by_name(file, object, name, h5_default(), h5_default())
    guard attribute >= 0 else { throw .missing(dataset: "attribute \(name) of \(object)", path: path) }
    return attribute
  }

  /// - Returns: a dataset that the caller closes.
  func open(_ name: String) throws(HDF5Error) -> hid_t {
    let dataset = H5Dopen2(file, name, h5_default())
    guard dataset >= 0 else { throw .missing(dataset: name, path: path) }
    return dataset
  }

  /// The lengths of the axes of a dataset of the expected kind whose values the file can hold.
  private func checkedShape(_ dataset: hid_t, _ name: String, _ axes: Int?, _ kind: H5T_class_t, size: Int) throws(HDF5Error) -> [Int] {
    let type = H5Dget_type(dataset)
    let space = H5Dget_space(dataset)
    defer {
      H5Tclose(type)
      H5Sclose(space)
    }
    var lengths = [hsize_t](repeating: 0, count: max(0, Int(H5Sget_simple_extent_ndims(space))))
    H5Sget_simple_extent_dims(space, &lengths, nil)
    guard H5Tget_class(type) == kind, H5Tget_size(type) == size, axes == nil || axes == lengths.count else {
      throw .unexpected(
        dataset: name, path: path, expected: "\(axes ?? lengths.count) axes of values of \(size) bytes",
        found: "\(lengths.count) axes of \(kind == H5Tget_class(type) ? "" : "another kind of ")values of \(H5Tget_size(type)) bytes")
    }
    // Deflate, the strongest filter in use, shrinks at most 1,032-fold: a longer dataset cannot be in this file.
    var room = Double(fileSize) * 1032
    for length in lengths where length > 0 { room /= Double(length) }
    guard room >= Double(size) || lengths.contains(0) else {
      throw .unexpected(dataset: name, path: path, expected: "values that fit into \(fileSize) bytes", found: "of lengths \(lengths)")
    }
    return lengths.map { Int($0) }
  }

  private func get<Element: BitwiseCopyable>(
    _ name: String, _ axes: Int?, _ type: hid_t, _ kind: H5T_class_t, zero: Element
  ) throws(HDF5Error) -> (values: [Element], shape: [Int]) {
    let dataset = try open(name)
    defer { H5Dclose(dataset) }
    let shape = try checkedShape(dataset, name, axes, kind, size: MemoryLayout<Element>.size)
    var values = [Element](repeating: zero, count: shape.reduce(1, *))
    let status = values.withUnsafeMutableBytes {
      $0.isEmpty ? 0 : H5Dread(dataset, type, h5_whole(), h5_whole(), h5_default(), $0.baseAddress)
    }
    guard status >= 0 else { throw damaged() }
    return (values, shape)
  }

  /// What the library says of the call that just failed.
  func damaged() -> HDF5Error { .damaged(path: path, message: String(cString: h5_last_message())) }
}
