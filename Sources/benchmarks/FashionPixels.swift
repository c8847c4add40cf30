import Artifacts
import Datasets
import Glibc
import Tensors

/// Fashion-MNIST as a plain matrix, and its way to the peer scripts.
enum FashionPixels {
  static let most = 60_000

  /// The first training images [count, 784], grey levels 0 to 1, from the data folder or Debian's dataset-fashion-mnist.
  /// - Throws: `DatasetError`.
  static func training(_ count: Int) throws -> Tensor {
    let original = try FashionMNIST().open(data: getenv("CCR_DATA").map { String(cString: $0) } ?? "data", verify: true)
    let width = original.height * original.width * original.channels
    var values = [Float](repeating: 0, count: count * width)
    let sink = OriginalSink(count: original.count, chosen: Array(0..<count), imageBytes: width, tell: { _, _ in }) { bytes, row in
      for (at, byte) in bytes.enumerated() { values[row * width + at] = Float(byte) / 255 }
    }
    try original.read(sink)
    return Tensor(shape: [count, width], values)
  }

  /// Writes a matrix as NumPy reads it (.npy, version 1.0, float32), so that a peer works on exactly the same numbers.
  static func write(_ matrix: Tensor, to path: String) throws {
    let description = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(matrix.shape[0]), \(matrix.shape[1])), }"
    // Magic, version and the length take 10 bytes; the data begin at a multiple of 64.
    let length = (10 + description.utf8.count + 1 + 63) / 64 * 64 - 10
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes += Array(description.utf8) + Array(repeating: 0x20, count: length - description.utf8.count - 1) + [0x0A]
    matrix.withUnsafeBufferPointer { bytes += UnsafeRawBufferPointer($0) }
    try AtomicFile.write(bytes, to: path)
  }
}
