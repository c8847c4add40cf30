import Glibc

/// Where two files that should be equal differ first, in the terms of what they hold.
public enum FileDifference {
  /// - Parameters:
  ///   - name: what the files are called; its ending says what they hold.
  ///   - old: path of the one.
  ///   - new: path of the other.
  /// - Returns: of HDF5 the dataset, index, both values and the units in the last place between them; of JSON the pointer and both values; of
  ///   text the line; of anything else the byte. Nil where the files are equal.
  /// - Throws: `FileError` where one cannot be read.
  public static func first(_ name: String, _ old: String, _ new: String) throws -> String? {
    guard let (byte, sizes) = try firstByte(old, new) else { return nil }
    let isShort = max(sizes.old, sizes.new) <= mostRead
    switch FileKind(name: name) {
    case .hdf5:
      if let words = try? HDF5Comparison(old, new).firstDifference() { return words }
    case .json where isShort:
      if let one = try? JSONValue.read(old), let other = try? JSONValue.read(new), let words = inJSON(one, other, "") { return words }
    case nil where isShort:
      if let words = inText(try AtomicFile.read(old), try AtomicFile.read(new), at: byte) { return words }
    case .png, .json, nil: break
    }
    return "byte \(byte)" + (sizes.old == sizes.new ? "" : " (\(sizes.old) → \(sizes.new) bytes)")
  }

  /// Longer files are not held in memory to be compared in their own terms.
  private static let mostRead = 256 << 20

  /// The place of the first byte in which they differ, or at which one ends, and how long they are.
  private static func firstByte(_ old: String, _ new: String) throws -> (byte: Int, sizes: (old: Int, new: Int))? {
    let (one, other) = (try RegularFile.openSized(old), try RegularFile.openSized(new))
    defer {
      close(one.descriptor)
      close(other.descriptor)
    }
    var (before, after) = ([UInt8](repeating: 0, count: 1 << 20), [UInt8](repeating: 0, count: 1 << 20))
    var place = 0
    while true {
      let counts = (try RegularFile.fill(&before, one.descriptor, old), try RegularFile.fill(&after, other.descriptor, new))
      let shared = min(counts.0, counts.1)
      if let byte = (0..<shared).first(where: { before[$0] != after[$0] }) { return (place + byte, (one.size, other.size)) }
      if counts.0 != counts.1 { return (place + shared, (one.size, other.size)) }
      if shared < before.count { return nil }
      place += shared
    }
  }

  private static func inJSON(_ old: JSONValue?, _ new: JSONValue?, _ pointer: String) -> String? {
    if old == new { return nil }
    if let before = old?.object, let after = new?.object {
      for name in before.map(\.name) + after.map(\.name) {
        if let words = inJSON(old?[name], new?[name], "\(pointer)/\(name)") { return words }
      }
      return "the order of the members of \(pointer.isEmpty ? "the document" : pointer)"
    }
    if let before = old?.array, let after = new?.array {
      for at in 0..<max(before.count, after.count) {
        let (one, other) = (before.indices.contains(at) ? before[at] : nil, after.indices.contains(at) ? after[at] : nil)
        if let words = inJSON(one, other, "\(pointer)/\(at)") { return words }
      }
    }
    return "\(pointer.isEmpty ? "/" : pointer): \(shown(old?.compact ?? "absent")) → \(shown(new?.compact ?? "absent"))"
  }

  /// - Returns: nil where the bytes are no text.
  private static func inText(_ old: [UInt8], _ new: [UInt8], at byte: Int) -> String? {
    guard !old.contains(0), !new.contains(0) else { return nil }
    let start = old[..<byte].lastIndex(of: 10).map { $0 + 1 } ?? 0
    func line(_ bytes: [UInt8]) -> String? {
      start < bytes.count ? String(validating: bytes[start...].prefix { $0 != 10 }, as: UTF8.self) : ""
    }
    guard let before = line(old), let after = line(new) else { return nil }
    return "line \(old[..<byte].count { $0 == 10 } + 1): \(shown(before)) → \(shown(after))"
  }

  private static func shown(_ text: String) -> String {
    let visible = text.count > 80 ? "\(text.prefix(77))…" : text
    return visible.isEmpty ? "nothing" : visible
  }
}
