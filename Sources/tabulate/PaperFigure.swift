import Artifacts
import Figures
import StageKit

/// The paper's Figures 3, 4 and 5.
enum PaperFigure {
  private static let width = 1600

  static func draw(_ job: StageJob, name: String, title: String, scores: [(GatheredInput, Scores)]) throws -> PNGImage {
    switch name {
    case "figure3": try features(job, title)
    case "figure4": try cases(job, title, scores)
    default: try variances(title, scores)
    }
  }

  private static func only<Element>(_ list: [Element], _ port: String) throws(TableError) -> Element {
    guard let first = list.first else { throw .nothingGathered(port) }
    return first
  }

  /// t-SNE at the start, in the middle and at the end of training, and of the assignment probabilities (§4.4.1).
  private static func features(_ job: StageJob, _ title: String) throws -> PNGImage {
    let labels = try LabelsFile.read(only(job.gathered("labels"), "labels").path)
    let panels = try job.gathered("embeddings").map { input in
      let embedding = try EmbeddingFile.read(input.path)
      let what = embedding.source == "features" ? "features" : "assignment probabilities"
      return ScatterPanels.Panel(
        caption: "\(what), epoch \(embedding.epoch)",
        cloud: PointCloud(points: embedding.points, labels: embedding.index.map { labels.values[Int($0)] }))
    }
    _ = try only(panels, "embeddings")
    return try ScatterPanels(
      title: "Figure 3: \(title)", subtitle: try only(job.gathered("embeddings"), "embeddings").instance, classNames: labels.classNames,
      panels: panels
    ).draw(width: width)
  }

  /// What each cluster gets right and wrong (§4.4.2): the most confident first, then some at random.
  private static func cases(_ job: StageJob, _ title: String, _ scores: [(GatheredInput, Scores)]) throws -> PNGImage {
    let (input, result) = try only(scores, "scores")
    let images = try ImagesFile.read(only(job.gathered("images"), "images").path)
    let bytes = images.height * images.width * images.channels
    func tile(_ image: Int, _ caption: String) -> CaseGrid.Tile {
      CaseGrid.Tile(pixels: Array(images.pixels[image * bytes..<(image + 1) * bytes])[...], caption: caption)
    }
    let rows = result.cases.sorted { $0.mappedClass < $1.mappedClass }.map { cluster in
      CaseGrid.Row(
        name: result.classNames[cluster.mappedClass], successes: cluster.successes.map { tile($0, "") },
        failures: zip(cluster.failures, cluster.failureClasses).map { tile($0, result.classNames[$1]) })
    }
    return try CaseGrid(
      title: "Figure 4: \(title)", subtitle: input.instance, height: images.height, width: images.width, channels: images.channels,
      rows: rows
    ).draw(width: width)
  }

  /// Spread of assignment probabilities within each class, with and without the relation loss (§4.5.2).
  private static func variances(_ title: String, _ scores: [(GatheredInput, Scores)]) throws -> PNGImage {
    let names = try only(scores, "scores").1.classNames
    let methods = [("ccr-irl-crl", "IRL+CRL (DCDC)"), ("ccr", "CCR")]
    let series = methods.map { method, label in
      let runs = scores.filter { $0.0.coordinates["method"]?.string == method }.map(\.1.varianceByClass)
      let values = names.indices.map { index -> (mean: Double, deviation: Double?) in
        let values = runs.compactMap { $0.indices.contains(index) ? $0[index] : nil }
        let mean = values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, values.count > 1 ? (square / Double(values.count - 1)).squareRoot() : nil)
      }
      return GroupedBars.Series(name: label, values: values)
    }
    let seeds = Set(scores.compactMap { $0.0.coordinates["seed"]?.integer }).count
    return try GroupedBars(
      title: "Figure 5: \(title)", subtitle: "mean and standard deviation over \(seeds) seeds; smaller is tighter",
      valueLabel: "intra-class variance", groups: names, series: series
    ).draw(width: width)
  }
}
