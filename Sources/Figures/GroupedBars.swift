import Artifacts

/// Figure 5: for every class one bar of each series, side by side, from 0, with error bars.
public struct GroupedBars: Sendable {
  /// One method: a bar in every group.
  public struct Series: Sendable {
    let name: String
    let values: [(mean: Double, deviation: Double?)]

    /// - Parameter values: for every group the height of the bar and the half length of its error bar, nil for none.
    public init(name: String, values: [(mean: Double, deviation: Double?)]) {
      self.name = name
      self.values = values
    }
  }

  private let title, subtitle, valueLabel: String
  private let groups: [String]
  private let series: [Series]
  /// The first two differ in lightness as well as in hue.
  private static let colours = [Colour(0x9db4c8), Colour(0xbd1f01), Colour(0xffa90e), Colour(0x832db6)]

  public init(title: String, subtitle: String, valueLabel: String, groups: [String], series: [Series]) {
    precondition(series.allSatisfy { $0.values.count == groups.count }, "every series needs \(groups.count) values")
    precondition(series.count <= Self.colours.count, "\(series.count) series, colours for \(Self.colours.count)")
    self.title = title
    self.subtitle = subtitle
    self.valueLabel = valueLabel
    self.groups = groups
    self.series = series
  }

  /// - Parameter width: of the picture, pixels.
  /// - Throws: `FigureError`
  public func draw(width: Int) throws(FigureError) -> PNGImage {
    let (margin, plotHeight, nameSize) = (28.0, 420.0, 15.0)
    let ruler = try Canvas.ruler()
    let widest = groups.map { ruler.textWidth($0, size: nameSize) }.max() ?? 0
    let turned = widest > (1100 - margin) / Double(max(groups.count, 1)) - 8
    // A turned name hangs down to the left of its group: the first one must not leave the sheet.
    let left = turned ? max(100, widest * 0.71 + 10) : 100
    let plotWidth = 1200 - left - margin
    let group = plotWidth / Double(max(groups.count, 1))
    let heading = Heading(title: title, subtitle: subtitle)
    let headingHeight = heading.height(ruler, width: 1200 - 2 * margin)
    let top = headingHeight + 44
    let canvas = try Canvas(width: 1200, height: top + plotHeight + (turned ? 40 + widest * 0.71 : 46), pixels: width)

    heading.draw(on: canvas, x: margin, width: 1200 - 2 * margin)
    canvas.text(valueLabel, left - 62, top + plotHeight / 2, size: 17, align: .centre, turn: -90)
    drawLegend(canvas, x: left, y: headingHeight + 16)

    let highest = series.flatMap(\.values).map { $0.mean + ($0.deviation ?? 0) }.filter(\.isFinite).max() ?? 0
    let axis = Axis(holding: 0...max(highest, 1e-6), steps: 6)
    axis.draw(on: canvas, x: left, y: top, width: plotWidth, height: plotHeight, textSize: 15)

    let bar = group * 0.74 / Double(max(series.count, 1))
    // Where names would touch each other even when turned, only every n-th stands there.
    let every = max(1, Int((nameSize * 1.5 / group).rounded(.up)))
    for (place, name) in groups.enumerated() {
      let start = left + Double(place) * group + group * 0.13
      for (number, one) in series.enumerated() where one.values[place].mean.isFinite {
        let x = start + Double(number) * bar
        let height = plotHeight * axis.share(one.values[place].mean)
        canvas.fillRectangle(x, top + plotHeight - height, bar * 0.94, height, Self.colours[number])
        if let deviation = one.values[place].deviation {
          drawErrorBar(canvas, axis, one.values[place].mean, deviation, x + bar * 0.47, bar)
        }
      }
      guard place % every == 0 else { continue }
      let middle = left + (Double(place) + 0.5) * group
      if turned {
        canvas.text(name, middle + 4, top + plotHeight + 22, size: nameSize, align: .right, turn: -45)
      } else {
        canvas.text(name, middle, top + plotHeight + 24, size: nameSize, align: .centre)
      }
    }
    canvas.fillRectangle(left, top + plotHeight - 0.75, plotWidth, 1.5, .faintInk)
    return canvas.picture

    func drawErrorBar(_ canvas: Canvas, _ axis: Axis, _ mean: Double, _ deviation: Double, _ x: Double, _ bar: Double) {
      let low = top + plotHeight * (1 - axis.share(max(mean - deviation, 0)))
      let high = top + plotHeight * (1 - axis.share(mean + deviation))
      let cap = min(bar * 0.22, 7)
      canvas.lines([(x, low), (x, high)], .ink, thickness: 1.4)
      canvas.lines([(x - cap, low), (x + cap, low)], .ink, thickness: 1.4)
      canvas.lines([(x - cap, high), (x + cap, high)], .ink, thickness: 1.4)
    }
  }

  private func drawLegend(_ canvas: Canvas, x: Double, y: Double) {
    var left = x
    for (number, one) in series.enumerated() {
      canvas.fillRectangle(left, y - 13, 16, 16, Self.colours[number])
      canvas.text(one.name, left + 23, y, size: 16)
      left += 23 + canvas.textWidth(one.name, size: 16) + 32
    }
  }
}
