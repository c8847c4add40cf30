/// Which mark stands for which class, and the key to them below a plot.
///
/// Classes beyond `Palette.distinctClasses` cannot all be told apart: then ten of them, evenly spread over the class numbers, have
/// colours and the others are grey.
struct ClassLegend {
  private static let (textSize, rowHeight, markRadius) = (17.0, 28.0, 7.0)
  private var marks: [Int32: Mark] = [:]
  private var entries: [(mark: Mark, name: String)] = []
  private var words: String?

  /// - Parameter clouds: the points that the legend must explain.
  init(classNames: [String], clouds: [PointCloud]) {
    guard clouds.contains(where: \.isLabelled) else {
      words = "The images have no labels: all points have one colour."
      return
    }
    let classes = classNames.count
    let shown =
      classes <= Palette.distinctClasses
      ? Array(0..<classes) : (0..<Palette.colours.count).map { $0 * classes / Palette.colours.count }
    for (place, label) in shown.enumerated() {
      marks[Int32(label)] = Palette.mark(place)
      entries.append((Palette.mark(place), classNames[label]))
    }
    if shown.count < classes { entries.append((Palette.other, "the other \(classes - shown.count) classes")) }
    if clouds.contains(where: \.isPartlyUnlabelled) { entries.append((Palette.unlabelled, "no label")) }
  }

  /// - Parameter label: class number; negative for none.
  func mark(_ label: Int32) -> Mark { label < 0 ? Palette.unlabelled : marks[label] ?? Palette.other }

  /// Entries stand in rows of equal columns, as many as fit.
  private func columns(_ canvas: Canvas, _ width: Double) -> (count: Int, width: Double) {
    let widest = entries.map { canvas.textWidth($0.name, size: Self.textSize) }.max() ?? 0
    let most = max(1, min(entries.count, Int(width / (widest + 3 * Self.markRadius + 24))))
    let rows = (entries.count + most - 1) / most
    let balanced = max(1, rows == 0 ? 1 : (entries.count + rows - 1) / rows)
    return (balanced, width / Double(balanced))
  }

  func height(_ canvas: Canvas, width: Double) -> Double {
    guard words == nil else { return Self.rowHeight }
    let count = columns(canvas, width).count
    return Double((entries.count + count - 1) / count) * Self.rowHeight
  }

  func draw(on canvas: Canvas, x: Double, y: Double, width: Double) {
    if let words {
      canvas.text(words, x + width / 2, y + 20, size: Self.textSize, colour: .faintInk, align: .centre)
      return
    }
    let columns = columns(canvas, width)
    for (place, entry) in entries.enumerated() {
      let left = x + Double(place % columns.count) * columns.width
      let middle = y + Double(place / columns.count) * Self.rowHeight + Self.rowHeight / 2
      canvas.mark(entry.mark, left + Self.markRadius + 2, middle, radius: Self.markRadius)
      canvas.text(entry.name, left + 3 * Self.markRadius + 4, middle + 6, size: Self.textSize)
    }
  }
}
