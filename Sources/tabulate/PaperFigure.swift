import Artifacts
import Figures
import StageKit
import Tables

/// The paper's Figures 3, 4 and 5 and the loss curves, from gathered results and a layout.
struct PaperFigure {
  let job: StageJob
  let layout: FigureLayout

  /// Figure 3: t-SNE at the start, in the middle and at the end of training, and of the assignment probabilities (§4.4.1).
  func maps() throws {
    let labels = try LabelsFile.read(job.only("labels").path)
    // In the paper's order: features as training goes on, then the assignment probabilities.
    let embeddings = try job.gathered("embeddings").map { try EmbeddingFile.read($0.path) }
      .sorted { ($0.source == "features" ? 0 : 1, $0.epoch) < ($1.source == "features" ? 0 : 1, $1.epoch) }
    guard let last = embeddings.filter({ $0.source == "features" }).last ?? embeddings.last else {
      throw TableError.nothingGathered(port: "embeddings")
    }
    for row in embeddings.flatMap(\.index) where !labels.values.indices.contains(Int(row)) {
      throw TableError.malformed(place: "inputs.labels", complaint: "there is no label of image \(row)")
    }
    // Clusters of one epoch in all panels: so it is seen where those that training ends with come from.
    let colours = try PointColours(labels, rows: last.index.map(Int.init), clusters: last.clusters, epoch: last.epoch)
    colours.names.warnings.forEach(job.warn)
    let panels = embeddings.map { embedding in
      let what = embedding.source == "features" ? "Features" : "Assignment probabilities"
      return ScatterPanels.Panel(
        caption: "\(what), \(embedding.epoch == 0 ? "before training" : "epoch \(embedding.epoch)")",
        cloud: PointCloud(points: embedding.points, labels: embedding.index.map { colours.number(Int($0)) }))
    }
    let title = layout.title() + (colours.isByCluster ? ", coloured by cluster" : "")
    let subtitle = "t-SNE of \(thousands(last.index.count)) images; \(colours.explanation)"
    try write(
      ScatterPanels(title: title, subtitle: subtitle, classNames: colours.names, panels: panels),
      saying: "\(title): \(panels.count) scatter plots of the same images. \(subtitle).")
  }

  /// Figure 4: what each cluster gets right and wrong (§4.4.2), the most confident images first, then some at random. Without labels there is
  /// no right and wrong: all stand on the left.
  func cases() throws {
    let input = try job.only("scores")
    let scores = try Scores.read(input.path)
    let images = try ImagesFile.read(job.only("images").path)
    guard !scores.cases.isEmpty else { throw TableError.noCases(instance: input.instance) }
    let isLabelled = scores.images > 0
    func tile(_ image: Int, _ trueClass: Int? = nil) throws -> CaseGrid.Tile {
      guard 0..<images.count ~= image, trueClass.map(scores.classNames.indices.contains) ?? true else {
        throw TableError.malformed(
          place: "scores of \(input.instance)", complaint: "there is no image \(image) among \(images.count), or no such class")
      }
      return CaseGrid.Tile(pixels: try images.image(image)[...], trueClass: trueClass)
    }
    let rows = try scores.cases.sorted { $0.cluster < $1.cluster }.map { cluster in
      CaseGrid.Row(
        cluster: cluster.cluster, mappedClass: scores.classNames.indices.contains(cluster.mappedClass) ? cluster.mappedClass : nil,
        successes: try cluster.successes.map { try tile($0) },
        failures: try zip(cluster.failures, cluster.failureClasses).map { try tile($0, $1) })
    }
    let names = try DisplayNames(scores.classNames, kind: "class")
    if isLabelled { names.warnings.forEach(job.warn) }
    let grid = CaseGrid(
      title: layout.title(isLabelled: isLabelled),
      subtitle: (isLabelled
        ? "A row is a cluster: its number in assignments.h5 and the class it is mapped to, of"
        : "A row is a cluster, with its number in assignments.h5; no image has a label, so there is no right and wrong. Of")
        + " seed \(input.coordinates["seed"]?.canonical ?? "unknown") at epoch "
        + "\(scores.last.epoch). In each box first the \(layout.confident) most confident images, then images drawn at random.",
      height: images.height, width: images.width, channels: images.channels, leading: layout.confident,
      classNames: isLabelled ? names : nil,
      rows: rows
    )
    try write(
      grid,
      saying: "\(layout.title(isLabelled: isLabelled)): a row of example images for each of \(rows.count) clusters"
        + (isLabelled ? ", on the left those of its class, on the right those of others." : "."))
  }

  /// Figure 5: spread of the assignment probabilities within each class, with and without the relation loss (§4.5.2); without labels, within
  /// each cluster.
  func variances() throws {
    let runs = try job.scoredRuns()
    guard let first = runs.first else { throw TableError.nothingGathered(port: "scores") }
    let isLabelled = first.scores.images > 0
    let groups = isLabelled ? first.scores.classNames : first.scores.clusterClasses.indices.map(String.init)
    let names = try DisplayNames(groups, kind: isLabelled ? "class" : "cluster")
    names.warnings.forEach(job.warn)
    let series = layout.series.filter { one in runs.contains { $0.method == one.method } }.map { one in
      // A cluster of one image or none has no spread; its 0 is no tight cluster.
      let variances = runs.filter { $0.method == one.method }.map { run in
        isLabelled ? run.scores.varianceByClass : run.scores.varianceByCluster.map { $0 > 0 ? $0 : .nan }
      }
      let values = groups.indices.map { index in
        Spread(variances.compactMap { $0.indices.contains(index) && $0[index].isFinite ? $0[index] : nil })
      }
      return GroupedBars.Series(name: one.label, values: values.map { ($0?.mean ?? .nan, $0?.deviation) })
    }
    let seeds = Set(layout.series.map { one in runs.count { $0.method == one.method } }.filter { $0 > 0 }).sorted()
    let epochs = Set(runs.map(\.scores.last.epoch)).sorted().map(String.init).joined(separator: ", ")
    let bars = GroupedBars(
      title: layout.title(isLabelled: isLabelled),
      subtitle: "Mean squared distance of assignment probabilities to their \(isLabelled ? "class" : "cluster")'s mean at epoch \(epochs); "
        + "smaller is tighter. "
        + (seeds == [1] ? "One seed." : "Mean and standard deviation over \(seeds.map(String.init).joined(separator: " and ")) seeds."),
      valueLabel: isLabelled ? "intra-class variance" : "variance within clusters", groups: names, series: series
    )
    let means = series.map { "\($0.name) \(fixed($0.mean))" }.joined(separator: ", ")
    try write(
      bars,
      saying: "\(layout.title(isLabelled: isLabelled)): bars of \(series.map(\.name).joined(separator: " and ")) for \(groups.count) "
        + "\(isLabelled ? "classes" : "clusters"). Means over them: \(means).")
  }

  func write(_ figure: some Figure, saying text: String) throws { try job.write(figure, width: layout.width, saying: text) }
}
