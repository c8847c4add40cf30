import Artifacts

/// The digest that the authors, or the libraries that read their files, publish for the content of a file.
enum OfficialDigest: Sendable, Equatable {
  case sha256(String)
  case md5(String)

  /// Compares content that arrives piece by piece.
  struct Check: ~Copyable {
    private let official: OfficialDigest
    private var sha256 = ContentHasher()
    private var md5 = MD5Hasher()

    init(_ official: OfficialDigest) { self.official = official }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
      if case .sha256 = official { sha256.update(bytes) } else { md5.update(bytes) }
    }

    /// - Throws: `DatasetError.checksum`.
    consuming func finish(path: String) throws(DatasetError) {
      switch official {
      case .sha256(let expected):
        let found = sha256.finish().hex
        if found != expected { throw .checksum(path: path, algorithm: "SHA-256", expected: expected, found: found) }
      case .md5(let expected):
        let found = md5.finish()
        if found != expected { throw .checksum(path: path, algorithm: "MD5", expected: expected, found: found) }
      }
    }
  }
}
