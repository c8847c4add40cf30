/// How a series is drawn, so that it is told from all others: colours first; when they are used up, they come again with another pattern.
package struct SeriesStyle: Hashable {
  /// What lies on a bar's colour.
  package enum Hatching: CaseIterable { case none, rising, falling, crossed }

  let colour: Colour
  /// Of a curve: lengths drawn and left out by turns; empty for an unbroken line.
  let dashes: [Double]
  /// Of a curve's points.
  let shape: Mark.Shape
  let hatching: Hatching

  private static let dashes: [[Double]] = [[], [9, 5], [2.5, 4], [12, 4, 2.5, 4]]
  private static let shapes: [Mark.Shape] = [.disc, .triangle, .square]

  /// - Parameter colours: of the first series, in their order.
  package init(_ place: Int, of colours: [Colour]) {
    let round = place / colours.count
    colour = colours[place % colours.count]
    dashes = Self.dashes[round % Self.dashes.count]
    // Dashes and shapes have no common number of kinds, so that twelve rounds differ.
    shape = Self.shapes[round % Self.shapes.count]
    hatching = Hatching.allCases[round % Hatching.allCases.count]
  }
}

extension Canvas {
  /// A bar in a series' colour and pattern.
  func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: SeriesStyle) {
    fillRectangle(x, y, width, height, style.colour)
    guard style.hatching != .none, height > 0, width > 0 else { return }
    clipped(x, y, width, height) {
      for offset in stride(from: -height, through: width, by: 5) {
        if style.hatching != .falling { lines([(x + offset, y + height), (x + offset + height, y)], .paper, thickness: 1.4) }
        if style.hatching != .rising { lines([(x + offset, y), (x + offset + height, y + height)], .paper, thickness: 1.4) }
      }
    }
    frame(x, y, width, height, style.colour)
  }
}
