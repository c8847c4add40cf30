import Artifacts
import CCairo

/// A white sheet to draw on, in design units that do not depend on the picture's size in pixels: of pixels, or of shapes in SVG or PDF.
///
/// The origin is the top left corner, y grows downwards. Drawing is deterministic: no clock, no locale, no user settings, grey
/// antialiasing, no hinting.
public final class Canvas {
  /// What is drawn on.
  public enum Medium: Sendable {
    /// A picture of so many pixels across.
    case pixels(Int)
    case svg, pdf
  }

  /// In design units.
  let width, height: Double
  let medium: Medium
  let surface: OpaquePointer
  /// What a vector surface has written.
  let written = WrittenBytes()
  /// What to show of a part of the sheet where somebody points at it; SVG only.
  private(set) var hints: [Hint] = []
  let context: OpaquePointer
  let regular, bold: Typeface

  /// - Parameters:
  ///   - width: width of the sheet, design units.
  ///   - height: its height, design units.
  ///   - medium: what to draw on.
  /// - Throws: `FigureError` where the picture is larger than cairo or memory allow.
  init(width: Double, height: Double, on medium: Medium) throws(FigureError) {
    self.width = width
    self.height = height
    regular = try Typeface.regular.get()
    bold = try Typeface.bold.get()
    self.medium = medium
    let (made, scale) = Self.surface(width: width, height: height, on: medium, written)
    guard let surface = made, let context = cairo_create(surface) else {
      throw .libraryFailed(operation: "make a picture", message: "out of memory")
    }
    let status = cairo_status(context)
    guard status == CAIRO_STATUS_SUCCESS else {
      let message = String(cString: cairo_status_to_string(status))
      cairo_destroy(context)
      cairo_surface_destroy(surface)
      let (across, down) = (Int((width * scale).rounded(.up)), Int((height * scale).rounded(.up)))
      throw .libraryFailed(operation: "make a picture of \(across) × \(down) pixels", message: message)
    }
    self.surface = surface
    self.context = context
    cairo_set_source_rgb(context, 1, 1, 1)
    cairo_paint(context)
    cairo_scale(context, scale, scale)
    cairo_set_antialias(context, CAIRO_ANTIALIAS_GRAY)
    let options = cairo_font_options_create()
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
    cairo_set_font_options(context, options)
    cairo_font_options_destroy(options)
  }

  /// A sheet to measure text on before the height of the figure's own sheet is known.
  package static func ruler() throws(FigureError) -> Canvas { try Canvas(width: 1, height: 1, on: .pixels(1)) }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// Lets SVG show a text where somebody points at a part of the sheet.
  func hint(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ text: String) {
    hints.append(Hint(x: x, y: y, width: width, height: height, text: text))
  }

  /// What was drawn on pixels, as 8-bit RGB.
  var picture: PNGImage {
    cairo_surface_flush(surface)
    let (columns, rows) = (Int(cairo_image_surface_get_width(surface)), Int(cairo_image_surface_get_height(surface)))
    precondition(columns > 0, "only a sheet of pixels is a picture")
    let stride = Int(cairo_image_surface_get_stride(surface))
    var pixels = [UInt8](repeating: 255, count: columns * rows * 3)
    guard let bytes = cairo_image_surface_get_data(surface) else { preconditionFailure("an image surface has bytes until it is finished") }
    for row in 0..<rows {
      // CAIRO_FORMAT_RGB24 is one native 32-bit number a pixel: blue lies first on x86.
      let line = UnsafeRawPointer(bytes + row * stride).assumingMemoryBound(to: UInt32.self)
      for column in 0..<columns {
        let to = (row * columns + column) * 3
        pixels[to] = UInt8(truncatingIfNeeded: line[column] >> 16)
        pixels[to + 1] = UInt8(truncatingIfNeeded: line[column] >> 8)
        pixels[to + 2] = UInt8(truncatingIfNeeded: line[column])
      }
    }
    return PNGImage(width: columns, height: rows, pixels: pixels)
  }

  // MARK: Shapes

  func fillRectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ colour: Colour) {
    use(colour)
    cairo_rectangle(context, x, y, width, height)
    cairo_fill(context)
  }

  /// A frame whose line lies inside the rectangle.
  func frame(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ colour: Colour, thickness: Double = 1) {
    use(colour)
    cairo_set_line_width(context, thickness)
    cairo_rectangle(context, x + thickness / 2, y + thickness / 2, width - thickness, height - thickness)
    cairo_stroke(context)
  }

  /// Straight lines through all points.
  /// - Parameter dashes: lengths drawn and left out by turns; none for an unbroken line.
  func lines(_ points: [(x: Double, y: Double)], _ colour: Colour, thickness: Double = 1, dashes: [Double] = []) {
    guard let first = points.first else { return }
    use(colour)
    cairo_set_line_width(context, thickness)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, dashes, Int32(dashes.count), 0)
    defer { cairo_set_dash(context, nil, 0, 0) }
    cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
    cairo_stroke(context)
  }

  /// Draws what `body` draws inside a rectangle, and nothing outside.
  func clipped(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ body: () -> Void) {
    cairo_save(context)
    cairo_rectangle(context, x, y, width, height)
    cairo_clip(context)
    body()
    cairo_restore(context)
  }

  /// The area inside a closed line through all points.
  func fillPolygon(_ points: [(x: Double, y: Double)], _ colour: Colour, opacity: Double) {
    guard let first = points.first else { return }
    use(colour, opacity: opacity)
    cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
    cairo_close_path(context)
    cairo_fill(context)
  }

  /// A mark around a point; shapes of one radius have about the same area.
  func mark(_ mark: Mark, _ x: Double, _ y: Double, radius: Double, opacity: Double = 1) {
    use(mark.colour, opacity: opacity)
    switch mark.shape {
    case .disc:
      cairo_arc(context, x, y, radius, 0, 2 * Double.pi)
    case .triangle:
      cairo_move_to(context, x, y - 1.35 * radius)
      cairo_line_to(context, x + 1.35 * radius, y + 0.95 * radius)
      cairo_line_to(context, x - 1.35 * radius, y + 0.95 * radius)
      cairo_close_path(context)
    case .square:
      cairo_rectangle(context, x - 0.88 * radius, y - 0.88 * radius, 1.76 * radius, 1.76 * radius)
    }
    cairo_fill(context)
  }

  // MARK: Images

  /// An image [height, width, channels] of bytes in a rectangle, each of its pixels a rectangle (nearest neighbour, no blur).
  /// - Parameter channels: 1 (grey) or 3 (RGB).
  func image(
    _ pixels: [UInt8], rows: Int, columns: Int, channels: Int, _ x: Double, _ y: Double, width: Double,
    height: Double
  ) {
    precondition(pixels.count == rows * columns * channels, "\(pixels.count) bytes for \(rows) × \(columns) × \(channels)")
    guard let source = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows)),
      let bytes = cairo_image_surface_get_data(source)
    else { return }
    let stride = Int(cairo_image_surface_get_stride(source))
    for row in 0..<rows {
      let line = UnsafeMutableRawPointer(bytes + row * stride).assumingMemoryBound(to: UInt32.self)
      for column in 0..<columns {
        let at = (row * columns + column) * channels
        let (red, green, blue) = channels == 1 ? (pixels[at], pixels[at], pixels[at]) : (pixels[at], pixels[at + 1], pixels[at + 2])
        line[column] = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
      }
    }
    cairo_surface_mark_dirty(source)
    cairo_save(context)
    cairo_translate(context, x, y)
    cairo_scale(context, width / Double(columns), height / Double(rows))
    cairo_set_source_surface(context, source, 0, 0)
    cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
    cairo_rectangle(context, 0, 0, Double(columns), Double(rows))
    cairo_fill(context)
    cairo_restore(context)
    cairo_surface_destroy(source)
  }

  func use(_ colour: Colour, opacity: Double = 1) {
    cairo_set_source_rgba(context, Double(colour.red) / 255, Double(colour.green) / 255, Double(colour.blue) / 255, opacity)
  }
}
