import CCrypto
import Glibc

/// The SHA-256 of some bytes: what `sha256sum` prints.
public struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
  /// 64 lower-case hexadecimal digits.
  public let hex: String

  /// - Returns: nil unless `hex` is 64 lower-case hexadecimal digits.
  public init?(hex: String) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else { return nil }
    self.hex = hex
  }

  fileprivate init(digits: String) { hex = digits }

  public var description: String { hex }

  /// The digest of bytes in memory.
  public static func of(_ bytes: some Sequence<UInt8>) -> ContentDigest {
    var hasher = ContentHasher()
    hasher.update(Array(bytes))
    return hasher.finish()
  }

  /// The digest of a file's content, read once in blocks of 1 MiB.
  /// - Parameter isCancelled: asked before each block.
  /// - Throws: `FileError`, of code `ECANCELED` where `isCancelled` says so.
  public static func ofFile(_ path: String, isCancelled: () -> Bool = { false }) throws(FileError) -> ContentDigest {
    let descriptor = try RegularFile.open(path)
    defer { close(descriptor) }
    var hasher = ContentHasher()
    var info = stat()
    fstat(descriptor, &info)
    var block = [UInt8](repeating: 0, count: min(1 << 20, max(4096, Int(info.st_size))))
    while true {
      if isCancelled() { throw .failed(operation: "read", path: path, errno: ECANCELED) }
      let count = read(descriptor, &block, block.count)
      if count < 0 { throw .failed(operation: "read", path: path, errno: errno) }
      if count == 0 { return hasher.finish() }
      hasher.update(block[..<count])
    }
  }
}

/// SHA-256 of bytes that arrive piece by piece, by OpenSSL (hardware instructions where the CPU has them).
public struct ContentHasher: ~Copyable {
  private static let digits = Array("0123456789abcdef".utf8)
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  public mutating func update(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { update($0) } }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  /// The digest of everything so far; the hasher is used up.
  public consuming func finish() -> ContentDigest {
    let hex = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { bytes in
      EVP_DigestFinal_ex(context, bytes.baseAddress, nil)
      return String(unsafeUninitializedCapacity: 64) { digits in
        for (place, byte) in bytes.enumerated() {
          digits[2 * place] = Self.digits[Int(byte >> 4)]
          digits[2 * place + 1] = Self.digits[Int(byte & 15)]
        }
        return 64
      }
    }
    return ContentDigest(digits: hex)
  }
}
