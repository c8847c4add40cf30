import CHDF5

/// How a dataset of pictures that is filled block by block lies in its file.
public enum HDF5Layout: Equatable, Sendable {
  /// One piece.
  case contiguous
  /// Chunks of so many rows of the first axis, as they are. They lie in order and end to end, so that readers can map them like one piece.
  case chunked(rows: Int)
  /// Chunks of so many rows of the first axis, each compressed.
  case compressed(rows: Int)

  /// Sets what the making and the use of such a dataset need.
  func apply(create: hid_t, access: hid_t, shape: [Int]) {
    switch self {
    case .contiguous: break
    case .chunked(let rows):
      setChunks(rows, create, access, shape)
      // All room at once is what puts chunks in order; nothing need fill it, for a new file is zeros.
      H5Pset_alloc_time(create, H5D_ALLOC_TIME_EARLY)
      H5Pset_fill_time(create, H5D_FILL_TIME_NEVER)
    case .compressed(let rows):
      setChunks(rows, create, access, shape)
      // The quickest level: higher ones take several times as long to save a few per cent more.
      H5Pset_deflate(create, 1)
      // What the last chunk holds beyond the last row is 0, never leftovers of memory.
      H5Pset_fill_time(create, H5D_FILL_TIME_ALLOC)
    }
  }

  private func setChunks(_ rows: Int, _ create: hid_t, _ access: hid_t, _ shape: [Int]) {
    H5Pset_chunk(create, Int32(shape.count), ([rows] + shape.dropFirst()).map { hsize_t($0) })
    // No cache: what is written goes to the file at once, where a failure is noticed.
    H5Pset_chunk_cache(access, 0, 0, 0)
  }
}

/// Fills a uint8 dataset block by block, in any order; what is never written reads as 0. Compressed chunks are best written whole, each once:
/// writing to one again compresses it again and leaves its old place in the file unused.
public final class HDF5BlockWriter {
  private let dataset: hid_t
  private let name, path: String

  init(dataset: hid_t, name: String, path: String) {
    self.dataset = dataset
    self.name = name
    self.path = path
  }

  deinit { H5Dclose(dataset) }

  /// Bytes in the file that hold what has been written.
  public var storedBytes: Int { Int(H5Dget_storage_size(dataset)) }

  /// Writes a block of `extent` at `start`, both over all axes.
  public func write(_ bytes: UnsafeRawBufferPointer, start: [Int], extent: [Int]) throws(HDF5Error) {
    precondition(bytes.count == extent.reduce(1, *) && start.count == extent.count, "\(bytes.count) bytes for a block of \(extent)")
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    let inFile = H5Dget_space(dataset)
    let inMemory = H5Screate_simple(Int32(extent.count), extent.map { hsize_t($0) }, nil)
    defer {
      H5Sclose(inFile)
      H5Sclose(inMemory)
    }
    guard
      H5Sselect_hyperslab(inFile, H5S_SELECT_SET, start.map { hsize_t($0) }, nil, extent.map { hsize_t($0) }, nil) >= 0,
      H5Dwrite(dataset, h5_uint8(), inMemory, inFile, h5_default(), base) >= 0
    else { throw .last("write \(name) to", path) }
  }
}

/// Reads a uint8 dataset some rows of its first axis at a time, from any thread: the library lets in one at a time.
final class HDF5BlockReader: @unchecked Sendable {
  let shape: [Int]
  /// How many rows are stored together, hence best read together: those of a chunk, or all.
  let rowsTogether: Int
  /// Where the values begin in the file if they lie there in order, end to end and as they are.
  let address: Int?
  private let file: HDF5Reader
  private let dataset: hid_t

  /// - Parameters:
  ///   - dataset: an open dataset of uint8 values, which is closed with the reader.
  ///   - shape: the lengths of its axes.
  init(_ file: HDF5Reader, dataset: hid_t, shape: [Int]) {
    self.file = file
    self.dataset = dataset
    self.shape = shape
    let properties = H5Dget_create_plist(dataset)
    defer { H5Pclose(properties) }
    var chunk = [hsize_t](repeating: 0, count: shape.count)
    let isChunked = H5Pget_layout(properties) == H5D_CHUNKED && H5Pget_chunk(properties, Int32(shape.count), &chunk) == Int32(shape.count)
    rowsTogether = isChunked ? max(1, Int(chunk[0])) : max(1, shape[0])
    var address = h5_no_address()
    if isChunked {
      // Chunks without an index are uncompressed and lie in order; those of whole rows, end to end, are the dataset.
      var index = H5D_CHUNK_IDX_BTREE
      let wholeRows = chunk.dropFirst().elementsEqual(shape.dropFirst().map { hsize_t($0) })
      if wholeRows, H5Dget_chunk_index_type(dataset, &index) >= 0, index == H5D_CHUNK_IDX_NONE {
        let first = [hsize_t](repeating: 0, count: shape.count)
        var (mask, size) = (UInt32(0), hsize_t(0))
        H5Dget_chunk_info_by_coord(dataset, first, &mask, &address, &size)
      }
    } else if H5Pget_layout(properties) == H5D_CONTIGUOUS, H5Pget_external_count(properties) == 0 {
      address = H5Dget_offset(dataset)
    }
    self.address = address == h5_no_address() ? nil : Int(exactly: address)
  }

  deinit { H5Dclose(dataset) }

  /// The file's path.
  var path: String { file.path }
  /// Bytes of a row.
  var rowBytes: Int { shape.dropFirst().reduce(1, *) }

  /// Reads neighbouring rows into memory that has room for them.
  func read(_ rows: Range<Int>, into memory: UnsafeMutablePointer<UInt8>) throws(HDF5Error) {
    h5_be_silent()
    let extent = ([rows.count] + shape.dropFirst()).map { hsize_t($0) }
    let start = ([rows.lowerBound] + shape.dropFirst().map { _ in 0 }).map { hsize_t($0) }
    let inFile = H5Dget_space(dataset)
    let inMemory = H5Screate_simple(Int32(extent.count), extent, nil)
    defer {
      H5Sclose(inFile)
      H5Sclose(inMemory)
    }
    guard
      H5Sselect_hyperslab(inFile, H5S_SELECT_SET, start, nil, extent, nil) >= 0,
      H5Dread(dataset, h5_uint8(), inMemory, inFile, h5_default(), memory) >= 0
    else { throw file.damaged() }
  }

  /// Reads everything, as many rows at a time as are stored together.
  func forEachChunk(_ body: (_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws -> Void) throws {
    for first in stride(from: 0, to: shape[0], by: rowsTogether) { try chunk(at: first, body) }
  }

  /// Reads the rows from `first` on that are stored together.
  func chunk(at first: Int, _ body: (_ rows: Range<Int>, _ bytes: UnsafeRawBufferPointer) throws -> Void) throws {
    let rows = first..<min(first + rowsTogether, shape[0])
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rows.count * rowBytes)
    defer { memory.deallocate() }
    if let base = memory.baseAddress { try read(rows, into: base) }
    try body(rows, UnsafeRawBufferPointer(memory))
  }
}
