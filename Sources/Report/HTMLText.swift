import Artifacts

/// Numbers, bytes and data as a page has them.
enum HTMLText {
  /// JSON inside `<script type="application/json">`, where nothing may look like the script's end.
  static func data(_ value: JSONValue) -> String { value.canonical.replacing("<", with: "\\u003c") }

  static func base64(_ bytes: some Collection<UInt8>) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    var (buffer, count) = (0, 0)
    for byte in bytes {
      buffer = buffer << 8 | Int(byte)
      count += 1
      guard count == 3 else { continue }
      for shift in [18, 12, 6, 0] { result.append(letters[buffer >> shift & 63]) }
      (buffer, count) = (0, 0)
    }
    if count > 0 {
      buffer <<= 8 * (3 - count)
      for place in 0..<4 { result.append(place <= count ? letters[buffer >> (18 - 6 * place) & 63] : UInt8(ascii: "=")) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The SHA-256 of a text as a content security policy names it.
  static func policyHash(_ text: String) -> String {
    let digits = Array(ContentDigest.of(Array(text.utf8)).hex.utf8)
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    return "'sha256-\(base64(bytes))'"
  }

  /// A number with so many digits behind the point.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
    let rounded = Int((abs(value) * Double(scale)).rounded())
    let part = String(rounded % scale)
    let sign = value < 0 && rounded != 0 ? "−" : ""
    return sign + "\(rounded / scale)" + (digits == 0 ? "" : ".\(String(repeating: "0", count: digits - part.count))\(part)")
  }

  /// `12.3 s`, `3 min 5 s`, `2 h 3 min`
  static func time(_ seconds: Double) -> String {
    if seconds < 60 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(saturating: seconds.rounded())
    return whole < 3600 ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  static func memory(_ bytes: Int) -> String {
    bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\(fixed(Double(bytes) / Double(1 << 30), 2)) GiB"
  }

  static func thousands(_ value: Int) -> String {
    var (text, rest) = ("", "\(value)"[...])
    while rest.count > 3 { (text, rest) = (",\(rest.suffix(3))\(text)", rest.dropLast(3)) }
    return rest + text
  }
}
