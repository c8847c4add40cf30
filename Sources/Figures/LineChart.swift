import Artifacts

/// Curves over epochs, such as the terms of a loss during training, each with a band around it.
public struct LineChart: Figure {
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
    /// Where it begins and ends: "total from 12.3 to 9.1".
    public var words: String {
      guard let first = points.first, let last = points.last else { return "\(name) has no values" }
      return "\(name) from \(Axis.precise(first.value)) to \(Axis.precise(last.value))"
    }

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
    self.title = title
    self.subtitle = subtitle
    self.horizontalLabel = horizontalLabel
    self.valueLabel = valueLabel
    self.curves = curves
  }

  public func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas {
    let margin = 28.0
    let ruler = try Canvas.ruler()
    let points = curves.flatMap(\.points)
    let lowest = min(points.map(\.band.lowerBound).min() ?? 0, 0)
    let axis = Axis(holding: lowest...max(points.map(\.band.upperBound).max() ?? 0, lowest + 1e-6), steps: 7)
    let left = max(100, axis.labelsWidth(ruler, textSize: 15) + 50)
    let names = try names(ruler)
    let right = margin + 24 + Self.sampleWidth + (names.map { ruler.textWidth($0, size: Self.nameSize, bold: true) }.max() ?? 0)
    let plotWidth = 1200 - left - right
    let plotHeight = max(420, Double(names.count + 1) * Self.nameSize * Self.nameSpacing)
    let heading = Heading(title: title, subtitle: subtitle)
    let top = heading.height(ruler, width: 1200 - 2 * margin) + 14
    let canvas = try Canvas(width: 1200, height: top + plotHeight + 66, on: medium)
    heading.draw(on: canvas, x: margin, width: 1200 - 2 * margin)
    canvas.text(
      valueLabel, left - max(62, axis.labelsWidth(ruler, textSize: 15) + 12), top + plotHeight / 2, size: 17, align: .centre, turn: -90)
    canvas.text(horizontalLabel, left + plotWidth / 2, top + plotHeight + 52, size: 17, align: .centre)

    axis.draw(on: canvas, x: left, y: top, width: plotWidth, height: plotHeight, textSize: 15)
    let (first, last) = (points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 0)
    func across(_ x: Double) -> Double { left + plotWidth * (last > first ? (x - first) / (last - first) : 0.5) }
    func down(_ value: Double) -> Double { top + plotHeight * (1 - axis.share(value)) }

    for x in Axis.places(first...last, most: 12) {
      canvas.fillRectangle(across(x) - 0.5, top + plotHeight, 1, 6, .faintInk)
      canvas.text("\(Int(x))", across(x), top + plotHeight + 24, size: 15, colour: .faintInk, align: .centre)
    }
    for (place, curve) in curves.enumerated() {
      let style = SeriesStyle(place, of: Self.colours)
      let (upper, lower) = (
        curve.points.map { (across($0.x), down($0.band.upperBound)) }, curve.points.map { (across($0.x), down($0.band.lowerBound)) }
      )
      canvas.fillPolygon(upper + lower.reversed(), style.colour, opacity: 0.15)
      canvas.lines(curve.points.map { (across($0.x), down($0.value)) }, style.colour, thickness: 2.5, dashes: style.dashes)
      for point in curve.points where curve.points.count <= 30 {
        canvas.mark(Mark(colour: style.colour, shape: style.shape), across(point.x), down(point.value), radius: 3.5)
      }
      for point in curve.points {
        let band = point.band.lowerBound < point.band.upperBound
        canvas.hint(
          across(point.x) - 6, down(point.value) - 6, 12, 12,
          "\(curve.name), \(horizontalLabel) \(Int(saturating: point.x)): \(Axis.precise(point.value))"
            + (band ? " (\(Axis.precise(point.band.lowerBound)) to \(Axis.precise(point.band.upperBound)))" : ""))
      }
    }
    drawNames(names, canvas, x: left + plotWidth + 16, bottom: top + plotHeight, down: down)
    return canvas
  }

  private static let (nameSize, nameSpacing, sampleWidth) = (16.0, 1.3, 44.0)

  /// The curves' names; one that has no values says so.
  private func names(_ canvas: Canvas) throws(FigureError) -> [String] {
    let names = try DisplayNames(curves.map(\.name), kind: "curve").fitted(canvas, size: Self.nameSize, bold: true, width: 220)
    return zip(names, curves).map { $1.points.isEmpty ? "\($0) (no values)" : $0 }
  }

  /// Each name stands at its curve's end behind a sample of it, pushed apart where ends are near; those of curves without values stand last.
  private func drawNames(_ names: [String], _ canvas: Canvas, x: Double, bottom: Double, down: (Double) -> Double) {
    let spacing = Self.nameSize * Self.nameSpacing
    let ends = curves.indices.map { (place: $0, y: curves[$0].points.last.map { down($0.value) } ?? bottom) }.sorted { $0.y < $1.y }
    var levels = ends.map(\.y)
    for place in levels.indices.dropFirst() { levels[place] = max(levels[place], levels[place - 1] + spacing) }
    // What was pushed below the plot goes up again, and pushes in its turn.
    var limit = bottom
    for place in levels.indices.reversed() {
      levels[place] = min(levels[place], limit)
      limit = levels[place] - spacing
    }
    for (end, y) in zip(ends, levels) {
      let style = SeriesStyle(end.place, of: Self.colours)
      canvas.lines([(x, y), (x + Self.sampleWidth - 8, y)], style.colour, thickness: 2.5, dashes: style.dashes)
      canvas.mark(Mark(colour: style.colour, shape: style.shape), x + (Self.sampleWidth - 8) / 2, y, radius: 3.5)
      canvas.text(names[end.place], x + Self.sampleWidth, y + Self.nameSize * 0.35, size: Self.nameSize, bold: true, colour: style.colour)
    }
  }
}
