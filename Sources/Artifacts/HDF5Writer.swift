import CHDF5

/// Writes an HDF5 file whose bytes depend on its content alone: no times, fixed library format, one order of everything.
/// Every dataset says its axes, units and meaning in attributes of these names.
///
/// Datasets are contiguous and uncompressed, but for those of `blocks`, which can be chunked and compressed.
public final class HDF5Writer {
  private let path: String
  private let file: hid_t

  private init(_ path: String, inMemory: Bool = false) throws(HDF5Error) {
    self.path = path
    h5_be_silent()
    let access = HDF5Access.properties()
    let create = H5Pcreate(h5_file_create())
    defer {
      H5Pclose(access)
      H5Pclose(create)
    }
    // The format of HDF5 1.10 is the first in which chunks need no index, and its metadata carry checksums.
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110)
    H5Pset_obj_track_times(create, false)
    if inMemory { H5Pset_fapl_core(access, 1 << 20, false) }
    file = UnfinishedFiles.ofProcess.opening { H5Fcreate(path, h5_truncate(), create, access) }
    if file < 0 { throw .last("create", path) }
  }

  /// Makes the file `path` with `body`, whole or not at all.
  /// - Throws: `HDF5Error`, `FileError`, or what `body` throws.
  public static func write(to path: String, _ body: (HDF5Writer) throws -> Void) throws {
    try AtomicFile.write(to: path) { temporary in try fill(temporary, body) }
  }

  /// Makes the file `path` with `body` in place, for callers that see to its appearing whole.
  static func fill(_ path: String, _ body: (HDF5Writer) throws -> Void) throws {
    let writer = try HDF5Writer(path)
    do {
      try body(writer)
    } catch {
      H5Fclose(writer.file)
      throw error
    }
    try writer.check(H5Fclose(writer.file), "finish")
  }

  /// Gives `body` a file that never reaches the disk, to learn what would be written.
  /// - Parameter path: a file that would be written so; the library lets no two open files have the same name.
  static func inMemory<Result>(_ path: String, _ body: (HDF5Writer) throws -> Result) throws -> Result {
    let writer = try HDF5Writer("\(path).trial", inMemory: true)
    defer { H5Fclose(writer.file) }
    return try body(writer)
  }

  /// Makes a group, whose parent must exist.
  public func group(_ name: String) throws(HDF5Error) {
    let properties = H5Pcreate(h5_group_create())
    defer { H5Pclose(properties) }
    H5Pset_obj_track_times(properties, false)
    let group = H5Gcreate2(file, name, h5_default(), properties, h5_default())
    try check(group, "make group \(name) in")
    H5Gclose(group)
  }

  /// Writes bytes as uint8.
  public func write(
    _ values: some Collection<UInt8>, shape: [Int], to name: String, axes: String, units: String, meaning: String
  ) throws(HDF5Error) {
    try put(Array(values), h5_uint8(), shape, name, axes, units, meaning)
  }

  /// Writes integers as int32.
  public func write(_ values: [Int32], shape: [Int], to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try put(values, h5_int32(), shape, name, axes, units, meaning)
  }

  /// Writes numbers as float32.
  public func write(_ values: [Float], shape: [Int], to name: String, axes: String, units: String, meaning: String) throws(HDF5Error) {
    try put(values, h5_float32(), shape, name, axes, units, meaning)
  }

  /// Writes fixed-length UTF-8 strings, zero-padded.
  public func write(_ strings: [String], to name: String, axes: String, meaning: String) throws(HDF5Error) {
    let length = max(1, strings.map { $0.utf8.count }.max() ?? 1)
    let bytes = strings.flatMap { Array($0.utf8) + Array(repeating: 0, count: length - $0.utf8.count) }
    let type = Self.stringType(length)
    defer { H5Tclose(type) }
    try put(bytes, type, [strings.count], name, axes, "text", meaning)
  }

  /// Makes a uint8 dataset to be filled block by block, for what is too large for memory.
  public func blocks(
    shape: [Int], _ layout: HDF5Layout = .contiguous, of name: String, axes: String, units: String, meaning: String
  ) throws(HDF5Error) -> HDF5BlockWriter {
    let dataset = try make(h5_uint8(), shape, layout, name, axes, units, meaning)
    return HDF5BlockWriter(dataset: dataset, name: name, path: path)
  }

  /// Writes a root attribute.
  public func attribute(_ name: String, _ value: String) throws(HDF5Error) { try attribute(of: file, name, value) }

  public func attribute(_ name: String, _ value: Int) throws(HDF5Error) {
    var value = Int32(value)
    try attribute(of: file, name, h5_int32(), &value)
  }

  public func attribute(_ name: String, _ value: Double) throws(HDF5Error) {
    var value = value
    try attribute(of: file, name, h5_float64(), &value)
  }

  private func put<Element: BitwiseCopyable>(
    _ values: [Element], _ type: hid_t, _ shape: [Int], _ name: String, _ axes: String, _ units: String, _ meaning: String
  ) throws(HDF5Error) {
    let size = H5Tget_size(type) / MemoryLayout<Element>.size
    precondition(values.count == shape.reduce(size, *), "\(values.count) values for shape \(shape) of \(name)")
    let dataset = try make(type, shape, .contiguous, name, axes, units, meaning)
    defer { H5Dclose(dataset) }
    let status = values.withUnsafeBytes { $0.isEmpty ? 0 : H5Dwrite(dataset, type, h5_whole(), h5_whole(), h5_default(), $0.baseAddress) }
    try check(status, "write \(name) to")
  }

  private func make(
    _ type: hid_t, _ shape: [Int], _ layout: HDF5Layout, _ name: String, _ axes: String, _ units: String, _ meaning: String
  ) throws(HDF5Error) -> hid_t {
    let space = H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil)
    let (create, access) = (H5Pcreate(h5_dataset_create()), H5Pcreate(h5_dataset_access()))
    defer {
      H5Sclose(space)
      H5Pclose(create)
      H5Pclose(access)
    }
    H5Pset_obj_track_times(create, false)
    layout.apply(create: create, access: access, shape: shape)
    let dataset = H5Dcreate2(file, name, type, space, h5_default(), create, access)
    try check(dataset, "make \(name) in")
    do {
      try attribute(of: dataset, "axes", axes)
      try attribute(of: dataset, "units", units)
      try attribute(of: dataset, "meaning", meaning)
    } catch {
      H5Dclose(dataset)
      throw error
    }
    return dataset
  }

  private func attribute(of object: hid_t, _ name: String, _ value: String) throws(HDF5Error) {
    // Of variable length, because h5py gives those as text and fixed-length ones as bytes.
    let type = Self.stringType(h5_variable_length())
    defer { H5Tclose(type) }
    let bytes = value.utf8CString
    try bytes.withUnsafeBufferPointer { text throws(HDF5Error) in
      var pointer = text.baseAddress
      try attribute(of: object, name, type, &pointer)
    }
  }

  private func attribute(of object: hid_t, _ name: String, _ type: hid_t, _ value: UnsafeRawPointer) throws(HDF5Error) {
    let space = H5Screate(H5S_SCALAR)
    defer { H5Sclose(space) }
    let attribute = H5Acreate2(object, name, type, space, h5_default(), h5_default())
    try check(attribute, "make attribute \(name) in")
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

  private func check(_ status: some BinaryInteger, _ operation: String) throws(HDF5Error) {
    if status < 0 { throw .last(operation, path) }
  }
}
