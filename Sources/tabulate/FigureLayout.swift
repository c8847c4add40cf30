import Artifacts
import Tables

/// What a figure shows: the setting `layout` where the output is a figure.
struct FigureLayout {
  /// One method of Figure 5.
  struct Series {
    let method, label: String
  }

  private let title: String
  private let titleWithoutLabels: String?
  /// Pixels.
  let width: Int
  /// How many of Figure 4's images are the most confident ones.
  let confident: Int
  let series: [Series]

  static let widths = 200...10_000

  /// - Parameters:
  ///   - output: the figure: `figure3`, `figure4`, `figure5` or `training`.
  ///   - titles: labels of series that have none, by method.
  /// - Throws: `TableError` where the value is not of the figure's form.
  init(_ value: JSONValue, of output: String, titles: [String: String] = [:]) throws(TableError) {
    let own = ["figure4": ["titleWithoutLabels", "confident"], "figure5": ["titleWithoutLabels", "series"]]
    let fields = try Fields(value, "layout", names: ["title", "width"] + (own[output] ?? []))
    title = try fields.text("title")
    titleWithoutLabels = try fields.textIfPresent("titleWithoutLabels")
    width = try fields.integer("width", in: Self.widths)
    confident = output == "figure4" ? try fields.integer("confident", in: 0...100) : 0
    var series: [Series] = []
    if output == "figure5" {
      for one in try fields.list("series", names: ["method", "label"]) {
        let method = try one.text("method")
        series.append(Series(method: method, label: try one.textIfPresent("label") ?? titles[method] ?? method))
      }
    }
    self.series = series
  }

  /// The title that is right for images with or without labels.
  func title(isLabelled: Bool = true) -> String { isLabelled ? title : titleWithoutLabels ?? title }
}
