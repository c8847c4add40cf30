import CCrypto

/// MD5 of bytes that arrive piece by piece. Some official checksums are MD5; it guards against damage, not against forgery.
public struct MD5Hasher: ~Copyable {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
      preconditionFailure("libcrypto offers no MD5")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  /// 32 lower-case hexadecimal digits; the hasher is used up.
  public consuming func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    EVP_DigestFinal_ex(context, &bytes, nil)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
