import Clustering
import StageKit

/// The settings of single methods, and the method they make.
enum MethodSettings {
  static let restarts = Setting<Int>("restarts", 1...1000, "restarts, of which the best counts")
  static let iterations = Setting<Int>("iterations", 1...100_000, "most iterations of a restart")
  static let tolerance = Setting<Double>(
    "tolerance", 0...1, "how little an iteration must still change to be the last; see docs/methods.md")
  static let scaleNeighbour = Setting<Int>("scaleNeighbour", 1...1000, "the neighbour whose distance is an image's scale")
  static let neighbours = Setting<Int>("neighbours", 1...1000, "neighbours of an image in the graph")
  static let exactUpTo = Setting<Int>("exactUpTo", 0...20_000, "images up to which all pairs count rather than neighbours alone")
  static let locality = Setting<Double>("locality", 0...1e6, "weight of the term that keeps neighbours alike; 0 leaves it out")

  /// Of each method of the catalogue.
  static let variants: [String: [AnySetting]] = [
    KMeans.name: [AnySetting(restarts), AnySetting(iterations), AnySetting(tolerance)],
    SpectralClustering.name: [AnySetting(scaleNeighbour), AnySetting(neighbours), AnySetting(exactUpTo), AnySetting(restarts)],
    WardClustering.name: [],
    MutualNeighbourClustering.name: [AnySetting(neighbours)],
    MatrixFactorisation.name: [
      AnySetting(locality), AnySetting(neighbours), AnySetting(restarts), AnySetting(iterations), AnySetting(tolerance),
    ],
  ]

  /// About what a method takes for a matrix, in operations of a large product of matrices; the factors are of 60,000 and 70,000 images (docs/scale.md).
  /// K-means ends early as a rule, so a fifth of the most iterations counts.
  static func operations(_ values: SettingValues, rows: Double, columns: Double) -> Double {
    let k = Double(values[clusters])
    /// Every pair of rows once.
    let pairs = rows * rows * columns
    switch values[method] {
    case KMeans.name: return 2 * rows * columns * k * Double(values[restarts] * values[iterations]) / 5
    case MatrixFactorisation.name:
      let updates = Double(values[iterations] + 10 * values[restarts])
      let hasGraph = values[locality] > 0
      // Of an update: the products and quotients of all numbers, and the equations of all images along the graph.
      return (hasGraph ? pairs : 0) + updates * rows * k * (14 * columns + (hasGraph ? 56_000 : 0))
    case SpectralClustering.name:
      // All eigenvectors of a dense matrix, or some of a sparse one.
      return pairs + (rows <= Double(values[exactUpTo]) ? 12 * rows * rows * rows : 5e7 * rows)
    default: return 0.75 * pairs + 1900 * rows * rows
    }
  }

  static func make(_ values: SettingValues) -> any ClusteringMethod {
    switch values[method] {
    case KMeans.name:
      KMeans(clusters: values[clusters], restarts: values[restarts], iterations: values[iterations], tolerance: values[tolerance])
    case SpectralClustering.name:
      SpectralClustering(
        clusters: values[clusters], scaleNeighbour: values[scaleNeighbour], neighbours: values[neighbours], exactUpTo: values[exactUpTo],
        restarts: values[restarts])
    case WardClustering.name: WardClustering(clusters: values[clusters])
    case MutualNeighbourClustering.name: MutualNeighbourClustering(clusters: values[clusters], neighbours: values[neighbours])
    case MatrixFactorisation.name:
      MatrixFactorisation(
        clusters: values[clusters], locality: values[locality], neighbours: values[neighbours], restarts: values[restarts],
        iterations: values[iterations], tolerance: values[tolerance])
    case let other: preconditionFailure("the catalogue has \(other), the settings have not")
    }
  }

  /// The settings with which the method would take less memory.
  static func ofMemory(_ values: SettingValues, rows: Int) -> [String] {
    values[method] == SpectralClustering.name && rows <= values[exactUpTo] ? ["exactUpTo"] : []
  }
}
