import Artifacts

/// Figure 4: a row for each cluster with its number and the class it is mapped to; images it gets right in a green box on the left, images
/// it gets wrong, with the class they belong to, in a red box on the right.
public struct CaseGrid: Figure {
  /// A picture, and the class it belongs to where that is to be read below it.
  public struct Tile: Sendable {
    let pixels: [UInt8]
    let trueClass: Int?
    /// - Parameter pixels: bytes [height, width, channels] of the grid's size.
    public init(pixels: some Sequence<UInt8>, trueClass: Int? = nil) {
      self.pixels = Array(pixels)
      self.trueClass = trueClass
    }
  }

  /// One cluster.
  public struct Row: Sendable {
    let cluster: Int
    let mappedClass: Int?
    let successes, failures: [Tile]
    /// - Parameters:
    ///   - cluster: its number.
    ///   - mappedClass: the class it is mapped to; nil for none.
    public init(cluster: Int, mappedClass: Int?, successes: [Tile], failures: [Tile]) {
      self.cluster = cluster
      self.mappedClass = mappedClass
      self.successes = successes
      self.failures = failures
    }
  }

  private let title, subtitle: String
  private let height, width, channels: Int
  private let leading: Int
  private let classNames: DisplayNames?
  private let rows: [Row]

  /// - Parameters:
  ///   - height: of every image, pixels.
  ///   - width: of every image, pixels.
  ///   - channels: 1 (grey) or 3 (RGB).
  ///   - leading: how many images of a box stand apart from the rest: they were chosen in another way.
  ///   - classNames: by class number; nil where there are no classes, hence no right and wrong: then successes are drawn alone, as the images
  ///     of the cluster.
  public init(
    title: String, subtitle: String, height: Int, width: Int, channels: Int, leading: Int, classNames: DisplayNames?, rows: [Row]
  ) {
    self.title = title
    self.subtitle = subtitle
    self.height = height
    self.width = width
    self.channels = channels
    self.leading = leading
    self.classNames = classNames
    self.rows = rows
  }

  /// Where things stand, in design units: a heading, then blocks of rows side by side, as many as keep the picture below `tallestPicture`.
  private struct Places {
    static let (margin, gap, pad, tile, betweenBoxes, betweenBlocks) = (24.0, 6.0, 10.0, 78.0, 20.0, 36.0)
    static let (numberSize, classSize, captionSize, smallestCaption) = (19.0, 16.0, 13.0, 10.0)
    /// cairo's limit is 32,767.
    static let tallestPicture = 30_000.0

    let classTexts, captions: [String]
    let leading: Int
    let label, box, block, tileHeight, boxHeight, rowHeight: Double
    let blocks, rowsInBlock: Int
    let width, headingHeight, top, height: Double

    init(_ grid: CaseGrid, _ heading: Heading, pixels: Int, on ruler: Canvas) {
      classTexts = grid.classNames?.fitted(ruler, size: Self.classSize, width: 180) ?? []
      captions = grid.classNames?.fitted(ruler, size: Self.smallestCaption, width: Self.tile) ?? []
      leading = grid.leading
      let texts = grid.classNames == nil ? ["Cluster"] : ["Cluster → class"] + (classTexts + ["none"]).map { "→ \($0)" }
      let widest = texts.map { ruler.textWidth($0, size: Self.classSize) }.max() ?? 0
      label = widest + 20
      let columns = max(grid.rows.flatMap { [$0.successes.count, $0.failures.count] }.max() ?? 1, 1)
      box = max(Self.offset(columns - 1, leading: leading) + Self.tile + Self.pad, 260)
      block = label + (grid.classNames == nil ? box : 2 * box + Self.betweenBoxes)
      tileHeight = Self.tile * Double(grid.height) / Double(grid.width)
      boxHeight = max(tileHeight + 2 * Self.pad + 20, 60)
      rowHeight = boxHeight + 12
      var blocks = 1
      while true {
        let width = 2 * Self.margin + Double(blocks) * block + Double(blocks - 1) * Self.betweenBlocks
        let headingHeight = heading.height(ruler, width: width - 2 * Self.margin)
        let rowsInBlock = (grid.rows.count + blocks - 1) / blocks
        let height = headingHeight + 46 + Double(rowsInBlock) * rowHeight
        if height * Double(pixels) / width <= Self.tallestPicture || blocks >= max(grid.rows.count, 1) {
          (self.blocks, self.rowsInBlock, self.width) = (blocks, rowsInBlock, width)
          (self.headingHeight, top, self.height) = (headingHeight, headingHeight + 34, height)
          return
        }
        blocks += 1
      }
    }

    /// Where an image stands in its box.
    static func offset(_ column: Int, leading: Int) -> Double {
      pad + Double(column) * (tile + gap) + (column >= leading ? 2 * gap : 0)
    }

    func blockLeft(_ block: Int) -> Double { Self.margin + Double(block) * (self.block + Self.betweenBlocks) }
  }

  public func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas {
    let ruler = try Canvas.ruler()
    let heading = Heading(title: title, subtitle: subtitle)
    // Vector sheets are as large as one likes; a page as tall as this is no use to anybody either.
    let places = Places(self, heading, pixels: medium.pixels ?? 1600, on: ruler)
    let canvas = try Canvas(width: places.width, height: places.height, on: medium)
    heading.draw(on: canvas, x: Places.margin, width: places.width - 2 * Places.margin)
    for block in 0..<places.blocks { drawColumnHeadings(canvas, places, left: places.blockLeft(block), y: places.headingHeight + 20) }
    for (place, row) in rows.enumerated() {
      let (block, line) = (place / places.rowsInBlock, place % places.rowsInBlock)
      draw(row, canvas, places, left: places.blockLeft(block), y: places.top + Double(line) * places.rowHeight)
    }
    return canvas
  }

  private func drawColumnHeadings(_ canvas: Canvas, _ places: Places, left: Double, y: Double) {
    let box = left + places.label
    canvas.text(classNames == nil ? "Cluster" : "Cluster → class", left, y, size: 15, colour: .faintInk)
    guard classNames != nil else {
      canvas.text("Images", box + places.box / 2, y, size: 17, bold: true, align: .centre)
      return
    }
    canvas.text("Successes", box + places.box / 2, y, size: 17, bold: true, colour: .success, align: .centre)
    canvas.text(
      "Failures (true class)", box + places.box * 1.5 + Places.betweenBoxes, y, size: 17, bold: true, colour: .failure, align: .centre)
  }

  private func draw(_ row: Row, _ canvas: Canvas, _ places: Places, left: Double, y: Double) {
    let middle = y + places.boxHeight / 2
    if classNames == nil {
      canvas.text("\(row.cluster)", left, middle + 7, size: Places.numberSize, bold: true)
    } else {
      canvas.text("\(row.cluster)", left, middle - 4, size: Places.numberSize, bold: true)
      let mapped = row.mappedClass.map { places.classTexts[$0] }
      canvas.text("→ \(mapped ?? "none")", left, middle + 18, size: Places.classSize, colour: mapped == nil ? .faintInk : .ink)
    }
    let box = left + places.label
    if classNames == nil {
      draw(row.successes, canvas, places, left: box, y: y, colour: .faintInk)
    } else {
      draw(row.successes, canvas, places, left: box, y: y, colour: .success)
      draw(row.failures, canvas, places, left: box + places.box + Places.betweenBoxes, y: y, colour: .failure)
    }
  }

  /// A box with its images.
  private func draw(_ tiles: [Tile], _ canvas: Canvas, _ places: Places, left: Double, y: Double, colour: Colour) {
    canvas.frame(left, y, places.box, places.boxHeight, colour, thickness: 2.5)
    if tiles.isEmpty {
      canvas.text("none", left + places.box / 2, y + places.boxHeight / 2 + 5, size: 15, colour: .faintInk, align: .centre)
    }
    let above = tiles.contains { $0.trueClass != nil } ? Places.pad : (places.boxHeight - places.tileHeight) / 2
    for (column, tile) in tiles.enumerated() {
      let x = left + Places.offset(column, leading: leading)
      canvas.image(
        tile.pixels, rows: height, columns: width, channels: channels, x, y + above, width: Places.tile, height: places.tileHeight)
      guard let caption = tile.trueClass.map({ places.captions[$0] }) else { continue }
      let room = Places.tile
      let natural = canvas.textWidth(caption, size: Places.captionSize)
      canvas.text(
        caption, x + Places.tile / 2, y + Places.pad + places.tileHeight + 16,
        size: Places.captionSize * min(1, room / max(natural, 1)), align: .centre)
    }
  }
}
