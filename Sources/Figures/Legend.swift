/// Names with a sample of what each stands for, in rows of equal columns, as many as fit.
struct Legend {
  static let (textSize, rowHeight) = (17.0, 28.0)
  /// No column is wider for the sake of one long name.
  private static let widestName = 300.0

  private let names: DisplayNames
  private let sampleWidth: Double
  private let width: Double
  private let columns: Int
  private let columnWidth: Double

  /// - Parameters:
  ///   - sampleWidth: room for a sample, which a name follows.
  ///   - width: of the whole.
  init(_ names: DisplayNames, sampleWidth: Double, width: Double, on canvas: Canvas) {
    self.names = names
    self.sampleWidth = sampleWidth
    self.width = width
    let count = names.texts.count
    let widest = min(names.texts.map { canvas.textWidth($0, size: Self.textSize) }.max() ?? 0, Self.widestName)
    let most = max(1, min(count, Int(width / (widest + sampleWidth + 20))))
    let rows = (count + most - 1) / most
    // As many rows as needed, filled evenly.
    columns = rows == 0 ? 1 : (count + rows - 1) / rows
    // A single row stands close together.
    columnWidth = min(width / Double(columns), rows > 1 ? width : widest + sampleWidth + 32)
  }

  var height: Double { Double((names.texts.count + columns - 1) / columns) * Self.rowHeight }

  /// - Parameter sample: draws the sample of a place at its left end and half height.
  func draw(on canvas: Canvas, x: Double, y: Double, sample: (_ place: Int, _ x: Double, _ y: Double) -> Void) {
    let room = names.texts.count == 1 ? width - sampleWidth : columnWidth - sampleWidth - 14
    for (place, name) in names.fitted(canvas, size: Self.textSize, width: room).enumerated() {
      let left = x + Double(place % columns) * columnWidth
      let middle = y + (Double(place / columns) + 0.5) * Self.rowHeight
      sample(place, left, middle)
      canvas.text(name, left + sampleWidth, middle + 6, size: Self.textSize)
    }
  }
}
