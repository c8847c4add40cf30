import Artifacts

/// One t-SNE map with title and legend.
public struct ScatterPlot: Figure {
  private let title, subtitle: String
  private let classNames: DisplayNames
  private let cloud: PointCloud

  /// - Parameters:
  ///   - title: what is shown: data set, method, epoch.
  ///   - subtitle: how it was made, smaller.
  ///   - classNames: names of what the cloud's labels number: classes, or clusters.
  public init(title: String, subtitle: String, classNames: DisplayNames, cloud: PointCloud) {
    self.title = title
    self.subtitle = subtitle
    self.classNames = classNames
    self.cloud = cloud
  }

  public func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas {
    let margin = 30.0
    let side = 1000 - 2 * margin
    let legend = ClassLegend(classNames: classNames, clouds: [cloud])
    let heading = Heading(title: title, subtitle: subtitle)
    let ruler = try Canvas.ruler()
    let top = heading.height(ruler, width: side)
    let canvas = try Canvas(width: 1000, height: top + side + 16 + legend.height(ruler, width: side) + 20, on: medium)
    heading.draw(on: canvas, x: margin, width: side)
    cloud.draw(on: canvas, x: margin, y: top, side: side, marks: legend)
    legend.draw(on: canvas, x: margin, y: top + side + 16, width: side)
    return canvas
  }
}

/// Figure 3: several t-SNE maps of the same images, two in a row, lettered (a), (b), …, under one legend.
public struct ScatterPanels: Figure {
  /// A map with what is written below it.
  public struct Panel: Sendable {
    let caption: String
    let cloud: PointCloud
    public init(caption: String, cloud: PointCloud) {
      self.caption = caption
      self.cloud = cloud
    }
  }

  private let title, subtitle: String
  private let classNames: DisplayNames
  private let panels: [Panel]

  public init(title: String, subtitle: String, classNames: DisplayNames, panels: [Panel]) {
    self.title = title
    self.subtitle = subtitle
    self.classNames = classNames
    self.panels = panels
  }

  public func drawn(on medium: Canvas.Medium) throws(FigureError) -> Canvas {
    let (margin, gap, captionHeight) = (24.0, 20.0, 48.0)
    let inner = 1200 - 2 * margin
    let side = (inner - gap) / 2
    let rows = Double((panels.count + 1) / 2)
    let legend = ClassLegend(classNames: classNames, clouds: panels.map(\.cloud))
    let heading = Heading(title: title, subtitle: subtitle)
    let ruler = try Canvas.ruler()
    let top = heading.height(ruler, width: inner)
    let canvas = try Canvas(
      width: 1200, height: top + rows * (side + captionHeight) + legend.height(ruler, width: inner) + 24, on: medium)
    heading.draw(on: canvas, x: margin, width: inner)
    for (place, panel) in panels.enumerated() {
      let left = margin + Double(place % 2) * (side + gap)
      let above = top + Double(place / 2) * (side + captionHeight)
      panel.cloud.draw(on: canvas, x: left, y: above, side: side, marks: legend)
      let letter = String(UnicodeScalar(UInt8(97 + place % 26)))
      canvas.text(
        canvas.shortened("(\(letter)) \(panel.caption)", size: 19, width: side), left + side / 2, above + side + 28, size: 19,
        align: .centre)
    }
    legend.draw(on: canvas, x: margin, y: top + rows * (side + captionHeight) + 6, width: inner)
    return canvas
  }
}
