import Artifacts

/// What the points of a map are coloured by: the class they belong to, or where none of them has a label, the cluster they are in.
public struct PointColours: Sendable {
  public let isByCluster: Bool
  /// Of the classes or of the clusters.
  public let names: DisplayNames
  /// What the colours mean, for a subtitle.
  public let explanation: String
  private let numbers: [Int: Int32]

  /// - Parameters:
  ///   - labels: of all images of the set.
  ///   - rows: the images that are mapped, as rows of `labels`.
  ///   - clusters: of these images, −1 for none; empty where they are not known.
  ///   - epoch: of the clusters.
  /// - Throws: `FigureError`
  public init(_ labels: Labels, rows: [Int], clusters: [Int32], epoch: Int) throws(FigureError) {
    let classes = rows.map { labels.values[$0] }
    isByCluster = !classes.contains { $0 >= 0 } && clusters.contains { $0 >= 0 }
    numbers = Dictionary(zip(rows, isByCluster ? clusters : classes)) { _, last in last }
    if isByCluster {
      names = try DisplayNames((0...Int(clusters.max() ?? 0)).map { "cluster \($0)" }, kind: "cluster")
      explanation = "colour: cluster at epoch \(epoch), since no image has a label"
    } else {
      names = try DisplayNames(labels.classNames, kind: "class")
      explanation = classes.contains { $0 >= 0 } ? "colour: true class" : "no image has a label"
    }
  }

  /// Class or cluster of an image; −1 for none, and for an image that is not mapped.
  public func number(_ row: Int) -> Int32 { numbers[row] ?? -1 }
}
