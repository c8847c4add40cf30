import CHDF5
import Tensors

/// Reads datasets and attributes of an HDF5 file.
public final class HDF5Reader {
  public let path: String
  private let file: hid_t

  /// - Throws: `FileError` where there is no file, `HDF5Error` where it is no HDF5.
  public init(_ path: String) throws {
    self.path = path
    h5_be_silent()
    file = H5Fopen(path, 0, hid_t(H5P_DEFAULT_ID))
    if file < 0 {
      let message = String(cString: h5_last_message())
      try AtomicFile.exists(path)
      throw HDF5Error.failed(operation: "read", path: path, message: message)
    }
  }

  deinit { if file >= 0 { H5Fclose(file) } }

  public func contains(_ name: String) -> Bool { H5Lexists(file, name, hid_t(H5P_DEFAULT_ID)) > 0 }

  /// The names in a group, sorted.
  public func names(in group: String = "/") throws(HDF5Error) -> [String] {
    let id = H5Gopen2(file, group, hid_t(H5P_DEFAULT_ID))
    guard id >= 0 else { throw .missing(dataset: group, path: path) }
    defer { H5Gclose(id) }
    var info = H5G_info_t()
    H5Gget_info(id, &info)
    return (0..<info.nlinks).map { index in
      var name = [CChar](repeating: 0, count: 1024)
      H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, hid_t(H5P_DEFAULT_ID))
      return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  public func bytes(_ name: String, axes: Int) throws(HDF5Error) -> (values: [UInt8], shape: [Int]) {
    try get(name, axes, h5_uint8(), H5T_INTEGER, 1, zero: UInt8(0))
  }

  public func integers(_ name: String, axes: Int) throws(HDF5Error) -> (values: [Int32], shape: [Int]) {
    try get(name, axes, h5_int32(), H5T_INTEGER, 4, zero: Int32(0))
  }

  public func tensor(_ name: String, axes: Int? = nil) throws(HDF5Error) -> Tensor {
    let (values, shape) = try get(name, axes, h5_float32(), H5T_FLOAT, 4, zero: Float(0))
    return Tensor(shape: shape, values)
  }

  public func strings(_ name: String) throws(HDF5Error) -> [String] {
    let dataset = try open(name)
    defer { H5Dclose(dataset) }
    let type = H5Dget_type(dataset)
    defer { H5Tclose(type) }
    guard H5Tget_class(type) == H5T_STRING else { throw .unexpected(dataset: name, path: path, expected: "text", found: "no text") }
    let length = H5Tget_size(type)
    let shape = shape(of: dataset)
    var bytes = [UInt8](repeating: 0, count: length * shape.reduce(1, *))
    if !bytes.isEmpty, H5Dread(dataset, type, 0, 0, hid_t(H5P_DEFAULT_ID), &bytes) < 0 { throw failure("read \(name) of") }
    return stride(from: 0, to: bytes.count, by: length).map { String(decoding: bytes[$0..<$0 + length].prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// A root attribute that is text.
  public func text(_ name: String) throws(HDF5Error) -> String {
    let attribute = H5Aopen(file, name, hid_t(H5P_DEFAULT_ID))
    guard attribute >= 0 else { throw .missing(dataset: "attribute \(name)", path: path) }
    let type = H5Aget_type(attribute)
    defer {
      H5Tclose(type)
      H5Aclose(attribute)
    }
    var bytes = [UInt8](repeating: 0, count: H5Tget_size(type))
    if H5Aread(attribute, type, &bytes) < 0 { throw failure("read attribute \(name) of") }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A root attribute that is a number.
  public func number(_ name: String) throws(HDF5Error) -> Double {
    let attribute = H5Aopen(file, name, hid_t(H5P_DEFAULT_ID))
    guard attribute >= 0 else { throw .missing(dataset: "attribute \(name)", path: path) }
    defer { H5Aclose(attribute) }
    var value = 0.0
    if H5Aread(attribute, h5_float64(), &value) < 0 { throw failure("read attribute \(name) of") }
    return value
  }

  private func open(_ name: String) throws(HDF5Error) -> hid_t {
    let dataset = H5Dopen2(file, name, hid_t(H5P_DEFAULT_ID))
    guard dataset >= 0 else { throw .missing(dataset: name, path: path) }
    return dataset
  }

  private func shape(of dataset: hid_t) -> [Int] {
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    var shape = [hsize_t](repeating: 0, count: Int(H5Sget_simple_extent_ndims(space)))
    H5Sget_simple_extent_dims(space, &shape, nil)
    return shape.map { Int($0) }
  }

  private func get<Element>(
    _ name: String, _ axes: Int?, _ type: hid_t, _ expected: H5T_class_t, _ size: Int, zero: Element
  ) throws(HDF5Error) -> (values: [Element], shape: [Int]) {
    let dataset = try open(name)
    defer { H5Dclose(dataset) }
    let shape = shape(of: dataset)
    let stored = H5Dget_type(dataset)
    defer { H5Tclose(stored) }
    guard H5Tget_class(stored) == expected, H5Tget_size(stored) == size, axes == nil || axes == shape.count else {
      throw .unexpected(
        dataset: name, path: path, expected: "\(axes ?? shape.count) axes of \(Element.self)",
        found: "\(shape.count) axes of values of \(H5Tget_size(stored)) bytes")
    }
    var values = [Element](repeating: zero, count: shape.reduce(1, *))
    if !values.isEmpty, H5Dread(dataset, type, 0, 0, hid_t(H5P_DEFAULT_ID), &values) < 0 { throw failure("read \(name) of") }
    return (values, shape)
  }

  private func failure(_ operation: String) -> HDF5Error {
    .failed(operation: operation, path: path, message: String(cString: h5_last_message()))
  }
}
