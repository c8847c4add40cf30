import Artifacts

/// A figure: drawn by one code on pixels, as SVG or as PDF.
public protocol Figure: Sendable {
  /// - Throws: `FigureError`
  func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas
}

extension Figure {
  /// - Parameter width: of the picture, pixels.
  /// - Throws: `FigureError`
  public func draw(width: Int) throws(FigureError) -> PNGImage { try drawn(on: .pixels(width)).picture }

  /// A document that needs nothing else: no font, no style sheet, no script.
  /// - Parameter text: what the figure shows, for who does not see it.
  /// - Throws: `FigureError`
  public func svg(saying text: String) throws(FigureError) -> String { try drawn(on: .svg).svg(saying: text) }

  /// One page of half the figure's size in design units, as points; without a date, so that equal figures are equal files.
  /// - Throws: `FigureError`
  public func pdf() throws(FigureError) -> [UInt8] { try drawn(on: .pdf).bytes() }
}
