/// What a file's name says it is, where that can be checked without knowing what it is for.
public enum FileKind: Sendable {
  case hdf5, png, json

  /// - Returns: nil for names that promise nothing that can be checked.
  public init?(name: String) {
    if name.hasSuffix(".h5") {
      self = .hdf5
    } else if name.hasSuffix(".png") {
      self = .png
    } else if name.hasSuffix(".json") {
      self = .json
    } else {
      return nil
    }
  }

  /// Looks whether a file is whole: HDF5 opens and has datasets, PNG can be drawn and has its end, JSON parses.
  /// - Parameter datasets: paths of HDF5 datasets that must be there, such as `/epoch_*/features`, where `*` stands for any text.
  /// - Returns: what is wrong, to be read after the file's name ("is empty"); nil where nothing is.
  public func complaint(about path: String, datasets: [String] = []) -> String? {
    do {
      switch self {
      case .hdf5:
        let found = try HDF5Reader(path).datasets()
        if found.isEmpty { return "is an HDF5 file without a dataset" }
        let missing = datasets.first { pattern in !found.contains { Self.matches($0, pattern) } }
        return missing.map { "is an HDF5 file without the dataset \($0)" }
      case .png:
        let bytes = try AtomicFile.read(path)
        _ = try PNGImage(decoding: bytes, path: path, mostPixels: PNGImage.mostPixels)
        return bytes.suffix(Self.endOfPNG.count).elementsEqual(Self.endOfPNG) ? nil : "is a PNG picture cut short"
      case .json:
        let bytes = try AtomicFile.read(path)
        _ = try JSONValue.parse(bytes, file: path)
        return nil
      }
    } catch let error as any ExplainedError {
      return "is damaged: \(error.problem)"
    } catch {
      return "is damaged: \(error)"
    }
  }

  /// The last chunk of every PNG file.
  private static let endOfPNG: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]

  /// `*` stands for any text within one name.
  private static func matches(_ path: String, _ pattern: String) -> Bool {
    let (names, patterns) = (path.split(separator: "/"), pattern.split(separator: "/"))
    return names.count == patterns.count
      && zip(names, patterns).allSatisfy { name, pattern in
        guard let star = pattern.firstIndex(of: "*") else { return name == pattern }
        let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
        return name.count >= head.count + tail.count && name.hasPrefix(head) && name.hasSuffix(tail)
      }
  }
}
