import Foundation

/// A vertical scale with round numbers on it.
package struct Axis {
  package let range: ClosedRange<Double>
  package let ticks: [Double]
  private let decimals: Int

  /// The least scale with steps of 1, 2 or 5 times a power of ten, at most `steps` of them, that holds all values.
  package init(holding values: ClosedRange<Double>, steps: Int) {
    let extent = values.upperBound - values.lowerBound
    let raw = (extent > 0 ? extent : max(abs(values.upperBound), 1)) / Double(steps)
    let magnitude = pow(10, floor(log10(raw)))
    // A share of 1e-9 of a step is rounding, not a larger step.
    let step = [1.0, 2, 5, 10].map { $0 * magnitude }.first { $0 >= raw * (1 - 1e-9) } ?? 10 * magnitude
    let first = floor(values.lowerBound / step + 1e-9)
    let last = max(ceil(values.upperBound / step - 1e-9), first + 1)
    range = first * step...last * step
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    decimals = max(0, -Int(floor(log10(step) + 1e-9)))
  }

  /// A tick as it is written beside the axis: all ticks with the same number of digits behind the point, or with an exponent where there
  /// would be many digits.
  package func label(_ tick: Double) -> String {
    decimals > 5 || range.upperBound >= 1e7 ? String(format: "%.3g", tick) : String(format: "%.\(decimals)f", tick)
  }

  /// A value to be read on its own: four digits that count.
  static func precise(_ value: Double) -> String { String(format: "%.4g", value) }

  /// Room to the left of a plot for the tick labels and what is written along the axis.
  func labelsWidth(_ canvas: Canvas, textSize: Double) -> Double {
    (ticks.map { canvas.textWidth(label($0), size: textSize) }.max() ?? 0) + 10
  }

  /// How far up the scale a value lies, 0 at the bottom and 1 at the top.
  package func share(_ value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }

  /// Whole numbers in a range to mark on a horizontal axis, at most so many, evenly spaced with both kinds of ends where they fit.
  package static func places(_ range: ClosedRange<Double>, most: Int) -> [Double] {
    let axis = Axis(holding: range, steps: most)
    return axis.ticks.filter { range.contains($0) && $0.rounded() == $0 }
  }

  /// Draws the tick labels to the left of a plot and a faint line through the plot at each.
  func draw(on canvas: Canvas, x: Double, y: Double, width: Double, height: Double, textSize: Double) {
    for tick in ticks {
      let level = y + height * (1 - share(tick))
      canvas.fillRectangle(x, level - 0.5, width, 1, tick == range.lowerBound ? .rule : .faintRule)
      canvas.text(label(tick), x - 10, level + textSize * 0.35, size: textSize, colour: .faintInk, align: .right)
    }
  }
}
