import Artifacts

/// Figure 5: for every class one bar of each series, side by side, from 0, with error bars.
public struct GroupedBars: Figure {
  /// One method: a bar in every group.
  public struct Series: Sendable {
    public let name: String
    let values: [(mean: Double, deviation: Double?)]
    /// Of the bars there are; not a number where there are none.
    public var mean: Double {
      let finite = values.map(\.mean).filter(\.isFinite)
      return finite.reduce(0, +) / Double(finite.count)
    }

    /// - Parameter values: for every group the height of the bar and the half length of its error bar, nil for none.
    public init(name: String, values: [(mean: Double, deviation: Double?)]) {
      self.name = name
      self.values = values
    }
  }

  private let title, subtitle, valueLabel: String
  private let groups: DisplayNames
  private let series: [Series]
  /// The first two differ in lightness as well as in hue.
  private static let colours = [
    Colour(0x9db4c8), Colour(0xbd1f01), Colour(0xffa90e), Colour(0x832db6), Colour(0x3f90da), Colour(0xa96b59), Colour(0x717581),
    Colour(0xb9ac70),
  ]

  /// - Parameter groups: names of the classes or clusters.
  public init(title: String, subtitle: String, valueLabel: String, groups: DisplayNames, series: [Series]) {
    precondition(series.allSatisfy { $0.values.count == groups.texts.count }, "every series needs \(groups.texts.count) values")
    self.title = title
    self.subtitle = subtitle
    self.valueLabel = valueLabel
    self.groups = groups
    self.series = series
  }

  private static let (width, margin, plotHeight, nameSize) = (1200.0, 28.0, 420.0, 15.0)
  /// More groups stand in further rows below: narrower ones would leave no room for their names.
  private static let groupsInRow = 46

  public func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas {
    let ruler = try Canvas.ruler()
    let rows = max(1, (groups.texts.count + Self.groupsInRow - 1) / Self.groupsInRow)
    let perRow = (groups.texts.count + rows - 1) / rows
    let highest = series.flatMap(\.values).map { $0.mean + ($0.deviation ?? 0) }.filter(\.isFinite).max() ?? 0
    let axis = Axis(holding: 0...(highest > 0 ? highest : 1), steps: 6)
    let names = groups.fitted(ruler, size: Self.nameSize, width: 230)
    let widest = names.map { ruler.textWidth($0, size: Self.nameSize) }.max() ?? 0
    let turned = widest > (1100 - Self.margin) / Double(max(perRow, 1)) - 8
    // A turned name hangs down to the left of its group: the first one must not leave the sheet.
    let left = max(100, axis.labelsWidth(ruler, textSize: 15) + 50, turned ? widest * 0.71 + 10 : 0)
    let below = turned ? 40 + widest * 0.71 : 46
    let plotWidth = Self.width - left - Self.margin
    let heading = Heading(title: title, subtitle: subtitle)
    let headingHeight = heading.height(ruler, width: Self.width - 2 * Self.margin)
    let legend = Legend(try DisplayNames(series.map(\.name), kind: "series"), sampleWidth: 23, width: plotWidth, on: ruler)
    let top = headingHeight + legend.height + 16
    let canvas = try Canvas(width: Self.width, height: top + Double(rows) * (Self.plotHeight + below + 10), on: medium)

    heading.draw(on: canvas, x: Self.margin, width: Self.width - 2 * Self.margin)
    legend.draw(on: canvas, x: left, y: headingHeight) { place, x, y in
      canvas.bar(x, y - 8, 16, 16, SeriesStyle(place, of: Self.colours))
    }
    for row in 0..<rows {
      let first = row * perRow
      let shown = first..<min(first + perRow, names.count)
      let y = top + Double(row) * (Self.plotHeight + below + 10)
      // All rows have groups of one width.
      draw(shown, names, group: plotWidth / Double(max(perRow, 1)), axis, turned, on: canvas, x: left, y: y, width: plotWidth)
    }
    return canvas
  }

  private func draw(
    _ shown: Range<Int>, _ names: [String], group: Double, _ axis: Axis, _ turned: Bool, on canvas: Canvas, x left: Double, y top: Double,
    width: Double
  ) {
    let bottom = top + Self.plotHeight
    canvas.text(
      valueLabel, left - max(62, axis.labelsWidth(canvas, textSize: 15) + 12), top + Self.plotHeight / 2, size: 17, align: .centre,
      turn: -90)
    axis.draw(on: canvas, x: left, y: top, width: width, height: Self.plotHeight, textSize: 15)
    let bar = group * 0.74 / Double(max(series.count, 1))
    for (place, index) in shown.enumerated() {
      let start = left + (Double(place) + 0.13) * group
      for (number, one) in series.enumerated() where one.values[index].mean.isFinite {
        let x = start + Double(number) * bar
        let (mean, deviation) = one.values[index]
        let height = Self.plotHeight * axis.share(mean)
        canvas.bar(x, bottom - height, bar * 0.94, height, SeriesStyle(number, of: Self.colours))
        let spread = deviation.map { " ± \(Axis.precise($0))" } ?? ""
        canvas.hint(x, top, bar * 0.94, Self.plotHeight, "\(groups.texts[index]), \(one.name): \(Axis.precise(mean))\(spread)")
        guard let deviation, deviation.isFinite else { continue }
        let (low, high) = (
          bottom - Self.plotHeight * axis.share(max(mean - deviation, 0)), bottom - Self.plotHeight * axis.share(mean + deviation)
        )
        drawErrorBar(canvas, x: x + bar * 0.47, low, high, cap: min(bar * 0.22, 7))
      }
      let middle = left + (Double(place) + 0.5) * group
      if turned {
        canvas.text(names[index], middle + 4, bottom + 22, size: Self.nameSize, align: .right, turn: -45)
      } else {
        canvas.text(names[index], middle, bottom + 24, size: Self.nameSize, align: .centre)
      }
    }
    canvas.fillRectangle(left, bottom - 0.75, width, 1.5, .faintInk)
  }

  private func drawErrorBar(_ canvas: Canvas, x: Double, _ low: Double, _ high: Double, cap: Double) {
    canvas.lines([(x, low), (x, high)], .ink, thickness: 1.4)
    canvas.lines([(x - cap, low), (x + cap, low)], .ink, thickness: 1.4)
    canvas.lines([(x - cap, high), (x + cap, high)], .ink, thickness: 1.4)
  }
}
