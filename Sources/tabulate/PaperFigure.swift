import Artifacts
import Figures
import StageKit
import Tables

/// The paper's Figures 3, 4 and 5 and the loss curves, from gathered results and a layout: `title`, `width` in pixels, and what one figure alone needs.
struct PaperFigure {
  let job: StageJob
  let layout: JSONValue

  func fields(_ names: [String] = []) throws(TableError) -> Fields {
    try Fields(layout, "layout", names: ["title", "width"] + names)
  }

  /// Figure 3: t-SNE at the start, in the middle and at the end of training, and of the assignment probabilities (§4.4.1).
  func maps() throws -> PNGImage {
    let layout = try fields()
    let labels = try LabelsFile.read(job.only("labels").path)
    // In the paper's order: features as training goes on, then the assignment probabilities.
    let embeddings = try job.gathered("embeddings").map { try EmbeddingFile.read($0.path) }
      .sorted { ($0.source == "features" ? 0 : 1, $0.epoch) < ($1.source == "features" ? 0 : 1, $1.epoch) }
    guard let first = embeddings.first else { throw TableError.nothingGathered(port: "embeddings") }
    let panels = try embeddings.map { embedding in
      let what = embedding.source == "features" ? "Features" : "Assignment probabilities"
      return ScatterPanels.Panel(
        caption: "\(what), \(embedding.epoch == 0 ? "before training" : "epoch \(embedding.epoch)")",
        cloud: PointCloud(
          points: embedding.points,
          labels: try embedding.index.map { row in
            guard labels.values.indices.contains(Int(row)) else {
              throw TableError.malformed(place: "inputs.labels", complaint: "there is no label of image \(row)")
            }
            return labels.values[Int(row)]
          }))
    }
    return try ScatterPanels(
      title: try layout.text("title"),
      subtitle: "t-SNE of \(thousands(first.index.count)) images" + (labels.values.contains { $0 >= 0 } ? "; colour: true class" : ""),
      classNames: labels.classNames, panels: panels
    ).draw(width: try layout.integer("width"))
  }

  /// Figure 4: what each cluster gets right and wrong (§4.4.2), the most confident images first, then some at random. Without labels there is
  /// no right and wrong: all stand on the left, under the cluster's number.
  func cases() throws -> PNGImage {
    let layout = try fields(["confident"])
    let input = try job.only("scores")
    let scores = try Scores.read(input.path)
    let images = try ImagesFile.read(job.only("images").path)
    let confident = try layout.integer("confident")
    func tile(_ image: Int, _ caption: String) throws -> CaseGrid.Tile {
      guard 0..<images.count ~= image else {
        throw TableError.malformed(place: "scores of \(input.instance)", complaint: "there is no image \(image) among \(images.count)")
      }
      return CaseGrid.Tile(pixels: try images.image(image)[...], caption: caption)
    }
    let unlabelled = scores.images == 0
    let rows = try scores.cases.sorted { ($0.mappedClass, $0.cluster) < ($1.mappedClass, $1.cluster) }.map { cluster in
      CaseGrid.Row(
        name: unlabelled ? "\(cluster.cluster)" : scores.classNames[cluster.mappedClass],
        successes: try cluster.successes.map { try tile($0, "") },
        failures: try zip(cluster.failures, cluster.failureClasses).map { try tile($0, scores.classNames[$1]) })
    }
    return try CaseGrid(
      title: try layout.text("title"),
      subtitle: (unlabelled ? "A row is a cluster; the images have no labels. Of" : "A row is a cluster with the class it is mapped to, of")
        + " seed \(input.coordinates["seed"]?.canonical ?? "unknown") at epoch "
        + "\(scores.last.epoch). In each box first the \(confident) most confident images, then images drawn at random.",
      height: images.height, width: images.width, channels: images.channels, leading: confident, isLabelled: !unlabelled, rows: rows
    ).draw(width: try layout.integer("width"))
  }

  /// Figure 5: spread of the assignment probabilities within each class, with and without the relation loss (§4.5.2); without labels, within
  /// each cluster.
  func variances() throws -> PNGImage {
    let layout = try fields(["series"])
    let runs = try job.scoredRuns()
    guard let first = runs.first else { throw TableError.nothingGathered(port: "scores") }
    let unlabelled = first.scores.images == 0
    let groups = unlabelled ? first.scores.clusterClasses.indices.map(String.init) : first.scores.classNames
    let series = try layout.list("series", names: ["method", "label"]).map { one in
      let method = try one.text("method")
      let variances = runs.filter { $0.method == method }.map { unlabelled ? $0.scores.varianceByCluster : $0.scores.varianceByClass }
      let values = groups.indices.map { index in
        Spread(variances.compactMap { $0.indices.contains(index) ? $0[index] : nil })
      }
      return GroupedBars.Series(name: try one.text("label"), values: values.map { ($0?.mean ?? .nan, $0?.deviation) })
    }
    let seeds = Set(runs.map(\.seed)).count
    let epochs = Set(runs.map(\.scores.last.epoch)).sorted().map(String.init).joined(separator: ", ")
    return try GroupedBars(
      title: try layout.text("title"),
      subtitle: "Mean squared distance of assignment probabilities to their \(unlabelled ? "cluster" : "class")'s mean at epoch \(epochs); "
        + "smaller is tighter. "
        + (seeds > 1 ? "Mean and standard deviation over \(seeds) seeds." : "One seed."),
      valueLabel: unlabelled ? "variance within clusters" : "intra-class variance", groups: groups, series: series
    ).draw(width: try layout.integer("width"))
  }
}
