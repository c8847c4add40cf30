/// Numbers of bytes, for people.
public enum Size {
  private static let units = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]

  /// "1.2 GB"
  public static func text(_ bytes: Int) -> String {
    guard let (name, unit) = units.first(where: { Double(bytes) >= $0.1 }) else { return "\(bytes) bytes" }
    let tenths = (Double(bytes) / unit * 10).rounded() / 10
    return "\(tenths) \(name)"
  }

  /// - Returns: the bytes that "10GB", "1.5 TB" or "5000" mean; nil where a text means none.
  public static func bytes(_ text: String) -> Int? {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).filter { $0 != " " }.lowercased()
    guard let value = Double(number) else { return nil }
    if unit.isEmpty || unit == "b" || unit == "bytes" { return Int(exactly: value.rounded()) }
    guard let factor = units.first(where: { [$0.0, String($0.0.prefix(1))].map { $0.lowercased() }.contains(unit) })?.1 else { return nil }
    return Int(exactly: (value * factor).rounded())
  }
}
