/// Times and amounts as people say them.
public enum Quantity {
  /// `0.3 s`, `45 s`, `12 min`, `3.5 h`, `19 days`, `2.1 years`
  public static func time(_ seconds: Double) -> String {
    let units: [(String, Double)] = [("s", 60), ("min", 60), ("h", 48), ("days", 730), ("years", .infinity)]
    let lengths: [Double] = [1, 60, 3600, 86_400, 365.25 * 86_400]
    for (unit, length) in zip(units, lengths) where seconds / length < unit.1 { return "\(short(seconds / length)) \(unit.0)" }
    return "years"
  }

  /// `512 B`, `1.2 MB`, `3.4 GB`
  public static func bytes(_ bytes: Double) -> String {
    var (value, units) = (bytes, ["B", "kB", "MB", "GB", "TB", "PB"][...])
    while value >= 999.5, units.count > 1 {
      value /= 1000
      units = units.dropFirst()
    }
    return "\(short(value)) \(units.first ?? "")"
  }

  /// Two digits below ten, else whole.
  private static func short(_ value: Double) -> String {
    guard value.isFinite, value < 1e15 else { return "very many" }
    if value >= 9.95 { return "\(Int(value.rounded()))" }
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
  }
}
