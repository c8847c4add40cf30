import CHDF5
import Tensors

/// Writes an HDF5 file whose bytes depend on its content alone: no times, fixed library format, one order of everything.
/// Every dataset says its axes, units and meaning in attributes of these names.
public final class HDF5Writer {
  private let path: String
  private let file: hid_t

  /// - Throws: `HDF5Error` where the file cannot be created.
  public init(_ path: String) throws(HDF5Error) {
    self.path = path
    h5_be_silent()
    let access = H5Pcreate(h5_file_access())
    let create = H5Pcreate(h5_file_create())
    defer {
      H5Pclose(access)
      H5Pclose(create)
    }
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18)
    H5Pset_obj_track_times(create, false)
    file = H5Fcreate(path, UInt32(H5F_ACC_TRUNC_FLAG), create, access)
    if file < 0 { throw .failed(operation: "create", path: path, message: String(cString: h5_last_message())) }
  }

  /// Makes `path` with `body`, whole or not at all.
  public static func write(to path: String, _ body: (HDF5Writer) throws -> Void) throws {
    try AtomicFile.write(to: path) { temporary in
      let writer = try HDF5Writer(temporary)
      do {
        try body(writer)
      } catch {
        H5Fclose(writer.file)
        throw error
      }
      try writer.check(H5Fclose(writer.file), "finish")
    }
  }

  public func group(_ name: String) throws(HDF5Error) {
    let properties = H5Pcreate(h5_group_create())
    defer { H5Pclose(properties) }
    H5Pset_obj_track_times(properties, false)
    let group = H5Gcreate2(file, name, hid_t(H5P_DEFAULT_ID), properties, hid_t(H5P_DEFAULT_ID))
    try check(Int32(truncatingIfNeeded: group), "make group \(name) in")
    H5Gclose(group)
  }

  public func write(_ values: [UInt8], shape: [Int], to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try put(values, h5_uint8(), shape, name, axes, units, meaning)
  }

  public func write(_ values: [Int32], shape: [Int], to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try put(values, h5_int32(), shape, name, axes, units, meaning)
  }

  public func write(_ tensor: Tensor, to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try put(tensor.scalars, h5_float32(), tensor.shape, name, axes, units, meaning)
  }

  /// Fixed-length UTF-8 strings, zero-padded.
  public func write(_ strings: [String], to name: String, axes: String, meaning: String) throws(HDF5Error) {
    let length = max(1, strings.map { $0.utf8.count }.max() ?? 1)
    let bytes = strings.flatMap { Array($0.utf8) + Array(repeating: 0, count: length - $0.utf8.count) }
    let type = Self.stringType(length)
    defer { H5Tclose(type) }
    try put(bytes, type, [strings.count], name, axes, "text", meaning)
  }

  /// A root attribute.
  public func attribute(_ name: String, _ value: String) throws(HDF5Error) { try attribute(of: file, name, value) }

  public func attribute(_ name: String, _ value: Int) throws(HDF5Error) {
    var value = Int32(value)
    try attribute(of: file, name, h5_int32(), &value)
  }

  public func attribute(_ name: String, _ value: Double) throws(HDF5Error) {
    var value = value
    try attribute(of: file, name, h5_float64(), &value)
  }

  private func put<Element>(
    _ values: [Element], _ type: hid_t, _ shape: [Int], _ name: String, _ axes: String, _ units: String, _ meaning: String
  ) throws(HDF5Error) {
    let space = H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil)
    let properties = H5Pcreate(h5_dataset_create())
    defer {
      H5Sclose(space)
      H5Pclose(properties)
    }
    H5Pset_obj_track_times(properties, false)
    let dataset = H5Dcreate2(file, name, type, space, hid_t(H5P_DEFAULT_ID), properties, hid_t(H5P_DEFAULT_ID))
    try check(Int32(truncatingIfNeeded: dataset), "make \(name) in")
    defer { H5Dclose(dataset) }
    if !values.isEmpty { try check(H5Dwrite(dataset, type, 0, 0, hid_t(H5P_DEFAULT_ID), values), "write \(name) to") }
    try attribute(of: dataset, "axes", axes)
    try attribute(of: dataset, "units", units)
    try attribute(of: dataset, "meaning", meaning)
  }

  private func attribute(of object: hid_t, _ name: String, _ value: String) throws(HDF5Error) {
    let type = Self.stringType(max(1, value.utf8.count))
    defer { H5Tclose(type) }
    var bytes = Array(value.utf8) + [0]
    try attribute(of: object, name, type, &bytes)
  }

  private func attribute(of object: hid_t, _ name: String, _ type: hid_t, _ value: UnsafeRawPointer) throws(HDF5Error) {
    let space = H5Screate(H5S_SCALAR)
    defer { H5Sclose(space) }
    let attribute = H5Acreate2(object, name, type, space, hid_t(H5P_DEFAULT_ID), hid_t(H5P_DEFAULT_ID))
    try check(Int32(truncatingIfNeeded: attribute), "make attribute \(name) in")
    defer { H5Aclose(attribute) }
    try check(H5Awrite(attribute, type, value), "write attribute \(name) to")
  }

  private static func stringType(_ length: Int) -> hid_t {
    let type = H5Tcopy(h5_c_string())
    H5Tset_size(type, length)
    H5Tset_strpad(type, H5T_STR_NULLPAD)
    H5Tset_cset(type, H5T_CSET_UTF8)
    return type
  }

  private func check(_ status: Int32, _ operation: String) throws(HDF5Error) {
    if status < 0 { throw .failed(operation: operation, path: path, message: String(cString: h5_last_message())) }
  }
}

// H5F_ACC_TRUNC and H5P_DEFAULT are macros with casts, which Swift does not import.
let H5F_ACC_TRUNC_FLAG = 2
let H5P_DEFAULT_ID = 0
