import Artifacts
import Glibc

/// What a program computes with, as one digest: the loaded sections of its ELF file, names and contents, except those that say where or
/// when it was built. Builds of the same sources in two folders are equal.
public enum ProgramDigest {
  /// Swift's hash of the module file and the linker's build number differ between folders and mean nothing for what runs.
  static let ignored: Set<String> = [".swift_modhash", ".note.gnu.build-id"]

  /// - Returns: nil where the bytes are no 64-bit little-endian ELF file.
  public static func of(elf bytes: [UInt8]) -> ContentDigest? {
    guard bytes.count >= 64, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
    func number(_ at: Int, _ size: Int) -> Int? {
      guard at >= 0, at <= bytes.count - size else { return nil }
      return bytes[at..<at + size].reversed().reduce(0) { $0 &<< 8 | Int($1) }
    }
    guard let table = number(40, 8), let size = number(58, 2), let count = number(60, 2), let namesNumber = number(62, 2), size >= 64,
      let namesAt = number(table &+ namesNumber &* size &+ 24, 8), number(table &+ count &* size &- 8, 8) != nil
    else { return nil }
    var hasher = ContentHasher()
    for section in 0..<count {
      let header = table &+ section &* size
      guard let nameAt = number(header, 4), let type = number(header &+ 4, 4), let flags = number(header &+ 8, 8),
        let offset = number(header &+ 24, 8), let length = number(header &+ 32, 8)
      else { return nil }
      guard flags & 2 != 0 else { continue }
      guard namesAt >= 0, nameAt >= 0, namesAt &+ nameAt >= 0, namesAt &+ nameAt < bytes.count else { return nil }
      let name = String(decoding: bytes[(namesAt + nameAt)...].prefix { $0 != 0 }, as: UTF8.self)
      if ignored.contains(name) { continue }
      hasher.update(Array("\(name) \(length)\n".utf8))
      // Type 8 takes no place in the file.
      if type != 8 {
        guard offset >= 0, length >= 0, offset &+ length >= 0, offset &+ length <= bytes.count else { return nil }
        hasher.update(bytes[offset..<offset + length])
      }
    }
    return hasher.finish()
  }

  /// - Throws: `FileError`. A file that is no ELF, such as a script, counts by its whole content.
  public static func ofFile(_ path: String) throws(FileError) -> ContentDigest {
    let bytes = try AtomicFile.read(path)
    return of(elf: bytes) ?? ContentDigest.of(bytes)
  }

  static func isELF(_ path: String) throws(FileError) -> Bool {
    let descriptor = try RegularFile.open(path)
    defer { close(descriptor) }
    var magic = [UInt8](repeating: 0, count: 4)
    return read(descriptor, &magic, 4) == 4 && magic == [0x7F, 0x45, 0x4C, 0x46]
  }
}
