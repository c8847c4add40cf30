import Artifacts
import Figures
import StageKit

extension StageJob {
  /// Writes a figure to the outputs that were asked for: `picture` (PNG), `svg`, `pdf`.
  /// - Parameters:
  ///   - width: of the PNG picture, pixels.
  ///   - text: what the figure shows, for who does not see it.
  func write(_ figure: some Figure, width: Int, saying text: String) throws {
    if let path = optionalOutput("picture") { try figure.draw(width: width).write(to: path) }
    if let path = optionalOutput("svg") { try AtomicFile.write(figure.svg(saying: text), to: path) }
    if let path = optionalOutput("pdf") { try AtomicFile.write(figure.pdf(), to: path) }
  }
}
