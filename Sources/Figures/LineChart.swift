import Artifacts

/// Curves over epochs, such as the terms of a loss during training, each with a band around it.
public struct LineChart: Sendable {
  /// A curve's value at one place on the horizontal axis, and the band there.
  public struct Point: Sendable {
    let x, value: Double
    let band: ClosedRange<Double>

    /// - Parameter band: least and largest value, for example over seeds; it holds `value`.
    public init(x: Double, value: Double, band: ClosedRange<Double>) {
      self.x = x
      self.value = value
      self.band = band
    }
  }

  /// One curve; points that are no finite numbers are left out.
  public struct Curve: Sendable {
    let name: String
    let points: [Point]

    public init(name: String, points: [Point]) {
      self.name = name
      self.points = points.filter { $0.x.isFinite && $0.value.isFinite && $0.band.lowerBound.isFinite && $0.band.upperBound.isFinite }
    }
  }

  private let title, subtitle, horizontalLabel, valueLabel: String
  private let curves: [Curve]
  private static let colours = [Colour(0x222222), Colour(0x3f90da), Colour(0xbd1f01), Colour(0xe08d00), Colour(0x832db6)]

  public init(title: String, subtitle: String, horizontalLabel: String, valueLabel: String, curves: [Curve]) {
    precondition(curves.count <= Self.colours.count, "\(curves.count) curves, colours for \(Self.colours.count)")
    self.title = title
    self.subtitle = subtitle
    self.horizontalLabel = horizontalLabel
    self.valueLabel = valueLabel
    self.curves = curves
  }

  /// - Parameter width: of the picture, pixels.
  /// - Throws: `FigureError`
  public func draw(width: Int) throws(FigureError) -> PNGImage {
    let (left, margin, plotHeight, nameSize) = (100.0, 28.0, 420.0, 16.0)
    let ruler = try Canvas.ruler()
    let right = margin + 24 + (curves.map { ruler.textWidth($0.name, size: nameSize, bold: true) }.max() ?? 0)
    let plotWidth = 1200 - left - right
    let heading = Heading(title: title, subtitle: subtitle)
    let top = heading.height(ruler, width: 1200 - 2 * margin) + 14
    let canvas = try Canvas(width: 1200, height: top + plotHeight + 66, pixels: width)
    heading.draw(on: canvas, x: margin, width: 1200 - 2 * margin)
    canvas.text(valueLabel, left - 62, top + plotHeight / 2, size: 17, align: .centre, turn: -90)
    canvas.text(horizontalLabel, left + plotWidth / 2, top + plotHeight + 52, size: 17, align: .centre)

    let points = curves.flatMap(\.points)
    let lowest = min(points.map(\.band.lowerBound).min() ?? 0, 0)
    let axis = Axis(holding: lowest...max(points.map(\.band.upperBound).max() ?? 0, lowest + 1e-6), steps: 7)
    axis.draw(on: canvas, x: left, y: top, width: plotWidth, height: plotHeight, textSize: 15)
    let (first, last) = (points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 0)
    func across(_ x: Double) -> Double { left + plotWidth * (last > first ? (x - first) / (last - first) : 0.5) }
    func down(_ value: Double) -> Double { top + plotHeight * (1 - axis.share(value)) }

    for x in Axis.places(first...last, most: 12) {
      canvas.fillRectangle(across(x) - 0.5, top + plotHeight, 1, 6, .faintInk)
      canvas.text("\(Int(x))", across(x), top + plotHeight + 24, size: 15, colour: .faintInk, align: .centre)
    }
    for (curve, colour) in zip(curves, Self.colours) {
      let (upper, lower) = (
        curve.points.map { (across($0.x), down($0.band.upperBound)) }, curve.points.map { (across($0.x), down($0.band.lowerBound)) }
      )
      canvas.fillPolygon(upper + lower.reversed(), colour, opacity: 0.15)
      canvas.lines(curve.points.map { (across($0.x), down($0.value)) }, colour, thickness: 2.5)
      for point in curve.points where curve.points.count <= 30 {
        canvas.mark(Mark(colour: colour, shape: .disc), across(point.x), down(point.value), radius: 3.5)
      }
    }
    drawNames(canvas, x: left + plotWidth + 16, size: nameSize, down: down)
    return canvas.picture
  }

  /// Each name stands at its curve's end, pushed apart where ends are near.
  private func drawNames(_ canvas: Canvas, x: Double, size: Double, down: (Double) -> Double) {
    let ends = zip(curves, Self.colours).compactMap { curve, colour in
      curve.points.last.map { (name: curve.name, colour: colour, y: down($0.value)) }
    }.sorted { $0.y < $1.y }
    var lowest = -Double.infinity
    for end in ends {
      let y = max(end.y, lowest + size * 1.3)
      canvas.text(end.name, x, y + size * 0.35, size: size, bold: true, colour: end.colour)
      lowest = y
    }
  }
}
