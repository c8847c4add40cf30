import Figures
import Foundation
import Testing

@Suite("Class colours can be told apart")
struct PaletteTests {
  /// Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency" (IEEE TVCG 15(6), 2009),
  /// severity 1, on linear RGB.
  static let visions: [(name: String, matrix: [Double])] = [
    ("normal", [1, 0, 0, 0, 1, 0, 0, 0, 1]),
    ("protanopia", [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998]),
    ("deuteranopia", [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881]),
  ]

  /// In OKLab, where 0.02 is about the least difference that is seen side by side; marks in a scatter plot need a multiple of it.
  static let leastDistance = 0.055

  private func linear(_ value: UInt8) -> Double {
    let x = Double(value) / 255
    return x > 0.04045 ? pow((x + 0.055) / 1.055, 2.4) : x / 12.92
  }

  private func oklab(_ colour: Colour, _ m: [Double]) -> [Double] {
    let rgb = [linear(colour.red), linear(colour.green), linear(colour.blue)]
    let (r, g, b) = (
      m[0] * rgb[0] + m[1] * rgb[1] + m[2] * rgb[2], m[3] * rgb[0] + m[4] * rgb[1] + m[5] * rgb[2],
      m[6] * rgb[0] + m[7] * rgb[1] + m[8] * rgb[2]
    )
    let long = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    let middle = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    let short = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return [
      0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
      1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
      0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    ]
  }

  @Test("any two of the ten colours, under normal and red-green deficient vision", arguments: [0, 1, 2])
  func coloursAreApart(vision: Int) {
    let (name, matrix) = Self.visions[vision]
    let points = Palette.colours.map { oklab($0, matrix) }
    for i in points.indices {
      for j in 0..<i {
        let distance = zip(points[i], points[j]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        #expect(distance > Self.leastDistance, "\(name): colours \(j) and \(i) are \(distance) apart")
      }
    }
  }

  @Test("every class up to the limit has a mark of its own")
  func marksAreDistinct() {
    let marks = (0..<Palette.distinctClasses).map(Palette.mark)
    #expect(Set(marks).count == 30)
    #expect(!marks.contains(Palette.unlabelled))
  }
}
