/// Which mark stands for which class, and the key to them below a plot.
///
/// Classes beyond `Palette.distinctClasses` cannot all be told apart: then ten of them, evenly spread over the class numbers, have
/// colours and the others are grey.
struct ClassLegend {
  private var marks: [Int32: Mark] = [:]
  private let samples: [Mark]
  private let names: DisplayNames

  /// - Parameter clouds: the points that the legend must explain.
  init(classNames: DisplayNames, clouds: [PointCloud]) {
    let classes = classNames.texts.count
    let isLabelled = clouds.contains(where: \.isLabelled)
    let shown =
      !isLabelled
      ? []
      : classes <= Palette.distinctClasses ? Array(0..<classes) : (0..<Palette.colours.count).map { $0 * classes / Palette.colours.count }
    var samples: [Mark] = []
    var words: [String] = []
    for (place, label) in shown.enumerated() {
      marks[Int32(label)] = Palette.mark(place)
      samples.append(Palette.mark(place))
    }
    if isLabelled, shown.count < classes {
      samples.append(Palette.other)
      words.append("the other \(classes - shown.count) of \(classes)")
    }
    if clouds.contains(where: \.isPartlyUnlabelled) {
      samples.append(Palette.unlabelled)
      words.append("no label")
    }
    self.samples = samples
    names = classNames.choosing(shown, then: words)
  }

  /// - Parameter label: class number; negative for none.
  func mark(_ label: Int32) -> Mark { label < 0 ? Palette.unlabelled : marks[label] ?? Palette.other }

  func height(_ canvas: Canvas, width: Double) -> Double { rows(canvas, width).height }

  func draw(on canvas: Canvas, x: Double, y: Double, width: Double) {
    rows(canvas, width).draw(on: canvas, x: x, y: y) { place, left, middle in
      canvas.mark(samples[place], left + 9, middle, radius: 7)
    }
  }

  private func rows(_ canvas: Canvas, _ width: Double) -> Legend { Legend(names, sampleWidth: 25, width: width, on: canvas) }
}
