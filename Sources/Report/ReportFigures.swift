import Artifacts
import Workflow

/// The pictures of a report: drawings inline as SVG, what consists of pixels or of very many marks as PNG, as long as there is room.
struct ReportFigures {
  /// One picture: what it is called, and its files.
  struct Picture {
    let name: String
    /// What its caption adds to what the drawing says of itself.
    let place: String
    let svg, png: String?
  }

  let pictures: [Picture]
  /// Bytes that pictures took of the page.
  private(set) var bytes = 0

  /// A drawing of more bytes is shown as PNG.
  private static let mostSVG = 300_000
  /// The page is to stay below 10 MB, of which 3 are not for pictures.
  private static let mostBytes = 6_900_000

  init(_ pictures: [Picture]) { self.pictures = pictures }

  /// - Throws: `FileError` where a file of the store is gone.
  mutating func html() throws -> String {
    var text = ""
    for (place, picture) in pictures.enumerated() { text += try figure(picture, place) }
    return text
  }

  private mutating func figure(_ picture: Picture, _ place: Int) throws -> String {
    let drawing = try picture.svg.map { String(decoding: try AtomicFile.read($0), as: UTF8.self) }
    let added = picture.place.isEmpty ? "" : " (\(MarkupText.escaped(picture.place)))"
    let words = drawing.flatMap(Self.title).map { $0 + added } ?? MarkupText.escaped(picture.name)
    let caption = "<figcaption>\(words)</figcaption>"
    if let drawing, drawing.utf8.count <= Self.mostSVG, !drawing.contains("<image"), let inline = Self.inline(drawing, "f\(place)-") {
      bytes += inline.utf8.count
      return "<figure>\(inline)\(caption)</figure>\n"
    }
    guard let path = picture.png else { return "" }
    let png = try AtomicFile.read(path)
    guard bytes + png.count * 4 / 3 <= Self.mostBytes else {
      return "<p class=\"warn\">\(words): not shown here, since the page would grow too large (\(HTMLText.memory(png.count))).</p>\n"
    }
    bytes += png.count * 4 / 3
    return "<figure><img alt=\"\(words)\" src=\"data:image/png;base64,\(HTMLText.base64(png))\">\(caption)</figure>\n"
  }

  /// What a drawing says of itself, as it stands there, escaped.
  private static func title(_ drawing: String) -> String? {
    guard let start = drawing.firstRange(of: "<title>"), let end = drawing[start.upperBound...].firstRange(of: "</title>") else {
      return nil
    }
    return String(drawing[start.upperBound..<end.lowerBound])
  }

  /// A drawing without its prologue, its names made different from those of others on the page.
  private static func inline(_ drawing: String, _ prefix: String) -> String? {
    guard let start = drawing.firstRange(of: "<svg") else { return nil }
    return String(drawing[start.lowerBound...]).replacing(" id=\"", with: " id=\"\(prefix)").replacing(
      "href=\"#", with: "href=\"#\(prefix)"
    )
    .replacing("url(#", with: "url(#\(prefix)")
  }
}
