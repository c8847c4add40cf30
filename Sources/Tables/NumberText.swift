/// A number with three digits behind the point, as the paper prints scores. No locale, no "-0.000". What is not finite or no score at all
/// stands as Swift writes it.
package func fixed(_ value: Double, digits: Int = 3) -> String {
  guard abs(value) < 1e12 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let rounded = Int((abs(value) * scale).rounded())
  let (whole, part) = (rounded / Int(scale), String(rounded % Int(scale)))
  let sign = value < 0 && rounded != 0 ? "-" : ""
  return digits == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(String(repeating: "0", count: digits - part.count))\(part)"
}

/// An integer with commas between thousands.
public func thousands(_ value: Int) -> String {
  let digits = Array(String(value.magnitude))
  var text = value < 0 ? "-" : ""
  for (place, digit) in digits.enumerated() {
    if place > 0, (digits.count - place).isMultiple(of: 3) { text += "," }
    text.append(digit)
  }
  return text
}
