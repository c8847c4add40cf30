/// Which mark stands for which class, and the key to them below a plot.
///
/// More than `Palette.distinctClasses` cannot all be told apart: then each has the colour of its place on a circle of hues, and the key names
/// ten of them, evenly spread over the class numbers, and says so.
struct ClassLegend {
  private let marks: [Int32: Mark]
  private let samples: [Mark?]
  private let names: DisplayNames

  /// - Parameter clouds: the points that the legend must explain.
  init(classNames: DisplayNames, clouds: [PointCloud]) {
    let classes = classNames.texts.count
    let isLabelled = clouds.contains(where: \.isLabelled)
    let areMany = classes > Palette.distinctClasses
    var marks: [Int32: Mark] = [:]
    for label in isLabelled ? 0..<classes : 0..<0 {
      marks[Int32(label)] = areMany ? Palette.wheel(label, of: classes) : Palette.mark(label)
    }
    let shown = !isLabelled ? [] : areMany ? (0..<Self.named).map { $0 * classes / Self.named } : Array(0..<classes)
    var samples: [Mark?] = shown.map { marks[Int32($0)] }
    var words: [String] = []
    if isLabelled, areMany {
      samples.append(nil)
      words.append("\(shown.count) of \(classes) classes; the others have the colours between, in the order of their numbers")
    }
    if clouds.contains(where: \.isPartlyUnlabelled) {
      samples.append(Palette.unlabelled)
      words.append("no label")
    }
    self.marks = marks
    self.samples = samples
    names = classNames.choosing(shown, then: words)
  }

  /// So many of very many classes are named.
  private static let named = 10

  /// - Parameter label: class number; negative for none.
  func mark(_ label: Int32) -> Mark { marks[label] ?? Palette.unlabelled }

  func height(_ canvas: Canvas, width: Double) -> Double { rows(canvas, width).height }

  func draw(on canvas: Canvas, x: Double, y: Double, width: Double) {
    rows(canvas, width).draw(on: canvas, x: x, y: y) { place, left, middle in
      if let sample = samples[place] { canvas.mark(sample, left + 9, middle, radius: 7) }
    }
  }

  private func rows(_ canvas: Canvas, _ width: Double) -> Legend { Legend(names, sampleWidth: 25, width: width, on: canvas) }
}
