import Artifacts

/// Figure 4: a row for each cluster; images it gets right in a green box on the left, images it gets wrong, with the class they
/// belong to, in a red box on the right.
public struct CaseGrid: Sendable {
  /// A picture, and what is written below it.
  public struct Tile: Sendable {
    let pixels: [UInt8]
    let caption: String
    /// - Parameter pixels: bytes [height, width, channels] of the grid's size.
    public init(pixels: some Sequence<UInt8>, caption: String) {
      self.pixels = Array(pixels)
      self.caption = caption
    }
  }

  /// One cluster.
  public struct Row: Sendable {
    let name: String
    let successes, failures: [Tile]
    /// - Parameter name: the class the cluster is mapped to.
    public init(name: String, successes: [Tile], failures: [Tile]) {
      self.name = name
      self.successes = successes
      self.failures = failures
    }
  }

  private let title, subtitle: String
  private let height, width, channels: Int
  private let leading: Int
  private let isLabelled: Bool
  private let rows: [Row]

  /// - Parameters:
  ///   - height: of every image, pixels.
  ///   - width: of every image, pixels.
  ///   - channels: 1 (grey) or 3 (RGB).
  ///   - leading: how many images of a box stand apart from the rest: they were chosen in another way.
  ///   - isLabelled: whether there is right and wrong; else successes are drawn alone, as the images of the cluster.
  public init(
    title: String, subtitle: String, height: Int, width: Int, channels: Int, leading: Int, isLabelled: Bool = true, rows: [Row]
  ) {
    self.title = title
    self.subtitle = subtitle
    self.height = height
    self.width = width
    self.channels = channels
    self.leading = leading
    self.isLabelled = isLabelled
    self.rows = rows
  }

  /// - Parameter width: of the picture, pixels.
  /// - Throws: `FigureError`
  public func draw(width: Int) throws(FigureError) -> PNGImage {
    let (margin, gap, pad, tile, nameSize, captionSize) = (24.0, 6.0, 10.0, 78.0, 19.0, 13.0)
    let ruler = try Canvas.ruler()
    let label = (rows.map { ruler.textWidth($0.name, size: nameSize, bold: true) }.max() ?? 0) + 20
    let columns = max(rows.flatMap { [$0.successes.count, $0.failures.count] }.max() ?? 1, 1)
    /// Where an image stands in its box.
    func offset(_ column: Int) -> Double { pad + Double(column) * (tile + gap) + (column >= leading ? 2 * gap : 0) }
    let box = max(offset(columns - 1) + tile + pad, 260)
    let sheet = 2 * margin + label + (isLabelled ? 2 * box + 20 : box)
    let tileHeight = tile * Double(self.height) / Double(self.width)
    let boxHeight = tileHeight + 2 * pad + 20
    let rowHeight = boxHeight + 12
    let heading = Heading(title: title, subtitle: subtitle)
    let headingHeight = heading.height(ruler, width: sheet - 2 * margin)
    let top = headingHeight + 34
    let canvas = try Canvas(width: sheet, height: top + Double(rows.count) * rowHeight + 12, pixels: width)
    let (successLeft, failureLeft) = (margin + label, margin + label + box + 20)

    heading.draw(on: canvas, x: margin, width: sheet - 2 * margin)
    let captions = headingHeight + 20
    canvas.text("Cluster", margin, captions, size: 17, colour: .faintInk)
    if isLabelled {
      canvas.text("Successes", successLeft + box / 2, captions, size: 17, bold: true, colour: .success, align: .centre)
      canvas.text("Failures (true class)", failureLeft + box / 2, captions, size: 17, bold: true, colour: .failure, align: .centre)
    } else {
      canvas.text("Images", successLeft + box / 2, captions, size: 17, bold: true, align: .centre)
    }
    for (place, row) in rows.enumerated() {
      let y = top + Double(place) * rowHeight
      canvas.text(row.name, margin, y + boxHeight / 2 + 6, size: nameSize, bold: true)
      let boxes =
        isLabelled
        ? [(successLeft, row.successes, Colour.success), (failureLeft, row.failures, .failure)] : [(successLeft, row.successes, .faintInk)]
      for (left, tiles, colour) in boxes {
        canvas.frame(left, y, box, boxHeight, colour, thickness: 2.5)
        if tiles.isEmpty { canvas.text("none", left + box / 2, y + boxHeight / 2 + 5, size: 15, colour: .faintInk, align: .centre) }
        let above = tiles.contains { !$0.caption.isEmpty } ? pad : (boxHeight - tileHeight) / 2
        for (column, one) in tiles.enumerated() {
          let x = left + offset(column)
          canvas.image(one.pixels, rows: height, columns: self.width, channels: channels, x, y + above, width: tile, height: tileHeight)
          canvas.text(
            one.caption, x + tile / 2, y + pad + tileHeight + 16, size: fitting(canvas, one.caption, captionSize, tile + gap - 2),
            align: .centre)
        }
      }
    }
    return canvas.picture
  }

  /// The text size at which a caption is no wider than its place.
  private func fitting(_ canvas: Canvas, _ text: String, _ size: Double, _ width: Double) -> Double {
    min(size, size * width / max(canvas.textWidth(text, size: size), 1))
  }
}
