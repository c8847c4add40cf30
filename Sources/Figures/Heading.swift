/// A figure's title and, smaller, what one must know to read it; both break into lines where they are wider than the figure.
struct Heading {
  let title, subtitle: String
  var titleSize = 24.0
  var subtitleSize = 17.0

  /// Room from the sheet's top to where the drawing may begin.
  func height(_ canvas: Canvas, width: Double) -> Double {
    14 + Double(canvas.broken(title, size: titleSize, bold: true, width: width).count) * titleSize * 1.25
      + Double(canvas.broken(subtitle, size: subtitleSize, width: width).count) * subtitleSize * 1.4 + 14
  }

  func draw(on canvas: Canvas, x: Double, width: Double) {
    var baseline = 14.0
    for line in canvas.broken(title, size: titleSize, bold: true, width: width) {
      baseline += titleSize * 1.25
      canvas.text(line, x, baseline - titleSize * 0.2, size: titleSize, bold: true)
    }
    for line in canvas.broken(subtitle, size: subtitleSize, width: width) {
      baseline += subtitleSize * 1.4
      canvas.text(line, x, baseline - subtitleSize * 0.2, size: subtitleSize, colour: .faintInk)
    }
  }
}
