import Tensors

/// Points in the plane with a class each: what a t-SNE map shows.
public struct PointCloud: Sendable {
  /// Coordinates, two for each point; the second axis points up.
  let coordinates: [Float]
  /// Class of each point, negative for none.
  let labels: [Int32]

  /// - Parameters:
  ///   - points: [N, 2]; points with a coordinate that is no finite number are not drawn.
  ///   - labels: class numbers [N], negative for none.
  public init(points: Tensor, labels: [Int32]) {
    precondition(points.shape == [labels.count, 2], "\(labels.count) labels for points of shape \(points.shape)")
    coordinates = points.scalars
    self.labels = labels
  }

  /// Whether any point has a class.
  public var isLabelled: Bool { labels.contains { $0 >= 0 } }

  var isPartlyUnlabelled: Bool { labels.contains { $0 < 0 } }

  /// Draws frame and points into a square. Both axes have one scale and no ticks: t-SNE's units mean nothing.
  func draw(on canvas: Canvas, x: Double, y: Double, side: Double, marks: ClassLegend) {
    canvas.frame(x, y, side, side, .rule)
    let finite = labels.indices.filter { coordinates[2 * $0].isFinite && coordinates[2 * $0 + 1].isFinite }
    guard !finite.isEmpty else { return }
    let horizontal = Self.range(finite.map { coordinates[2 * $0] })
    let vertical = Self.range(finite.map { coordinates[2 * $0 + 1] })
    let extent = max(horizontal.upperBound - horizontal.lowerBound, vertical.upperBound - vertical.lowerBound)
    let radius = Self.radius(points: finite.count, side: side)
    let scale = extent > 0 ? (side - 6 * radius - 16) / extent : 0
    let middle = ((horizontal.lowerBound + horizontal.upperBound) / 2, (vertical.lowerBound + vertical.upperBound) / 2)
    canvas.marks(finite.count, x, y, side: side) { sheet, x, y in
      for point in finite {
        sheet.mark(
          marks.mark(labels[point]), x + side / 2 + (Double(coordinates[2 * point]) - middle.0) * scale,
          y + side / 2 - (Double(coordinates[2 * point + 1]) - middle.1) * scale, radius: radius, opacity: 0.85)
      }
    }
  }

  /// Marks cover about an eighth of the square, and stay visible and apart.
  private static func radius(points: Int, side: Double) -> Double {
    min(max(side * (0.125 / Double.pi / Double(points)).squareRoot(), 1.5), 6)
  }

  private static func range(_ values: [Float]) -> ClosedRange<Double> {
    Double(values.reduce(.infinity, min))...Double(values.reduce(-.infinity, max))
  }
}
