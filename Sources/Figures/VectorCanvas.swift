import CCairo

/// A part of a sheet, in design units, and what SVG says of it.
struct Hint {
  let x, y, width, height: Double
  let text: String
}

/// Where a vector surface writes to.
final class WrittenBytes {
  private(set) var bytes: [UInt8] = []

  func append(_ data: UnsafePointer<UInt8>?, _ count: Int) { bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: count)) }
}

extension Canvas.Medium {
  /// The width asked for, nil of vectors.
  var pixels: Int? { if case .pixels(let width) = self { width } else { nil } }
}

extension Canvas {
  /// Points of a page for each design unit.
  private static let pointsPerUnit = 0.5

  /// A surface, and its own units for each design unit.
  static func surface(width: Double, height: Double, on medium: Medium, _ written: WrittenBytes) -> (OpaquePointer?, scale: Double) {
    let target = Unmanaged.passUnretained(written).toOpaque()
    let write: cairo_write_func_t = { target, data, count in
      guard let target else { return CAIRO_STATUS_WRITE_ERROR }
      Unmanaged<WrittenBytes>.fromOpaque(target).takeUnretainedValue().append(data, Int(count))
      return CAIRO_STATUS_SUCCESS
    }
    switch medium {
    case .pixels(let pixels):
      let scale = Double(pixels) / width
      return (cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(pixels), Int32((height * scale).rounded(.up))), scale)
    case .svg:
      return (cairo_svg_surface_create_for_stream(write, target, width.rounded(.up), height.rounded(.up)), 1)
    case .pdf:
      let surface = cairo_pdf_surface_create_for_stream(write, target, width * pointsPerUnit, height * pointsPerUnit)
      // Cairo would put in the time.
      if let surface { cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "") }
      return (surface, pointsPerUnit)
    }
  }

  /// Ends the sheet: what a vector surface has written.
  /// - Throws: `FigureError`
  func bytes() throws(FigureError) -> [UInt8] {
    cairo_surface_finish(surface)
    let status = cairo_surface_status(surface)
    guard status == CAIRO_STATUS_SUCCESS else {
      throw .libraryFailed(operation: "write a figure", message: String(cString: cairo_status_to_string(status)))
    }
    return written.bytes
  }

  /// More marks than this are a picture within SVG, where each would take a third of a kilobyte.
  private static let mostMarksInSVG = 2000
  /// Of such a picture, for each design unit: four panels of 4,000 marks stay below a megabyte.
  private static let pixelsPerUnitInSVG = 1.25

  /// Draws the marks of a square, of which there may be very many.
  /// - Parameters:
  ///   - count: how many.
  ///   - body: draws them on a sheet, in a square whose corner is given.
  func marks(_ count: Int, _ x: Double, _ y: Double, side: Double, _ body: (Canvas, _ x: Double, _ y: Double) -> Void) {
    guard case .svg = medium, count > Self.mostMarksInSVG,
      let sheet = try? Canvas(width: side, height: side, on: .pixels(Int(side * Self.pixelsPerUnitInSVG)))
    else { return body(self, x, y) }
    body(sheet, 0, 0)
    sheet.frame(0, 0, side, side, .rule)
    let picture = sheet.picture
    image(picture.pixels, rows: picture.height, columns: picture.width, channels: 3, x, y, width: side, height: side)
  }
}
